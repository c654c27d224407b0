//! What is bound and what is not: braces in quotes, values that touch a name, the parameters of the driver.

use super::form::Placed;
use super::mistake::{Mistake, Reason};
use super::policy::Policy;
use super::scope::Outline;
use super::token::{Token, TokenKind, continues_word, embedded};

/// Every placeholder that is not a value, and every parameter that is not a placeholder.
#[must_use]
pub fn placeholders(
    sql: &str,
    tokens: &[Token<'_>],
    outline: &Outline<'_, '_>,
    placed: &[Placed],
    policy: &Policy,
) -> Vec<Mistake> {
    let pattern = |token: &&Token<'_>| placed.iter().any(|value| value.replaces == token.span);
    let mut mistakes: Vec<_> = tokens.iter().filter(|token| !pattern(token)).flat_map(verbatim).collect();
    mistakes.extend((0..tokens.len()).filter_map(|index| touching(sql, tokens, index)));
    mistakes.extend(ambiguous(outline, policy));
    for (index, piece) in outline.pieces().iter().enumerate() {
        if piece.token.kind == TokenKind::Parameter {
            mistakes.extend(parameter(outline, index, policy));
        }
    }
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
    let holds = |token: &&Token<'_>| {
        matches!(token.kind, TokenKind::Placeholder | TokenKind::Identifier | TokenKind::Direction)
    };
    let token = tokens.get(index).filter(holds)?;
    let before = tokens.get(..index).unwrap_or_default();
    let last = before.last().filter(|last| last.span.end == token.span.start);
    let joins_before = last.is_some_and(|last| match last.text {
        "@" | "#" | "?" => true,
        // In a subscript `:` divides the bounds of a slice.
        ":" => before.iter().filter(|t| t.is("[")).count() == before.iter().filter(|t| t.is("]")).count(),
        text => text.ends_with(continues_word) && !text.ends_with('}'),
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
