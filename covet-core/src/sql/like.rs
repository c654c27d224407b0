//! Patterns of `LIKE` with what a client sent in them.
//!
//! **Threat.** A `%` that is searched for matches everything, and a pattern full of them keeps the database busy.
//!
//! **Rule.** What the client sent is text: its `%`, `_` and `!` are escaped, and the statement says `ESCAPE '!'`.

use std::borrow::Cow;

use super::form::ESCAPE;

/// A pattern for `LIKE {pattern}`; made from text, which means itself.
///
/// ```
/// use covet_core::sql::LikePattern;
///
/// assert_eq!(LikePattern::containing("50%").as_str(), "%50!%%");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent, no_pg_array)]
pub struct LikePattern(String);

impl LikePattern {
    /// Whatever has this text in it.
    #[must_use]
    pub fn containing(text: &str) -> Self {
        Self(between("%", text, "%"))
    }

    /// Whatever begins with this text.
    #[must_use]
    pub fn starting_with(text: &str) -> Self {
        Self(between("", text, "%"))
    }

    /// Whatever ends with this text.
    #[must_use]
    pub fn ending_with(text: &str) -> Self {
        Self(between("%", text, ""))
    }

    /// A pattern as it is, with `%` and `_` as wildcards and `!` before one that is none. Whoever may write it decides how
    /// long the database searches.
    #[must_use]
    pub fn wild(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// The pattern.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text between two parts of a pattern.
pub(super) fn between(before: &str, text: &str, after: &str) -> String {
    let mut pattern = String::with_capacity(before.len() + text.len() + after.len());
    pattern.push_str(before);
    for c in text.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push_str(after);
    pattern
}

/// A text that can stand in a pattern.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a pattern of `LIKE`",
    label = "a pattern takes text",
    note = "a pattern takes `&str` or `String`; an `Option` only in a part that is left out: `{{? AND a LIKE '%{{q}}%'}}`"
)]
pub trait LikeText {
    /// The text.
    fn text(&self) -> &str;
}

/// A text that can stand in a pattern, or none, which leaves the part of the statement out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a pattern of `LIKE`",
    label = "a pattern takes text",
    note = "a pattern takes `&str`, `String` or an `Option` of these"
)]
pub trait MaybeLikeText {
    /// The text, if there is one.
    fn maybe_text(&self) -> Option<&str>;
}

macro_rules! like_text {
    ($($text:ty),*) => {
        $(
            impl LikeText for $text {
                fn text(&self) -> &str {
                    self
                }
            }

            impl MaybeLikeText for $text {
                fn maybe_text(&self) -> Option<&str> {
                    Some(self)
                }
            }
        )*
    };
}

like_text!(str, String, Cow<'_, str>, Box<str>, std::sync::Arc<str>);

impl<T: LikeText + ?Sized> LikeText for &T {
    fn text(&self) -> &str {
        T::text(self)
    }
}

impl<T: MaybeLikeText + ?Sized> MaybeLikeText for &T {
    fn maybe_text(&self) -> Option<&str> {
        T::maybe_text(self)
    }
}

impl<T: LikeText> MaybeLikeText for Option<T> {
    fn maybe_text(&self) -> Option<&str> {
        self.as_ref().map(T::text)
    }
}

/// A text that is always there.
#[doc(hidden)]
pub fn text<T: LikeText>(value: &T) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(value.text()))
}

/// A text that may be missing.
#[doc(hidden)]
pub fn maybe_text<T: MaybeLikeText>(value: &T) -> Option<Cow<'_, str>> {
    value.maybe_text().map(Cow::Borrowed)
}

/// A pattern that was made as one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` behind `LIKE` would bring its own wildcards",
    label = "write `LIKE '%{{name}}%'`, which escapes them",
    note = "or make it a pattern: `covet::LikePattern::containing(&text)`"
)]
pub trait IsPattern {}

impl IsPattern for LikePattern {}
impl<T: IsPattern + ?Sized> IsPattern for &T {}
impl<T: IsPattern> IsPattern for Option<T> {}

/// Demands a pattern.
#[doc(hidden)]
pub const fn pattern<T: IsPattern>(_: &T) {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `LIKE .. ESCAPE '!'`, slowly.
    fn matches(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['%', rest @ ..], _) => {
                (0..=text.len()).any(|from| text.get(from..).is_some_and(|text| matches(rest, text)))
            }
            (['_', rest @ ..], [_, text @ ..]) => matches(rest, text),
            (['!', c, rest @ ..], [d, text @ ..]) | ([c, rest @ ..], [d, text @ ..]) => c == d && matches(rest, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_pattern_finds_the_text_and_nothing_else(needle in "[a%_!]{0,4}", hay in "[a%_!]{0,6}") {
            let found = |pattern: LikePattern| {
                let (pattern, hay): (Vec<_>, Vec<_>) = (pattern.0.chars().collect(), hay.chars().collect());
                matches(&pattern, &hay)
            };
            prop_assert_eq!(found(LikePattern::containing(&needle)), hay.contains(&needle));
            prop_assert_eq!(found(LikePattern::starting_with(&needle)), hay.starts_with(&needle));
            prop_assert_eq!(found(LikePattern::ending_with(&needle)), hay.ends_with(&needle));
        }
    }
}
