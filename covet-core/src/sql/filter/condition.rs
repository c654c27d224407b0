//! Conditions, and how they are joined.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

use super::text::Parts;

/// A condition on the rows of a table, made by a column: `notes::owner.eq(user) & !notes::title.contains(q)`.
#[must_use = "a condition does nothing until a statement has it"]
pub struct Condition<T> {
    joined: Joined,
    parts: Parts,
    table: PhantomData<fn() -> T>,
}

/// By what the outermost conditions are joined: what has to be enclosed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    Single,
    And,
    Or,
}

impl<T> Condition<T> {
    pub(super) const fn of(parts: Parts) -> Self {
        Self { joined: Joined::Single, parts, table: PhantomData }
    }

    pub(super) fn into_parts(self) -> Parts {
        self.parts
    }

    fn join(self, by: Joined, text: &'static str, other: Self) -> Self {
        let parts = self.within(by).text(text).then(other.within(by));
        Self { joined: by, parts, table: PhantomData }
    }

    /// Enclosed where it would be read otherwise.
    fn within(self, by: Joined) -> Parts {
        if self.joined == Joined::Single || self.joined == by { self.parts } else { self.parts.enclosed("(", ")") }
    }
}

/// Both.
impl<T> BitAnd for Condition<T> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.join(Joined::And, " AND ", other)
    }
}

/// One of them, or both.
impl<T> BitOr for Condition<T> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.join(Joined::Or, " OR ", other)
    }
}

/// Not so. What is not known, as of `NULL`, stays so.
impl<T> Not for Condition<T> {
    type Output = Self;

    fn not(self) -> Self {
        Self::of(self.parts.enclosed("NOT (", ")"))
    }
}

impl<T> Clone for Condition<T> {
    fn clone(&self) -> Self {
        Self { joined: self.joined, parts: self.parts.clone(), table: PhantomData }
    }
}

// The values stay out of `Debug`: they may be secrets.
impl<T> fmt::Debug for Condition<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").field("text", &self.parts.text).finish_non_exhaustive()
    }
}

/// The conditions that a statement has by now, all of which must hold.
pub(super) struct Where<T>(Option<Condition<T>>);

impl<T> Where<T> {
    pub(super) const EVERYTHING: Self = Self(None);

    pub(super) fn and(self, condition: Condition<T>) -> Self {
        Self(Some(match self.0 {
            Some(before) => before & condition,
            None => condition,
        }))
    }

    pub(super) fn and_some(self, condition: Option<Condition<T>>) -> Self {
        match condition {
            Some(condition) => self.and(condition),
            None => self,
        }
    }

    /// The statement so far, and these.
    pub(super) fn behind(self, parts: Parts) -> Parts {
        match self.0 {
            Some(condition) => parts.text(" WHERE ").then(condition.into_parts()),
            None => parts,
        }
    }
}

impl<T> Clone for Where<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
