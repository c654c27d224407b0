//! A checked statement: its pieces, its values, and every text that can come of it.
//!
//! ```
//! use covet_core::sql::{self, Dialect, Policy};
//!
//! let sql = "SELECT id FROM notes WHERE owner = {owner} {? AND title = {title}}";
//! let compiled = sql::compile(sql, &Policy::default()).unwrap();
//! let texts: Vec<_> = compiled.variants(Dialect::Sqlite).into_iter().map(|variant| variant.text).collect();
//! assert_eq!(texts, [
//!     "SELECT id FROM notes WHERE owner = $1  AND title = $2",
//!     "SELECT id FROM notes WHERE owner = $1",
//! ]);
//! ```

use std::ops::Range;

use super::form::Form;
use super::policy::Dialect;
use super::template::{Clause, Kept, subsets};

/// A statement that was found good, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    pub(super) pieces: Vec<Piece>,
    pub(super) binds: Vec<Bind>,
    pub(super) choices: Vec<Choice>,
    pub(super) clauses: Vec<Clause>,
    pub(super) class: Class,
}

/// A piece of the text for the driver, and the bytes of the statement it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// The bytes of the statement.
    pub origin: Range<usize>,
}

/// What a piece of the text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PieceKind {
    /// The same text for every database.
    Text(String),
    /// Text that differs.
    Each {
        /// What SQLite gets.
        sqlite: &'static str,
        /// What PostgreSQL gets.
        postgres: &'static str,
    },
    /// `$n`, for the value with this place in [`Compiled::binds`].
    Value(usize),
    /// The text of the choice with this place in [`Compiled::choices`].
    Choice(usize),
    /// The part with this place in [`Compiled::clauses`].
    Clause(usize, Vec<Piece>),
}

/// A value to bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// The path, such as `user.id`.
    pub path: String,
    /// How it is bound.
    pub form: Form,
    /// Where it first stands in the statement.
    pub span: Range<usize>,
    /// The parts in which it stands; none where it also stands outside of them, so that it is always bound.
    pub clauses: Vec<usize>,
    /// Whether `NULL` never gets here, since all its parts are left out where it is `None`.
    pub optional: bool,
    /// Where it is compared by `=` or `<>` although it could be `NULL`.
    pub compared: Option<Range<usize>>,
}

/// A part of the text that a value chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The path of the value.
    pub path: String,
    /// The name of the list; none for a direction.
    pub list: Option<String>,
    /// What it may be.
    pub texts: Vec<String>,
    /// Where it first stands in the statement.
    pub span: Range<usize>,
}

/// What a statement gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Rows, from `SELECT` or `RETURNING`.
    Rows,
    /// The number of rows it changed.
    Execute,
}

/// One text that can come of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// What the driver gets.
    pub text: String,
    /// The parts that are kept.
    pub kept: Kept,
    /// For each `$n`, in order, the place in [`Compiled::binds`].
    pub binds: Vec<usize>,
    /// For each of [`Compiled::choices`] the place in its texts.
    pub chosen: Vec<usize>,
    origins: Vec<(Range<usize>, Range<usize>)>,
}

impl Variant {
    /// The bytes of the statement, as it is written in the program, that these bytes of the text came from.
    #[must_use]
    pub fn origin(&self, bytes: Range<usize>) -> Range<usize> {
        let start = self.origin_of(bytes.start).map_or(0, |(at, exact)| exact.unwrap_or(at.start));
        let last = bytes.end.saturating_sub(1).max(bytes.start);
        let end = self.origin_of(last).map_or(start, |(at, exact)| exact.map_or(at.end, |exact| exact + 1));
        start..end.max(start)
    }

    /// The piece of the statement a byte came from, and the very byte where the text is that of the statement.
    fn origin_of(&self, byte: usize) -> Option<(Range<usize>, Option<usize>)> {
        let within = self.origins.iter().find(|(text, _)| byte < text.end).or(self.origins.last());
        within.map(|(text, origin)| {
            let offset = byte.saturating_sub(text.start).min(text.len());
            (origin.clone(), (text.len() == origin.len()).then_some(origin.start + offset))
        })
    }
}

