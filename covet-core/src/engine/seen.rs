//! What a response may tell of a limit.

use crate::rate_limit::{Answer, Fields, Policy};

/// What a limit answered that a response may tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its name.
    pub name: &'static str,
    /// Its answer.
    pub answer: Answer,
    /// The fields to tell it in.
    pub fields: Told,
}

/// In which fields a response tells of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Told {
    /// In those of the IETF draft.
    pub ietf: bool,
    /// In those that begin with `X-`.
    pub x: bool,
}

impl Told {
    pub(super) fn of(limit: &Policy) -> Self {
        let has = |fields| limit.headers().contains(&fields);
        Self { ietf: has(Fields::Ietf), x: has(Fields::X) }
    }
}
