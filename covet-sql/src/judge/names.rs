//! Tables and columns that the policy names, looked up.

use covet_core::name::nearest;
use covet_core::sql::Policy;

use crate::schema::{Schema, Table};

/// A name in `[sql]` that no table or column has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misnamed {
    /// Where it stands in security.toml: `["sql", "identifiers", "notes_sort"]`.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// What the policy names and the schema does not have. Of what is not known whole nothing is said.
pub(super) fn misnamed(policy: &Policy, schema: &Schema) -> Vec<Misnamed> {
    let mut found = Vec::new();
    let mut look = |path: &[&str], table: &str, columns: Vec<&str>| {
        let path: Vec<String> = ["sql"].iter().chain(path).map(|&part| part.to_owned()).collect();
        found.extend(wrong(schema, table, &columns).map(|(message, help)| Misnamed { path, message, help }));
    };
    for (name, list) in &policy.identifiers {
        look(&["identifiers", name.as_str()], list.table(), list.columns().collect());
    }
    for (at, guarded) in policy.columns.iter().enumerate() {
        let (table, column) = guarded.name.parts();
        look(&["columns", &at.to_string()], table, vec![column]);
    }
    for (at, scope) in policy.scopes.iter().enumerate() {
        look(&["scopes", &at.to_string()], scope.table.as_str(), vec![scope.column.as_str()]);
    }
    found
}

/// The first name that is wrong.
fn wrong(schema: &Schema, table: &str, columns: &[&str]) -> Option<(String, String)> {
    let Some(known) = schema.tables.get(&schema.key(table, false)) else {
        let near = nearest(table, schema.tables.keys().map(String::as_str));
        let help = near.map_or("make it in a migration".to_owned(), |near| format!("did you mean `{near}`?"));
        return (!schema.open).then(|| (format!("there is no table `{table}`"), help));
    };
    let unknown = columns.iter().find(|column| !has(known, column))?;
    let near = nearest(unknown, known.columns.iter().map(|column| column.name.as_str()));
    let help = near.map_or("add it in a migration".to_owned(), |near| format!("did you mean `{near}`?"));
    (!known.open).then(|| (format!("`{table}` has no column `{unknown}`"), help))
}

fn has(table: &Table, column: &str) -> bool {
    table.columns.iter().any(|known| known.name.eq_ignore_ascii_case(column))
}
