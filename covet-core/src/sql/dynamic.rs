//! The text of a statement when it runs: the same for all values, or put together from pieces of the program.
//!
//! Every piece is text that the compiler checked in all its combinations. What the values decide is which pieces stand
//! there; no value, and nothing else that was made when the program runs, becomes text.

use std::borrow::Cow;
use std::fmt::Write;

use smallvec::SmallVec;
use sqlx::{AssertSqlSafe, Database, SqlSafeStr, SqlStr};

use super::bind::Verdict;
use super::filter::text::Built;
use super::identifier::{Identifier, Order};
use super::policy::Dialect;

/// The text of a statement.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub enum Text {
    /// The same for all values and databases.
    Same(&'static str),
    /// The same for all values.
    Each {
        /// What SQLite gets.
        sqlite: &'static str,
        /// What PostgreSQL gets.
        postgres: &'static str,
    },
    /// Put together from pieces.
    Parts(Parts),
    /// Put together by a [`filter`](super::filter).
    Built(Built),
}

/// The pieces of a text, and what decides which of them stand there.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Parts {
    /// The pieces.
    pub pieces: &'static [Piece],
    /// The flags of `{when flag: ..}`, in order.
    pub flags: SmallVec<[bool; 8]>,
    /// The choices from lists, in order.
    pub chosen: SmallVec<[usize; 4]>,
    /// Whether the texts are few enough for the driver to keep each prepared.
    pub persistent: bool,
}

/// A piece of a text.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum Piece {
    /// Text for every database.
    Text(&'static str),
    /// Text for SQLite and for PostgreSQL.
    Each(&'static str, &'static str),
    /// `$n`, for the value with this place.
    Value(usize),
    /// One of these, by the choice with this place.
    Choice(usize, &'static [&'static str]),
    /// What stands there where the condition holds.
    Clause(Keep, &'static [Piece]),
}

/// When a part is kept.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum Keep {
    /// Where each of these values is there.
    AllSome(&'static [usize]),
    /// Where the flag with this place is true.
    Flag(usize),
}

/// Which values stand in the text.
#[derive(Debug, Clone)]
pub(super) enum Used {
    All,
    These(SmallVec<[bool; 8]>),
}

impl Used {
    pub(super) fn has(&self, value: usize) -> bool {
        match self {
            Self::All => true,
            Self::These(used) => used.get(value).copied().unwrap_or_default(),
        }
    }
}

impl Text {
    /// The text for these values, and which of them stand in it.
    pub(super) fn written(&self, dialect: Dialect, verdicts: &[Verdict]) -> (Cow<'static, str>, Used) {
        match self {
            Self::Same(text) => (Cow::Borrowed(*text), Used::All),
            Self::Each { sqlite, postgres } => (Cow::Borrowed(of(dialect, sqlite, postgres)), Used::All),
            Self::Parts(parts) => {
                let (text, used) = parts.written(dialect, verdicts);
                (Cow::Owned(text), Used::These(used))
            }
            Self::Built(built) => (Cow::Owned(built.written(dialect)), Used::All),
        }
    }

    pub(super) fn persistent(&self) -> bool {
        match self {
            Self::Same(_) | Self::Each { .. } => true,
            Self::Parts(parts) => parts.persistent,
            Self::Built(built) => built.persistent(),
        }
    }
}

/// The one place where text that was put together is declared safe: all its pieces are `'static`, written by the macros
/// from the literals of the program, from the lists of its policy and from its migrations.
pub(super) fn declared(text: Cow<'static, str>) -> SqlStr {
    match text {
        Cow::Borrowed(text) => text.into_sql_str(),
        Cow::Owned(text) => AssertSqlSafe(text).into_sql_str(),
    }
}

/// The database that this driver talks to.
pub(super) fn dialect<DB: Database>() -> Dialect {
    if DB::NAME == "PostgreSQL" { Dialect::Postgres } else { Dialect::Sqlite }
}

const fn of<'t>(dialect: Dialect, sqlite: &'t str, postgres: &'t str) -> &'t str {
    match dialect {
        Dialect::Sqlite => sqlite,
        Dialect::Postgres => postgres,
    }
}

