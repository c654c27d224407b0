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
    /// A column of an allow-list: `{ident sort: notes_sort}`.
    Identifier,
    /// `ASC` or `DESC`: `{dir order}`.
    Direction,
    /// Where a part begins that may be left out: `{?` or `{when flag:`.
    ClauseOpen,
    /// The `}` of such a part.
    ClauseClose,
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
        use TokenKind::{Identifier, Number, Placeholder, Quoted, String, Word};
        matches!(self.kind, Word | Quoted | Number | String | Placeholder | Identifier) || self.is(")") || self.is("]")
    }

    /// The path of a placeholder, such as `user.id`.
    #[must_use]
    pub fn path(&self) -> &'a str {
        path_in(self.text)
    }

    /// The path of the value that chooses, and the list of `{ident value: list}`.
    #[must_use]
    pub fn choice(&self) -> Option<(&'a str, Option<&'a str>)> {
        choice_in(path_in(self.text))
    }

    /// The flag of `{when flag:`, and whether it is negated: `{when !flag:`.
    #[must_use]
    pub fn flag(&self) -> Option<(&'a str, bool)> {
        let text = self.text.strip_prefix('{')?.trim_start().strip_prefix("when")?.strip_suffix(':')?.trim();
        Some(text.strip_prefix('!').map_or((text, false), |path| (path.trim_start(), true)))
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

/// `ident sort: notes_sort` as `sort` and `notes_sort`, `dir order` as `order`.
fn choice_in(text: &str) -> Option<(&str, Option<&str>)> {
    let after = |word: &str| text.strip_prefix(word)?.strip_prefix(char::is_whitespace).map(str::trim);
    if let Some(path) = after("dir") {
        return is_path(path).then_some((path, None));
    }
    let (path, list) = after("ident")?.split_once(':')?;
    let (path, list) = (path.trim_end(), list.trim_start());
    (is_path(path) && is_list(list)).then_some((path, Some(list)))
}

/// Whether this is an identifier, a direction or neither, between braces.
#[must_use]
pub fn choice_kind(text: &str) -> Option<TokenKind> {
    let (_, list) = choice_in(text)?;
    Some(if list.is_some() { TokenKind::Identifier } else { TokenKind::Direction })
}

/// The length of `{?` or `{when flag:` at the start of `text`.
#[must_use]
pub fn clause_opening(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('{')?;
    let words = inner.trim_start();
    let before = text.len() - words.len();
    if words.starts_with('?') {
        return Some(before + 1);
    }
    let rest = words.strip_prefix("when")?;
    let flag = rest.get(..rest.find(':')?)?;
    let path = flag.trim();
    let named = flag.starts_with(char::is_whitespace) && is_path(path.strip_prefix('!').map_or(path, str::trim_start));
    named.then_some(before + "when".len() + flag.len() + 1)
}

/// Whether `text` can be the name of a list of identifiers: `notes_sort`.
fn is_list(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
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

/// The length of `open name close` at the start of `text`.
fn braced(text: &str, open: &str, close: &str) -> Option<usize> {
    let inner = text.strip_prefix(open)?;
    let end = inner.find('}')?;
    let path = inner.get(..end)?;
    let closes = inner.get(end..)?.starts_with(close);
    let named = is_path(path.trim()) || choice_in(path.trim()).is_some();
    (closes && named).then_some(open.len() + end + close.len())
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
    fn a_choice_has_a_value_and_may_have_a_list() {
        assert_eq!(choice_in("ident form.sort : notes_sort"), Some(("form.sort", Some("notes_sort"))));
        assert_eq!(choice_in("dir d"), Some(("d", None)));
        for bad in [
            "ident",
            "dir",
            "ident sort",
            "ident sort:",
            "ident :x",
            "ident a b: c",
            "identx: y",
            "dir a b",
            "ident a: B",
        ] {
            assert_eq!(choice_in(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_clause_opens_with_a_mark_or_a_flag() {
        for (text, opening) in [
            ("{? AND a}", "{?"),
            ("{ ?a", "{ ?"),
            ("{when live: AND a}", "{when live:"),
            ("{ when !form.live : x", "{ when !form.live :"),
        ] {
            assert_eq!(clause_opening(text).and_then(|length| text.get(..length)), Some(opening), "{text}");
        }
        for text in ["{a}", "{when}", "{when:}", "{when a b: c}", "{when f(): c}", "{whenever: c}", "{when a}", "?"] {
            assert_eq!(clause_opening(text), None, "{text}");
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
