//! Finds a table by its name in a statement.

use sqlparser::ast::Ident;

use crate::schema::{Dialect, Schema, Table};

/// What a name of a table finds.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// The table and its key.
    Table(&'a str, &'a Table),
    /// There may be one.
    Open,
    /// There is none.
    Nothing,
}

/// Finds a table by its name, which may say its schema.
pub(crate) fn table<'a>(schema: &'a Schema, parts: &[&Ident]) -> Found<'a> {
    let Some(name) = parts.last() else { return Found::Open };
    let name = schema.key(&name.value, name.quote_style.is_some());
    let qualifier = parts.len().checked_sub(2).and_then(|at| parts.get(at));
    let qualifier = qualifier.map(|ident| schema.key(&ident.value, ident.quote_style.is_some()));
    let otherwise = if schema.open { Found::Open } else { Found::Nothing };
    match (schema.dialect, qualifier.as_deref()) {
        (Dialect::Sqlite, None | Some("main")) if name.starts_with("sqlite_") || name.starts_with("pragma_") => {
            Found::Open
        }
        (Dialect::Sqlite, None | Some("main" | "temp")) => {
            get(schema, &name).unwrap_or_else(|| modules(&name, otherwise))
        }
        // Another file, attached by the application.
        (Dialect::Sqlite, Some(_)) => Found::Open,
        (Dialect::Postgres, Some("pg_catalog" | "information_schema" | "pg_temp")) => Found::Open,
        (Dialect::Postgres, None) if name.starts_with("pg_") => get(schema, &name).unwrap_or(Found::Open),
        (Dialect::Postgres, Some("public")) => get(schema, &name).unwrap_or(otherwise),
        (Dialect::Postgres, Some(qualifier)) => get(schema, &format!("{qualifier}.{name}")).unwrap_or(otherwise),
        (Dialect::Postgres, None) => {
            // The `search_path` of the application is not known: a table of another schema may be meant.
            let suffix = format!(".{name}");
            let elsewhere = schema.tables.keys().filter(|key| key.ends_with(&suffix)).count();
            match (get(schema, &name), elsewhere) {
                (Some(found), 0) => found,
                // A sequence, which `serial` and an identity make by themselves, can be read as a table.
                (None, 0) if name.ends_with("_seq") => Found::Open,
                (None, 0) => otherwise,
                (None, 1) => {
                    let found = schema.tables.iter().find(|(key, _)| key.ends_with(&suffix));
                    found.map_or(Found::Open, |(key, table)| Found::Table(key, table))
                }
                _ => Found::Open,
            }
        }
    }
}

fn get<'a>(schema: &'a Schema, key: &str) -> Option<Found<'a>> {
    schema.tables.get_key_value(key).map(|(key, table)| Found::Table(key, table))
}

/// Tables of SQLite that are functions, and what full-text search keeps beside a table.
fn modules<'a>(name: &str, otherwise: Found<'a>) -> Found<'a> {
    const MODULES: [&str; 8] =
        ["json_each", "json_tree", "jsonb_each", "jsonb_tree", "dbstat", "generate_series", "bytecode", "fts5vocab"];
    if MODULES.contains(&name) { Found::Open } else { otherwise }
}

/// The name as it is told to people.
pub(crate) fn shown(parts: &[&Ident]) -> String {
    parts.iter().map(|ident| ident.value.as_str()).collect::<Vec<_>>().join(".")
}
