//! Where the statement names a table, a column or a type, and a bound value can only be a value.
//!
//! A database refuses most of these when the statement first runs; the compiler does before.

use std::ops::Range;

use super::mistake::{Mistake, Reason};
use super::policy::Kind;
use super::scope::{Outline, Scope};
use super::token::{Token, TokenKind};

/// Words behind which a name stands.
const TAKES_NAME: [&str; 11] =
    ["into", "join", "update", "table", "only", "lateral", "using", "as", "collate", "constraint", "over"];

/// Words that end a list of tables.
const AFTER_TABLES: [&str; 14] = [
    "where",
    "group",
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "union",
    "except",
    "intersect",
    "returning",
    "set",
];

/// Every bound value that stands where a name must.
#[must_use]
pub fn names(outline: &Outline<'_, '_>) -> Vec<Mistake> {
    let mut found: Vec<usize> = (1..outline.pieces().len()).filter(|index| follows_name(outline, *index)).collect();
    for scope in outline.scopes() {
        found.extend(tables(outline, scope));
        found.extend(columns(outline, scope));
        found.extend(assigned(outline, scope));
    }
    let of_kind = |kind| move |index: &usize| outline.token(*index).filter(|token| token.kind == kind);
    let mistake = |reason: Reason| move |token: &Token<'_>| Mistake::new(reason.clone(), token.span.clone());
    let mut mistakes: Vec<_> =
        found.iter().filter_map(of_kind(TokenKind::Placeholder)).map(mistake(Reason::PlaceholderAsName)).collect();
    // A column may be chosen, and nothing else.
    let other = (1..outline.pieces().len()).filter(|index| names_no_column(outline, *index));
    let other = other.chain(outline.scopes().iter().flat_map(|scope| tables(outline, scope)));
    let other: Vec<usize> = other.collect();
    mistakes.extend(other.iter().filter_map(of_kind(TokenKind::Identifier)).map(mistake(Reason::IdentifierAsName)));
    mistakes.sort_by_key(|mistake| mistake.span().start);
    mistakes.dedup();
    mistakes
}

/// `JOIN {table}`, `AS {name}`, `::{type}`.
fn names_no_column(outline: &Outline<'_, '_>, index: usize) -> bool {
    outline.before(index).is_some_and(|token| token.is("::") || token.is_any_word(&TAKES_NAME))
}

/// `t.{column}`, `::{type}`, `JOIN {table}`.
fn follows_name(outline: &Outline<'_, '_>, index: usize) -> bool {
    outline.before(index).is_some_and(|token| token.is(".") || token.is("::") || token.is_any_word(&TAKES_NAME))
}

/// Where the tables of `FROM` and `USING` begin: `FROM {table}`, `FROM a, {table}`, `FROM ({table})`.
fn tables(outline: &Outline<'_, '_>, scope: &Scope) -> Vec<usize> {
    // Not that of `a IS DISTINCT FROM b`; that of `extract(year FROM a)` is in parentheses.
    let begins = |index: usize, token: &Token<'_>| {
        token.is_word("from") && !outline.before(index).is_some_and(|before| before.is_word("distinct"))
    };
    let from = outline.own(scope).filter(|(index, token)| begins(*index, token));
    let lists = from.flat_map(|(from, _)| outline.list(from + 1, scope.depth, &AFTER_TABLES));
    lists
        .filter_map(|table| table.into_iter().find(|index| !outline.token(*index).is_some_and(|token| token.is("("))))
        .collect()
}

/// Where the columns begin that parentheses list: of `INSERT INTO t (..)`, `ON CONFLICT (..)` and `JOIN t USING (..)`.
fn columns(outline: &Outline<'_, '_>, scope: &Scope) -> Vec<usize> {
    let lists = outline.own(scope).filter(|(index, token)| token.is("(") && lists_columns(outline, scope, *index));
    lists.flat_map(|(open, _)| outline.elements(open)).map(|column| column.start).collect()
}

fn lists_columns(outline: &Outline<'_, '_>, scope: &Scope, open: usize) -> bool {
    let next = open + 1;
    let nested = outline.scopes().iter().any(|nested| nested.range.start == next);
    // `(SELECT ..)` and `((SELECT ..) UNION ..)` are rows.
    if nested || outline.token(next).is_some_and(|token| token.is("(")) {
        return false;
    }
    let before = |word: &str| outline.before(open).is_some_and(|token| token.is_word(word));
    let on_conflict = || before("conflict") && open > 1 && outline.before(open - 1).is_some_and(|on| on.is_word("on"));
    before("using") || scope.kind == Some(Kind::Insert) && (on_conflict() || follows_target(outline, scope, open))
}

/// `INSERT INTO t AS a (`; behind `VALUES` there are values.
fn follows_target(outline: &Outline<'_, '_>, scope: &Scope, open: usize) -> bool {
    let mut between = outline.own(scope).filter(|(index, _)| (scope.verb..open).contains(index));
    between.any(|(_, token)| token.is_word("into")) && between.all(|(_, token)| is_target(token))
}

/// Whether this may stand between `INTO` and the columns.
fn is_target(token: &Token<'_>) -> bool {
    let begins_rows =
        token.is_any_word(&["with", "default", "overriding", "table"]) || Kind::of(token.text) == Some(Kind::Select);
    match token.kind {
        TokenKind::Word => !begins_rows,
        TokenKind::Quoted | TokenKind::Placeholder => true,
        _ => token.is("."),
    }
}

/// Where the assignments of `SET` begin: `SET {column} = ..`, `SET (a, {column}) = ..`.
fn assigned(outline: &Outline<'_, '_>, scope: &Scope) -> Vec<usize> {
    let starts = |at: usize| match outline.token(at) {
        Some(token) if token.is("(") => outline.elements(at).into_iter().map(|column| column.start).collect(),
        _ => vec![at],
    };
    assignments(outline, scope).into_iter().flat_map(|assignment| starts(assignment.start)).collect()
}

/// The assignments of `SET`: `a = ..`, `(a, b) = ..`.
pub(super) fn assignments(outline: &Outline<'_, '_>, scope: &Scope) -> Vec<Range<usize>> {
    let is_set = |index: usize, token: &Token<'_>| {
        // `WITH .. SEARCH DEPTH FIRST BY a SET b` may stand before.
        let upsert = || outline.before(index).is_some_and(|before| before.is_word("update"));
        token.is_word("set") && index > scope.verb && (scope.kind == Some(Kind::Update) || upsert())
    };
    let Some((set, _)) = outline.own(scope).find(|(index, token)| is_set(*index, token)) else { return Vec::new() };
    outline.list(set + 1, scope.depth, &["from", "where", "returning"])
}
