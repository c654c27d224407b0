//! Writes a checked statement as the driver gets it: `$1..$n` for the values, no comments, no `;`.
//!
//! Both drivers take `$1..$n`, so one text serves both. A value used twice keeps its number.

use super::policy::Kind;
use super::scope::Outline;
use super::token::{Token, TokenKind, embedded};

/// A statement that was found good, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    text: String,
    binds: Vec<Bind>,
    class: Class,
}

/// A value to bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// The path, such as `user.id`.
    pub path: String,
    /// Where it first stands in the statement.
    pub span: std::ops::Range<usize>,
}

/// What a statement gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Rows, from `SELECT` or `RETURNING`.
    Rows,
    /// The number of rows it changed.
    Execute,
}

impl Compiled {
    /// The text with `$1..$n` for the values.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of each `$n`, in order.
    #[must_use]
    pub fn binds(&self) -> &[Bind] {
        &self.binds
    }

    /// What the statement gives back.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }
}

/// The text for the driver. The tokens are those of a statement without mistakes.
pub(super) fn write(sql: &str, tokens: &[Token<'_>], outline: &Outline<'_, '_>) -> Compiled {
    let mut text = String::with_capacity(sql.len());
    let mut binds = Vec::new();
    let mut end = 0;
    for token in tokens {
        text.push_str(sql.get(end..token.span.start).unwrap_or_default());
        match token.kind {
            // What a database would find in a comment must not depend on the database.
            TokenKind::Comment => text.push(' '),
            TokenKind::Placeholder => text.push_str(&format!("${}", number(&mut binds, token))),
            TokenKind::Brace => text.push_str(token.text.get(1..).unwrap_or_default()),
            TokenKind::Punctuation if token.is(";") => {}
            _ if token.is_verbatim() => text.push_str(&unescaped(token.text)),
            _ => text.push_str(token.text),
        }
        end = token.span.end;
    }
    Compiled { text: text.trim().to_owned(), binds, class: class(outline) }
}

/// The number of this value, which is that of its first use.
fn number(binds: &mut Vec<Bind>, token: &Token<'_>) -> usize {
    let known = binds.iter().position(|bind| bind.path == token.path());
    known.unwrap_or_else(|| {
        binds.push(Bind { path: token.path().to_owned(), span: token.span.clone() });
        binds.len() - 1
    }) + 1
}

/// Quoted text, with `{name}` for `{{name}}`.
fn unescaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut end = 0;
    for found in embedded(text) {
        let inner = found.span.start + 1..found.span.end - 1;
        written.push_str(text.get(end..found.span.start).unwrap_or_default());
        written.push_str(text.get(inner).unwrap_or_default());
        end = found.span.end;
    }
    written.push_str(text.get(end..).unwrap_or_default());
    written
}

fn class(outline: &Outline<'_, '_>) -> Class {
    let Some(main) = outline.scopes().first() else { return Class::Execute };
    let returning = || outline.own(main).any(|(index, token)| index > main.verb && token.is_word("returning"));
    if main.kind == Some(Kind::Select) || returning() { Class::Rows } else { Class::Execute }
}
