//! The text of a statement that is put together when the program runs: pieces of the program, and places of values.

use std::fmt::Write;

use super::value::{Value, Values};
use crate::sql::policy::Dialect;

/// All that a text consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text for every database.
    Text(&'static str),
    /// Text for SQLite and for PostgreSQL.
    Each(&'static str, &'static str),
    /// `$n`, for the next value.
    Value,
}

/// A text, to which only text of the program can be added.
#[doc(hidden)]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Built(Vec<Piece>);

/// How many values the text of a statement has at most that a driver keeps prepared: texts with more are too many.
const PERSISTENT: usize = 8;

impl Built {
    /// The text for this database.
    pub(in crate::sql) fn written(&self, dialect: Dialect) -> String {
        let (mut text, mut number) = (String::new(), 0_usize);
        for piece in &self.0 {
            match (piece, dialect) {
                (Piece::Text(piece), _)
                | (Piece::Each(piece, _), Dialect::Sqlite)
                | (Piece::Each(_, piece), Dialect::Postgres) => text.push_str(piece),
                (Piece::Value, _) => {
                    number += 1;
                    write!(text, "${number}").expect("a String takes any text");
                }
            }
        }
        text
    }

    /// Whether the driver keeps it prepared.
    pub(in crate::sql) fn persistent(&self) -> bool {
        self.0.iter().filter(|piece| **piece == Piece::Value).count() <= PERSISTENT
    }
}

/// A text and its values, in order.
#[derive(Clone, Default)]
pub(super) struct Parts {
    pub(super) text: Built,
    pub(super) values: Values,
}

impl Parts {
    pub(super) fn of(text: &'static str) -> Self {
        Self::default().text(text)
    }

    pub(super) fn text(mut self, text: &'static str) -> Self {
        self.text.0.push(Piece::Text(text));
        self
    }

    pub(super) fn each(mut self, sqlite: &'static str, postgres: &'static str) -> Self {
        self.text.0.push(Piece::Each(sqlite, postgres));
        self
    }

    pub(super) fn value(mut self, value: Value) -> Self {
        self.text.0.push(Piece::Value);
        self.values.0.push(value);
        self
    }

    pub(super) fn then(mut self, other: Self) -> Self {
        self.text.0.extend(other.text.0);
        self.values.0.extend(other.values.0);
        self
    }

    /// Each of these, with a text between them.
    pub(super) fn list(self, items: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        items.into_iter().enumerate().fold(self, |parts, (index, item)| {
            let parts = if index == 0 { parts } else { parts.text(between) };
            parts.then(item)
        })
    }

    pub(super) fn enclosed(mut self, open: &'static str, close: &'static str) -> Self {
        self.text.0.insert(0, Piece::Text(open));
        self.text(close)
    }
}
