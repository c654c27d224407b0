//! What can be wrong with a statement on a schema: a stable code, one sentence, what was meant, and where.

use std::fmt;
use std::ops::Range;

use covet_core::name::nearest;
use covet_core::sql::report::Finding;

use crate::schema::{Schema, Table};

/// How many columns of a table a note lists.
const LISTED: usize = 8;

/// A mistake and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    reason: Reason,
    span: Range<usize>,
    near: Option<String>,
    notes: Vec<String>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// `FROM usres`.
    #[error("there is no table `{0}`")]
    UnknownTable(String),
    /// `x.id` where nothing in the statement is called `x`.
    #[error("nothing here is called `{0}`")]
    UnknownQualifier(String),
    /// `users.emial`, or `emial` where `users` alone is read.
    #[error("`{table}` has no column `{column}`")]
    UnknownColumn {
        /// The table.
        table: String,
        /// What it lacks.
        column: String,
    },
    /// `emial` where several tables are read, or none.
    #[error("no table here has a column `{0}`")]
    UnknownName(String),
    /// A column of two tables.
    #[error("`{0}` is a column of `{1}` and of `{2}`")]
    Ambiguous(String, String, String),
    /// One name for two tables.
    #[error("two tables here are called `{0}`")]
    DuplicateTable(String),
    /// `INSERT INTO t (a, b) VALUES (1)`.
    #[error("{expected} but {found}", expected = counted(*.expected, "column"), found = counted(*.found, "value"))]
    ValueCount {
        /// How many columns are written.
        expected: usize,
        /// How many values are given.
        found: usize,
    },
    /// `SELECT a, b UNION SELECT a`.
    #[error("the two sides have {0} and {1} columns")]
    Widths(usize, usize),
    /// `INSERT INTO t (a, a)`.
    #[error("the column `{0}` is written twice")]
    WrittenTwice(String),
    /// An `INSERT` that leaves out what must be there.
    #[error("`{table}` needs a value for `{column}`, which may not be `NULL` and has no default")]
    MissingColumn {
        /// The table.
        table: String,
        /// What must be there.
        column: String,
    },
    /// `NULL` for a column that may not be `NULL`.
    #[error("`{column}` of `{table}` may not be `NULL`")]
    Null {
        /// The table.
        table: String,
        /// Its column.
        column: String,
    },
    /// A value for a computed column.
    #[error("nobody can write `{column}` of `{table}`: the database computes it")]
    Generated {
        /// The table.
        table: String,
        /// Its column.
        column: String,
    },
    /// `INSERT INTO view`.
    #[error("`{0}` is a view that can only be read")]
    View(String),
    /// A value of a type that does not fit its column.
    #[error("`{column}` is {expected}; {found} does not go into it")]
    Type {
        /// The column.
        column: String,
        /// Its type.
        expected: String,
        /// What is written.
        found: String,
    },
    /// `id = 'abc'`, or `id = name`.
    #[error("{0} cannot be compared with {1}")]
    Compared(String, String),
    /// `status = 'opne'`.
    #[error("`{label}` is no value of `{name}`")]
    Label {
        /// The type.
        name: String,
        /// What it lacks.
        label: String,
    },
    /// `x::nosuch`.
    #[error("there is no type `{0}`")]
    UnknownType(String),
    /// `WHERE count(*) > 1`.
    #[error("`{0}` counts over many rows and cannot stand in `{1}`, which looks at one")]
    Aggregate(String, &'static str),
    /// `WHERE row_number() OVER () = 1`.
    #[error("a window function cannot stand in `{0}`")]
    Window(&'static str),
    /// `ORDER BY 5` of two columns.
    #[error("there is no column {position}: {count}", count = match .columns { 1 => "there is one".to_owned(), n => format!("there are {n}") })]
    Position {
        /// What was asked for.
        position: usize,
        /// How many there are.
        columns: usize,
    },
    /// `SELECT name, count(*) FROM users`.
    #[error("`{0}` is neither grouped nor counted over, so it has many values here")]
    NotGrouped(String),
    /// A subquery of several columns where one value is meant.
    #[error("this subquery gives {0} columns where one value is needed")]
    SubqueryWidth(usize),
    /// `WINDOW` names.
    #[error("there is no window `{0}`")]
    UnknownWindow(String),
    /// More names behind an alias than columns.
    #[error("`{table}` has {has} and is given {given}", has = counted(*.has, "column"), given = counted(*.given, "name"))]
    AliasCount {
        /// The table.
        table: String,
        /// How many columns it has.
        has: usize,
        /// How many names it is given.
        given: usize,
    },
    /// `ON CONFLICT (a)` where rows may share `a`.
    #[error("two rows of `{table}` may have the same {columns}, so no conflict can be on {it}", columns = .columns.join(", "), it = if .columns.len() == 1 { "it" } else { "them" })]
    NoUnique {
        /// The table.
        table: String,
        /// What stands in `ON CONFLICT`.
        columns: Vec<String>,
    },
    /// `WHERE name` on PostgreSQL.
    #[error("`{0}` needs a condition; this is {1}")]
    NotACondition(&'static str, String),
}

fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("one {word}"),
        n => format!("{n} {word}s"),
    }
}

