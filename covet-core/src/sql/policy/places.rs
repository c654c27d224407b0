//! Where something lies, for every database or for each.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Dialect, ProjectPath};

/// A path for every database, or one for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Places {
    /// The same for all.
    All(ProjectPath),
    /// One for each, of which there is at least one.
    Each(Each),
}

/// A path for each database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Each {
    /// On SQLite.
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlite: Option<ProjectPath>,
    /// On PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    postgres: Option<ProjectPath>,
}

impl Places {
    /// The path for a database.
    #[must_use]
    pub const fn of(&self, dialect: Dialect) -> Option<&ProjectPath> {
        match (self, dialect) {
            (Self::All(path), _) => Some(path),
            (Self::Each(each), Dialect::Sqlite) => each.sqlite.as_ref(),
            (Self::Each(each), Dialect::Postgres) => each.postgres.as_ref(),
        }
    }
}

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrEach;

        impl<'de> Visitor<'de> for OneOrEach {
            type Value = Places;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path below the folder of this file, or one for each of `sqlite` and `postgres`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Places, E> {
                ProjectPath::deserialize(StrDeserializer::new(text)).map(Places::All)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Places, A::Error> {
                let each = Each::deserialize(MapAccessDeserializer::new(map))?;
                if each.sqlite.is_none() && each.postgres.is_none() {
                    return Err(A::Error::custom("found `{}`, expected a path for `sqlite`, `postgres` or both"));
                }
                Ok(Places::Each(each))
            }
        }

        deserializer.deserialize_any(OneOrEach)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::Policy;

    use super::*;

    fn read(lines: &str) -> Result<Policy, String> {
        let text = format!("application.name = 'Vault'\n[sql]\n{lines}");
        Policy::parse("security.toml", &text).map_err(|problems| problems.to_string())
    }

    fn migrations(lines: &str) -> Option<[Option<String>; 2]> {
        let of = |places: Places| {
            [Dialect::Sqlite, Dialect::Postgres].map(|dialect| places.of(dialect).map(ToString::to_string))
        };
        read(lines).ok()?.sql.migrations.map(of)
    }

    #[test]
    fn one_path_is_for_all_and_a_table_has_one_for_each() {
        let (a, b) = (Some("a".to_owned()), Some("b/c".to_owned()));
        assert_eq!(migrations("migrations = 'a'"), Some([a.clone(), a.clone()]));
        assert_eq!(migrations("migrations = { sqlite = 'a', postgres = 'b/c' }"), Some([a.clone(), b]));
        assert_eq!(migrations("migrations.sqlite = 'a'"), Some([a, None]));
        assert_eq!(migrations(""), None);
    }

    #[test]
    fn anything_else_is_told_with_its_place() {
        for (lines, told) in [
            ("migrations = '../a'", "security.toml:3:14: `sql.migrations`: found `\"../a\"`, expected a path below"),
            ("migrations = {}", "security.toml:3:14: `sql.migrations`: found `{}`, expected a path for"),
            ("migrations = 7", "`sql.migrations`: found `7`, expected a path below the folder of this file, or one"),
            ("migrations.mysql = 'a'", "`sql.migrations.mysql`: unknown key"),
            ("schema.sqlite = '/a'", "security.toml:3:17: `sql.schema.sqlite`: found `\"/a\"`, expected a path below"),
            ("functions = ['a b']", "`sql.functions[0]`: found `\"a b\"`, expected the name of a function"),
        ] {
            let found = read(lines).err().unwrap_or_default();
            assert!(found.contains(told), "{lines}: {found}");
        }
    }

    #[test]
    fn a_database_has_migrations_or_a_schema() {
        let both = "security.toml:4:1: `sql.schema`: `migrations` says what tables sqlite has, too; which one counts?";
        assert_eq!(read("migrations = 'a'\nschema.sqlite = 'b.sql'").err().as_deref(), Some(both));
        assert!(read("migrations.sqlite = 'a'\nschema.postgres = 'b.sql'").is_ok());
    }
}
