//! What the compiler says when a statement is used as it cannot be.
//!
//! Each trait is another in all but its message: [`Value`] is `Encode + Type`, and what [`ReturnsRows`] and
//! [`ReturnsNoRows`] ask for is never there.

use sqlx::{Database, Decode, Encode, FromRow, Row, Type};

/// A value that the database `DB` can hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value that this database can hold",
    label = "this statement binds it",
    note = "bind a number, text, bytes, `bool`, an `Option` of these, or a type with `#[derive(sqlx::Type)]`"
)]
pub trait Value<'q, DB: Database>: Encode<'q, DB> + Type<DB> {}

#[diagnostic::do_not_recommend]
impl<'q, DB: Database, T: Encode<'q, DB> + Type<DB>> Value<'q, DB> for T {}

/// A value of which `=` can be true: not an `Option`, since nothing equals `NULL`.
#[diagnostic::on_unimplemented(
    message = "this value may be `NULL`, and nothing equals `NULL`",
    label = "`{Self}` stands beside `=`, `<>` or `IN`",
    note = "write `{{? AND name = {{name}}}}` to leave the condition out where it is `None`, or `name IS {{name}}` on SQLite and `name IS NOT DISTINCT FROM {{name}}` on both to find `NULL`"
)]
pub trait Comparable {}

/// A type that a whole row can be read as.
#[diagnostic::on_unimplemented(
    message = "a row cannot be read as `{Self}`",
    label = "this statement reads its rows as `{Self}`",
    note = "write `#[derive(sqlx::FromRow)]` above the struct; for a single value leave the type out and call `.scalar::<{Self}>()`"
)]
pub trait ReadFrom<R: Row>: for<'r> FromRow<'r, R> {}

#[diagnostic::do_not_recommend]
impl<R: Row, T: for<'r> FromRow<'r, R>> ReadFrom<R> for T {}

/// A type that the first column of a row can be read as.
#[diagnostic::on_unimplemented(
    message = "a column cannot be read as `{Self}`",
    label = "this statement reads its first column as `{Self}`",
    note = "read a number, `String`, bytes, `bool`, an `Option` of these, or a type with `#[derive(sqlx::Type)]`"
)]
pub trait ColumnOf<DB: Database>: for<'r> Decode<'r, DB> + Type<DB> {}

#[diagnostic::do_not_recommend]
impl<DB: Database, T: for<'r> Decode<'r, DB> + Type<DB>> ColumnOf<DB> for T {}

/// A statement whose rows have one column, of a type that the schema tells.
#[diagnostic::on_unimplemented(
    message = "the rows of this statement have no single column of a known type",
    label = "`value` reads one column as the type that it has by the schema",
    note = "call `.scalar::<T>()` to read the first column as `T`"
)]
pub trait OneColumn {
    /// Its type.
    type Value;
}

/// What a statement without rows cannot do.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this statement returns no rows",
    label = "call `execute`, or end the statement with `RETURNING ..`"
)]
pub trait ReturnsRows: Sized {
    /// What cannot happen.
    fn never<T>(self) -> T;
}

/// What a statement with rows cannot do.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this statement returns rows, which `execute` would lose",
    label = "call `fetch_one`, `fetch_optional` or `fetch_all`"
)]
pub trait ReturnsNoRows: Sized {
    /// What cannot happen.
    fn never<T>(self) -> T;
}
