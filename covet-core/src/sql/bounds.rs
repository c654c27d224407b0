//! What the compiler says when a statement is used as it cannot be.
//!
//! Each trait is another in all but its message: [`Value`] is `Encode + Type`, [`RunsOn`] is `Executor`, and what
//! [`ReturnsRows`] and [`ReturnsNoRows`] ask for is never there.

use sqlx::{Database, Encode, Executor, Type};

/// A value that the database `DB` can hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value that this database can hold",
    label = "this statement binds it",
    note = "bind a number, text, bytes, `bool`, an `Option` of these, or a type with `#[derive(sqlx::Type)]`"
)]
pub trait Value<'q, DB: Database>: Encode<'q, DB> + Type<DB> {}

#[diagnostic::do_not_recommend]
impl<'q, DB: Database, T: Encode<'q, DB> + Type<DB>> Value<'q, DB> for T {}

/// A pool, connection or transaction.
#[diagnostic::on_unimplemented(
    message = "a statement cannot run on `{Self}`",
    label = "give it a `&Pool`, `&mut *transaction` or `&mut *connection`"
)]
pub trait RunsOn<'e>: Executor<'e> {}

#[diagnostic::do_not_recommend]
impl<'e, E: Executor<'e>> RunsOn<'e> for E {}

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
