//! `SELECT` from one table.

use std::fmt;
use std::marker::PhantomData;

use super::column::{Column, ColumnOf, Table};
use super::condition::{Condition, Where};
use super::text::Parts;
use super::value::{Value, Values};
use crate::sql::bind::Binds;
use crate::sql::count::RowCount;
use crate::sql::dynamic;
use crate::sql::policy::Dialect;
use crate::sql::run::{Kind, RunsOn};
use crate::sql::shape::{AsStruct, FromSqlRow, Raw, Scalar};
use crate::sql::statement::{self, Answer, Rows};

/// The rows of a table.
#[must_use = "a statement does nothing until its rows are fetched"]
pub struct Select<T> {
    columns: Vec<&'static str>,
    filter: Where<T>,
    order: Vec<By<T>>,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl<T: Table> Select<T> {
    /// All rows, with all columns that may be read.
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self { columns: Vec::new(), filter: Where::EVERYTHING, order: Vec::new(), limit: None, offset: None }
    }

    /// Only these columns: `(notes::id, notes::title)`.
    pub fn columns(mut self, columns: impl Columns<T>) -> Self {
        self.columns = columns.places();
        self
    }

    /// Only rows of which this holds, beside what was demanded before.
    pub fn filter(mut self, condition: Condition<T>) -> Self {
        self.filter = self.filter.and(condition);
        self
    }

    /// The same if there is a condition: `.filter_some(q.map(|q| notes::title.contains(q)))`.
    pub fn filter_some(mut self, condition: Option<Condition<T>>) -> Self {
        self.filter = self.filter.and_some(condition);
        self
    }

    /// In this order: `notes::updated.desc()`. A further one sorts what is the same in those before.
    pub fn order_by(mut self, by: By<T>) -> Self {
        self.order.push(by);
        self
    }

    /// At most so many rows. More than `[sql] max_limit` are refused when the statement runs.
    pub fn limit(mut self, rows: impl RowCount) -> Self {
        self.limit = Some(rows.rows());
        self
    }

    /// Without the first of them.
    pub fn offset(mut self, rows: impl RowCount) -> Self {
        self.offset = Some(rows.rows());
        self
    }

    /// The text that the driver of this database gets.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> String {
        self.clone().parts().text.written(dialect)
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused, or with a row or value that does not fit its type.
    pub fn fetch_all<'e, R>(self, on: impl Reads<'e, R>) -> Answer<'e, Vec<R>> {
        on.all(self.rows())
    }

    /// The first row.
    ///
    /// # Errors
    ///
    /// The future fails with [`RowNotFound`](sqlx::Error::RowNotFound) if there is none, with what the database refused,
    /// or with a row or value that does not fit its type.
    pub fn fetch_one<'e, R>(self, on: impl Reads<'e, R>) -> Answer<'e, R> {
        on.one(self.rows())
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused, or with a row or value that does not fit its type.
    pub fn fetch_optional<'e, R>(self, on: impl Reads<'e, R>) -> Answer<'e, Option<R>> {
        on.optional(self.rows())
    }

    fn rows(self) -> Unread {
        unread(self.parts())
    }

    fn parts(self) -> Parts {
        let columns = if self.columns.is_empty() { T::COLUMNS.to_vec() } else { self.columns };
        let parts = Parts::of("SELECT ").list(columns.into_iter().map(Parts::of), ", ");
        let mut parts = self.filter.behind(parts.text(" FROM ").text(T::NAME));
        if !self.order.is_empty() {
            parts = parts.text(" ORDER BY ").list(self.order.into_iter().map(By::parts), ", ");
        }
        match self.limit {
            Some(rows) => parts = parts.text(" LIMIT ").value(Value::Limit(rows, T::MAX_LIMIT)),
            // SQLite has no offset without a limit.
            None if self.offset.is_some() => parts = parts.each(" LIMIT -1", ""),
            None => {}
        }
        match self.offset {
            Some(rows) => parts.text(" OFFSET ").value(Value::Limit(rows, u32::MAX)),
            None => parts,
        }
    }
}

impl<T> Clone for Select<T> {
    fn clone(&self) -> Self {
        Self {
            columns: self.columns.clone(),
            filter: self.filter.clone(),
            order: self.order.clone(),
            limit: self.limit,
            offset: self.offset,
        }
    }
}

/// The number of rows of a table.
#[must_use = "a statement does nothing until its row is fetched"]
pub struct Count<T>(Where<T>);

