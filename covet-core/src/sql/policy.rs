//! What the owner chose: the table `[sql]` of `security.toml`.
//!
//! ```toml
//! [sql]
//! dialects   = ["sqlite", "postgres"]
//! statements = ["select", "insert", "update", "delete"]
//! migrations = "migrations"
//! max_limit  = 500
//!
//! [sql.identifiers.notes_sort]
//! table   = "notes"
//! columns = ["updated", "title"]
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::identifier::{Identifiers, ListName};
use crate::name::checked_text;
use crate::units::Count;
pub use guard::{ColumnName, GuardedColumn, ModulePath, TableScope, permits};
pub use places::Places;

mod guard;
mod places;

/// The most parts of one statement that may be left out: it is checked with and without each, 256 times.
pub const MOST_OPTIONAL: u32 = 8;

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
    /// The folder of the migrations, which say what tables there are. A database has these or a `schema`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrations: Option<Places>,
    /// The file that makes all tables at once, for who has no migrations that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Places>,
    /// Functions that the application gives SQLite: they are taken to exist, with any number of arguments.
    pub functions: Vec<FunctionName>,
    /// The most rows that a bound `LIMIT {n}` can ask for; more is refused when the statement runs.
    pub max_limit: Count<1, 100_000>,
    /// The most values of a bound list, `IN {ids}`; more are refused when the statement runs.
    pub max_list: Count<1, 100_000>,
    /// The most parts `{? ..}` and `{when ..: ..}` of one statement, up to 8.
    pub max_optional: Count<0, MOST_OPTIONAL>,
    /// Whether `trusted!` may declare SQL safe that the compiler cannot see.
    pub trusted: Trusted,
    /// Lists of columns from which a request may choose, for `{ident value: NAME}`.
    pub identifiers: BTreeMap<ListName, Identifiers>,
    /// Columns that only some modules may read.
    pub columns: Vec<GuardedColumn>,
    /// Tables of which a statement may touch only the rows of somebody.
    pub scopes: Vec<TableScope>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            dialects: vec![Dialect::Sqlite, Dialect::Postgres],
            statements: vec![Kind::Select, Kind::Insert, Kind::Update, Kind::Delete],
            migrations: None,
            schema: None,
            functions: Vec::new(),
            max_limit: Count::of(500),
            max_list: Count::of(1000),
            max_optional: Count::of(MOST_OPTIONAL),
            trusted: Trusted::default(),
            identifiers: BTreeMap::new(),
            columns: Vec::new(),
            scopes: Vec::new(),
        }
    }
}

impl Policy {
    /// Whether statements must hold on SQLite. A policy that names no database demands all of them.
    #[must_use]
    pub fn sqlite(&self) -> bool {
        self.dialects.is_empty() || self.dialects.contains(&Dialect::Sqlite)
    }

    /// Whether statements must hold on PostgreSQL.
    #[must_use]
    pub fn postgres(&self) -> bool {
        self.dialects.is_empty() || self.dialects.contains(&Dialect::Postgres)
    }

    /// Whether `safe_sql!` accepts statements of this kind.
    #[must_use]
    pub fn permits(&self, kind: Kind) -> bool {
        self.statements.contains(&kind)
    }
}

checked_text!(
    /// A file or a folder below that of the policy, with `/` between the names.
    ///
    /// Neither absolute nor with `..`: what the compiler reads belongs to the project and moves with it. Where the
    /// migrations lie beside the package, the policy lies above both, where it is found as well.
    ProjectPath,
    "a path below the folder of this file, such as `migrations`, without `..`",
    "^[^/\\\\]+(/[^/\\\\]+)*$",
    |text| {
        let plain = |part: &str| !matches!(part, "" | "." | "..") && part.trim() == part;
        text.len() <= 512 && !text.contains(['\\', ':']) && !text.contains(char::is_control) && text.split('/').all(plain)
    }
);

checked_text!(
    /// The name of an SQL function.
    FunctionName,
    "the name of a function, such as `slugify`",
    "^[A-Za-z_][A-Za-z0-9_]*$",
    |text| {
        let word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
        text.len() <= 64 && !text.starts_with(|first: char| first.is_ascii_digit()) && !text.is_empty() && text.bytes().all(word)
    }
);
/// Whether SQL may be declared safe that the compiler cannot see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Trusted {
    /// `trusted!` does not compile.
    #[default]
    Deny,
    /// `trusted!` compiles, with its reason.
    Allow,
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

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
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
    fn a_path_stays_below_the_policy() {
        for path in ["migrations", "db/migrations", "schema.sql", "a b/..c"] {
            assert_eq!(path.parse::<ProjectPath>().map(String::from).as_deref(), Ok(path));
        }
        for path in ["", "/etc", "..", "a/../b", "./a", "a//b", "a/", "C:/a", "a\\b", " a", "a\0"] {
            assert!(path.parse::<ProjectPath>().is_err(), "{path:?}");
        }
    }

    #[test]
    fn a_function_has_a_plain_name() {
        assert!(["slugify", "_f", "f2"].iter().all(|name| name.parse::<FunctionName>().is_ok()));
        assert!(["", "2f", "f g", "f()", "f'", "é"].iter().all(|name| name.parse::<FunctionName>().is_err()));
    }

    #[test]
    fn no_database_is_every_database() {
        assert!(Policy { dialects: vec![], ..Policy::default() }.sqlite());
    }
}
