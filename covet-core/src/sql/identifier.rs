//! Names that a request may choose: columns to sort by, from a list that the owner wrote.
//!
//! **Threat.** A column cannot be bound, so `ORDER BY` is where people paste what the client sent.
//!
//! **Rule.** The client chooses from a list; what stands in the statement is the list's own text, never the client's.
//!
//! ```
//! use covet_core::sql::validate_identifier;
//!
//! let columns = ["created_at", "title"];
//! assert_eq!(validate_identifier("title", &columns), Ok("title"));
//! assert!(validate_identifier("title; DROP TABLE notes", &columns).is_err());
//! ```
//!
//! With `[sql.identifiers.NAME]` in security.toml, `covet::policy!()` makes an `enum` of each list, which is an
//! [`Identifier`]; `{ident value: NAME}` in a statement takes nothing else.

use serde::{Deserialize, Serialize};

use crate::name::{checked_text, nearest};

/// The most letters of a name: PostgreSQL cuts the rest off.
pub const MAX_IDENTIFIER: usize = 63;

checked_text!(
    /// The name of a list of identifiers: `notes_sort`.
    ListName,
    "a name, one lower-case word such as `notes_sort`",
    "^[a-z][a-z0-9_-]*$",
    |text| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(plain)
    }
);

checked_text!(
    /// The name of a table or column that needs no quotes.
    PlainName,
    "a name of ASCII letters, digits and `_`, such as `created_at`",
    "^[A-Za-z_][A-Za-z0-9_]{0,62}$",
    is_plain
);

/// Whether this is a name that both databases take as it is: no quotes, no letters that only look like others.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && text.len() <= MAX_IDENTIFIER && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The name of `allowed` that `text` is. It is the list's own text that is returned, so that nothing of the client's can
/// reach a statement.
///
/// # Errors
///
/// [`UnknownIdentifier`] for a text that is not on the list, to the letter, or that is no plain name.
pub fn validate_identifier<'l>(text: &str, allowed: &[&'l str]) -> Result<&'l str, UnknownIdentifier> {
    let known = allowed.iter().find(|name| **name == text && is_plain(name));
    known.copied().ok_or_else(|| UnknownIdentifier::new(text, allowed))
}

/// A text that is none of the names allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown name `{found}`, expected one of {}", list(.allowed))]
pub struct UnknownIdentifier {
    found: String,
    allowed: Vec<String>,
}

impl UnknownIdentifier {
    fn new(found: &str, allowed: &[&str]) -> Self {
        let found = found.chars().take(MAX_IDENTIFIER).flat_map(char::escape_debug).collect();
        Self { found, allowed: allowed.iter().map(|&name| name.to_owned()).collect() }
    }

    /// The name that was meant by a slip of a few letters.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        let name = nearest(&self.found, self.allowed.iter().map(String::as_str))?;
        self.allowed.iter().map(String::as_str).find(|allowed| *allowed == name)
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A choice from a list of `[sql.identifiers]`; `covet::policy!()` makes one of each.
pub trait Identifier: Copy + 'static {
    /// The name of the list.
    const LIST: &'static str;
    /// The columns, in the order of the list.
    const COLUMNS: &'static [&'static str];
    /// The choices, in the order of the list.
    const ALL: &'static [Self];

    /// The place of the chosen column.
    fn index(self) -> usize;
}

/// The choice with this name.
///
/// # Errors
///
/// [`UnknownIdentifier`] for a text that is no column of the list, to the letter.
pub fn choose<T: Identifier>(text: &str) -> Result<T, UnknownIdentifier> {
    let name = validate_identifier(text, T::COLUMNS)?;
    let at = T::COLUMNS.iter().position(|column| *column == name);
    let choice = at.and_then(|at| T::ALL.get(at)).copied();
    choice.ok_or_else(|| UnknownIdentifier::new(text, T::COLUMNS))
}

/// An order, ascending or descending.
pub trait Order: Copy + 'static {
    /// Whether the last comes first.
    fn is_descending(self) -> bool;
}

/// The table `[sql.identifiers.NAME]`: columns that a request may choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Written", into = "Written")]
pub struct Identifiers {
    written: Written,
    default: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Identifiers"))]
#[serde(deny_unknown_fields)]
struct Written {
    /// The table whose columns they are.
    table: PlainName,
    /// The columns, as they stand in the statement. Required, each once.
    columns: Vec<PlainName>,
    /// The one that is meant where the request names none. Default: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<PlainName>,
}

impl Identifiers {
    /// The table whose columns they are.
    #[must_use]
    pub fn table(&self) -> &str {
        self.written.table.as_str()
    }

