//! The pieces of a statement, and how a piece is asked what it is.

use std::ops::Range;

/// One piece of a statement: what it is, its text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text as written.
    pub text: &'a str,
    /// Its bytes in the statement.
    pub span: Range<usize>,
}

/// What a piece of a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A keyword or an identifier without quotes.
    Word,
    /// An identifier in `".."`, `` `..` `` or `[..]`.
    Quoted,
    /// A number.
    Number,
    /// A string: `'..'`, `E'..'` or `$tag$..$tag$`.
    String,
    /// `-- ..` or `/* .. */`.
    Comment,
    /// A bound value: `{name}` or `{a.b.c}`.
    Placeholder,
    /// A parameter as the driver writes it: `?`, `?1`, `$1`, `$name`, `:name`, `@name`.
    Parameter,
    /// `{{` or `}}`, a brace that is meant as one.
    Brace,
    /// One character of punctuation, or `::` or `@@`.
    Punctuation,
}

impl<'a> Token<'a> {
    /// Whether this is the keyword `word`, in any case.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether this is one of the keywords.
    #[must_use]
    pub fn is_any_word(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_word(word))
    }

    /// Whether this is the punctuation `text`.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.kind == TokenKind::Punctuation && self.text == text
    }

    /// Whether this has a value that an operator could stand behind.
    #[must_use]
    pub fn is_operand(&self) -> bool {
        use TokenKind::{Number, Placeholder, Quoted, String, Word};
        matches!(self.kind, Word | Quoted | Number | String | Placeholder) || self.is(")") || self.is("]")
    }

    /// The path of a placeholder, such as `user.id`.
    #[must_use]
    pub fn path(&self) -> &'a str {
        path_in(self.text)
    }

    /// Whether text stands here as it is, so that `{name}` in it would not be bound.
    #[must_use]
    pub const fn is_verbatim(&self) -> bool {
        matches!(self.kind, TokenKind::Quoted | TokenKind::String | TokenKind::Comment)
    }
}

/// `{ user.id }` without what surrounds the path.
fn path_in(text: &str) -> &str {
    text.trim_start_matches('{').trim_end_matches('}').trim()
}

/// Whether `text` is a name or a path of fields: `id`, `user.id`, `pair.0`.
#[must_use]
pub fn is_path(text: &str) -> bool {
    let mut parts = text.split('.');
    parts.next().is_some_and(is_name) && parts.all(|part| is_name(part) || is_index(part))
}

fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && text != "_" && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_index(text: &str) -> bool {
    let canonical = text == "0" || !text.starts_with('0');
    canonical && (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a character can continue an identifier; both databases take any character beyond ASCII.
#[must_use]
pub fn continues_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !(c.is_ascii() || c.is_whitespace())
}

/// A `{name}` inside quotes or a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// Its bytes, relative to the text it stands in.
    pub span: Range<usize>,
    /// Whether it is written `{{name}}`, which stands for the text `{name}`.
    pub escaped: bool,
}

/// What looks like a placeholder inside quotes or a comment. Other braces, as in `'{1,2}'` or `'{"a": {}}'`, are text.
#[must_use]
pub fn embedded(text: &str) -> Vec<Embedded> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|rest| rest.find('{')).map(|offset| at + offset) {
        let rest = text.get(open..).unwrap_or_default();
        let doubled = braced(rest, "{{", "}}");
        match doubled.or_else(|| braced(rest, "{", "}")) {
            Some(length) => {
                found.push(Embedded { span: open..open + length, escaped: doubled.is_some() });
                at = open + length;
            }
            None => at = open + 1,
        }
    }
    found
}

/// The length of `open path close` at the start of `text`.
fn braced(text: &str, open: &str, close: &str) -> Option<usize> {
    let inner = text.strip_prefix(open)?;
    let end = inner.find('}')?;
    let path = inner.get(..end)?;
    let closes = inner.get(end..)?.starts_with(close);
    (closes && is_path(path.trim())).then_some(open.len() + end + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_name_and_its_fields() {
        for good in ["id", "user.id", "self.x", "pair.0", "a.0.b", "_x"] {
            assert!(is_path(good), "{good}");
        }
        for bad in ["", "_", "0", "a.", ".a", "a b", "a()", "x + 1", "x:?", "1,2", "\"a\"", "é", "a.00", "a.0x", "a..b"]
        {
            assert!(!is_path(bad), "{bad}");
        }
    }

    #[test]
    fn quoted_braces_are_text_unless_they_hold_a_name() {
        for text in ["'{}'", "'{1,2}'", "'{{1,2},{3}}'", "'{\"a\": {\"b\": 1}}'", "'{a,b}'", "'{'", "'}'"] {
            assert_eq!(embedded(text), [], "{text}");
        }
        assert_eq!(embedded("'{q}'"), [Embedded { span: 1..4, escaped: false }]);
        assert_eq!(embedded("'{{q}}'"), [Embedded { span: 1..6, escaped: true }]);
    }
}
