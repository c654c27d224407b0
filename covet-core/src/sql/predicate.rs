//! Whether the `WHERE` of a change tells rows apart.
//!
//! **Threat.** `DELETE .. WHERE 1 = 1 {? AND id = {id}}` deletes everything where there is no id, and `OR 1 = 1` makes
//! any condition none.
//!
//! **Rule.** A `WHERE` of `UPDATE` and `DELETE` has a condition that depends on the row or on a value, whichever parts are
//! left out. Who means all rows writes `WHERE true`.

use std::ops::Range;

use super::mistake::{Mistake, Reason};
use super::policy::Kind;
use super::scope::{Outline, Scope};
use super::token::{Token, TokenKind};

/// Words that end a `WHERE`.
const AFTER_WHERE: [&str; 12] = [
    "returning",
    "group",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "window",
    "union",
    "except",
    "intersect",
    "having",
];

/// Words of a condition that say nothing about a row.
const CONSTANT: [&str; 9] = ["true", "false", "null", "not", "is", "and", "or", "between", "in"];

/// What the `WHERE` of a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// It has a condition that depends on the row or on a value.
    Some,
    /// `WHERE true`, by which all rows are meant.
    All,
    /// The same for every row, without saying so.
    Constant,
    /// There is none.
    Missing,
}

/// What bounds this change; `None` for a statement that changes no rows it finds.
#[must_use]
pub fn bounds(outline: &Outline<'_, '_>, scope: &Scope) -> Option<Bounds> {
    scope.kind.filter(|kind| matches!(kind, Kind::Update | Kind::Delete))?;
    let Some((at, _)) = outline.own(scope).find(|(_, token)| token.is_word("where")) else {
        return Some(Bounds::Missing);
    };
    let condition = until(outline, at + 1, scope.range.end, scope.depth, &AFTER_WHERE);
    if condition.len() == 1 && outline.token(condition.start).is_some_and(|token| token.is_word("true")) {
        return Some(Bounds::All);
    }
    let conjuncts = split(outline, condition, scope.depth, "and");
    let real = conjuncts.into_iter().any(|conjunct| !is_constant(outline, &conjunct));
    Some(if real { Bounds::Some } else { Bounds::Constant })
}

/// Every change that would touch all rows. `whole` is what bounds each with no part left out, by the byte of its verb.
#[must_use]
pub fn unbounded(outline: &Outline<'_, '_>, whole: &[(usize, Bounds)]) -> Vec<Mistake> {
    let judged = outline.scopes().iter().filter_map(|scope| {
        let (verb, kind) = (outline.token(scope.verb)?, scope.kind?);
        let with_all = whole.iter().find(|(at, _)| *at == verb.span.start).map(|(_, bounds)| *bounds);
        let reason = match (bounds(outline, scope)?, with_all) {
            (Bounds::Some, _) => return None,
            (_, Some(Bounds::Some)) => Reason::OptionalWhere(kind),
            (Bounds::All, _) => return None,
            (Bounds::Constant, _) => Reason::ConstantWhere(kind),
            (Bounds::Missing, _) => Reason::MissingWhere(kind),
        };
        Some(Mistake::new(reason, verb.span.clone()))
    });
    judged.collect()
}

/// What bounds each change of the statement, by the byte of its verb.
#[must_use]
pub fn of_scopes(outline: &Outline<'_, '_>) -> Vec<(usize, Bounds)> {
    let of_scope = |scope: &Scope| Some((outline.token(scope.verb)?.span.start, bounds(outline, scope)?));
    outline.scopes().iter().filter_map(of_scope).collect()
}