impl Compiled {
    /// The text with all its parts and the first of each choice.
    #[must_use]
    pub fn text(&self, dialect: Dialect) -> String {
        self.variant(dialect, self.all(), &vec![0; self.choices.len()]).text
    }

    /// The text of a statement that is the same whatever its values; `None` if it is not.
    #[must_use]
    pub fn fixed(&self, dialect: Dialect) -> Option<String> {
        (self.clauses.is_empty() && self.choices.is_empty()).then(|| self.text(dialect))
    }

    /// The pieces of the text, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The values, in the order of their first use.
    #[must_use]
    pub fn binds(&self) -> &[Bind] {
        &self.binds
    }

    /// What values choose, in the order of their first use.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The parts that may be left out, in order.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// What the statement gives back.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// Every text that a database must be asked about: with and without each part, and each name of a list in its place.
    ///
    /// Several choices are not combined with each other: whether a column can stand in its place does not depend on
    /// another's. The first variant has all parts.
    #[must_use]
    pub fn variants(&self, dialect: Dialect) -> Vec<Variant> {
        let rounds = self.choices.iter().map(|choice| choice.texts.len()).max().unwrap_or(1);
        let chosen = |round: usize| self.choices.iter().map(move |choice| round % choice.texts.len().max(1)).collect();
        let rounds: Vec<Vec<usize>> = (0..rounds).map(chosen).collect();
        let kept = subsets(self.clauses.len()).into_iter();
        kept.flat_map(|kept| rounds.iter().map(move |chosen| self.variant(dialect, kept, chosen))).collect()
    }

    /// The text that keeps these parts and makes these choices.
    #[must_use]
    pub fn variant(&self, dialect: Dialect, kept: Kept, chosen: &[usize]) -> Variant {
        let used = |bind: &Bind| bind.clauses.is_empty() || bind.clauses.iter().any(|clause| kept.has(*clause));
        let binds: Vec<usize> = self.binds.iter().enumerate().filter(|(_, b)| used(b)).map(|(at, _)| at).collect();
        let mut written =
            Written { dialect, kept, chosen, compiled: self, binds: &binds, text: String::new(), origins: Vec::new() };
        written.pieces(&self.pieces);
        let Written { mut text, mut origins, .. } = written;
        text.truncate(text.trim_end().len());
        let blank = text.len() - text.trim_start().len();
        text.drain(..blank);
        for (written, origin) in &mut origins {
            // What is cut off at the front is cut off the piece it belongs to.
            let cut = blank.saturating_sub(written.start).min(written.len());
            if written.len() == origin.len() {
                origin.start += cut;
            }
            *written = written.start.max(blank) - blank..written.end.max(blank) - blank;
        }
        origins.retain(|(written, _)| !written.is_empty());
        Variant { text, kept, binds, chosen: chosen.to_vec(), origins }
    }

    fn all(&self) -> Kept {
        subsets(self.clauses.len()).first().copied().unwrap_or(Kept(0))
    }
}

struct Written<'c> {
    dialect: Dialect,
    kept: Kept,
    chosen: &'c [usize],
    compiled: &'c Compiled,
    binds: &'c [usize],
    text: String,
    origins: Vec<(Range<usize>, Range<usize>)>,
}

impl Written<'_> {
    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            let start = self.text.len();
            match &piece.kind {
                PieceKind::Text(text) => self.text.push_str(text),
                PieceKind::Each { sqlite, postgres } => self.text.push_str(match self.dialect {
                    Dialect::Sqlite => sqlite,
                    Dialect::Postgres => postgres,
                }),
                PieceKind::Value(bind) => {
                    let number = self.binds.iter().position(|used| used == bind).map_or(0, |at| at + 1);
                    self.text.push_str(&format!("${number}"));
                }
                PieceKind::Choice(at) => {
                    let texts = self.compiled.choices.get(*at).map_or(&[][..], |choice| &choice.texts);
                    let chosen = self.chosen.get(*at).copied().unwrap_or_default();
                    self.text.push_str(texts.get(chosen).map_or("", String::as_str));
                }
                PieceKind::Clause(at, inner) => {
                    if self.kept.has(*at) {
                        self.pieces(inner);
                    }
                    continue;
                }
            }
            self.origins.push((start..self.text.len(), piece.origin.clone()));
        }
    }
}
