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
    /// The most bytes: what any browser and proxy takes in a redirect.
    pub const MAX_BYTES: usize = 2048;

    /// The path, if it is a local one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let local = text.starts_with('/') && !text.starts_with("//");
        let plain = text.len() <= Self::MAX_BYTES && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
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
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use rocket::FromForm;
    use rocket::form::Form;

    use super::*;

    #[test]
    fn only_a_path_of_this_site_is_returned_to() {
        let longest = format!("/{}", "a".repeat(2047));
        for path in ["/", "/notes", "/notes?q=a&sort=title", "/a//b", "/%2F%2Fevil.example", "/!", "/~", &longest] {
            assert_eq!(ReturnTo::parse(path).as_ref().map(ReturnTo::as_str), Some(path));
        }
        let too_long = format!("{longest}a");
        for path in [
            "",
            "notes",
            "//evil.example",
            "/\\evil.example",
            "/a\\..\\b",
            "\\\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "/\t/evil",
            "/a b",
            "/\u{7f}",
            "/é",
            "javascript:alert(1)",
            &too_long,
        ] {
            assert_eq!(ReturnTo::parse(path), None, "{path}");
        }
    }

    #[derive(FromForm)]
    struct SignIn {
        return_to: ReturnTo,
    }

    #[test]
    fn a_form_that_says_where_to_is_believed_only_within_this_site() {
        let field = |form: &str| Form::<SignIn>::parse(form).unwrap().return_to.to_string();
        assert_eq!(field("return_to=/notes?q=a"), "/notes?q=a");
        for form in ["return_to=//evil.example", "return_to=/\\evil.example", "return_to=", "", "other=/a"] {
            assert_eq!(field(form), "/", "{form}");
        }
    }

    #[test]
    fn within_an_address_it_cannot_add_to_the_query() {
        let to = ReturnTo::parse("/notes?q=a&admin=1").unwrap();
        assert_eq!((&to as &dyn UriDisplay<Query>).to_string(), "%2Fnotes%3Fq%3Da%26admin%3D1");
        assert_eq!(format!("{to:?}"), "\"/notes?q=a&admin=1\"");
    }
}
