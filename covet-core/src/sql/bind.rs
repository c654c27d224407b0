//! The values of a statement: references, in order, encoded for whatever database runs it.
//!
//! They are nested pairs, `((((), a), b), c)`, so that a statement may have any number of them. Each says how it is bound
//! and carries a function that looks at its value first: text with a NUL, which PostgreSQL refuses and SQLite cuts off, and
//! values beyond any reason never reach a database.

use std::borrow::Cow;

use smallvec::SmallVec;
use sqlx::error::BoxDynError;
use sqlx::{Arguments, Database};

use super::bounds::Value;
use super::like;
use super::list::{ListOf, ListOn};
use super::run::Kind;

/// The most bytes of one value: far more than a form can bring, far less than what lengths in a protocol overflow at.
pub const MAX_BYTES: usize = 256 << 20;

/// Why a value cannot be bound. It is the source of [`sqlx::Error::Encode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Text with a NUL character.
    #[error("text with a NUL character cannot be kept in a database")]
    Nul,
    /// More than [`MAX_BYTES`].
    #[error("a value of {0} bytes is too long, the most is {MAX_BYTES}")]
    TooLong(usize),
    /// More values in a list than `max_list` permits.
    #[error("a list of {0} values is too long, the most is {1}")]
    TooMany(usize, u32),
    /// More rows than `max_limit` permits.
    #[error("{0} rows are too many to ask for, the most is {1}")]
    LimitTooHigh(u32, u32),
}

/// What was found when a value was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is `None`.
    Absent,
    /// It can be bound.
    Fine,
    /// It cannot.
    Refused(BindError),
}

impl Verdict {
    /// The verdict on a value that is absent or has a fault.
    #[must_use]
    pub fn of(absent: bool, fault: Option<BindError>) -> Self {
        match fault {
            Some(fault) => Self::Refused(fault),
            None if absent => Self::Absent,
            None => Self::Fine,
        }
    }
}

/// The verdicts on the values of a statement, in order.
pub type Verdicts = SmallVec<[Verdict; 8]>;

/// A list of values that can be looked at.
pub trait Checked {
    /// How many there are.
    const COUNT: usize;

    /// Looks at each, in order.
    fn verdicts(&self, verdicts: &mut Verdicts);
}

/// A list of values that the database `DB` can hold.
#[diagnostic::on_unimplemented(
    message = "a value of this statement is none that its database can hold",
    label = "one of these is not: `{Self}`",
    note = "bind a number, text, bytes, `bool`, an `Option` of these, or a type with `#[derive(sqlx::Type)]`; a list for `IN` holds integers, text, `bool`, or a type that implements `covet::sql::ListItem`"
)]
pub trait Binds<'q, DB: Kind>: Checked {
    /// Adds those that are used to the arguments of the driver, in order.
    ///
    /// # Errors
    ///
    /// A value that cannot be encoded.
    fn add_to(self, arguments: &mut DB::Arguments, used: &dyn Fn(usize) -> bool) -> Result<(), BoxDynError>;
}

/// A value as it is.
#[doc(hidden)]
#[derive(Debug)]
pub struct Bound<'a, T> {
    pub value: &'a T,
    pub check: fn(&T) -> Verdict,
}

/// A text within a pattern of `LIKE`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Pattern<'a, T> {
    pub value: &'a T,
    pub read: fn(&'a T) -> Option<Cow<'a, str>>,
    pub before: &'static str,
    pub after: &'static str,
}

/// All values of a list.
#[doc(hidden)]
#[derive(Debug)]
pub struct List<'a, T> {
    pub value: &'a T,
    pub check: fn(&T) -> Verdict,
    pub most: u32,
}

/// A number of rows.
#[doc(hidden)]
#[derive(Debug)]
pub struct Count<'a, T> {
    pub value: &'a T,
    pub read: fn(&T) -> Option<u32>,
    pub most: u32,
}

/// The number of rows that a list or a limit is not bounded by.
#[doc(hidden)]
pub const UNBOUNDED: u32 = u32::MAX;

impl Checked for () {
    const COUNT: usize = 0;

