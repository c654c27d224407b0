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
use std::future::{self, Ready};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use sqlx::error::BoxDynError;
use sqlx::{Arguments, Database, Error, SqlStr};

use super::bind::{Binds, Checked, Verdict, Verdicts};
use super::bounds::{OneColumn, ReturnsNoRows, ReturnsRows, RunsOn};
use super::dynamic::{self, Text};
use super::policy::Dialect;
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
    pub fn execute<'q, 'e, DB, E>(self, executor: E) -> Answer<'e, DB::QueryResult>
    where
        DB: Database,
        E: RunsOn<'e, Database = DB>,
        B: Binds<'q, DB>,
    {
        match written(&self.text, self.binds) {
            Ok(written) => executor.execute(written),
            Err(error) => refused(error),
        }
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
        DB: Database,
        E: RunsOn<'e, Database = DB>,
        B: Binds<'q, DB>,
        S: FromSqlRow<DB, Output = T>,
        T: Send + 'static,
    {
        match written(&self.text, self.binds) {
            Ok(written) => {
                let row = executor.fetch_one(written);
                Box::pin(async move { S::read(row.await?) })
            }
            Err(error) => refused(error),
        }
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused, or with a row or value that does not fit its type.
    pub fn fetch_optional<'q, 'e, DB, E, T>(self, executor: E) -> Answer<'e, Option<T>>
    where
        DB: Database,
        E: RunsOn<'e, Database = DB>,
        B: Binds<'q, DB>,
        S: FromSqlRow<DB, Output = T>,
        T: Send + 'static,
    {
        match written(&self.text, self.binds) {
            Ok(written) => {
                let row = executor.fetch_optional(written);
                Box::pin(async move { row.await?.map(S::read).transpose() })
            }
            Err(error) => refused(error),
        }
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused, or with a row or value that does not fit its type.
    pub fn fetch_all<'q, 'e, DB, E, T>(self, executor: E) -> Answer<'e, Vec<T>>
    where
        DB: Database,
        E: RunsOn<'e, Database = DB>,
        B: Binds<'q, DB>,
        S: FromSqlRow<DB, Output = T>,
        T: Send + 'static,
    {
        match written(&self.text, self.binds) {
            Ok(written) => {
                let rows = executor.fetch_all(written);
                Box::pin(async move { rows.await?.into_iter().map(S::read).collect() })
            }
            Err(error) => refused(error),
        }
    }

    /// The rows one after another, as they come.
    ///
    /// # Errors
    ///
    /// The stream gives what the database refused, or a row or value that does not fit its type.
    pub fn fetch<'q, 'e, DB, E, T>(self, executor: E) -> Answers<'e, T>
    where
        DB: Database,
        E: RunsOn<'e, Database = DB>,
        B: Binds<'q, DB>,
        S: FromSqlRow<DB, Output = T>,
        T: Send + 'static,
    {
        Box::pin(match written(&self.text, self.binds) {
            Ok(written) => Reading::<DB::Row, T> { rows: Some(executor.fetch(written)), refused: None, read: S::read },
            Err(error) => Reading { rows: None, refused: Some(error), read: S::read },
        })
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

/// Rows that are read as they come, or why there are none.
struct Reading<'e, R, T> {
    rows: Option<Answers<'e, R>>,
    refused: Option<Error>,
    read: fn(R) -> Result<T, Error>,
}

impl<R, T> Stream for Reading<'_, R, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let read = self.read;
        match &mut self.rows {
            Some(rows) => rows.as_mut().poll_next(context).map(|row| row.map(|row| row.and_then(read))),
            None => Poll::Ready(self.refused.take().map(Err)),
        }
    }
}

/// A statement and its values as the driver takes them.
struct Written<DB: Database> {
    text: SqlStr,
    arguments: Option<DB::Arguments>,
    persistent: bool,
}

impl<DB: Database> sqlx::Execute<'_, DB> for Written<DB> {
    fn sql(self) -> SqlStr {
        self.text
    }

    fn statement(&self) -> Option<&DB::Statement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        Ok(self.arguments.take())
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}

/// The values are copied, so the answer does not borrow them.
fn written<'q, DB: Database, B: Binds<'q, DB>>(text: &Text, binds: B) -> Result<Written<DB>, Error> {
    let verdicts = looked_at(&binds);
    let (sql, used) = text.written(dynamic::dialect::<DB>(), &verdicts);
    for (value, verdict) in verdicts.iter().enumerate() {
        if let Verdict::Refused(error) = verdict
            && used.has(value)
        {
            return Err(Error::Encode((*error).into()));
        }
    }
    let mut arguments = DB::Arguments::default();
    arguments.reserve(B::COUNT, 0);
    binds.add_to(&mut arguments, &|value| used.has(value)).map_err(Error::Encode)?;
    Ok(Written { text: dynamic::declared(sql), arguments: Some(arguments), persistent: text.persistent() })
}

fn looked_at<B: Checked>(binds: &B) -> Verdicts {
    let mut verdicts = Verdicts::new();
    binds.verdicts(&mut verdicts);
    verdicts
}

fn refused<'e, T: Send + 'e>(error: Error) -> Answer<'e, T> {
    Box::pin(future::ready(Err(error)))
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
