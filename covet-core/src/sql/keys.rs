//! What sorts and groups must differ from row to row; a bound value is the same for all, so it sorts nothing.
//!
//! Neither database tells: `ORDER BY $1` is a constant and the rows come in any order. Only a value that is all of a
//! key is refused; in a larger expression, as in `ORDER BY embedding <-> {vector}`, it is a value.

use std::ops::Range;

use super::mistake::{Mistake, Reason};
use super::scope::Outline;
use super::token::{Token, TokenKind};

/// Words that end a list of keys.
const AFTER_LIST: [&str; 15] = [
    "limit",
    "offset",
    "fetch",
    "for",
    "rows",
    "range",
    "groups",
    "returning",
    "window",
    "having",
    "order",
    "union",
    "except",
    "intersect",
    "on",
];

/// Words that say how a key sorts.
const AFTER_KEY: [&str; 4] = ["asc", "desc", "nulls", "using"];

/// Words that take a value, so that a bound one behind them is no direction.
const TAKES_VALUE: [&str; 23] = [
    "and",
    "or",
    "not",
    "is",
    "in",
    "like",
    "ilike",
    "glob",
    "regexp",
    "match",
    "between",
    "symmetric",
    "escape",
    "from",
    "to",
    "when",
    "then",
    "else",
    "case",
    "zone",
    "collate",
    "using",
    "by",
];

/// The words of a type that has several.
const TYPE_WORDS: [&str; 6] = ["precision", "varying", "with", "without", "time", "zone"];

/// Bound values that are a whole key of `ORDER BY`, `GROUP BY`, `PARTITION BY` or `DISTINCT ON`, or stand where `ASC`
/// does.
#[must_use]
pub fn keys(outline: &Outline<'_, '_>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (index, piece) in outline.pieces().iter().enumerate() {
        let Some((clause, start, depth)) = clause(outline, index, piece.depth) else { continue };
        for key in outline.list(start, depth, &AFTER_LIST) {
            mistakes.extend(constant(outline, clause, key));
        }
    }
    mistakes
}

/// The clause whose keys begin behind `index`: its name, where they begin and how deep they stand.
fn clause(outline: &Outline<'_, '_>, index: usize, depth: usize) -> Option<(&'static str, usize, usize)> {
    let (token, before) = (outline.token(index)?, outline.before(index)?);
    let named = |word: &str, name| (token.is_word("by") && before.is_word(word)).then_some((name, index + 1, depth));
    let distinct_on = || {
        let opens = outline.token(index + 1).is_some_and(|next| next.is("("));
        let on = token.is_word("on") && before.is_word("distinct") && opens;
        on.then_some(("DISTINCT ON", index + 2, depth + 1))
    };
    named("order", "ORDER BY")
        .or_else(|| named("group", "GROUP BY"))
        .or_else(|| named("partition", "PARTITION BY"))
        .or_else(distinct_on)
}

/// Directions, `{dir d}`, that stand behind no key of `ORDER BY`.
#[must_use]
pub fn directions(outline: &Outline<'_, '_>) -> Vec<Mistake> {
    let ends = outline.pieces().iter().enumerate().flat_map(|(index, piece)| {
        let of_order = clause(outline, index, piece.depth).filter(|(name, ..)| *name == "ORDER BY");
        let keys = of_order.map(|(_, start, depth)| outline.list(start, depth, &AFTER_LIST)).unwrap_or_default();
        keys.into_iter().filter_map(|key| without_order(outline, key).next_back())
    });
    let ends: Vec<usize> = ends.collect();
    let directions = outline.pieces().iter().enumerate().filter(|(_, p)| p.token.kind == TokenKind::Direction);
    let behind_key = |index: usize| {
        ends.contains(&index) && outline.before(index).is_some_and(|t| t.is_operand() && !t.is_word("by"))
    };
    let misplaced = directions.filter(|(index, _)| !behind_key(*index));
    let mistake = |token: &Token<'_>| Mistake::new(Reason::DirectionOutsideOrderBy, token.span.clone());
    misplaced.map(|(_, piece)| mistake(piece.token)).collect()
}

