//! How a row is read: as it is, as a struct, as its first column, or as the schema says.

use std::marker::PhantomData;

use sqlx::{ColumnIndex, Database, Error, Row};

use super::bounds::{ColumnOf, OneColumn, ReadFrom};
use super::run::Kind;

/// A way to read the rows of the database `DB`.
#[diagnostic::on_unimplemented(
    message = "the rows of this statement cannot be read as `{Self}`",
    label = "a struct needs `#[derive(sqlx::FromRow)]`, a single value `#[derive(sqlx::Type)]`",
    note = "with several features of databases, for each of them"
)]
pub trait FromSqlRow<DB: Kind> {
    /// What a row becomes.
    type Output: Send + 'static;

    /// Reads one row.
    ///
    /// # Errors
    ///
    /// A column that is missing or does not fit its type.
    fn read(row: DB::Row) -> Result<Self::Output, Error>;
}

/// The row as the driver gives it.
#[derive(Debug)]
pub struct Raw;

/// The row as a struct that implements [`FromRow`](sqlx::FromRow).
#[derive(Debug)]
pub struct AsStruct<T>(PhantomData<fn() -> T>);

/// The first column of the row.
#[derive(Debug)]
pub struct Scalar<T>(PhantomData<fn() -> T>);

/// The row as the schema says: read as `S`, and its only column, if it has but one, as `V`.
#[derive(Debug)]
pub struct Known<S, V>(PhantomData<fn() -> (S, V)>);

/// What stands for the only column of a row that has several.
#[doc(hidden)]
#[derive(Debug)]
pub struct Several;

/// A row that can be read in another way, too.
#[doc(hidden)]
pub trait Unread {}

impl Unread for Raw {}

impl<S, V> Unread for Known<S, V> {}

impl<S, V> OneColumn for Known<S, Only<V>> {
    type Value = V;
}

/// The only column of a row.
#[doc(hidden)]
#[derive(Debug)]
pub struct Only<V>(PhantomData<fn() -> V>);

impl<DB: Database> FromSqlRow<DB> for Raw {
    type Output = DB::Row;

    fn read(row: DB::Row) -> Result<DB::Row, Error> {
        Ok(row)
    }
}

impl<DB, T> FromSqlRow<DB> for AsStruct<T>
where
    DB: Database,
    T: ReadFrom<DB::Row> + Send + 'static,
{
    type Output = T;

    fn read(row: DB::Row) -> Result<T, Error> {
        T::from_row(&row)
    }
}

impl<DB: Database, S: FromSqlRow<DB>, V> FromSqlRow<DB> for Known<S, V> {
    type Output = S::Output;

    fn read(row: DB::Row) -> Result<S::Output, Error> {
        S::read(row)
    }
}

impl<DB, T> FromSqlRow<DB> for Scalar<T>
where
    DB: Database,
    T: ColumnOf<DB> + Send + 'static,
    usize: ColumnIndex<DB::Row>,
{
    type Output = T;

    fn read(row: DB::Row) -> Result<T, Error> {
        row.try_get(0)
    }
}
