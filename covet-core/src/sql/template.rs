//! The parts of a statement that may be left out, and the statements that remain.
//!
//! `{? AND owner = {owner}}` is kept where every value in it is `Some`, `{when live: AND published}` where the flag is
//! true. Every statement that can come of it is checked like one that was written so.

use std::ops::Range;

use super::mistake::{Mistake, Reason};
use super::policy::Policy;
use super::token::{Token, TokenKind};

/// A part that may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// When it is kept.
    pub condition: Condition,
    /// All of it, braces included.
    pub span: Range<usize>,
}

/// When a part is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Where every value in it is `Some`.
    AllSome,
    /// Where the flag is true, or false where it is negated.
    Flag {
        /// The path of the flag.
        path: String,
        /// Whether it must be false.
        negated: bool,
        /// Where it is named.
        span: Range<usize>,
    },
}

/// Which parts are kept, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kept(pub u16);

impl Kept {
    /// Whether the part with this number is kept.
    #[must_use]
    pub const fn has(self, clause: usize) -> bool {
        self.0 >> clause & 1 == 1
    }
}

/// The pieces of a text, and which part each belongs to.
#[derive(Debug)]
pub struct Template<'t, 'a> {
    tokens: &'t [Token<'a>],
    clauses: Vec<Clause>,
    empty: Vec<usize>,
}

impl<'t, 'a> Template<'t, 'a> {
    /// The parts of these pieces, and what is wrong with them.
    #[must_use]
    pub fn read(tokens: &'t [Token<'a>], policy: &Policy) -> (Self, Vec<Mistake>) {
        let (mut clauses, mut empty, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
        let mut opened: Option<usize> = None;
        for (index, token) in tokens.iter().enumerate() {
            match (token.kind, opened.and_then(|at| tokens.get(at))) {
                (TokenKind::ClauseOpen, _) => opened = Some(index),
                (TokenKind::ClauseClose, Some(open)) => {
                    let span = open.span.start..token.span.end;
                    let inner = opened.map_or(index, |at| at + 1)..index;
                    if !tokens.get(inner).is_some_and(|inner| inner.iter().any(|t| t.kind != TokenKind::Comment)) {
                        mistakes.push(Mistake::new(Reason::EmptyClause, span.clone()));
                        empty.push(clauses.len());
                    }
                    clauses.push(Clause { condition: condition(open), span });
                    opened = None;
                }
                _ => {}
            }
        }
        let most = policy.max_optional.get() as usize;
        if let Some(first) = clauses.get(most) {
            mistakes.push(Mistake::new(Reason::TooManyClauses(clauses.len(), most), first.span.clone()));
        }
        (Self { tokens, clauses, empty }, mistakes)
    }

    /// The parts, in the order of the text.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Whether there is nothing in the part with this number.
    #[must_use]
    pub fn is_empty(&self, clause: usize) -> bool {
        self.empty.contains(&clause)
    }

    /// Every choice of parts: all of them first, then the fewer the later.
    #[must_use]
    pub fn subsets(&self) -> Vec<Kept> {
        subsets(self.clauses.len())
    }

    /// The part in which a byte stands.
    #[must_use]
    pub fn clause_of(&self, byte: usize) -> Option<usize> {
        self.clauses.iter().position(|clause| clause.span.contains(&byte))
    }

    /// The pieces of the statement that keeps these parts.
    #[must_use]
    pub fn keep(&self, kept: Kept) -> Vec<Token<'a>> {
        let braces = |token: &Token<'_>| matches!(token.kind, TokenKind::ClauseOpen | TokenKind::ClauseClose);
        let stays = |token: &&Token<'_>| !braces(token) && self.clause_of(token.span.start).is_none_or(|c| kept.has(c));
        self.tokens.iter().filter(stays).cloned().collect()
    }

    /// The bytes of the parts that are left out.
    #[must_use]
    pub fn left_out(&self, kept: Kept) -> Vec<Range<usize>> {
        let out = self.clauses.iter().enumerate().filter(|(index, _)| !kept.has(*index));
        out.map(|(_, clause)| clause.span.clone()).collect()
    }
}

/// Every choice of `count` parts, all first.
pub(super) fn subsets(count: usize) -> Vec<Kept> {
    let mut subsets: Vec<Kept> = (0..1_u16 << count.min(15)).rev().map(Kept).collect();
    subsets.sort_by_key(|kept| std::cmp::Reverse(kept.0.count_ones()));
    subsets
}

fn condition(open: &Token<'_>) -> Condition {
    match open.flag() {
        Some((path, negated)) => {
            let at = open.text.rfind(path).map_or(open.span.start, |at| open.span.start + at);
            Condition::Flag { path: path.to_owned(), negated, span: at..at + path.len() }
        }
        None => Condition::AllSome,
    }
}
