//! What the owner chose: the table `[sql]` of `security.toml`.
//!
//! ```toml
//! [sql]
//! dialects   = ["sqlite", "postgres"]
//! statements = ["select", "insert", "update", "delete"]
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// The table `[sql]`.
///
/// The default is the safe choice: a statement must hold on every database, and only rows can be touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Policy {
    /// The databases on which every statement must hold.
    pub dialects: Vec<Dialect>,
    /// The kinds of statement that `safe_sql!` accepts.
    pub statements: Vec<Kind>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            dialects: vec![Dialect::Sqlite, Dialect::Postgres],
            statements: vec![Kind::Select, Kind::Insert, Kind::Update, Kind::Delete],
        }
    }
}

impl Policy {
    /// Whether statements must hold on SQLite. A policy that names no database demands all of them.
    #[must_use]
    pub fn sqlite(&self) -> bool {
        self.dialects.is_empty() || self.dialects.contains(&Dialect::Sqlite)
    }

    /// Whether `safe_sql!` accepts statements of this kind.
    #[must_use]
    pub fn permits(&self, kind: Kind) -> bool {
        self.statements.contains(&kind)
    }
}

/// A database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A kind of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Kind {
    /// `SELECT` and `VALUES`.
    Select,
    /// `INSERT` and SQLite's `REPLACE`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

impl Kind {
    /// The kind of statement that begins with this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        const WORDS: [(&str, Kind); 6] = [
            ("select", Kind::Select),
            ("values", Kind::Select),
            ("insert", Kind::Insert),
            ("replace", Kind::Insert),
            ("update", Kind::Update),
            ("delete", Kind::Delete),
        ];
        WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, kind)| *kind)
    }

    /// The name in `security.toml`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use figment::Figment;

    use super::*;

    fn read(key: &str, words: &[&str]) -> Option<Policy> {
        Figment::from((key, words)).extract().ok()
    }

    #[test]
    fn the_file_says_what_the_default_says() {
        assert_eq!(Figment::new().extract::<Policy>().ok(), Some(Policy::default()));
        assert_eq!(read("dialects", &["sqlite", "postgres"]), Some(Policy::default()));
        assert_eq!(read("statements", &["select", "insert", "update", "delete"]), Some(Policy::default()));
    }

    #[test]
    fn unknown_words_are_refused() {
        assert_eq!(read("dialect", &["sqlite"]), None);
        assert_eq!(read("dialects", &["mysql"]), None);
        assert_eq!(read("statements", &["drop"]), None);
    }

    #[test]
    fn no_database_is_every_database() {
        assert!(Policy { dialects: vec![], ..Policy::default() }.sqlite());
    }
}
