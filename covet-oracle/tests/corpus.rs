//! The program, asked about the statements of `tests/sql`.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::Path;

use covet_sql::lock::Answer;
use covet_sql::oracle::{Engine as _, Process};
use covet_sql::{Source, source};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-covet-oracle");

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sql"))
}

fn migrations() -> Vec<Source> {
    source::at(&folder().join("postgres/migrations")).unwrap().texts().to_vec()
}

fn corpus(which: &str) -> Vec<String> {
    let read = |path: &str| fs::read_to_string(folder().join(path)).unwrap();
    let text = read(&format!("{which}.sql")) + &read(&format!("postgres/{which}.sql"));
    text.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()).map(str::to_owned).collect()
}

#[test]
fn none_of_the_good_ones_is_refused_and_what_holds_of_the_bad_ones_lacks_a_value() {
    let mut process = Process::start(PROGRAM.as_ref(), &migrations()).unwrap();
    assert!(process.version().starts_with("PostgreSQL 17."), "{}", process.version());
    for sql in corpus("good") {
        let answer = process.ask(&sql).unwrap();
        assert!(!matches!(answer, Some(Answer::Fails { .. })), "{answer:?}\n{sql}");
    }
    for sql in corpus("bad") {
        match process.ask(&sql).unwrap() {
            Some(Answer::Fails { .. }) => {}
            // What a row lacks it tells only when it is written.
            answer => assert!(
                ["-- sql::missing_column", "-- sql::null_value"].iter().any(|code| sql.starts_with(code)),
                "{answer:?}\n{sql}"
            ),
        }
    }
}

#[test]
fn a_migration_that_fails_is_told_with_its_file() {
    let text = "CREATE TABLE a (id INT);\nALTER TABLE b ADD COLUMN c INT".to_owned();
    let error = Process::start(PROGRAM.as_ref(), &[Source { file: "m/1_a.sql".into(), text }]).unwrap_err();
    assert!(error.to_string().starts_with("m/1_a.sql: "), "{error}");
    assert!(error.to_string().contains("relation \"b\" does not exist"), "{error}");
}

#[test]
fn what_an_extension_that_is_not_there_may_have_is_not_known() {
    let text = "CREATE EXTENSION postgis;\nCREATE TABLE a (id INT)".to_owned();
    let mut process = Process::start(PROGRAM.as_ref(), &[Source { file: "m/1_a.sql".into(), text }]).unwrap();
    assert_eq!(process.ask("SELECT st_area(id) FROM a").unwrap(), None);
    assert!(matches!(process.ask("SELECT ida FROM a").unwrap(), Some(Answer::Fails { .. })));
    assert!(matches!(process.ask("SELECT id FROM a").unwrap(), Some(Answer::Holds { .. })));
}
