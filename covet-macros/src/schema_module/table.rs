//! Which tables and columns a statement can name on every database.

use covet_core::sql::Policy;
use covet_sql::{Dialect, Origin, Schema, SqlType};
use proc_macro2::Ident;

use super::name::{IN_SCHEMA, IN_TABLE, Names, is_plain, written};

/// A table that every database has.
pub(super) struct Table {
    pub(super) ident: Ident,
    /// As it stands in a statement.
    pub(super) name: String,
    /// As people write it.
    pub(super) shown: String,
    pub(super) view: bool,
    pub(super) origin: Origin,
    pub(super) columns: Vec<Column>,
}

/// A column that every database has.
pub(super) struct Column {
    pub(super) ident: Ident,
    /// As it stands behind `SET`.
    pub(super) name: String,
    /// As it stands in an expression.
    pub(super) place: String,
    pub(super) shown: String,
    pub(super) family: Family,
    pub(super) nullable: bool,
    pub(super) writable: bool,
}

/// Which values a column takes: a type of `covet_core::sql::filter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Integer,
    Number,
    Text,
    Bytes,
    Bool,
    Any,
}

impl Family {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Integer => "Integer",
            Self::Number => "Number",
            Self::Text => "Text",
            Self::Bytes => "Bytes",
            Self::Bool => "Bool",
            Self::Any => "Any",
        }
    }

    /// The family of a type; what is not known has values of its own.
    const fn of(ty: Option<&SqlType>) -> Self {
        match ty {
            Some(SqlType::SmallInt | SqlType::Int | SqlType::BigInt) => Self::Integer,
            Some(SqlType::Real | SqlType::Double | SqlType::Numeric) => Self::Number,
            Some(SqlType::Text) => Self::Text,
            Some(SqlType::Bytes) => Self::Bytes,
            Some(SqlType::Bool) => Self::Bool,
            _ => Self::Any,
        }
    }

    /// What both take.
    fn with(self, other: Self) -> Self {
        if self == other { self } else { Self::Any }
    }
}

/// The tables that all of these have, with what all of them say of their columns.
pub(super) fn tables(schemas: &[Schema]) -> Vec<Table> {
    // SQLite does not mind how a name is written; PostgreSQL does.
    let of = |dialect| schemas.iter().find(|schema| schema.dialect == dialect);
    let Some(first) = of(Dialect::Postgres).or_else(|| of(Dialect::Sqlite)) else { return Vec::new() };
    let mut names = Names::new(&IN_SCHEMA);
    let mut tables = Vec::new();
    for (key, table) in &first.tables {
        let same: Option<Vec<_>> = schemas.iter().map(|schema| in_schema(schema, key)).collect();
        let Some(same) = same else { continue };
        // `schema.table`, outside of the default schema.
        let prefix = key.strip_suffix(&table.name).and_then(|rest| rest.strip_suffix('.'));
        let prefix = prefix.filter(|_| first.dialect == Dialect::Postgres);
        let name = prefix.into_iter().chain([table.name.as_str()]).map(written).collect::<Vec<_>>().join(".");
        let mut idents = Names::new(&IN_TABLE);
        let columns: Vec<Column> =
            table.columns.iter().filter_map(|it| column(&it.name, &same, &name, &mut idents)).collect();
        // Nothing can be selected from a table of which nothing is known.
        if !columns.is_empty() {
            let view = same.iter().any(|table| table.view);
            let (shown, origin) = (key.clone(), table.origin.clone());
            tables.push(Table { ident: names.ident(key), name, shown, view, origin, columns });
        }
    }
    tables
}

/// Without what only `safe_sql!` can judge: tables of which a statement must say whose rows it means, columns that some
/// modules alone may read, and, where there are such, views, which may show either.
pub(super) fn unguarded(mut tables: Vec<Table>, policy: &Policy) -> Vec<Table> {
    // Of any schema: a guard is meant for too much rather than for nothing.
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let same = |shown: &str, name: &str| last(shown) == last(name);
    let guards = !policy.scopes.is_empty() || !policy.columns.is_empty();
    tables.retain(|table| {
        let scoped = policy.scopes.iter().any(|scope| same(&table.shown, scope.table.as_str()));
        !(scoped || table.view && guards)
    });
    for table in &mut tables {
        let Table { shown, columns, .. } = table;
        columns.retain(|column| {
            let guarded = |(of, name): (&str, &str)| same(shown, of) && column.shown.eq_ignore_ascii_case(name);
            !policy.columns.iter().any(|guard| guarded(guard.name.parts()))
        });
    }
    tables.retain(|table| !table.columns.is_empty());
    tables
}

fn in_schema<'s>(schema: &'s Schema, key: &str) -> Option<&'s covet_sql::Table> {
    schema.tables.get(key).or_else(|| schema.tables.get(&schema.key(key, true)))
}

