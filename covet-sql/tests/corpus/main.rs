//! A corpus of statements on one schema, judged by the databases themselves: none is refused that they accept.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod engine;
mod properties;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use covet_core::sql::report::{Finding, render};
use covet_sql::{Dialect, Schema, Shape, Source, Sources, SqlType, Verdict, catalog, resolve, sqlite};
use engine::Engine;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sql"))
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    }
}

fn migrations(dialect: Dialect) -> Vec<Source> {
    let mut files: Vec<_> =
        fs::read_dir(folder().join(name(dialect)).join("migrations")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let read = |path: PathBuf| Source {
        file: format!("migrations/{}", path.file_name().unwrap().display()),
        text: fs::read_to_string(path).unwrap(),
    };
    files.into_iter().map(read).collect()
}

fn schema(dialect: Dialect) -> Schema {
    catalog::build(&migrations(dialect), dialect)
}

async fn engine(dialect: Dialect) -> Option<Engine> {
    let mut setup: Vec<String> = migrations(dialect).into_iter().map(|source| source.text).collect();
    setup.push(fs::read_to_string(folder().join(name(dialect)).join("data.sql")).unwrap());
    match dialect {
        Dialect::Sqlite => Some(Engine::sqlite(&setup).await),
        Dialect::Postgres => Engine::postgres(&setup).await,
    }
}

/// The statements of a file, and those of the database's own file.
fn statements(file: &str, dialect: Dialect) -> Vec<String> {
    let read = |path: PathBuf| fs::read_to_string(path).unwrap();
    let text = read(folder().join(file)) + &read(folder().join(name(dialect)).join(file));
    text.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()).map(str::to_owned).collect()
}

fn good(dialect: Dialect) -> Vec<String> {
    statements("good.sql", dialect)
}

/// Bad statements, each behind the code that it must have.
fn bad(dialect: Dialect) -> Vec<(String, String)> {
    let parted = |sql: String| {
        let (code, sql) = sql.strip_prefix("-- ").unwrap().split_once('\n').unwrap();
        (code.to_owned(), sql.to_owned())
    };
    statements("bad.sql", dialect).into_iter().map(parted).collect()
}

fn shape(verdict: Verdict) -> Option<Shape> {
    match verdict {
        Verdict::Ok(shape) => Some(shape),
        Verdict::Unknown(..) | Verdict::Error(_) => None,
    }
}

/// Our name for a type, as sqlx calls it.
fn called(ty: &SqlType) -> String {
    match ty {
        SqlType::SmallInt => "INT2".into(),
        SqlType::Int => "INT4".into(),
        SqlType::BigInt => "INT8".into(),
        SqlType::Real => "FLOAT4".into(),
        SqlType::Double => "FLOAT8".into(),
        SqlType::Numeric => "NUMERIC".into(),
        SqlType::Text => "TEXT".into(),
        SqlType::Bytes => "BYTEA".into(),
        SqlType::Bool => "BOOL".into(),
        SqlType::Date => "DATE".into(),
        SqlType::Time => "TIME".into(),
        SqlType::Timestamp => "TIMESTAMP".into(),
        SqlType::TimestampTz => "TIMESTAMPTZ".into(),
        SqlType::Interval => "INTERVAL".into(),
        SqlType::Uuid => "UUID".into(),
        SqlType::Json => "JSON".into(),
        SqlType::Jsonb => "JSONB".into(),
        SqlType::Array(inner) => format!("{}[]", called(inner)),
        SqlType::Enum(name) | SqlType::Other(name) => name.clone(),
        other => panic!("{other:?}"),
    }
}

/// Domains, which are the types that they are made of.
const DOMAINS: [&str; 2] = ["email_address", "cents"];

/// Names that mean one type to us.
fn canonical(name: &str) -> String {
    let name = name.replace("VARCHAR", "TEXT");
    match name.as_str() {
        "_role" => "role[]".into(),
        "CHAR" | "character" => "bpchar".into(),
        other => other.to_owned(),
    }
    .to_ascii_lowercase()
}

/// The words of a statement, in small letters, with one space between them.
fn lower(sql: &str) -> String {
    sql.split_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ")
}

