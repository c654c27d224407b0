//! Tables and columns, as the migrations leave them.

use std::collections::BTreeMap;

pub use covet_core::sql::Dialect;

use crate::shape::Shape;
pub use crate::sql_type::SqlType;

/// What a database has after all migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Whose rules hold.
    pub dialect: Dialect,
    /// Tables and views, by the names that find them (see [`Schema::key`]); `schema.table` outside of the default schema.
    pub tables: BTreeMap<String, Table>,
    /// Enumerated types and their labels, in order.
    pub enums: BTreeMap<String, Vec<String>>,
    /// Other types that were made, as domains, and what they hold.
    pub types: BTreeMap<String, SqlType>,
    /// Whether there may be tables that are not known, because a migration could not be followed.
    pub open: bool,
}

impl Schema {
    /// A schema with nothing in it.
    #[must_use]
    pub const fn empty(dialect: Dialect) -> Self {
        Self { dialect, tables: BTreeMap::new(), enums: BTreeMap::new(), types: BTreeMap::new(), open: false }
    }

    /// The name that finds an identifier: SQLite does not mind its case, PostgreSQL only where it is quoted.
    #[must_use]
    pub fn key(&self, name: &str, quoted: bool) -> String {
        match self.dialect {
            Dialect::Postgres if quoted => name.to_owned(),
            Dialect::Postgres | Dialect::Sqlite => name.to_ascii_lowercase(),
        }
    }
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name, as the database tells it.
    pub name: String,
    /// In the order of the table.
    pub columns: Vec<Column>,
    /// The columns of its primary key, where it is known.
    pub key: Vec<String>,
    /// The sets of columns that no two rows may share, its key among them; `None` where there may be others.
    pub unique: Option<Vec<Vec<String>>>,
    /// Whether one can only read it.
    pub view: bool,
    /// What a view takes from its tables; `None` for a table.
    pub body: Option<Box<Shape>>,
    /// Whether there may be columns that are not known.
    pub open: bool,
    /// Where it was made.
    pub origin: Origin,
}

impl Table {
    /// A table with these columns.
    #[must_use]
    pub const fn new(name: String, columns: Vec<Column>, origin: Origin) -> Self {
        Self { name, columns, key: Vec::new(), unique: None, view: false, body: None, open: false, origin }
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, as the database tells it.
    pub name: String,
    /// Its type; `None` where it could not be told.
    pub ty: Option<SqlType>,
    /// Whether it may be `NULL`; `None` where it could not be told.
    pub nullable: Option<bool>,
    /// Whether a row without it gets a value: a default, an identity, a row id.
    pub has_default: bool,
    /// Whether nobody may write it, as it is computed.
    pub generated: bool,
}

/// Where something was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file, as the project names it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}
