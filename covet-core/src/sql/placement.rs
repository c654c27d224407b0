//! Where a bound value may stand: where a value can stand, and nowhere else.

use super::mistake::{Mistake, Reason};
use super::policy::Policy;
use super::scope::Outline;
use super::token::{Token, TokenKind, continues_word, embedded};

/// Every placeholder that is not a value, and every parameter that is not a placeholder.
#[must_use]
pub fn placeholders(sql: &str, tokens: &[Token<'_>], outline: &Outline<'_, '_>, policy: &Policy) -> Vec<Mistake> {
    let mut mistakes: Vec<_> = tokens.iter().flat_map(|token| verbatim(token)).collect();
    mistakes.extend((0..tokens.len()).filter_map(|index| touching(sql, tokens, index)));
    mistakes.extend(ambiguous(outline, policy));
    for (index, piece) in outline.pieces().iter().enumerate() {
        match piece.token.kind {
            TokenKind::Parameter => mistakes.extend(parameter(outline, index, policy)),
            TokenKind::Placeholder => mistakes.extend(as_name(outline, index)),
            _ => {}
        }
    }
    mistakes.extend(order_by(outline));
    mistakes
}

/// `'{name}'`, `"{name}"` and `-- {name}`: there the braces are text.
fn verbatim(token: &Token<'_>) -> Vec<Mistake> {
    let found = if token.is_verbatim() { embedded(token.text) } else { Vec::new() };
    let unescaped = found.into_iter().filter(|found| !found.escaped);
    let mistake = |span: std::ops::Range<usize>| {
        let text = token.text.get(span.clone()).unwrap_or_default().to_owned();
        let reason = match token.kind {
            TokenKind::Comment => Reason::PlaceholderInComment(text),
            _ => Reason::PlaceholderInQuotes(text),
        };
        Mistake::new(reason, token.span.start + span.start..token.span.start + span.end)
    };
    unescaped.map(|found| mistake(found.span)).collect()
}

/// `x{name}` would be the identifier `x$1`, `{a}1` the parameter `$11`, `@{a}` another parameter.
fn touching(sql: &str, tokens: &[Token<'_>], index: usize) -> Option<Mistake> {
    let token = tokens.get(index).filter(|token| token.kind == TokenKind::Placeholder)?;
    let before = tokens.get(..index).unwrap_or_default();
    let last = before.last().filter(|last| last.span.end == token.span.start);
    let joins_before = last.is_some_and(|last| match last.text {
        "@" | "#" | "?" => true,
        // In a subscript `:` divides the bounds of a slice.
        ":" => before.iter().filter(|t| t.is("[")).count() == before.iter().filter(|t| t.is("]")).count(),
        text => text.ends_with(continues_word) && last.kind != TokenKind::Placeholder,
    });
    let after = sql.get(token.span.end..).and_then(|text| text.chars().next());
    let touches = joins_before || after.is_some_and(|c| continues_word(c) || c == '{');
    touches.then(|| Mistake::new(Reason::PlaceholderTouches(token.text.to_owned()), token.span.clone()))
}

/// Text whose end depends on the database, so that the rest could be code on one and text on the other.
fn ambiguous(outline: &Outline<'_, '_>, policy: &Policy) -> Vec<Mistake> {
    let mut brackets = 0_usize;
    let mut mistakes = Vec::new();
    for token in outline.pieces().iter().map(|piece| piece.token).filter(|_| policy.sqlite()) {
        match token.text {
            "[" => brackets += 1,
            "]" => brackets = brackets.saturating_sub(1),
            text => {
                let hides_bracket = brackets > 0 && token.is_verbatim() && text.contains(']');
                if token.is_verbatim() && (hides_bracket || escapes_quote(text)) {
                    mistakes.push(Mistake::new(Reason::AmbiguousQuote, token.span.clone()));
                }
            }
        }
    }
    mistakes
}

/// Whether this is `E'..\'..'`, which SQLite would end at the backslash.
fn escapes_quote(text: &str) -> bool {
    let mut chars = text.chars();
    let escape_string = chars.next().is_some_and(|c| c.eq_ignore_ascii_case(&'e'));
    let escaped = move || chars.by_ref().find(|c| *c == '\\').and_then(|_| chars.next());
    escape_string && std::iter::from_fn(escaped).any(|c| c == '\'')
}

/// PostgreSQL has operators that begin with `?` and `@`; on SQLite these are always parameters.
fn parameter(outline: &Outline<'_, '_>, index: usize, policy: &Policy) -> Option<Mistake> {
    let token = outline.token(index)?;
    let operator = match token.text {
        "?" => is_infix(outline, index),
        text => text.starts_with('@'),
    };
    let refused = policy.sqlite() || !operator;
    refused.then(|| Mistake::new(Reason::DriverParameter(token.text.to_owned()), token.span.clone()))
}

/// Whether an operand stands on both sides, as in `data ? 'key'` and `data ?| {keys}`.
fn is_infix(outline: &Outline<'_, '_>, index: usize) -> bool {
    let after = index + 1 + usize::from(outline.token(index + 1).is_some_and(|token| token.is("|") || token.is("&")));
    let before = outline.before(index).is_some_and(Token::is_operand);
    before && outline.token(after).is_some_and(|token| token.is_operand() || token.is("("))
}

/// `FROM {table}`, `t.{column}`, `::{type}`.
fn as_name(outline: &Outline<'_, '_>, index: usize) -> Option<Mistake> {
    let token = outline.token(index)?;
    let before = outline.before(index)?;
    let names = before.is(".") || before.is("::") || before.is_any_word(&["into", "join", "update", "table"]);
    let from = before.is_word("from") && names_table(outline, index - 1);
    (names || from).then(|| Mistake::new(Reason::PlaceholderAsName, token.span.clone()))
}

/// `FROM` of a statement, not that of `extract(year FROM x)` or `IS DISTINCT FROM x`.
fn names_table(outline: &Outline<'_, '_>, from: usize) -> bool {
    let own = |scope| outline.own(scope).any(|(index, _)| index == from);
    outline.scopes().iter().any(own) && !outline.before(from).is_some_and(|token| token.is_word("distinct"))
}

/// Words that end a key of `ORDER BY`.
const AFTER_KEY: [&str; 16] = [
    "asc",
    "desc",
    "nulls",
    "collate",
    "limit",
    "offset",
    "fetch",
    "for",
    "rows",
    "range",
    "groups",
    "union",
    "except",
    "intersect",
    "returning",
    "window",
];

/// Words that end a list of `ORDER BY`.
const AFTER_LIST: [&str; 9] = ["limit", "offset", "fetch", "for", "rows", "range", "groups", "returning", "window"];

/// Words that take a value, so that a bound one behind them is no direction.
const TAKES_VALUE: [&str; 20] = [
    "and", "or", "not", "is", "in", "like", "ilike", "glob", "regexp", "match", "between", "escape", "from", "to",
    "when", "then", "else", "case", "using", "by",
];

/// A bound value that is a whole key of `ORDER BY`, or stands where `ASC` does. In a larger expression it is a value.
fn order_by(outline: &Outline<'_, '_>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for start in (1..outline.pieces().len()).filter(|&index| begins_order(outline, index)) {
        let Some(depth) = outline.pieces().get(start).map(|piece| piece.depth) else { continue };
        let list = outline.pieces().iter().enumerate().skip(start + 1).take_while(|(_, piece)| piece.depth >= depth);
        let own = list.filter(|(_, piece)| piece.depth == depth);
        let own = own.take_while(|(_, piece)| !piece.token.is_any_word(&AFTER_LIST));
        mistakes.extend(own.filter_map(|(index, piece)| key(outline, index, piece.token)));
    }
    mistakes
}

fn begins_order(outline: &Outline<'_, '_>, index: usize) -> bool {
    let by = outline.token(index).is_some_and(|token| token.is_word("by"));
    by && outline.before(index).is_some_and(|token| token.is_word("order"))
}

fn key(outline: &Outline<'_, '_>, index: usize, token: &Token<'_>) -> Option<Mistake> {
    let before = outline.before(index).filter(|_| token.kind == TokenKind::Placeholder)?;
    let after = outline.token(index + 1);
    if after.is_some_and(|token| !token.is(",") && !token.is(")") && !token.is_any_word(&AFTER_KEY)) {
        return None;
    }
    let reason = match before {
        before if before.is(",") || before.is_word("by") => Reason::OrderByValue(token.text.to_owned()),
        before if before.is_operand() && !before.is_any_word(&TAKES_VALUE) => Reason::OrderByDirection,
        _ => return None,
    };
    Some(Mistake::new(reason, token.span.clone()))
}