    /// The columns, at least one.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.written.columns.iter().map(PlainName::as_str)
    }

    /// The place of the column that is meant where none is named.
    #[must_use]
    pub const fn default(&self) -> usize {
        self.default
    }
}

/// Why this is no list of columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentifiersError {
    /// Nothing to choose from.
    #[error("`columns` is empty; name the columns that a request may choose")]
    Empty,
    /// A column named twice.
    #[error("`{0}` stands twice in `columns`")]
    Twice(String),
    /// A default that cannot be chosen.
    #[error("the default `{0}` is not among `columns`")]
    Default(String),
}

impl TryFrom<Written> for Identifiers {
    type Error = IdentifiersError;

    fn try_from(written: Written) -> Result<Self, IdentifiersError> {
        let columns = &written.columns;
        if columns.is_empty() {
            return Err(IdentifiersError::Empty);
        }
        // Both databases fold the case of a name without quotes.
        let same = |a: &PlainName, b: &PlainName| a.as_str().eq_ignore_ascii_case(b.as_str());
        let twice =
            columns.iter().enumerate().find(|(at, name)| columns.iter().take(*at).any(|other| same(name, other)));
        if let Some((_, name)) = twice {
            return Err(IdentifiersError::Twice(name.to_string()));
        }
        let default = match &written.default {
            Some(default) => columns.iter().position(|name| name == default),
            None => Some(0),
        };
        match (default, &written.default) {
            (Some(default), _) => Ok(Self { default, written }),
            (None, default) => {
                Err(IdentifiersError::Default(default.as_ref().map(ToString::to_string).unwrap_or_default()))
            }
        }
    }
}

impl From<Identifiers> for Written {
    fn from(identifiers: Identifiers) -> Self {
        identifiers.written
    }
}

/// The number by which a list is known to the types of the statement and of the enum: the FNV-1a hash of its name.
#[doc(hidden)]
#[must_use]
pub const fn list_number(name: &str) -> u64 {
    let (mut bytes, mut hash) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325_u64);
    while let Some((byte, rest)) = bytes.split_first() {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        bytes = rest;
    }
    hash
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use figment::Figment;
    use figment::providers::Serialized;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_listed_name_is_taken_and_it_is_the_lists_own() {
        let columns = ["created_at", "title"];
        let text = String::from("title");
        let name = validate_identifier(&text, &columns).unwrap();
        assert!(std::ptr::eq(name, columns[1]));
        for other in ["Title", "titl", "title ", "", "title,id", "title DESC", "\"title\"", "tit\u{0435}le", "title\0"]
        {
            assert!(validate_identifier(other, &columns).is_err(), "{other}");
        }
    }

    #[test]
    fn a_list_cannot_allow_what_is_no_plain_name() {
        for name in ["", "a b", "1a", "a;", "a\"", "größe", "a.b", &"a".repeat(64)] {
            assert!(validate_identifier(name, &[name]).is_err(), "{name}");
        }
    }

    #[test]
    fn the_error_names_what_is_allowed() {
        let error = validate_identifier("titel", &["created_at", "title"]).unwrap_err();
        assert_eq!(error.to_string(), "unknown name `titel`, expected one of `created_at`, `title`");
        assert_eq!(error.nearest(), Some("title"));
    }

    fn read(columns: &[&str], default: Option<&str>) -> Result<Identifiers, String> {
        let written = Figment::from(Serialized::default("table", "notes")).merge(("columns", columns));
        let written = default.map_or(written.clone(), |default| written.merge(("default", default)));
        written.extract().map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_has_columns_each_once_and_its_default_among_them() {
        assert_eq!(read(&["a", "b"], None).unwrap().default(), 0);
        assert_eq!(read(&["a", "b"], Some("b")).unwrap().default(), 1);
        for (columns, default) in [(&[][..], None), (&["a", "A"], None), (&["a"], Some("b")), (&["a b"], None)] {
            assert!(read(columns, default).is_err(), "{columns:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_returned_is_always_of_the_list(text in "[a-z_ ;']{0,6}", list in prop::collection::vec("[a-z_ ;']{0,3}", 0..5)) {
            let allowed: Vec<&str> = list.iter().map(String::as_str).collect();
            let expected = allowed.iter().any(|name| *name == text && is_plain(name));
            prop_assert_eq!(validate_identifier(&text, &allowed).is_ok(), expected);
        }
    }
}