fn column(name: &str, tables: &[&covet_sql::Table], table: &str, idents: &mut Names) -> Option<Column> {
    let found = |table: &&covet_sql::Table| {
        let exact = table.columns.iter().position(|column| column.name == name);
        let at = exact.or_else(|| table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)))?;
        table.columns.get(at).cloned()
    };
    let same: Vec<covet_sql::Column> = tables.iter().map(found).collect::<Option<_>>()?;
    let families = same.iter().map(|column| Family::of(column.ty.as_ref()));
    let in_quotes = written(name);
    Some(Column {
        ident: idents.ident(name),
        place: if is_plain(name) { in_quotes.clone() } else { format!("{table}.{in_quotes}") },
        name: in_quotes,
        shown: name.to_owned(),
        family: families.reduce(Family::with).unwrap_or(Family::Any),
        nullable: same.iter().any(|column| column.nullable != Some(false)),
        writable: !same.iter().any(|column| column.generated),
    })
}

#[cfg(test)]
mod tests {
    use covet_sql::{Source, catalog};

    use super::*;

    fn told(sqlite: Option<&str>, postgres: Option<&str>) -> String {
        let schema = |text: &str, dialect| {
            catalog::build(&[Source { file: "migrations/1_a.sql".into(), text: text.into() }], dialect)
        };
        let sqlite = sqlite.map(|text| schema(text, Dialect::Sqlite));
        let postgres = postgres.map(|text| schema(text, Dialect::Postgres));
        let schemas: Vec<_> = sqlite.into_iter().chain(postgres).collect();
        let column = |it: &Column| {
            let null = if it.nullable { "?" } else { "" };
            let computed = if it.writable { "" } else { " computed" };
            format!("{} {}{null}{computed}", it.place, it.family.name())
        };
        let table = |it: &Table| {
            let columns: Vec<_> = it.columns.iter().map(column).collect();
            format!("{}{} = {}: {}", it.ident, if it.view { " (view)" } else { "" }, it.name, columns.join(", "))
        };
        tables(&schemas).iter().map(table).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn columns_have_the_family_of_their_type() {
        let table = "CREATE TABLE t (a INTEGER NOT NULL, b REAL, c TEXT, d BLOB, e BOOLEAN NOT NULL, f DATETIME, g)";
        let expected = "t = t: a Integer, b Number?, c Text?, d Bytes?, e Bool, f Any?, g Any?";
        assert_eq!(told(Some(table), None), expected);
        let table = "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (a int2 NOT NULL, b numeric, c varchar(9), d bytea, \
                     e mood, f uuid, g int GENERATED ALWAYS AS (a + 1) STORED)";
        let expected = "t = t: a Integer, b Number?, c Text?, d Bytes?, e Any?, f Any?, g Integer? computed";
        assert_eq!(told(None, Some(table)), expected);
    }

    #[test]
    fn what_only_one_database_has_cannot_be_named() {
        let sqlite = "CREATE TABLE Notes (Id INTEGER NOT NULL, a TEXT, b TEXT NOT NULL, c TEXT); CREATE TABLE u (a)";
        let postgres = "CREATE TABLE notes (id bigint NOT NULL, a uuid, b text, d text); CREATE TABLE v (a int)";
        assert_eq!(told(Some(sqlite), Some(postgres)), "notes = notes: id Integer, a Any?, b Text?");
    }

    #[test]
    fn what_is_guarded_is_left_to_safe_sql() {
        let text = "CREATE TABLE notes (id INTEGER); CREATE TABLE users (id INTEGER, hash TEXT); \
                    CREATE VIEW v AS SELECT hash FROM users";
        let schema = catalog::build(&[Source { file: "1_a.sql".into(), text: text.into() }], Dialect::Sqlite);
        let told = |policy: &str| {
            let text = format!("application.name = \"Notes\"\n{policy}");
            let document = covet_core::policy::Document::parse("security.toml", &text);
            let policy = document.map(|document| document.policy.sql).map_err(|problems| problems.to_string());
            policy.map(|policy| {
                let tables = unguarded(tables(std::slice::from_ref(&schema)), &policy);
                let names =
                    |table: &Table| table.columns.iter().map(|it| format!("{}.{}", table.shown, it.shown)).collect();
                tables.iter().flat_map(|table| -> Vec<String> { names(table) }).collect::<Vec<_>>().join(" ")
            })
        };
        assert_eq!(told("").as_deref(), Ok("notes.id users.id users.hash v.hash"));
        let scope = "[[sql.scopes]]\ntable = \"Notes\"\ncolumn = \"id\"\n";
        assert_eq!(told(scope).as_deref(), Ok("users.id users.hash"));
        let column = "[[sql.columns]]\nname = \"public.users.hash\"\nreadable_in = [\"crate::auth\"]\n";
        assert_eq!(told(column).as_deref(), Ok("notes.id users.id"));
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        let postgres = "CREATE TABLE app.\"Order\" (\"group\" text, id int NOT NULL)";
        let expected = "app_Order = app.\"Order\": app.\"Order\".\"group\" Text?, id Integer";
        assert_eq!(told(None, Some(postgres)), expected);
        let sqlite = "CREATE TABLE \"user\" (\"a b\" TEXT); CREATE VIEW w AS SELECT \"a b\" AS x FROM \"user\"";
        assert_eq!(told(Some(sqlite), None), "user = \"user\": \"user\".\"a b\" Text?; w (view) = w: x Text?");
    }
}