impl<T: Table> Count<T> {
    /// Of all rows.
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self(Where::EVERYTHING)
    }

    /// Only of rows of which this holds, beside what was demanded before.
    pub fn filter(self, condition: Condition<T>) -> Self {
        Self(self.0.and(condition))
    }

    /// The same if there is a condition.
    pub fn filter_some(self, condition: Option<Condition<T>>) -> Self {
        Self(self.0.and_some(condition))
    }

    /// The text that the driver of this database gets.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> String {
        self.clone().parts().text.written(dialect)
    }

    /// The number.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused.
    pub fn fetch_one<'e, DB, E>(self, on: E) -> Answer<'e, i64>
    where
        DB: Kind,
        E: RunsOn<'e, Kind = DB>,
        Values: for<'q> Binds<'q, DB>,
        Scalar<i64>: FromSqlRow<DB, Output = i64>,
    {
        unread(self.parts()).scalar::<i64>().fetch_one(on)
    }

    fn parts(self) -> Parts {
        self.0.behind(Parts::of("SELECT count(*) FROM ").text(T::NAME))
    }
}

impl<T> Clone for Count<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Table> fmt::Debug for Select<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select").field("text", &self.clone().parts().text).finish_non_exhaustive()
    }
}

impl<T: Table> fmt::Debug for Count<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Count").field("text", &self.clone().parts().text).finish_non_exhaustive()
    }
}

/// By what rows are sorted: a column, up or down.
#[derive(Debug)]
pub struct By<T> {
    place: &'static str,
    direction: Direction,
    table: PhantomData<fn() -> T>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl<T> By<T> {
    pub(super) const fn new(place: &'static str, direction: Direction) -> Self {
        Self { place, direction, table: PhantomData }
    }

    fn parts(self) -> Parts {
        Parts::of(self.place).text(match self.direction {
            Direction::Ascending => " ASC",
            Direction::Descending => " DESC",
        })
    }
}

impl<T> Clone for By<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for By<T> {}

/// Columns of one table: a column, or up to sixteen in parentheses.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no choice of columns of `{T}`",
    label = "a column of this table is expected, or several in parentheses"
)]
pub trait Columns<T> {
    /// As they stand behind `SELECT`.
    #[doc(hidden)]
    fn places(&self) -> Vec<&'static str>;
}

impl<C: ColumnOf> Columns<C::Table> for Column<C> {
    fn places(&self) -> Vec<&'static str> {
        vec![C::PLACE]
    }
}

macro_rules! columns {
    ($first:ident $($column:ident)*) => {
        impl<T, $first: ColumnOf<Table = T>, $($column: ColumnOf<Table = T>),*> Columns<T>
            for (Column<$first>, $(Column<$column>,)*)
        {
            fn places(&self) -> Vec<&'static str> {
                vec![$first::PLACE, $($column::PLACE),*]
            }
        }

        columns!($($column)*);
    };
    () => {};
}

columns!(A B C D E F G H I J K L M N O P);

type Unread = Rows<Raw, Values>;

fn unread(parts: Parts) -> Unread {
    Rows { text: dynamic::Text::Built(parts.text), binds: parts.values, shape: statement::raw() }
}

/// A pool, connection or transaction of a database whose rows can be read as `R`.
#[diagnostic::on_unimplemented(
    message = "rows cannot be read as `{R}` from `{Self}`",
    label = "write `#[derive(sqlx::FromRow)]` above `{R}`, and give it a `&Pool`, `&mut *transaction` or `&mut *connection`",
    note = "for a few columns a tuple will do: `.columns((notes::id, notes::title)).fetch_all::<(i64, String)>(&pool)`"
)]
pub trait Reads<'e, R>: Sized {
    /// All rows.
    #[doc(hidden)]
    fn all(self, rows: Unread) -> Answer<'e, Vec<R>>;

    /// The first.
    #[doc(hidden)]
    fn one(self, rows: Unread) -> Answer<'e, R>;

    /// The first, if there is one.
    #[doc(hidden)]
    fn optional(self, rows: Unread) -> Answer<'e, Option<R>>;
}

#[diagnostic::do_not_recommend]
impl<'e, E, R> Reads<'e, R> for E
where
    E: RunsOn<'e>,
    Values: for<'q> Binds<'q, E::Kind>,
    AsStruct<R>: FromSqlRow<E::Kind, Output = R>,
    R: Send + 'static,
{
    fn all(self, rows: Unread) -> Answer<'e, Vec<R>> {
        read_as::<R>(rows).fetch_all(self)
    }

    fn one(self, rows: Unread) -> Answer<'e, R> {
        read_as::<R>(rows).fetch_one(self)
    }

    fn optional(self, rows: Unread) -> Answer<'e, Option<R>> {
        read_as::<R>(rows).fetch_optional(self)
    }
}

fn read_as<R>(rows: Unread) -> Rows<AsStruct<R>, Values> {
    Rows { text: rows.text, binds: rows.binds, shape: statement::of::<R>() }
}