impl Mistake {
    /// `reason` at these bytes of the statement.
    #[must_use]
    pub const fn new(reason: Reason, span: Range<usize>) -> Self {
        Self { reason, span, near: None, notes: Vec::new() }
    }

    /// With the name that was most likely meant.
    pub(crate) fn near<'a>(mut self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.near = nearest(wrong, known).filter(|near| *near != wrong).map(str::to_owned);
        self
    }

    /// With the name that was surely meant.
    pub(crate) fn meant(mut self, name: String) -> Self {
        self.near = Some(name);
        self
    }

    /// With a sentence that one must know to understand it.
    pub(crate) fn note(mut self, note: String) -> Self {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
        self
    }

    /// With where the table was made, and what it has.
    pub(crate) fn about(self, table: &Table) -> Self {
        self.note(made(table))
    }

    /// What is wrong.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The name that was most likely meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        self.near.as_deref()
    }
}

/// `users` comes from migrations/0001_init.sql:1; columns: id, email, …
fn made(table: &Table) -> String {
    let mut columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).take(LISTED).collect();
    if table.columns.len() > LISTED || table.open {
        columns.push("…");
    }
    format!("`{}` comes from {}:{}; columns: {}", table.name, table.origin.file, table.origin.line, columns.join(", "))
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Mistake {}

impl Finding for Mistake {
    fn code(&self) -> &'static str {
        match self.reason {
            Reason::UnknownTable(_) => "sql::unknown_table",
            Reason::UnknownQualifier(_) => "sql::unknown_qualifier",
            Reason::UnknownColumn { .. } | Reason::UnknownName(_) => "sql::unknown_column",
            Reason::Ambiguous(..) => "sql::ambiguous_column",
            Reason::DuplicateTable(_) => "sql::duplicate_table",
            Reason::ValueCount { .. } => "sql::value_count",
            Reason::Widths(..) => "sql::set_width",
            Reason::WrittenTwice(_) => "sql::written_twice",
            Reason::MissingColumn { .. } => "sql::missing_column",
            Reason::Null { .. } => "sql::null_value",
            Reason::Generated { .. } => "sql::generated_column",
            Reason::View(_) => "sql::read_only_view",
            Reason::Type { .. } => "sql::type_mismatch",
            Reason::Compared(..) => "sql::incomparable",
            Reason::Label { .. } => "sql::unknown_label",
            Reason::UnknownType(_) => "sql::unknown_type",
            Reason::Aggregate(..) => "sql::misplaced_aggregate",
            Reason::Window(_) => "sql::misplaced_window",
            Reason::Position { .. } => "sql::unknown_position",
            Reason::NotGrouped(_) => "sql::not_grouped",
            Reason::SubqueryWidth(_) => "sql::subquery_width",
            Reason::UnknownWindow(_) => "sql::unknown_window",
            Reason::AliasCount { .. } => "sql::alias_count",
            Reason::NoUnique { .. } => "sql::no_unique_key",
            Reason::NotACondition(..) => "sql::not_a_condition",
        }
    }

    fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    fn label(&self) -> Option<String> {
        self.near.as_ref().map(|near| format!("did you mean `{near}`?"))
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn help(&self) -> Option<String> {
        Some(match &self.reason {
            Reason::UnknownTable(_) if self.near.is_none() => "make it in a migration".into(),
            Reason::UnknownColumn { .. } | Reason::UnknownName(_) if self.near.is_none() => {
                "add it in a migration; a text is written in single quotes".into()
            }
            Reason::Ambiguous(name, first, _) => format!("say which: `{first}.{name}`"),
            Reason::DuplicateTable(name) => format!("give one of them a name of its own: `{name} AS other`"),
            Reason::ValueCount { .. } => "give one value for each column".into(),
            Reason::Widths(..) => "select the same number of columns on both sides".into(),
            Reason::MissingColumn { column, .. } => format!("add `{column}`, or give it a default in a migration"),
            Reason::Null { .. } | Reason::WrittenTwice(_) => "leave it out, or give one value".into(),
            Reason::Generated { .. } => "leave it out".into(),
            Reason::View(_) => "write to the table behind it".into(),
            Reason::Type { expected, .. } => format!("give a value of the type {expected}, or a cast"),
            Reason::Compared(..) => "cast one of them".into(),
            Reason::Label { .. } if self.near.is_none() => "add it in a migration: `ALTER TYPE .. ADD VALUE`".into(),
            Reason::UnknownType(_) if self.near.is_none() => "make it in a migration".into(),
            Reason::Aggregate(..) => "put the condition behind `GROUP BY .. HAVING`".into(),
            Reason::Window(_) => "compute it in a subquery and put the condition around that".into(),
            Reason::NotGrouped(name) => format!("add `GROUP BY {name}`, or take `min({name})`"),
            Reason::SubqueryWidth(_) => "select one column in it".into(),
            Reason::AliasCount { .. } => "give at most one name for each column".into(),
            Reason::NoUnique { .. } => {
                "name exactly the columns of a key, or make a unique index on these in a migration".into()
            }
            Reason::NotACondition(..) => "compare it with something".into(),
            _ => return None,
        })
    }
}

/// All tables, for the nearest name.
pub(crate) fn tables(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.tables.keys().map(String::as_str)
}
