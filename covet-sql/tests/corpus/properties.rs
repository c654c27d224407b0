//! Whatever is written, the resolver answers.

use std::sync::LazyLock;

use covet_core::sql::report::render;
use covet_sql::{Dialect, Schema, Source, Verdict, catalog, resolve};
use proptest::prelude::*;

use super::{bad, good, migrations, schema};

/// A verdict, with its report drawn.
fn answered(sql: &str, schema: &Schema) {
    if let Verdict::Error(mistakes) = resolve(sql, schema) {
        for mistake in mistakes {
            let span = covet_core::sql::report::Finding::span(&mistake);
            assert!(sql.get(span.clone()).is_some(), "{span:?} is not in {sql}");
            assert!(!render(sql, &mistake, None).is_empty());
        }
    }
}

/// The statement with some of its bytes taken out, doubled or replaced.
fn mutated(sql: &str, cuts: &[(usize, usize, &str)]) -> String {
    let mut text = sql.to_owned();
    for (at, length, with) in cuts {
        let at = text.floor_char_boundary(at % (text.len() + 1));
        let end = text.floor_char_boundary((at + length).min(text.len()));
        text.replace_range(at..end.max(at), with);
    }
    text
}

fn cuts() -> impl Strategy<Value = Vec<(usize, usize, &'static str)>> {
    let pieces = [
        "",
        "(",
        ")",
        ",",
        "'",
        "\"",
        " ",
        ".",
        "*",
        "$1",
        "$99999999",
        "SELECT ",
        " FROM ",
        " WHERE ",
        " JOIN ",
        "é",
        "\t",
        "\n",
        "::",
        "[1]",
        " AS ",
        " IN ",
        "NULL",
        " OVER ()",
        " UNION ",
        " USING (id)",
        "--",
        "/*",
        "id",
        "users",
        "0",
    ];
    prop::collection::vec((any::<usize>(), 0_usize..12, prop::sample::select(pieces.to_vec())), 1..4)
}

/// The schema and all statements of each database.
static KNOWN: LazyLock<Vec<(Schema, Vec<String>)>> = LazyLock::new(|| {
    let known = |dialect| {
        let bad = bad(dialect).into_iter().map(|(_, sql)| sql);
        (schema(dialect), good(dialect).into_iter().chain(bad).collect())
    };
    [Dialect::Sqlite, Dialect::Postgres].map(known).into()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_statement_gets_an_answer(which in any::<prop::sample::Index>(), cuts in cuts()) {
        for (schema, corpus) in &*KNOWN {
            let sql: &String = which.get(corpus);
            answered(&mutated(sql, &cuts), schema);
        }
    }

    #[test]
    fn a_mutated_migration_is_followed_as_far_as_it_goes(which in any::<prop::sample::Index>(), cuts in cuts()) {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let sources = migrations(dialect);
            let source = which.get(&sources);
            let text = mutated(&source.text, &cuts);
            let _ = catalog::build(&[Source { file: source.file.clone(), text }], dialect);
        }
    }
}

#[test]
fn a_truncated_statement_gets_an_answer() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let schema = schema(dialect);
        for sql in good(dialect) {
            for end in (0..sql.len()).step_by(3).filter(|end| sql.is_char_boundary(*end)) {
                answered(&sql[..end], &schema);
            }
        }
    }
}

#[test]
fn nesting_of_any_depth_does_not_overflow_the_stack() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let schema = schema(dialect);
        for depth in [10, 40, 900, 4_100] {
            let again = |text: &str| text.repeat(depth);
            for sql in [
                format!("SELECT {}1{}", again("("), again(")")),
                format!("SELECT {}1{}", again("(SELECT "), again(")")),
                format!("SELECT 1{} FROM users", again(" + 1")),
                format!("SELECT id FROM users WHERE true{}", again(" AND true")),
                format!("SELECT {}true", again("NOT ")),
                format!("SELECT {}1", again("- ")),
                format!("SELECT id{} FROM users", again(" IS NULL")),
                format!("SELECT id{} FROM users", again("::int")),
                format!("SELECT id{} FROM users", again(" COLLATE x")),
                format!("SELECT 1{}", again(" UNION SELECT 1")),
                format!("SELECT {}1{}", again("lower("), again(")")),
                format!("SELECT {} 1 {}", again("CASE WHEN true THEN "), again(" END")),
                format!("SELECT * FROM users{}", again(" NATURAL JOIN users")),
                format!("SELECT * FROM {}users{}", again("("), again(")")),
                format!("{}SELECT 1", again("WITH a AS (")),
                format!("SELECT settings{} FROM users", again(" -> 'a'")),
                format!("SELECT id FROM users WHERE id IN ({}1{})", again("SELECT 1 WHERE 1 IN ("), again(")")),
            ] {
                answered(&sql, &schema);
            }
        }
    }
}

#[test]
fn a_statement_is_judged_in_well_under_a_millisecond() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let (schema, corpus) = (schema(dialect), good(dialect));
        // The quickest of several rounds: the machine may be busy with something else.
        let round = || {
            let start = std::time::Instant::now();
            corpus.iter().for_each(|sql| drop(resolve(sql, &schema)));
            start.elapsed() / u32::try_from(corpus.len()).unwrap()
        };
        let best = (0..5).map(|_| round()).min().unwrap();
        println!("{dialect:?}: {best:?} a statement");
        assert!(best.as_micros() < 2_000, "{best:?} a statement");
    }
}
