//! The database beside the one that the program was compiled for.
//!
//! **Threat.** A statement is right on the schema that the compiler saw, and runs on another one: a migration was not
//! applied, or the program was not built again after it.
//!
//! **Rule.** Every table that the program knows is in the database, with the same columns, each of the same type, each
//! `NOT NULL` in both or in neither. What differs is told, all of it.
//!
//! ```
//! use covet_core::sql::drift::{Column, Table, differences};
//!
//! let compiled = [Table::new("notes", vec![Column::new("id", "INTEGER", true), Column::new("title", "TEXT", true)])];
//! let actual = [Table::new("notes", vec![Column::new("id", "INTEGER", true)])];
//! assert_eq!(differences(&compiled, &actual)[0].to_string(), "`notes.title` is not in the database");
//! ```

use std::borrow::Cow;

type Text = Cow<'static, str>;

/// The columns of a table of SQLite: name, declared type, whether it is declared `NOT NULL`; `$1` is the table. Asked
/// of the compiler's database as of the application's, so that both answer alike.
pub const COLUMNS: &str = "SELECT name, type, \"notnull\" FROM pragma_table_xinfo($1) WHERE hidden <> 1 ORDER BY cid";

/// A table or view. A `const` can hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: Text,
    /// Its columns.
    pub columns: Cow<'static, [Column]>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Text,
    /// The type it was declared with, which may be none.
    pub declared: Text,
    /// Whether it was declared `NOT NULL`.
    pub not_null: bool,
}

impl Table {
    /// A table of these columns.
    #[must_use]
    pub fn new(name: impl Into<Text>, columns: impl Into<Cow<'static, [Column]>>) -> Self {
        Self { name: name.into(), columns: columns.into() }
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }
}

impl Column {
    /// A column of this type.
    #[must_use]
    pub fn new(name: impl Into<Text>, declared: impl Into<Text>, not_null: bool) -> Self {
        Self { name: name.into(), declared: declared.into(), not_null }
    }

    /// Its type in one way of writing, of which there are many.
    fn plain_type(&self) -> String {
        let words: Vec<_> = self.declared.split_whitespace().map(str::to_ascii_uppercase).collect();
        if words.is_empty() { "without a type".to_owned() } else { words.join(" ") }
    }
}

/// How a database differs from what the program was compiled for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// It has no such table.
    #[error("`{table}` is not in the database")]
    NoTable {
        /// The table.
        table: String,
    },
    /// It has no such column.
    #[error("`{table}.{column}` is not in the database")]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// It has a column that the program does not know.
    #[error("`{table}.{column}` is in the database, and the program was compiled without it")]
    MoreColumns {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column has another type.
    #[error("`{table}.{column}` is {actual}, the program was compiled for {compiled}")]
    Type {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The type that the program knows.
        compiled: String,
        /// The type in the database.
        actual: String,
    },
    /// A column may be `NULL`, or may not any more.
    #[error(
        "`{table}.{column}` {} in the database, the program was compiled for the opposite",
        if *.not_null { "is NOT NULL" } else { "may be NULL" }
    )]
    Null {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Whether it is `NOT NULL` in the database.
        not_null: bool,
    },
}

/// How a database differs from what the program was compiled for, in the order of the latter.
#[must_use]
pub fn differences(compiled: &[Table], actual: &[Table]) -> Vec<Difference> {
    let mut found = Vec::new();
    for table in compiled {
        match actual.iter().find(|actual| actual.name.eq_ignore_ascii_case(&table.name)) {
            Some(actual) => found.extend(of_table(table, actual)),
            None => found.push(Difference::NoTable { table: table.name.to_string() }),
        }
    }
    found
}

fn of_table(compiled: &Table, actual: &Table) -> Vec<Difference> {
    let mut found = Vec::new();
    for column in compiled.columns.iter() {
        let (table, name) = (compiled.name.to_string(), column.name.to_string());
        let Some(actual) = actual.column(&name) else {
            found.push(Difference::NoColumn { table, column: name });
            continue;
        };
        let (is, was) = (actual.plain_type(), column.plain_type());
        if is != was {
            found.push(Difference::Type { table: table.clone(), column: name.clone(), compiled: was, actual: is });
        }
        if actual.not_null != column.not_null {
            found.push(Difference::Null { table, column: name, not_null: actual.not_null });
        }
    }
    let more = actual.columns.iter().filter(|column| compiled.column(&column.name).is_none());
    found.extend(
        more.map(|column| Difference::MoreColumns {
            table: compiled.name.to_string(),
            column: column.name.to_string(),
        }),
    );
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a program has it compiled in.
    const NOTES: Table = Table {
        name: Cow::Borrowed("notes"),
        columns: Cow::Borrowed(&[
            Column { name: Cow::Borrowed("id"), declared: Cow::Borrowed("INTEGER"), not_null: false },
            Column { name: Cow::Borrowed("title"), declared: Cow::Borrowed("VARCHAR (30)"), not_null: true },
        ]),
    };

    fn told(actual: &[Table]) -> Vec<String> {
        differences(&[NOTES], actual).iter().map(ToString::to_string).collect()
    }

    fn notes(columns: &[(&'static str, &'static str, bool)]) -> Table {
        let column =
            |(name, declared, not_null): &(&'static str, &'static str, bool)| Column::new(*name, *declared, *not_null);
        Table::new("NOTES", columns.iter().map(column).collect::<Vec<_>>())
    }

    #[test]
    fn the_same_table_differs_in_nothing_however_it_is_written() {
        let same = notes(&[("TITLE", "varchar  (30)", true), ("Id", "integer", false)]);
        let other = Table::new("users", vec![]);
        assert!(told(&[other, same]).is_empty());
    }

    #[test]
    fn all_that_differs_is_told() {
        assert_eq!(told(&[]), ["`notes` is not in the database"]);
        assert_eq!(
            told(&[notes(&[("id", "", true), ("text", "TEXT", false)])]),
            [
                "`notes.id` is without a type, the program was compiled for INTEGER",
                "`notes.id` is NOT NULL in the database, the program was compiled for the opposite",
                "`notes.title` is not in the database",
                "`notes.text` is in the database, and the program was compiled without it",
            ]
        );
        assert_eq!(
            told(&[notes(&[("id", "INTEGER", false), ("title", "VARCHAR (30)", false)])]),
            ["`notes.title` may be NULL in the database, the program was compiled for the opposite"]
        );
    }
}
