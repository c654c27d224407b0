//! Where to go after signing in: a path of this site, never an address somebody put into a link.

use std::fmt;

use rocket::form::{self, FromFormField, ValueField};
use rocket::http::uri::fmt::{Formatter, Query, UriDisplay};

/// A local path with its query, from a form or query field; anything else becomes `/`.
///
/// `//evil.example` and `/\evil.example` are addresses of other hosts to a browser, and control characters are dropped
/// by it, so none of them is a local path.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The path, if it is a local one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let local = text.starts_with('/') && !matches!(text.as_bytes().get(1), Some(b'/' | b'\\'));
        let plain = text.len() <= 2048 && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        (local && plain).then(|| Self(text.to_owned()))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'r> FromFormField<'r> for ReturnTo {
    fn from_value(field: ValueField<'r>) -> form::Result<'r, Self> {
        Ok(Self::parse(field.value).unwrap_or_default())
    }

    fn default() -> Option<Self> {
        Some(Default::default())
    }
}

impl UriDisplay<Query> for ReturnTo {
    fn fmt(&self, f: &mut Formatter<'_, Query>) -> fmt::Result {
        f.write_value(&self.0)
    }
}

rocket::http::impl_from_uri_param_identity!([Query] ReturnTo);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_site_is_returned_to() {
        for path in ["/", "/notes", "/notes?q=a&sort=title", "/a//b", "/%2F%2Fevil.example"] {
            assert_eq!(ReturnTo::parse(path).as_ref().map(ReturnTo::as_str), Some(path));
        }
        for path in [
            "",
            "notes",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "/\t/evil",
            "/é",
            "javascript:alert(1)",
        ] {
            assert_eq!(ReturnTo::parse(path), None, "{path}");
        }
    }
}