async fn none_is_refused(dialect: Dialect) {
    let Some(mut engine) = engine(dialect).await else { return };
    let (schema, corpus) = (schema(dialect), good(dialect));
    assert!(corpus.len() >= 300, "only {} good ones", corpus.len());
    let oracle =
        (dialect == Dialect::Sqlite).then(|| sqlite::Engine::of(&Sources::of(migrations(dialect)), &[]).unwrap());
    let mut complaints = Vec::new();
    let (mut known, mut types, mut typed, mut params) = (0, 0, 0, 0);
    let (mut declarations, mut told) = (0, 0);
    for sql in &corpus {
        let answer = match engine.prepare(sql).await {
            Ok(answer) => answer,
            Err(error) => {
                complaints.push(format!("the database refuses it: {error}\n{sql}"));
                continue;
            }
        };
        if let Some(sqlite::Verdict::Fails(refusal)) = oracle.as_ref().map(|oracle| oracle.prepare(sql)) {
            complaints.push(format!("the oracle refuses it: {}\n{sql}", refusal.message));
        }
        let shape = match resolve(sql, &schema) {
            Verdict::Error(mistakes) => {
                complaints.push(mistakes.iter().map(|mistake| render(sql, mistake, None)).collect());
                continue;
            }
            Verdict::Unknown(..) => continue,
            Verdict::Ok(shape) => shape,
        };
        known += 1;
        let names: Vec<&str> = shape.columns.iter().map(|column| column.name.as_str()).collect();
        let theirs: Vec<&str> = answer.columns.iter().map(|(name, _)| name.as_str()).collect();
        if names != theirs {
            complaints.push(format!("columns {names:?}, of the database {theirs:?}\n{sql}"));
        }
        if dialect == Dialect::Sqlite {
            continue;
        }
        for (ours, declared) in shape.columns.iter().zip(&answer.not_null) {
            let Some(not_null) = *declared else { continue };
            declarations += 1;
            told += usize::from(ours.nullable.is_some());
            // What was declared `NOT NULL` an outer join fills all the same.
            let filled =
                ours.nullable == Some(true) && [" left ", " right ", " full "].iter().any(|w| lower(sql).contains(w));
            if ours.nullable.is_some_and(|nullable| nullable == not_null) && !filled {
                complaints.push(format!(
                    "`{}`: nullable {:?}, declared NOT NULL: {not_null}\n{sql}",
                    ours.name, ours.nullable
                ));
            }
        }
        for (ours, (name, theirs)) in shape.columns.iter().zip(&answer.columns) {
            types += 1;
            let Some(ty) = &ours.ty else { continue };
            typed += 1;
            if canonical(&called(ty)) != canonical(theirs) && !DOMAINS.contains(&theirs.as_str()) {
                complaints.push(format!("`{name}` is {ty:?}, of the database {theirs}\n{sql}"));
            }
        }
        if shape.params.len() != answer.params.len() {
            complaints.push(format!("{} parameters, of the database {:?}\n{sql}", shape.params.len(), answer.params));
        }
        for (index, (ours, theirs)) in shape.params.iter().zip(&answer.params).enumerate() {
            let Some(ty) = &ours.ty else { continue };
            params += 1;
            if canonical(&called(ty)) != canonical(theirs) && !DOMAINS.contains(&theirs.as_str()) {
                complaints.push(format!("${} is {ty:?}, of the database {theirs}\n{sql}", index + 1));
            }
        }
    }
    engine.close().await;
    println!(
        "{}: {} good, {known} followed to the end; {typed} of {types} columns and {params} parameters typed; \
         NULL told of {told} of {declarations} columns of tables",
        name(dialect),
        corpus.len()
    );
    assert!(complaints.is_empty(), "{} of {}:\n\n{}", complaints.len(), corpus.len(), complaints.join("\n\n"));
    assert!(known * 100 >= corpus.len() * 80, "only {known} of {} were followed to the end", corpus.len());
}

async fn the_bad_are_refused(dialect: Dialect) {
    let Some(mut engine) = engine(dialect).await else { return };
    let (schema, corpus) = (schema(dialect), bad(dialect));
    assert!(corpus.len() >= 200, "only {} bad ones", corpus.len());
    let oracle =
        (dialect == Dialect::Sqlite).then(|| sqlite::Engine::of(&Sources::of(migrations(dialect)), &[]).unwrap());
    let (mut complaints, mut caught, mut with_oracle) = (Vec::new(), 0, 0);
    for (code, sql) in &corpus {
        let accepted = match sql.contains('$') {
            true => engine.prepare(sql).await.is_ok(),
            false => engine.run(sql).await.is_ok(),
        };
        if accepted {
            complaints.push(format!("the database accepts it\n{sql}"));
        }
        let codes: Vec<&str> = match &resolve(sql, &schema) {
            Verdict::Error(mistakes) => mistakes.iter().map(Finding::code).collect(),
            Verdict::Ok(_) | Verdict::Unknown(..) => vec!["unknown"],
        };
        caught += usize::from(!codes.contains(&"unknown"));
        let fails = |oracle: &Arc<sqlite::Engine>| matches!(oracle.prepare(sql), sqlite::Verdict::Fails(_));
        with_oracle += usize::from(!codes.contains(&"unknown") || oracle.as_ref().is_some_and(fails));
        if !codes.contains(&code.as_str()) {
            complaints.push(format!("{codes:?} instead of {code}\n{sql}"));
        }
    }
    engine.close().await;
    println!("{}: {caught} of {} bad ones are refused", name(dialect), corpus.len());
    if oracle.is_some() {
        println!("{}: {with_oracle} of them with the oracle", name(dialect));
        assert!(with_oracle * 100 >= corpus.len() * 95, "only {with_oracle} of {} with the oracle", corpus.len());
    }
    assert!(complaints.is_empty(), "{} of {}:\n\n{}", complaints.len(), corpus.len(), complaints.join("\n\n"));
    assert!(caught * 100 >= corpus.len() * 80, "only {caught} of {}", corpus.len());
}