impl Parts {
    fn written(&self, dialect: Dialect, verdicts: &[Verdict]) -> (String, SmallVec<[bool; 8]>) {
        let mut used = SmallVec::from_elem(false, verdicts.len());
        self.mark(self.pieces, verdicts, &mut used);
        let mut text = String::new();
        self.write(self.pieces, dialect, verdicts, &used, &mut text);
        text.truncate(text.trim_end().len());
        // A part that is left out may have stood at the beginning.
        text.drain(..text.len() - text.trim_start().len());
        (text, used)
    }

    /// Marks the values that stand in these pieces.
    fn mark(&self, pieces: &[Piece], verdicts: &[Verdict], used: &mut SmallVec<[bool; 8]>) {
        for piece in pieces {
            match piece {
                Piece::Value(value) => {
                    if let Some(used) = used.get_mut(*value) {
                        *used = true;
                    }
                }
                Piece::Clause(keep, inner) if self.keeps(*keep, verdicts) => self.mark(inner, verdicts, used),
                _ => {}
            }
        }
    }

    fn write(&self, pieces: &[Piece], dialect: Dialect, verdicts: &[Verdict], used: &[bool], text: &mut String) {
        for piece in pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Each(sqlite, postgres) => text.push_str(of(dialect, sqlite, postgres)),
                Piece::Value(value) => {
                    let number = used.iter().take(value + 1).filter(|used| **used).count();
                    write!(text, "${number}").expect("a String takes any text");
                }
                Piece::Choice(choice, texts) => {
                    let chosen = self.chosen.get(*choice).and_then(|chosen| texts.get(*chosen));
                    text.push_str(chosen.or(texts.first()).copied().unwrap_or_default());
                }
                Piece::Clause(keep, inner) => {
                    if self.keeps(*keep, verdicts) {
                        self.write(inner, dialect, verdicts, used, text);
                    }
                }
            }
        }
    }

    fn keeps(&self, keep: Keep, verdicts: &[Verdict]) -> bool {
        match keep {
            Keep::AllSome(values) => !values.iter().any(|value| verdicts.get(*value) == Some(&Verdict::Absent)),
            Keep::Flag(flag) => self.flags.get(flag).copied().unwrap_or_default(),
        }
    }
}

/// The flags of a statement.
#[doc(hidden)]
#[must_use]
pub fn flags<const N: usize>(flags: [bool; N]) -> SmallVec<[bool; 8]> {
    SmallVec::from_slice(&flags)
}

/// The choices of a statement.
#[doc(hidden)]
#[must_use]
pub fn chosen<const N: usize>(chosen: [usize; N]) -> SmallVec<[usize; 4]> {
    SmallVec::from_slice(&chosen)
}

/// What decides whether a part is kept.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a flag",
    label = "`{{when flag: ..}}` takes a `bool`",
    note = "for a value that may be missing write `{{? ..}}`"
)]
pub trait Flag {
    /// Whether it is set.
    fn is_set(&self) -> bool;
}

impl Flag for bool {
    fn is_set(&self) -> bool {
        *self
    }
}

impl<T: Flag + ?Sized> Flag for &T {
    fn is_set(&self) -> bool {
        T::is_set(self)
    }
}

/// Whether a flag is set.
#[doc(hidden)]
pub fn flag<T: Flag>(flag: &T) -> bool {
    flag.is_set()
}

/// A choice from the list with this number, which is called `Name`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no choice of the list `{Name}`",
    label = "expected the list's type",
    note = "`covet::policy!()` makes a type of each list of `[sql.identifiers]`, in `policy::identifiers`"
)]
pub trait ChoiceOf<Name, const LIST: u64>: Identifier {}

/// The place of a choice in its list.
#[doc(hidden)]
pub fn choice<Name, const LIST: u64, T: ChoiceOf<Name, LIST>>(choice: &T) -> usize {
    choice.index()
}

/// What can be a direction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a direction of `ORDER BY`",
    label = "expected `covet::Direction`"
)]
pub trait IsOrder: Order {}

#[diagnostic::do_not_recommend]
impl<T: Order> IsOrder for T {}

/// The place of a direction in `ASC`, `DESC`.
#[doc(hidden)]
pub fn order<T: IsOrder>(order: &T) -> usize {
    usize::from(order.is_descending())
}
