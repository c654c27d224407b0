//! What Covet knows of a schema, and what a statement means on it. Pure, and run by the compiler.
//!
//! The rule: zero false refusals. A statement is refused where it is provably wrong; what cannot be followed is
//! *unknown*, and passes.
//!
//! [`source`] is the migrations, [`schema`] what they make; [`shape`] is what a statement takes, gives and touches.

pub mod schema;
pub mod shape;
pub mod source;
#[cfg(feature = "sqlite-oracle")]
pub mod sqlite;

pub use schema::{Column, Origin, Schema, SqlType, Table};
pub use shape::{Access, Output, Param, Shape, Use};
pub use source::{Source, Sources};