    fn verdicts(&self, _: &mut Verdicts) {}
}

impl<DB: Database> Binds<'_, DB> for () {
    fn add_to(self, _: &mut DB::Arguments, _: &dyn Fn(usize) -> bool) -> Result<(), BoxDynError> {
        Ok(())
    }
}

/// How one value is looked at.
pub trait Look {
    /// What is found.
    fn verdict(&self) -> Verdict;
}

impl<First: Checked, Last: Look> Checked for (First, Last) {
    const COUNT: usize = First::COUNT + 1;

    fn verdicts(&self, verdicts: &mut Verdicts) {
        self.0.verdicts(verdicts);
        verdicts.push(self.1.verdict());
    }
}

impl<T> Look for Bound<'_, T> {
    fn verdict(&self) -> Verdict {
        (self.check)(self.value)
    }
}

impl<T> Look for Pattern<'_, T> {
    fn verdict(&self) -> Verdict {
        (self.read)(self.value).map_or(Verdict::Absent, |text| Verdict::of(false, text_fault(&text)))
    }
}

impl<T> Look for List<'_, T> {
    fn verdict(&self) -> Verdict {
        (self.check)(self.value)
    }
}

impl<T> Look for Count<'_, T> {
    fn verdict(&self) -> Verdict {
        match (self.read)(self.value) {
            None => Verdict::Absent,
            Some(rows) if rows > self.most => Verdict::Refused(BindError::LimitTooHigh(rows, self.most)),
            Some(_) => Verdict::Fine,
        }
    }
}

/// What no database should get of a text.
pub(super) fn text_fault(text: &str) -> Option<BindError> {
    match text.len() {
        _ if text.contains('\0') => Some(BindError::Nul),
        length => bytes_fault(length),
    }
}

/// What no database should get of any value.
pub(super) fn bytes_fault(length: usize) -> Option<BindError> {
    (length > MAX_BYTES).then_some(BindError::TooLong(length))
}

impl<'q, DB, First, T> Binds<'q, DB> for (First, Bound<'_, T>)
where
    DB: Database,
    First: Binds<'q, DB>,
    T: Value<'q, DB>,
{
    fn add_to(self, arguments: &mut DB::Arguments, used: &dyn Fn(usize) -> bool) -> Result<(), BoxDynError> {
        self.0.add_to(arguments, used)?;
        if used(First::COUNT) { arguments.add(self.1.value) } else { Ok(()) }
    }
}

impl<'q, DB, First, T> Binds<'q, DB> for (First, Pattern<'_, T>)
where
    DB: Database,
    First: Binds<'q, DB>,
    Option<String>: Value<'q, DB>,
{
    fn add_to(self, arguments: &mut DB::Arguments, used: &dyn Fn(usize) -> bool) -> Result<(), BoxDynError> {
        self.0.add_to(arguments, used)?;
        if !used(First::COUNT) {
            return Ok(());
        }
        let text = (self.1.read)(self.1.value);
        arguments.add(text.map(|text| like::between(self.1.before, &text, self.1.after)))
    }
}

impl<'q, DB, First, T> Binds<'q, DB> for (First, List<'_, T>)
where
    DB: Database,
    First: Binds<'q, DB>,
    T: ListOf + ListOn<DB>,
{
    fn add_to(self, arguments: &mut DB::Arguments, used: &dyn Fn(usize) -> bool) -> Result<(), BoxDynError> {
        self.0.add_to(arguments, used)?;
        if used(First::COUNT) { self.1.value.add_list(arguments) } else { Ok(()) }
    }
}

impl<'q, DB, First, T> Binds<'q, DB> for (First, Count<'_, T>)
where
    DB: Database,
    First: Binds<'q, DB>,
    Option<i64>: Value<'q, DB>,
{
    fn add_to(self, arguments: &mut DB::Arguments, used: &dyn Fn(usize) -> bool) -> Result<(), BoxDynError> {
        self.0.add_to(arguments, used)?;
        if used(First::COUNT) { arguments.add((self.1.read)(self.1.value).map(i64::from)) } else { Ok(()) }
    }
}
