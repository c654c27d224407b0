//! What Covet knows of a schema, and what a statement means on it. Pure, and run by the compiler.
//!
//! The rule: zero false refusals. A statement is refused where it is provably wrong; what cannot be followed is
//! *unknown*, and passes.
//!
//! [`source`] is the migrations, [`catalog`] follows them to a [`schema`]; [`resolve`](mod@resolve) judges a statement on
//! it, and says in a [`shape`] what it takes, gives and touches, or in [`mistake`]s what is wrong. [`judge`] does so for a
//! whole program, with what its policy demands.

pub mod catalog;
pub mod judge;
pub mod lock;
mod lookup;
pub mod mistake;
#[cfg(feature = "postgres-oracle")]
pub mod oracle;
mod parse;
mod project;
pub mod record;
pub mod resolve;
pub mod schema;
pub mod shape;
pub mod source;
mod sql_type;
#[cfg(feature = "sqlite-oracle")]
pub mod sqlite;
pub mod takes;
mod types;

pub use judge::{Asked, Complaint, Judge, JudgeError, Judged, Misnamed, Told};
pub use mistake::{Mistake, Reason};
pub use resolve::{Verdict, resolve};
pub use schema::{Column, Dialect, Origin, Schema, SqlType, Table};
pub use shape::{Access, Mention, Output, Param, Shape, Use};
pub use source::{Source, Sources};
