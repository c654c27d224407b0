//! Statements on one table, put together when the program runs, without a text to put anything into.
//!
//! **Threat.** A search with a dozen optional conditions tempts to build its text: `sql += " AND owner = " + owner`.
//!
//! **Rule.** Text comes from the schema and from here, values are bound; a condition is typed by its column, and what
//! would change every row says so or does not compile.
//!
//! `covet::schema!()` makes a module for each table of the migrations, with a constant for each column:
//!
//! ```
//! use covet_core::sql::Dialect;
//!
//! # #[expect(non_camel_case_types, non_upper_case_globals, reason = "they are called like the columns")]
//! mod notes {
//!     use covet_core::sql::filter::{Column, Select};
//! #   use covet_core::sql::filter::{ColumnOf, Integer, NotNull, Table, Text};
//! #   pub enum notes {}
//! #   impl Table for notes {
//! #       const NAME: &str = "notes";
//! #       const COLUMNS: &[&str] = &["owner", "title"];
//! #       const MAX_LIMIT: u32 = 500;
//! #       const MAX_LIST: u32 = 1000;
//! #   }
//! #   pub enum owner {}
//! #   impl ColumnOf for owner {
//! #       type Table = notes;
//! #       type Family = Integer;
//! #       type Null = NotNull;
//! #       const NAME: &str = "owner";
//! #       const PLACE: &str = "owner";
//! #   }
//! #   pub enum title {}
//! #   impl ColumnOf for title {
//! #       type Table = notes;
//! #       type Family = Text;
//! #       type Null = NotNull;
//! #       const NAME: &str = "title";
//! #       const PLACE: &str = "title";
//! #   }
//!     // What `covet::schema!()` makes:
//!     pub const owner: Column<owner> = Column::new();
//!     pub const title: Column<title> = Column::new();
//!     pub const fn select() -> Select<notes> {
//!         Select::new()
//!     }
//! }
//!
//! let (user, q) = (7, Some("50%"));
//! let page = notes::select()
//!     .filter(notes::owner.eq(user))
//!     .filter_some(q.map(|q| notes::title.contains(q)))
//!     .order_by(notes::title.asc())
//!     .limit(50_u32);
//! assert_eq!(
//!     page.sql(Dialect::Sqlite),
//!     "SELECT owner, title FROM notes WHERE owner = $1 AND title LIKE $2 ESCAPE '!' ORDER BY title ASC LIMIT $3"
//! );
//! ```
//!
//! It is small on purpose: what needs a join, a group or an expression is written as `safe_sql!`.
//!
//! [`mod@column`] says what is compared with what, [`condition`] joins it, [`select`] and [`change`] are the statements,
//! [`value`] is what is bound; `text` is all that a text can consist of.

pub mod change;
pub mod column;
pub mod condition;
pub mod select;
pub mod text;
pub mod value;

#[cfg(all(test, feature = "sqlite"))]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests;

pub use change::{Change, Delete, Update};
pub use column::{Any, Bool, Bytes, Column, ColumnOf, Family, Fits, Integer, NotNull, Nullable, Number, Table, Text};
pub use column::{AnyNumber, Assigned, Compared, Listed, Writable};
pub use condition::Condition;
pub use select::{By, Columns, Count, Reads, Select};
