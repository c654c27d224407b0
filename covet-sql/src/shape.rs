//! What a statement takes, gives and touches.

use std::ops::Range;

use crate::sql_type::SqlType;

/// A statement's face.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shape {
    /// The columns of its rows; empty where it returns none.
    pub columns: Vec<Output>,
    /// The values `$1..$n` that it takes.
    pub params: Vec<Param>,
    /// The columns that it reads and writes, each once.
    pub access: Vec<Access>,
    /// Every mention of a table, through views too, and the columns that a value fixes there.
    pub mentions: Vec<Mention>,
}

impl Shape {
    /// Whether every mention of `table` fixes `column` by a value, so that no other rows can be reached.
    #[must_use]
    pub fn constrains(&self, table: &str, column: &str) -> bool {
        let mut mentions = self.mentions.iter().filter(|mention| mention.table == table);
        mentions.all(|mention| mention.fixed.iter().any(|fixed| fixed.eq_ignore_ascii_case(column)))
    }
}

/// A column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name, as the database tells it.
    pub name: String,
    /// Its type, where it is known.
    pub ty: Option<SqlType>,
    /// Whether it may be `NULL`, where it is known.
    pub nullable: Option<bool>,
    /// The table and the column that it is, unchanged.
    pub origin: Option<(String, String)>,
}

/// A value that a statement takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Param {
    /// Its type, where it is known.
    pub ty: Option<SqlType>,
    /// Each place where it stands.
    pub uses: Vec<Use>,
}

/// A place where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Its bytes in the statement.
    pub span: Range<usize>,
    /// The table and the column it is written to or compared with.
    pub column: Option<(String, String)>,
    /// Whether it is compared by `=` or `<>`, where `NULL` is never what was meant.
    pub compared: bool,
    /// Whether `NULL` can stand here, where it is known: it is written to a column.
    pub nullable: Option<bool>,
}

/// A column that is touched, or a table of which no column is named, as by `count(*)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Access {
    /// The table.
    pub table: String,
    /// The column.
    pub column: Option<String>,
    /// Whether it is written; else it is read.
    pub write: bool,
}

/// One mention of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mention {
    /// The table.
    pub table: String,
    /// The columns that must equal a bound value in every row that is read or written here.
    pub fixed: Vec<String>,
}
