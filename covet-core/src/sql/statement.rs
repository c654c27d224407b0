//! A statement that was checked by the compiler, with its values, ready to run on SQLite or PostgreSQL.
//!
//! `safe_sql!` makes one of two types, so that a statement offers what it can do and nothing else: [`Rows`] are
//! fetched, [`Execute`] is executed. The database is that of the pool, connection or transaction it is given.
//!
//! ```ignore
//! let user: Option<User> = safe_sql!(User: "SELECT id, name FROM users WHERE id = {id}").fetch_optional(&pool).await?;
//! let count: i64 = safe_sql!("SELECT count(*) FROM notes").scalar().fetch_one(&mut *transaction).await?;
//! safe_sql!("DELETE FROM notes WHERE owner = {user.id}").execute(&pool).await?;
//! ```

use std::borrow::Cow;
use std::fmt;
use std::future::Ready;
use std::marker::PhantomData;
use std::pin::Pin;

use futures_core::Stream;
use sqlx::Error;

use super::bind::{Binds, Checked, Verdicts};
use super::bounds::{OneColumn, ReturnsNoRows, ReturnsRows};
use super::dynamic::Text;
use super::policy::Dialect;
use super::run::{Kind, RunsOn};
use super::shape::{AsStruct, FromSqlRow, Known, Raw, Scalar, Unread};

/// What a database answers, in time.
pub type Answer<'e, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'e>>;

/// What a database answers, row by row.
pub type Answers<'e, T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send + 'e>>;

/// A statement that changes rows and returns none.
// The fields are public so that the macro can write the value as a literal: the values it refers to then live as
// long as the variable it is stored in, which no function call could arrange.
#[must_use = "a statement does nothing until it is executed"]
pub struct Execute<B> {
    #[doc(hidden)]
    pub text: Text,
    #[doc(hidden)]
    pub binds: B,
}

/// A statement that returns rows, each read as `S`.
#[must_use = "a statement does nothing until its rows are fetched"]
pub struct Rows<S, B> {
    #[doc(hidden)]
    pub text: Text,
    #[doc(hidden)]
    pub binds: B,
    #[doc(hidden)]
    pub shape: PhantomData<fn() -> S>,
}

/// Rows as the driver gives them.
#[doc(hidden)]
#[must_use]
pub const fn raw() -> PhantomData<fn() -> Raw> {
    PhantomData
}

/// Rows read as `T`.
#[doc(hidden)]
#[must_use]
pub const fn of<T>() -> PhantomData<fn() -> AsStruct<T>> {
    PhantomData
}

/// Rows read as `S` by the schema.
#[doc(hidden)]
#[must_use]
pub const fn known<S, V>(_: PhantomData<fn() -> S>) -> PhantomData<fn() -> Known<S, V>> {
    PhantomData
}

impl<B: Checked> Execute<B> {
    /// The text that the driver of this database gets.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> Cow<'static, str> {
        self.text.written(dialect, &looked_at(&self.binds)).0
    }
}

impl<B> Execute<B> {
    /// Executes the statement; the answer says how many rows it changed.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused, or [`Error::Encode`] for a value that it cannot hold.
    pub fn execute<'q, 'e, DB, E>(self, executor: E) -> Answer<'e, DB::Done>
    where
        DB: Kind,
        E: RunsOn<'e, Kind = DB>,
        B: Binds<'q, DB>,
    {
        executor.execute(&self.text, self.binds)
    }

    /// Not there: the statement returns no rows.
    ///
    /// # Errors
    ///
    /// It does not compile.
    #[doc(hidden)]
    pub fn fetch_one<E>(self, _: E) -> Ready<Result<(), Error>>
    where
        Self: ReturnsRows,
    {
        self.never()
    }

    /// Not there: the statement returns no rows.
    ///
    /// # Errors
    ///
    /// It does not compile.
    #[doc(hidden)]
    pub fn fetch_optional<E>(self, _: E) -> Ready<Result<Option<()>, Error>>
    where
        Self: ReturnsRows,
    {
        self.never()
    }