/// A value of the type, as text.
fn sample(ty: Option<&SqlType>) -> String {
    match ty {
        Some(SqlType::SmallInt | SqlType::Int | SqlType::BigInt) => "1".into(),
        Some(SqlType::Real | SqlType::Double | SqlType::Numeric) => "1.5".into(),
        Some(SqlType::Bool) => "true".into(),
        Some(SqlType::Text) => "'a'".into(),
        Some(SqlType::Uuid) => "'11111111-1111-1111-1111-111111111111'::uuid".into(),
        Some(SqlType::Timestamp | SqlType::TimestampTz | SqlType::Date) => "'2026-01-01'".into(),
        Some(SqlType::Interval) => "interval '1 hour'".into(),
        Some(SqlType::Json | SqlType::Jsonb) => "'{}'".into(),
        Some(SqlType::Array(_)) => "'{}'".into(),
        Some(SqlType::Enum(_)) => "'owner'".into(),
        _ => "NULL".into(),
    }
}

async fn what_is_never_null_is_never_null(dialect: Dialect) {
    let Some(mut engine) = engine(dialect).await else { return };
    let schema = schema(dialect);
    let (mut complaints, mut ran) = (Vec::new(), 0);
    for sql in good(dialect) {
        let Some(shape) = shape(resolve(&sql, &schema)) else { continue };
        let mut text = sql.clone();
        for (index, param) in shape.params.iter().enumerate().rev() {
            text = text.replace(&format!("${}", index + 1), &sample(param.ty.as_ref()));
        }
        // What a sample does not fit says nothing.
        let Ok(rows) = engine.run(&text).await else { continue };
        ran += usize::from(!rows.is_empty());
        for row in &rows {
            for (ours, theirs) in shape.columns.iter().zip(row) {
                if theirs.is_none() && ours.nullable == Some(false) {
                    complaints.push(format!("`{}` is NULL\n{sql}", ours.name));
                }
                let (Some(theirs), Some(ty), Dialect::Sqlite, None) = (theirs, &ours.ty, dialect, &ours.origin) else {
                    continue;
                };
                let expected = match ty {
                    SqlType::BigInt | SqlType::Bool => "INTEGER",
                    SqlType::Double => "REAL",
                    SqlType::Text | SqlType::Json => "TEXT",
                    SqlType::Bytes => "BLOB",
                    _ => continue,
                };
                // The declared type of a column that a query hands on.
                let declared = !["INTEGER", "REAL", "TEXT", "BLOB"].contains(&theirs.as_str());
                if !declared && theirs != expected {
                    complaints.push(format!("`{}` is {ty:?}, in the database {theirs}\n{sql}", ours.name));
                }
            }
        }
    }
    engine.close().await;
    println!("{}: {ran} statements gave rows", name(dialect));
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    assert!(ran > 60, "only {ran} statements gave rows");
}

#[tokio::test]
async fn nothing_that_sqlite_accepts_is_refused() {
    none_is_refused(Dialect::Sqlite).await;
}

#[tokio::test]
async fn nothing_that_postgres_accepts_is_refused() {
    none_is_refused(Dialect::Postgres).await;
}

#[tokio::test]
async fn what_sqlite_refuses_is_refused() {
    the_bad_are_refused(Dialect::Sqlite).await;
}

#[tokio::test]
async fn what_postgres_refuses_is_refused() {
    the_bad_are_refused(Dialect::Postgres).await;
}

#[tokio::test]
async fn no_row_of_sqlite_has_a_null_that_was_ruled_out() {
    what_is_never_null_is_never_null(Dialect::Sqlite).await;
}

#[tokio::test]
async fn no_row_of_postgres_has_a_null_that_was_ruled_out() {
    what_is_never_null_is_never_null(Dialect::Postgres).await;
}