fn constant(outline: &Outline<'_, '_>, clause: &'static str, key: Range<usize>) -> Option<Mistake> {
    let key = without_order(outline, key);
    if let Some(value) = bound_alone(outline, key.clone()) {
        let text = value.text.to_owned();
        let reason = match clause {
            "ORDER BY" => Reason::OrderByValue(text),
            _ => Reason::GroupByValue(clause, text),
        };
        return Some(Mistake::new(reason, value.span.clone()));
    }
    let last = key.clone().next_back().filter(|last| clause == "ORDER BY" && *last > key.start)?;
    let value = outline.token(last).filter(|token| token.kind == TokenKind::Placeholder)?;
    ends_operand(outline, last - 1).then(|| Mistake::new(Reason::OrderByDirection, value.span.clone()))
}

/// Whether an operand ends here, behind which only `ASC` and the like could stand.
fn ends_operand(outline: &Outline<'_, '_>, index: usize) -> bool {
    let Some(token) = outline.token(index) else { return false };
    // `OPERATOR(pg_catalog.+) {value}`
    let operator = || {
        let depth = outline.pieces().get(index).map(|piece| piece.depth);
        let open = (0..index).rev().find(|at| outline.pieces().get(*at).map(|piece| piece.depth) == depth);
        open.and_then(|open| outline.before(open)).is_some_and(|before| before.is_word("operator"))
    };
    token.is_operand() && !token.is_any_word(&TAKES_VALUE) && !(token.is(")") && operator())
}

/// The key without `DESC`, `NULLS LAST` and the like.
fn without_order(outline: &Outline<'_, '_>, key: Range<usize>) -> Range<usize> {
    let order = |index: &usize| outline.token(*index).is_some_and(|token| token.is_any_word(&AFTER_KEY));
    let end = level(outline, &key).skip(1).find(order).unwrap_or(key.end);
    key.start..end
}

/// The bound value that is all of this expression, but for its type, its collation and parentheses.
fn bound_alone<'t, 'a>(outline: &Outline<'t, 'a>, expression: Range<usize>) -> Option<&'t Token<'a>> {
    let Range { start, end } = expression;
    let first = outline.token(start).filter(|_| start < end)?;
    if start + 1 == end {
        return Some(first).filter(|token| token.kind == TokenKind::Placeholder);
    }
    let is = |index: usize, text| outline.token(index).is_some_and(|token| token.is(text));
    // The parenthesis at `open` closes at the end of the expression.
    let whole = |open| is(open, "(") && level(outline, &expression).find(|index| *index > open) == Some(end - 1);
    if whole(start) {
        return bound_alone(outline, start + 1..end - 1);
    }
    if first.is_word("cast") && whole(start + 1) {
        let inner = start + 2..end - 1;
        let is_as = |index: &usize| outline.token(*index).is_some_and(|token| token.is_word("as"));
        return bound_alone(outline, start + 2..inner.rev().find(is_as)?);
    }
    let is_suffix = |index: &usize| is(*index, "::") || outline.token(*index).is_some_and(|t| t.is_word("collate"));
    let suffix = level(outline, &expression).rev().find(is_suffix)?;
    is_name(outline, suffix + 1..end).then(|| bound_alone(outline, start..suffix)).flatten()
}

/// The pieces of an expression that are in none of its parentheses.
fn level(outline: &Outline<'_, '_>, expression: &Range<usize>) -> impl DoubleEndedIterator<Item = usize> {
    let depth = move |index: usize| outline.pieces().get(index).map(|piece| piece.depth);
    let start = expression.start;
    expression.clone().filter(move |index| depth(*index) == depth(start))
}

/// The name of a type or of a collation: `numeric(10, 2)`, `text[]`, `pg_catalog."C"`, `double precision`.
fn is_name(outline: &Outline<'_, '_>, name: Range<usize>) -> bool {
    let part = |index: usize| {
        let Some(token) = outline.token(index) else { return false };
        let begins = index == name.start || outline.before(index).is_some_and(|before| before.is("."));
        match token.kind {
            TokenKind::Quoted => begins,
            TokenKind::Word => begins || token.is_any_word(&TYPE_WORDS),
            TokenKind::Number => true,
            _ => ["(", ")", "[", "]", ",", "."].iter().any(|text| token.is(text)),
        }
    };
    !name.is_empty() && name.clone().all(part)
}