/// `OR 1 = 1`, `true OR`: what makes a whole condition constant.
#[must_use]
pub fn constant_or(outline: &Outline<'_, '_>) -> Vec<Mistake> {
    const AROUND: [&str; 18] = [
        "or",
        "where",
        "and",
        "on",
        "having",
        "when",
        "then",
        "else",
        "end",
        "group",
        "order",
        "limit",
        "returning",
        "union",
        "except",
        "intersect",
        "select",
        "filter",
    ];
    let ors = outline.pieces().iter().enumerate().filter(|(_, piece)| piece.token.is_word("or"));
    let sides = ors.flat_map(|(at, piece)| {
        let after = until(outline, at + 1, outline.pieces().len(), piece.depth, &AROUND);
        let before = (0..at).rev().take_while(|index| {
            outline.pieces().get(*index).is_some_and(|before| {
                before.depth > piece.depth || before.depth == piece.depth && !ends(before.token, &AROUND)
            })
        });
        let start = before.last().unwrap_or(at);
        // `NOT true`, and what is joined by `AND`, is more than this.
        let joined =
            |index: Option<usize>| index.and_then(|index| outline.token(index)).is_some_and(|t| t.is_word("and"));
        let before = (!joined(start.checked_sub(1))).then_some(start..at);
        let after = (!joined(Some(after.end))).then_some(after);
        [before, after]
    });
    let constant = sides.flatten().filter(|side| is_constant(outline, side) && !is_false(outline, side));
    let span = |side: Range<usize>| {
        let (first, last) = (outline.token(side.start)?, outline.token(side.end.checked_sub(1)?)?);
        Some(first.span.start..last.span.end)
    };
    let mut mistakes: Vec<_> = constant.filter_map(span).map(|span| Mistake::new(Reason::ConstantOr, span)).collect();
    mistakes.dedup();
    mistakes
}

/// Whether these pieces are the same for every row and whatever is bound.
fn is_constant(outline: &Outline<'_, '_>, condition: &Range<usize>) -> bool {
    let tokens: Vec<_> = condition.clone().filter_map(|index| outline.token(index)).collect();
    if tokens.is_empty() {
        return false;
    }
    let constant = |token: &&Token<'_>| match token.kind {
        TokenKind::Word => token.is_any_word(&CONSTANT),
        TokenKind::Number | TokenKind::String => true,
        // A pattern has a value in it.
        TokenKind::Punctuation => true,
        _ => false,
    };
    let bound = |token: &&Token<'_>| super::token::embedded(token.text).iter().any(|found| !found.escaped);
    tokens.iter().all(constant) && !tokens.iter().any(|t| t.kind == TokenKind::String && bound(t)) || is_itself(&tokens)
}

/// `id = id`.
fn is_itself(tokens: &[&Token<'_>]) -> bool {
    if let [open, inner @ .., close] = tokens
        && open.is("(")
        && close.is(")")
    {
        return is_itself(inner);
    }
    let mut sides = tokens.split(|token| token.is("="));
    let (Some(left), Some(right), None) = (sides.next(), sides.next(), sides.next()) else { return false };
    let names =
        |side: &[&Token<'_>]| side.iter().all(|t| matches!(t.kind, TokenKind::Word | TokenKind::Quoted) || t.is("."));
    let texts = |side: &[&Token<'_>]| side.iter().map(|token| token.text.to_ascii_lowercase()).collect::<Vec<_>>();
    !left.is_empty() && names(left) && texts(left) == texts(right)
}

fn is_false(outline: &Outline<'_, '_>, condition: &Range<usize>) -> bool {
    let only = outline.token(condition.start).filter(|_| condition.len() == 1);
    only.is_some_and(|token| token.is_any_word(&["false", "null"]) || token.text == "0")
}

fn ends(token: &Token<'_>, words: &[&str]) -> bool {
    token.is_any_word(words) || token.is(",") || token.is(";")
}

/// The pieces from `start` up to one of the words, or the end of these parentheses.
fn until(outline: &Outline<'_, '_>, start: usize, end: usize, depth: usize, words: &[&str]) -> Range<usize> {
    let pieces = outline.pieces().iter().take(end).skip(start);
    let length = pieces.take_while(|p| p.depth > depth || p.depth == depth && !ends(p.token, words)).count();
    start..start + length
}

/// What `word` divides, in none of the parentheses within.
fn split(outline: &Outline<'_, '_>, range: Range<usize>, depth: usize, word: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut begin = range.start;
    for index in range.clone() {
        let divides = outline.pieces().get(index).is_some_and(|p| p.depth == depth && p.token.is_word(word));
        if divides {
            parts.push(begin..index);
            begin = index + 1;
        }
    }
    parts.push(begin..range.end);
    parts
}