    /// Not there: the statement returns no rows.
    ///
    /// # Errors
    ///
    /// It does not compile.
    #[doc(hidden)]
    pub fn fetch_all<E>(self, _: E) -> Ready<Result<Vec<()>, Error>>
    where
        Self: ReturnsRows,
    {
        self.never()
    }
}

impl<S: Unread, B> Rows<S, B> {
    /// The first column of each row, as `T`.
    pub fn scalar<T>(self) -> Rows<Scalar<T>, B> {
        self.read_as()
    }

    /// The rows as the driver gives them.
    pub fn raw(self) -> Rows<Raw, B> {
        self.read_as()
    }

    /// The only column of each row, as the type that it has by the schema.
    pub fn value(self) -> Rows<Scalar<S::Value>, B>
    where
        S: OneColumn,
    {
        self.read_as()
    }

    fn read_as<Other>(self) -> Rows<Other, B> {
        Rows { text: self.text, binds: self.binds, shape: PhantomData }
    }
}

impl<S, B: Checked> Rows<S, B> {
    /// The text that the driver of this database gets.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> Cow<'static, str> {
        self.text.written(dialect, &looked_at(&self.binds)).0
    }
}

impl<S, B> Rows<S, B> {
    /// The first row.
    ///
    /// # Errors
    ///
    /// The future fails with [`Error::RowNotFound`] if there is none, with what the database refused, or with a row
    /// or value that does not fit its type.
    pub fn fetch_one<'q, 'e, DB, E, T>(self, executor: E) -> Answer<'e, T>
    where
        DB: Kind,
        E: RunsOn<'e, Kind = DB>,
        B: Binds<'q, DB>,
        S: FromSqlRow<DB, Output = T>,
        T: Send + 'static,
    {
        let row = executor.fetch_optional::<S, B>(&self.text, self.binds);
        Box::pin(async move { row.await?.ok_or(Error::RowNotFound) })
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused, or with a row or value that does not fit its type.
    pub fn fetch_optional<'q, 'e, DB, E, T>(self, executor: E) -> Answer<'e, Option<T>>
    where
        DB: Kind,
        E: RunsOn<'e, Kind = DB>,
        B: Binds<'q, DB>,
        S: FromSqlRow<DB, Output = T>,
        T: Send + 'static,
    {
        executor.fetch_optional::<S, B>(&self.text, self.binds)
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused, or with a row or value that does not fit its type.
    pub fn fetch_all<'q, 'e, DB, E, T>(self, executor: E) -> Answer<'e, Vec<T>>
    where
        DB: Kind,
        E: RunsOn<'e, Kind = DB>,
        B: Binds<'q, DB>,
        S: FromSqlRow<DB, Output = T>,
        T: Send + 'static,
    {
        executor.fetch_all::<S, B>(&self.text, self.binds)
    }

    /// The rows one after another, as they come.
    ///
    /// # Errors
    ///
    /// The stream gives what the database refused, or a row or value that does not fit its type.
    pub fn fetch<'q, 'e, DB, E, T>(self, executor: E) -> Answers<'e, T>
    where
        DB: Kind,
        E: RunsOn<'e, Kind = DB>,
        B: Binds<'q, DB>,
        S: FromSqlRow<DB, Output = T>,
        T: Send + 'static,
    {
        executor.fetch::<S, B>(&self.text, self.binds)
    }

    /// Not there: the rows would be lost.
    ///
    /// # Errors
    ///
    /// It does not compile.
    #[doc(hidden)]
    pub fn execute<E>(self, _: E) -> Ready<Result<(), Error>>
    where
        Self: ReturnsNoRows,
    {
        self.never()
    }
}

pub(super) fn looked_at<B: Checked>(binds: &B) -> Verdicts {
    let mut verdicts = Verdicts::new();
    binds.verdicts(&mut verdicts);
    verdicts
}

// The values stay out of `Debug`: they may be secrets.
impl<B> fmt::Debug for Execute<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execute").field("text", &self.text).finish_non_exhaustive()
    }
}

impl<S, B> fmt::Debug for Rows<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("text", &self.text).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "sqlite"))]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
#[path = "tests/statement.rs"]
mod tests;
