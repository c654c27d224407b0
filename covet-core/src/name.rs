//! Names of the policy: what may be one, and which known name an unknown one was meant to be.

/// A text that is not what its key demands; it says what was found and what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found `{found:?}`, expected {expected}")]
pub struct NameError {
    found: String,
    expected: &'static str,
}

impl NameError {
    /// `found` where `expected` was due.
    #[must_use]
    pub fn new(found: &str, expected: &'static str) -> Self {
        Self { found: found.to_owned(), expected }
    }
}

/// A string type whose every value satisfies a rule.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $pattern:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What a value must be.
            pub const EXPECTED: &'static str = $expected;

            /// A text of this program that satisfies the rule.
            #[allow(dead_code, clippy::allow_attributes, reason = "not every text has a default")]
            pub(crate) fn from_static(text: &'static str) -> Self {
                debug_assert!(text.parse::<Self>().is_ok());
                Self(text.to_owned())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::name::NameError;

            fn from_str(text: &str) -> Result<Self, $crate::name::NameError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    return Ok(Self(text.to_owned()));
                }
                Err($crate::name::NameError::new(text, Self::EXPECTED))
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::name::NameError;

            fn try_from(text: String) -> Result<Self, $crate::name::NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl ::std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": Self::EXPECTED })
            }
        }
    };
}
pub(crate) use checked_text;

checked_text!(
    /// The name of a permission: `read:notes`.
    PermissionName,
    "a permission name, lower-case words joined by `:`, such as `read:notes`",
    "^[a-z][a-z0-9_-]*(:[a-z0-9][a-z0-9_-]*)*$",
    |text| text.len() <= 128 && text.split(':').enumerate().all(|(at, word)| is_word(word) && (at > 0 || starts_with_letter(word)))
);

checked_text!(
    /// The name of a role: `admin`.
    RoleName,
    "a role name, one lower-case word such as `admin`",
    "^[a-z][a-z0-9_-]*$",
    |text| text.len() <= 64 && is_word(text) && starts_with_letter(text)
);

checked_text!(
    /// The name of a rate limit: `login`.
    LimitName,
    "a name, one lower-case word such as `login`",
    "^[a-z][a-z0-9_-]*$",
    |text| text.len() <= 64 && is_word(text) && starts_with_letter(text)
);

checked_text!(
    /// A permission, or all that match where a `*` stands for any text: `read:*`.
    PermissionGlob,
    "a permission or a pattern of permissions, such as `read:notes`, `read:*` or `*`",
    "^[a-z0-9_:*-]+$",
    |text| !text.is_empty() && text.len() <= 128 && text.bytes().all(|b| b == b'*' || b == b':' || is_word_byte(b))
);

impl PermissionGlob {
    /// Whether the permission is one of those meant.
    #[must_use]
    pub fn matches(&self, permission: &str) -> bool {
        let (mut parts, mut rest) = (self.0.split('*'), permission);
        let first = parts.next().unwrap_or_default();
        let Some(after) = rest.strip_prefix(first) else { return false };
        rest = after;
        let mut open_end = false;
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            open_end = part.is_empty();
            if parts.peek().is_none() && !part.is_empty() {
                return rest.ends_with(part);
            }
            match rest.find(part) {
                Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        open_end || rest.is_empty()
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(is_word_byte)
}

fn starts_with_letter(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
}

/// The known name that `unknown` was most likely meant to be, if one is near.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &str| strsim::jaro_winkler(unknown, name);
    let near = |name: &&str| strsim::damerau_levenshtein(unknown, name) <= 1.max(unknown.chars().count() / 3);
    known.into_iter().filter(near).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_words_joined_by_colons() {
        for name in ["read", "read:notes", "admin:audit:v2", "a-b:c_d"] {
            name.parse::<PermissionName>().unwrap();
        }
        for name in ["", ":", "read:", ":notes", "Read:notes", "read notes", "1read", "read:*", "read::notes", "réad"]
        {
            name.parse::<PermissionName>().unwrap_err();
        }
    }

    #[test]
    fn a_glob_matches_what_its_star_may_stand_for_and_nothing_else() {
        let table = [
            ("read:notes", "read:notes", true),
            ("read:notes", "read:notes2", false),
            ("read:*", "read:notes", true),
            ("read:*", "write:notes", false),
            ("read:*", "read", false),
            ("*", "anything:at:all", true),
            ("*:notes", "read:notes", true),
            ("*:notes", "read:users", false),
            ("a*b*c", "a-x-b-y-c", true),
            ("a*b*c", "a-x-c-y-b", false),
            ("*ab", "aab", true),
            ("a*", "ba", false),
        ];
        for (glob, permission, expected) in table {
            let glob: PermissionGlob = glob.parse().unwrap();
            assert_eq!(glob.matches(permission), expected, "{glob} on {permission}");
        }
    }

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let known = ["login", "api", "register"];
        assert_eq!(nearest("logn", known), Some("login"));
        assert_eq!(nearest("lgoin", known), Some("login"));
        assert_eq!(nearest("registre", known), Some("register"));
        assert_eq!(nearest("search", known), None);
    }
}
