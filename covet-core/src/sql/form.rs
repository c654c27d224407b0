//! How each value is bound: as it is, as a list, as part of a pattern, or as a number of rows.
//!
//! `IN {ids}` is one bind whatever the number of values, `LIKE '%{q}%'` escapes what the client sent, and `LIMIT {n}`
//! takes no negative number. Where the value stands says which it is.

use std::ops::Range;

use super::mistake::{Mistake, Reason};
use super::names;
use super::scope::Outline;
use super::token::{Token, TokenKind, embedded};

/// The character that escapes `%` and `_`; unlike a backslash it means the same on both databases.
pub const ESCAPE: char = '!';

/// How a value is bound.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Form {
    /// As it is.
    Value,
    /// `LIKE '%{q}%'`: text, escaped, between the wildcards of the statement.
    Pattern {
        /// What stands before the value.
        before: String,
        /// What stands behind it.
        after: String,
    },
    /// `LIKE {pattern}`: a pattern that was made as one.
    Like,
    /// `IN {ids}`: all values of a list.
    List,
    /// `LIMIT {n}`: a number of rows, which the policy bounds.
    Limit,
    /// `OFFSET {n}`: a number of rows.
    Offset,
}

/// A value in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its path, such as `user.id`.
    pub path: String,
    /// Its bytes, `{..}`.
    pub span: Range<usize>,
    /// The bytes of the statement that it replaces: the pattern with its quotes, the list with its `IN`.
    pub replaces: Range<usize>,
    /// How it is bound.
    pub form: Form,
    /// Whether it is compared by `=` or `<>`.
    pub compared: bool,
    /// Whether the operator of a list is `NOT IN`.
    pub negated: bool,
    /// The byte behind which `ESCAPE` is to be written.
    pub escape_at: Option<usize>,
}

/// Every value of the statement, and what cannot be bound where it stands.
#[must_use]
pub fn forms(outline: &Outline<'_, '_>) -> (Vec<Placed>, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    let limits = limits(outline, &mut mistakes);
    let assigns = assigns(outline);
    let mut placed = Vec::new();
    for (index, piece) in outline.pieces().iter().enumerate() {
        match piece.token.kind {
            TokenKind::Placeholder => placed.push(value(outline, index, &limits, &assigns)),
            TokenKind::String => placed.extend(pattern(outline, index, &mut mistakes)),
            _ => {}
        }
    }
    (placed, mistakes)
}

fn value(outline: &Outline<'_, '_>, index: usize, limits: &[(usize, Form)], assigns: &[usize]) -> Placed {
    let Some(token) = outline.token(index) else { return nowhere() };
    let mut placed = plain(token);
    if let Some((_, form)) = limits.iter().find(|(at, _)| *at == index) {
        placed.form = form.clone();
    } else if word_before(outline, index, &["in"]) {
        placed.form = Form::List;
        placed.negated = index > 1 && word_before(outline, index - 1, &["not"]);
        let operator = index - 1 - usize::from(placed.negated);
        placed.replaces.start = outline.token(operator).map_or(placed.span.start, |token| token.span.start);
    } else if word_before(outline, index, &["like", "ilike"]) && !is_word(outline, index + 1, &["escape"]) {
        placed.form = Form::Like;
        placed.escape_at = Some(placed.span.end);
    }
    placed.compared = placed.form == Form::Value && is_compared(outline, index, assigns);
    placed
}

fn plain(token: &Token<'_>) -> Placed {
    Placed {
        path: token.path().to_owned(),
        span: token.span.clone(),
        replaces: token.span.clone(),
        form: Form::Value,
        compared: false,
        negated: false,
        escape_at: None,
    }
}

fn nowhere() -> Placed {
    plain(&Token { kind: TokenKind::Placeholder, text: "", span: 0..0 })
}

/// `LIKE '%{q}%'` and `LIKE lower('%{q}%')`.
fn pattern(outline: &Outline<'_, '_>, index: usize, mistakes: &mut Vec<Mistake>) -> Option<Placed> {
    let token = outline.token(index)?;
    let end = pattern_end(outline, index)?;
    let inner = token.text.strip_prefix('\'')?.strip_suffix('\'')?;
    let values: Vec<_> = embedded(inner).into_iter().filter(|found| !found.escaped).collect();
    let [value, others @ ..] = values.as_slice() else { return None };
    let in_statement = |span: &Range<usize>| token.span.start + 1 + span.start..token.span.start + 1 + span.end;
    mistakes.extend(others.iter().map(|other| Mistake::new(Reason::LikeTwoValues, in_statement(&other.span))));
    if let Some(escape) = outline.token(end + 1).filter(|token| token.is_word("escape")) {
        mistakes.push(Mistake::new(Reason::LikeEscape, escape.span.clone()));
    }
    let text = |range: Range<usize>| literal(inner.get(range).unwrap_or_default());
    let path = inner.get(value.span.clone())?.trim_start_matches('{').trim_end_matches('}').trim();
    Some(Placed {
        path: path.to_owned(),
        span: in_statement(&value.span),
        replaces: token.span.clone(),
        form: Form::Pattern { before: text(0..value.span.start), after: text(value.span.end..inner.len()) },
        compared: false,
        negated: false,
        escape_at: Some(outline.token(end)?.span.end),
    })
}

