//! Any text as migrations and as a statement: the catalog follows what it can, and the resolver answers.
//!
//! The first byte says which database; what stands before a line of `---` is a migration behind those of `tests/sql`.
#![no_main]

use std::sync::LazyLock;

use covet_core::sql::report::{Finding, render};
use covet_sql::{Dialect, Schema, Source, Verdict, catalog, resolve};
use libfuzzer_sys::fuzz_target;

const SQLITE: [&str; 3] = [
    include_str!("../../tests/sql/sqlite/migrations/0001_init.sql"),
    include_str!("../../tests/sql/sqlite/migrations/0002_more.sql"),
    include_str!("../../tests/sql/sqlite/migrations/0003_shop.sql"),
];

const POSTGRES: [&str; 4] = [
    include_str!("../../tests/sql/postgres/migrations/0001_init.sql"),
    include_str!("../../tests/sql/postgres/migrations/0002_more.sql"),
    include_str!("../../tests/sql/postgres/migrations/0003_code.sql"),
    include_str!("../../tests/sql/postgres/migrations/0004_shop.sql"),
];

static KNOWN: LazyLock<[Schema; 2]> = LazyLock::new(|| {
    let sources = |texts: &[&str]| texts.iter().map(|text| source(text)).collect::<Vec<_>>();
    [catalog::build(&sources(&SQLITE), Dialect::Sqlite), catalog::build(&sources(&POSTGRES), Dialect::Postgres)]
});

fn source(text: &str) -> Source {
    Source { file: "migrations/0001_any.sql".into(), text: text.to_owned() }
}

fuzz_target!(|text: &str| {
    let Some(first) = text.chars().next() else { return };
    let rest = &text[first.len_utf8()..];
    let (dialect, [sqlite, postgres]) = (u32::from(first) % 2, &*KNOWN);
    let (dialect, known) = if dialect == 0 { (Dialect::Sqlite, sqlite) } else { (Dialect::Postgres, postgres) };
    match rest.split_once("\n---\n") {
        Some((migration, sql)) => {
            let first = if dialect == Dialect::Sqlite { SQLITE[0] } else { POSTGRES[0] };
            let schema = catalog::build(&[source(first), source(migration)], dialect);
            answered(sql, &schema);
            answered("SELECT * FROM users u JOIN issues i ON i.author = u.id", &schema);
            // A migration that is followed twice finds what it made.
            let _ = catalog::build(&[source(migration), source(migration)], dialect);
        }
        None => answered(rest, known),
    }
});

fn answered(sql: &str, schema: &Schema) {
    let verdict = resolve(sql, schema);
    assert_eq!(verdict, resolve(sql, schema), "{sql:?}");
    let Verdict::Error(mistakes) = verdict else { return };
    assert!(!mistakes.is_empty());
    for mistake in mistakes {
        assert!(sql.get(mistake.span()).is_some(), "{mistake:?} is not in {sql:?}");
        assert!(!render(sql, &mistake, None).is_empty());
    }
}
