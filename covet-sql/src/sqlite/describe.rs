//! What the migrations made, as SQLite tells it.

use std::collections::BTreeSet;

use covet_core::sql::drift;

use super::build::Made;
use super::ffi::{Connection, Fault, Statement, c_text};
use crate::schema::{Column, Dialect, Origin, Schema, Table};
use crate::types::declared_type;

/// The schema, and the names of what works behind it.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) schema: Schema,
    /// The same as a program compares it with its database.
    pub(super) tables: Vec<drift::Table>,
    pub(super) triggers: BTreeSet<String>,
}

impl Described {
    pub(super) fn column(&self, table: &str, column: &str) -> Option<&Column> {
        let table = self.schema.tables.get(&table.to_lowercase())?;
        table.columns.iter().find(|known| known.name.eq_ignore_ascii_case(column))
    }
}

/// Tables and views, without those that SQLite and its modules keep for themselves.
const TABLES: &str = "SELECT name, type, wr, schema FROM pragma_table_list \
                      WHERE schema IN ('main', 'temp') AND type <> 'shadow' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";

/// Reads the schema. What cannot be read is open: a view, for instance, that names a table that is gone.
pub(super) fn describe(connection: &Connection, made: &Made) -> Described {
    let mut schema = Schema { open: made.open, ..Schema::empty(Dialect::Sqlite) };
    let mut tables_as_declared = Vec::new();
    let tables = rows(connection, TABLES, |row| [0, 1, 2, 3].map(|at| row.text(at).unwrap_or_default()));
    for [name, kind, without_rowid, database] in tables.unwrap_or_default() {
        let columns = columns(connection, &name, kind == "view", without_rowid == "1");
        let origin = made.origins.get(&name.to_lowercase()).cloned();
        // What was temporary is gone when a program looks.
        tables_as_declared.extend(declared(connection, &name).filter(|_| database == "main"));
        let table = Table {
            view: kind == "view",
            // Beside its columns a virtual table has hidden ones, which only its module knows.
            open: kind == "virtual" || columns.is_err(),
            ..Table::new(name, columns.unwrap_or_default(), origin.unwrap_or(Origin { file: String::new(), line: 1 }))
        };
        schema.tables.insert(table.name.to_lowercase(), table);
    }
    let triggers = rows(connection, "SELECT name FROM sqlite_schema WHERE type = 'trigger'", |row| row.text(0));
    Described {
        schema,
        tables: tables_as_declared,
        triggers: triggers.unwrap_or_default().into_iter().flatten().collect(),
    }
}

/// The names of all tables and views.
pub(super) fn names(connection: &Connection) -> Vec<String> {
    connection.watch().begin(super::Phase::Own);
    rows(connection, TABLES, |row| row.text(0)).unwrap_or_default().into_iter().flatten().collect()
}

fn columns(connection: &Connection, table: &str, view: bool, without_rowid: bool) -> Result<Vec<Column>, Fault> {
    let quoted = table.replace('\'', "''");
    // A primary key without an index is the row's number.
    let indexed = format!("SELECT 1 FROM pragma_index_list('{quoted}') WHERE origin = 'pk'");
    let key_is_rowid = !without_rowid && rows(connection, &indexed, |_| ())?.is_empty();
    let columns = format!(
        "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo('{quoted}') \
         WHERE hidden <> 1 ORDER BY cid"
    );
    rows(connection, &columns, |row| {
        let is = |at| row.text(at).is_some_and(|text| text != "0");
        let rowid = is(4) && key_is_rowid;
        Column {
            name: row.text(0).unwrap_or_default(),
            ty: row.text(1).as_deref().and_then(declared_type),
            nullable: (!view).then(|| !is(2) && !rowid),
            has_default: is(3) || rowid,
            generated: is(5),
        }
    })
}

/// A table as the application's database will tell it; none where it cannot be read.
fn declared(connection: &Connection, table: &str) -> Option<drift::Table> {
    let quoted = format!("'{}'", table.replace('\'', "''"));
    let columns = rows(connection, &drift::COLUMNS.replace("$1", &quoted), |row| {
        let [name, declared] = [0, 1].map(|at| row.text(at).unwrap_or_default());
        drift::Column::new(name, declared, row.text(2).is_some_and(|not_null| not_null != "0"))
    });
    columns.ok().map(|columns| drift::Table::new(table.to_owned(), columns))
}

fn rows<T>(connection: &Connection, sql: &str, read: impl Fn(&Statement<'_>) -> T) -> Result<Vec<T>, Fault> {
    let text = c_text(sql).unwrap_or_default();
    let mut found = Vec::new();
    if let (Some(mut statement), _) = connection.prepare(&text)? {
        while statement.step()? {
            found.push(read(&statement));
        }
    }
    Ok(found)
}
