//! `UPDATE` and `DELETE` on one table.
//!
//! What they change is decided by a filter, or is all rows and said to be; before that they cannot be executed.

use std::fmt;
use std::marker::PhantomData;

use super::column::{Assigned, Column, ColumnOf, Table, Writable};
use super::condition::{Condition, Where};
use super::text::Parts;
use super::value::Values;
use crate::sql::bind::Binds;
use crate::sql::dynamic;
use crate::sql::policy::Dialect;
use crate::sql::run::{Kind, RunsOn};
use crate::sql::statement::{Answer, Execute};

/// It is not said yet which rows are meant.
#[derive(Debug)]
pub enum Undecided {}

/// It is said which rows are meant.
#[derive(Debug)]
pub enum Decided {}

/// A statement of which it is said which rows it means.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this statement would change every row of its table",
    label = "say which rows are meant: `.filter(..)`",
    note = "a filter that may be missing, `.filter_some(..)`, does not say it; if all rows are meant, write `.all_rows()`"
)]
pub trait IsDecided {}

impl IsDecided for Decided {}

/// `UPDATE`, before it is said what is changed.
#[must_use = "a statement does nothing until it is executed"]
pub struct Update<T>(PhantomData<fn() -> T>);

impl<T: Table> Update<T> {
    /// Nothing yet.
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// Writes a value to a column. `None` is `NULL`, where the column may be.
    pub fn set<C, V, Doubt>(self, column: Column<C>, value: V) -> Change<T, Undecided>
    where
        C: ColumnOf<Table = T> + Writable,
        V: Assigned<C::Family, C::Null, T, C, Doubt>,
    {
        Change { sets: Vec::new(), filter: Where::EVERYTHING, rows: PhantomData }.set(column, value)
    }
}

/// `UPDATE` of the columns that were set.
#[must_use = "a statement does nothing until it is executed"]
pub struct Change<T, Which> {
    sets: Vec<Parts>,
    filter: Where<T>,
    rows: PhantomData<fn() -> Which>,
}

impl<T: Table, Which> Change<T, Which> {
    /// Writes a value to a column. `None` is `NULL`, where the column may be.
    pub fn set<C, V, Doubt>(mut self, _: Column<C>, value: V) -> Self
    where
        C: ColumnOf<Table = T> + Writable,
        V: Assigned<C::Family, C::Null, T, C, Doubt>,
    {
        self.sets.push(Parts::of(C::NAME).text(" = ").value(value.value()));
        self
    }

    /// The same if there is a value; without one the column stays as it is.
    pub fn set_some<C, V, Doubt>(self, column: Column<C>, value: Option<V>) -> Self
    where
        C: ColumnOf<Table = T> + Writable,
        V: Assigned<C::Family, C::Null, T, C, Doubt>,
    {
        match value {
            Some(value) => self.set(column, value),
            None => self,
        }
    }

    /// Only rows of which this holds, beside what was demanded before.
    pub fn filter(self, condition: Condition<T>) -> Change<T, Decided> {
        Change { sets: self.sets, filter: self.filter.and(condition), rows: PhantomData }
    }

    /// The same if there is a condition. It does not decide which rows are meant.
    pub fn filter_some(mut self, condition: Option<Condition<T>>) -> Self {
        self.filter = self.filter.and_some(condition);
        self
    }

    /// All rows, but for those that a filter leaves out.
    pub fn all_rows(self) -> Change<T, Decided> {
        Change { sets: self.sets, filter: self.filter, rows: PhantomData }
    }

    /// The text that the driver of this database gets.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> String {
        self.parts().text.written(dialect)
    }

    /// Executes the statement; the answer says how many rows it changed.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused, or [`Encode`](sqlx::Error::Encode) for a value that it cannot
    /// hold.
    pub fn execute<'e, DB, E>(self, on: E) -> Answer<'e, DB::Done>
    where
        Which: IsDecided,
        DB: Kind,
        E: RunsOn<'e, Kind = DB>,
        Values: for<'q> Binds<'q, DB>,
    {
        execute(self.parts()).execute(on)
    }

    fn parts(&self) -> Parts {
        let parts = Parts::of("UPDATE ").text(T::NAME).text(" SET ").list(self.sets.iter().cloned(), ", ");
        self.filter.clone().behind(parts)
    }
}

/// `DELETE`.
#[must_use = "a statement does nothing until it is executed"]
pub struct Delete<T, Which = Undecided> {
    filter: Where<T>,
    rows: PhantomData<fn() -> Which>,
}

impl<T: Table> Delete<T> {
    /// It is to be said of which rows.
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self { filter: Where::EVERYTHING, rows: PhantomData }
    }
}

impl<T: Table, Which> Delete<T, Which> {
    /// Only rows of which this holds, beside what was demanded before.
    pub fn filter(self, condition: Condition<T>) -> Delete<T, Decided> {
        Delete { filter: self.filter.and(condition), rows: PhantomData }
    }

    /// The same if there is a condition. It does not decide which rows are meant.
    pub fn filter_some(mut self, condition: Option<Condition<T>>) -> Self {
        self.filter = self.filter.and_some(condition);
        self
    }

    /// All rows, but for those that a filter leaves out.
    pub fn all_rows(self) -> Delete<T, Decided> {
        Delete { filter: self.filter, rows: PhantomData }
    }

    /// The text that the driver of this database gets.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> String {
        self.parts().text.written(dialect)
    }

    /// Executes the statement; the answer says how many rows it deleted.
    ///
    /// # Errors
    ///
    /// The future fails with what the database refused, or [`Encode`](sqlx::Error::Encode) for a value that it cannot
    /// hold.
    pub fn execute<'e, DB, E>(self, on: E) -> Answer<'e, DB::Done>
    where
        Which: IsDecided,
        DB: Kind,
        E: RunsOn<'e, Kind = DB>,
        Values: for<'q> Binds<'q, DB>,
    {
        execute(self.parts()).execute(on)
    }

    fn parts(&self) -> Parts {
        self.filter.clone().behind(Parts::of("DELETE FROM ").text(T::NAME))
    }
}

fn execute(parts: Parts) -> Execute<super::value::Values> {
    Execute { text: dynamic::Text::Built(parts.text), binds: parts.values }
}

impl<T: Table, Which> fmt::Debug for Change<T, Which> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change").field("text", &self.parts().text).finish_non_exhaustive()
    }
}

impl<T: Table, Which> fmt::Debug for Delete<T, Which> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delete").field("text", &self.parts().text).finish_non_exhaustive()
    }
}

impl<T: Table> fmt::Debug for Update<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Update").field(&T::NAME).finish()
    }
}