/// The last piece of the operand of `LIKE` that is this string; `lower` and `upper` may stand around it.
fn pattern_end(outline: &Outline<'_, '_>, index: usize) -> Option<usize> {
    if word_before(outline, index, &["like", "ilike"]) {
        return Some(index);
    }
    let opens = outline.before(index).is_some_and(|token| token.is("(")) && index > 2;
    let folds =
        opens && word_before(outline, index - 1, &["lower", "upper"]) && word_before(outline, index - 2, &["like"]);
    let closes = outline.token(index + 1).is_some_and(|token| token.is(")"));
    (folds && closes).then_some(index + 1)
}

/// A part of a string as a part of a pattern: `''` is one quote, `{{q}}` is `{q}`, and the escape means itself.
fn literal(text: &str) -> String {
    super::text::unescaped(text).replace("''", "'").replace(ESCAPE, "!!")
}

/// The bound values in the operands of `LIMIT`, `OFFSET` and `FETCH FIRST`, by their index.
fn limits(outline: &Outline<'_, '_>, mistakes: &mut Vec<Mistake>) -> Vec<(usize, Form)> {
    const END: [&str; 10] =
        ["limit", "offset", "fetch", "for", "rows", "row", "union", "except", "intersect", "returning"];
    let mut found = Vec::new();
    for (index, piece) in outline.pieces().iter().enumerate() {
        let fetch = || piece.token.is_any_word(&["first", "next"]) && word_before(outline, index, &["fetch"]);
        let form = match () {
            () if fetch() => Form::Limit,
            () if piece.token.is_word("limit") && takes_operand(outline, index) => Form::Limit,
            () if piece.token.is_word("offset") && takes_operand(outline, index) => Form::Offset,
            () => continue,
        };
        let operands = outline.list(index + 1, piece.depth, &END);
        // `LIMIT {offset}, {count}` of SQLite.
        let forms = if operands.len() == 2 { [Form::Offset, Form::Limit] } else { [form.clone(), form] };
        for (operand, form) in operands.into_iter().zip(forms) {
            let is_bound = |at: &usize| outline.token(*at).is_some_and(|t| t.kind == TokenKind::Placeholder);
            let bound: Vec<usize> = operand.clone().filter(is_bound).collect();
            let minus = operand.filter_map(|at| outline.token(at)).find(|token| token.is("-"));
            if let Some(minus) = minus.filter(|_| !bound.is_empty()) {
                mistakes.push(Mistake::new(Reason::NegativeLimit, minus.span.clone()));
            }
            found.extend(bound.into_iter().map(|at| (at, form.clone())));
        }
    }
    found
}

/// Whether an expression begins behind `LIMIT`; a column may be called so.
fn takes_operand(outline: &Outline<'_, '_>, index: usize) -> bool {
    let of_table = outline.before(index).is_some_and(|token| token.is("."));
    let calls = outline.token(index + 2).is_some_and(|token| token.is("("));
    let begins = |token: &Token<'_>| match token.kind {
        TokenKind::Placeholder | TokenKind::Number => true,
        TokenKind::Word => calls || token.is_word("case"),
        _ => token.is("(") || token.is("-") || token.is("+"),
    };
    !of_table && outline.token(index + 1).is_some_and(begins)
}

/// The `=` that assign: of `SET a = ..`.
pub(super) fn assigns(outline: &Outline<'_, '_>) -> Vec<usize> {
    let of_scope = |scope| {
        let assignments = names::assignments(outline, scope).into_iter();
        assignments.filter_map(move |mut range| {
            range.find(|index| {
                outline.token(*index).is_some_and(|token| token.is("=")) && depth(outline, *index) == Some(scope.depth)
            })
        })
    };
    outline.scopes().iter().flat_map(of_scope).collect()
}

fn depth(outline: &Outline<'_, '_>, index: usize) -> Option<usize> {
    outline.pieces().get(index).map(|piece| piece.depth)
}

/// Whether `=`, `==`, `<>` or `!=` stands beside the value.
fn is_compared(outline: &Outline<'_, '_>, index: usize, assigns: &[usize]) -> bool {
    let before = operator_before(outline, index);
    let after = operator_after(outline, index);
    let equal = |operator: &str| matches!(operator, "=" | "==" | "<>" | "!=");
    let assigned = index.checked_sub(1).is_some_and(|at| assigns.contains(&at));
    equal(&before) && !assigned || equal(&after)
}

/// The characters of the operator that ends before the value.
fn operator_before(outline: &Outline<'_, '_>, index: usize) -> String {
    let mut operator = String::new();
    let mut next: Option<usize> = None;
    for token in (0..index).rev().map_while(|at| outline.token(at)) {
        if !is_operator(token) || next.is_some_and(|start| token.span.end != start) {
            break;
        }
        operator.insert_str(0, token.text);
        next = Some(token.span.start);
    }
    operator
}

/// The characters of the operator that begins behind the value.
fn operator_after(outline: &Outline<'_, '_>, index: usize) -> String {
    let mut operator = String::new();
    let mut last: Option<usize> = None;
    for token in (index + 1..).map_while(|at| outline.token(at)) {
        if !is_operator(token) || last.is_some_and(|end| token.span.start != end) {
            break;
        }
        operator.push_str(token.text);
        last = Some(token.span.end);
    }
    operator
}

fn is_operator(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Punctuation && token.text.chars().all(|c| "=<>!:@~#&|?+-*/%^".contains(c))
}

fn word_before(outline: &Outline<'_, '_>, index: usize, words: &[&str]) -> bool {
    outline.before(index).is_some_and(|token| token.is_any_word(words))
}

fn is_word(outline: &Outline<'_, '_>, index: usize, words: &[&str]) -> bool {
    outline.token(index).is_some_and(|token| token.is_any_word(words))
}
