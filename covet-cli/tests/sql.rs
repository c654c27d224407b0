//! `cargo covet sql` as it is called: a small project, and the statements of `tests/sql`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use sqlx::Connection as _;
use tempfile::TempDir;

const POLICY: &str = "[application]\nname = 'Notes'\n[sql]\nmigrations = 'migrations'\n";
const TABLES: &str = "CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, title TEXT);\n";
const SOURCE: &str = r#"
use covet::safe_sql as sql;

async fn all(db: &Db, owner: &str) {
    covet::safe_sql!("SELECT id, title FROM notes WHERE owner = {owner}").fetch_all(db).await;
    sql!(
        "UPDATE notes SET title = {title}"
        "WHERE ownr = {owner}"
    ).execute(db).await;
}
"#;

/// A project with these files beside a manifest.
fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("Cargo.toml", "[package]\nname = 'notes'\n")].iter().chain(files) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn notes() -> TempDir {
    project(&[("security.toml", POLICY), ("migrations/1_notes.sql", TABLES), ("src/main.rs", SOURCE)])
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-covet"));
    command.current_dir(folder).arg("sql").env_remove("COVET_ORACLE").env("PATH", "");
    command
}

fn sql(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    text(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The server of the tests; none where none is, which is a fault in CI.
fn server() -> Option<String> {
    let url = std::env::var("COVET_TEST_POSTGRES_URL").ok();
    assert!(url.is_some() || std::env::var_os("CI").is_none(), "there is no PostgreSQL to ask");
    url
}

#[test]
fn every_statement_is_told_with_its_verdict_its_types_and_what_it_touches() {
    let folder = notes();
    let output = sql(folder.path(), &["check", "--dialect", "sqlite"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output);
    let version = told.split("SQLite ").nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(
        told,
        format!(
            "\
ok src/main.rs:5: SELECT id, title FROM notes WHERE owner = {{owner}}
    gives  id bigint, title text or NULL
    takes  text
    reads  notes.id, notes.owner, notes.title
error src/main.rs:6: UPDATE notes SET title = {{title}} WHERE ownr = {{owner}}
    [covet::sql::unknown_column] `notes` has no column `ownr`
      src/main.rs:8:16
      |  WHERE ownr = {{owner}}
      |        ^^^^ did you mean `owner`?
      = note: `notes` comes from migrations/1_notes.sql:1; columns: id, owner, title
      = note: SQLite {version} says: no such column: ownr
2 statements: 1 ok, 0 unknown, 1 wrong
"
        )
    );
}

#[test]
fn json_is_an_object_a_statement() {
    let folder = notes();
    let output = sql(folder.path(), &["check", "--json", "--engine", "none", "src"]);
    assert_eq!(
        lines(&output),
        [
            json!({
                "file": "src/main.rs", "line": 5, "verdict": "ok", "code": null, "message": null,
                "columns": [
                    { "name": "id", "type": "bigint", "nullable": false },
                    { "name": "title", "type": "text", "nullable": true },
                ],
                "params": ["text"], "reads": ["notes.id", "notes.owner", "notes.title"], "writes": [],
            }),
            json!({
                "file": "src/main.rs", "line": 6, "verdict": "error", "code": "sql::unknown_column",
                "message": "`notes` has no column `ownr`", "columns": [], "params": [], "reads": [], "writes": [],
            }),
        ]
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(sql(folder.path(), &["check", "--json", "nowhere"]).status.code(), Some(2));
}

#[test]
fn exit_codes_follow_the_verdicts() {
    let code = |statement: &str, arguments: &[&str]| {
        let source = format!("fn f() {{ safe_sql!({statement}); }}");
        let folder = project(&[("security.toml", POLICY), ("migrations/1_notes.sql", TABLES), ("src/lib.rs", &source)]);
        sql(folder.path(), &[&["check"], arguments].concat()).status.code()
    };
    assert_eq!(code("\"SELECT id FROM notes\"", &["--fail-on", "unknown"]), Some(0));
    assert_eq!(code("\"SELECT idd FROM notes\"", &[]), Some(1));
    assert_eq!(code("\"SELECT id FROM notes; DELETE FROM notes\"", &[]), Some(1), "whatever the tables are");
    assert_eq!(code("$text", &[]), Some(0));
    assert_eq!(code("$text", &["--fail-on", "unknown"]), Some(1));
    assert_eq!(code("\"SELECT 1\"", &["--schema", "migrations"]), Some(2), "without statements");
    assert_eq!(code("\"SELECT 1\"", &["--engine", "oracle"]), Some(2), "there is none");
}

#[test]
fn each_package_is_judged_by_its_own_policy_and_what_cannot_be_read_is_told() {
    let other = "[application]\nname = 'Tags'\n[sql]\nschema = 'tags.sql'\n";
    let folder = project(&[
        ("security.toml", POLICY),
        ("migrations/1_notes.sql", TABLES),
        ("src/lib.rs", "fn f() { safe_sql!(\"SELECT title FROM notes\"); }"),
        ("tags/Cargo.toml", "[package]\nname = 'tags'\n"),
        ("tags/security.toml", other),
        ("tags/tags.sql", "CREATE TABLE tags (name TEXT NOT NULL)"),
        ("tags/src/lib.rs", "fn f() { safe_sql!(\"SELECT name FROM tags\"); }"),
        ("tags/src/broken.rs", "safe_sql!( {"),
    ]);
    let output = sql(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output).contains("not read: tags/src/broken.rs"), "{}", text(&output));
    assert!(text(&output).contains("2 statements: 2 ok, 0 unknown, 0 wrong"), "{}", text(&output));
    fs::write(folder.path().join("tags/security.toml"), "[sql]\nschma = 'x'\n").unwrap();
    let output = sql(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `schema`?"), "{output:?}");
}

/// The statements of the corpus as a file of lines.
fn corpus(folder: &Path, dialect: &str, which: &str) -> PathBuf {
    let tests = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sql"));
    let name = format!("{which}.sql");
    let text =
        fs::read_to_string(tests.join(&name)).unwrap() + &fs::read_to_string(tests.join(dialect).join(&name)).unwrap();
    let lines =
        text.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()).map(|sql| json!({ "sql": sql }).to_string());
    let path = folder.join(format!("{dialect}-{which}.jsonl"));
    fs::write(&path, lines.collect::<Vec<_>>().join("\n")).unwrap();
    path
}

fn migrations(dialect: &str) -> String {
    format!("{}/../tests/sql/{dialect}/migrations", env!("CARGO_MANIFEST_DIR"))
}

/// The verdicts on a corpus: how many, and of them ok and wrong.
fn judged(folder: &Path, dialect: &str, which: &str, arguments: &[&str]) -> (usize, usize, usize) {
    let (schema, statements) = (migrations(dialect), corpus(folder, dialect, which));
    let given = ["check", "--json", "--dialect", dialect, "--schema", &schema, "--statements"];
    let output = command(folder).args(given).arg(statements).args(arguments).output().unwrap();
    let verdicts: Vec<Value> = lines(&output).into_iter().map(|line| line["verdict"].clone()).collect();
    let count = |verdict: &str| verdicts.iter().filter(|found| *found == verdict).count();
    (verdicts.len(), count("ok"), count("error"))
}

#[test]
fn the_corpora_are_judged_without_a_false_refusal() {
    let folder = tempfile::tempdir().unwrap();
    for (dialect, engine, least) in
        [("sqlite", "none", 80), ("sqlite", "lock", 95), ("postgres", "none", 80), ("postgres", "lock", 80)]
    {
        let (good, _, refused) = judged(folder.path(), dialect, "good", &["--engine", engine]);
        assert!(good >= 300 && refused == 0, "{dialect}, {engine}: {refused} of {good} good ones are refused");
        let (bad, _, caught) = judged(folder.path(), dialect, "bad", &["--engine", engine]);
        println!("{dialect}, {engine}: {caught} of {bad} bad ones caught");
        assert!(caught * 100 >= bad * least, "{dialect}, {engine}: {caught} of {bad} bad ones are caught");
    }
}

#[test]
fn with_what_postgres_said_every_statement_of_the_corpus_has_its_verdict() {
    let Some(url) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    for which in ["good", "bad"] {
        let (schema, statements) = (migrations("postgres"), corpus(folder.path(), "postgres", which));
        let given = ["prepare", "--dialect", "postgres", "--schema", &schema, "--database-url", &url, "--statements"];
        let output = command(folder.path()).args(given).arg(statements).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let lock = fs::read_to_string(folder.path().join(".covet/sql.lock")).unwrap();
        let version = lock.lines().next().unwrap();
        assert!(version.contains("with PostgreSQL "), "{version}");
        let (all, ok, wrong) = judged(folder.path(), "postgres", which, &["--engine", "lock"]);
        let expected = if which == "good" { (all, 0) } else { (0, all) };
        assert_eq!((ok, wrong), expected, "{which}, with the lock");
        let asked = judged(folder.path(), "postgres", which, &["--engine", "oracle", "--database-url", &url]);
        assert_eq!(asked, (all, ok, wrong), "{which}, with the server");
    }
}

/// A statement of which only PostgreSQL knows that it is wrong.
const ODD: &str = "fn f() { safe_sql!(\"SELECT nosuch(title) FROM notes WHERE owner = {owner} {? AND id = {id}}\"); }";

fn odd() -> TempDir {
    let policy = format!("{POLICY}dialects = ['postgres']\n");
    project(&[("security.toml", &policy), ("migrations/1_notes.sql", TABLES), ("src/lib.rs", ODD)])
}

#[test]
fn a_lock_is_the_verdict_until_a_migration_changes() {
    let Some(url) = server() else { return };
    let folder = odd();
    let check = || sql(folder.path(), &["check"]);
    assert!(text(&check()).contains("PostgreSQL was not asked about 1 statement"), "{}", text(&check()));
    let output = sql(folder.path(), &["prepare", "--database-url", &url]);
    assert!(text(&output).contains("was asked about 2, and refuses 2"), "each text of a statement: {output:?}");
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("[covet::sql::refused_by_postgres] function nosuch(text) does not exist"));
    assert!(text(&output).contains("      src/lib.rs:1:28\n"), "{}", text(&output));
    fs::write(folder.path().join("migrations/2_more.sql"), "ALTER TABLE notes ADD COLUMN more TEXT").unwrap();
    let output = check();
    assert_eq!(output.status.code(), Some(0), "what is old breaks nothing: {output:?}");
    assert!(text(&output).contains("PostgreSQL was not asked about 1 statement"));
}

#[test]
fn a_lock_has_all_statements_of_its_policy_whatever_path_is_named() {
    let Some(url) = server() else { return };
    let folder = odd();
    let other = "fn g() { safe_sql!(\"SELECT id FROM notes WHERE owner = {owner}\"); }";
    fs::write(folder.path().join("src/other.rs"), other).unwrap();
    let output = sql(&folder.path().join("src"), &["prepare", "other.rs", "--database-url", &url]);
    assert!(text(&output).contains("was asked about 3, and refuses 2"), "{output:?}");
    assert!(folder.path().join(".covet/sql.lock").is_file() && !folder.path().join("src/.covet").exists());
}

#[test]
fn a_server_is_left_as_it_was_even_where_a_migration_fails() {
    let Some(url) = server() else { return };
    let folder = odd();
    let left = |pid: u32| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            let like = format!("covet\\_{pid}\\_%");
            let count = sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname LIKE $1").bind(like);
            count.fetch_one(&mut connection).await.map(|count: i64| count).unwrap()
        })
    };
    for (migration, code) in [("ALTER TABLE notes ADD COLUMN more TEXT", 0), ("ALTER TABLE nots ADD COLUMN a INT", 2)] {
        fs::write(folder.path().join("migrations/2_more.sql"), migration).unwrap();
        let mut prepare = command(folder.path());
        prepare.args(["prepare", "--database-url", &url]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = prepare.spawn().unwrap();
        let pid = child.id();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            code == 0 || told.contains("migrations/2_more.sql: relation \"nots\" does not exist (42P01)"),
            "{told}"
        );
        assert_eq!(left(pid), 0);
    }
}

/// A program that answers as the embedded PostgreSQL does, by the server of the tests.
#[cfg(unix)]
#[test]
fn a_program_beside_this_one_is_asked_where_no_server_is_named() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(url) = server() else { return };
    let folder = odd();
    let (written, program) = (folder.path().join("written"), folder.path().join("oracle"));
    let script = format!("#!/bin/sh\nexec {} \"$@\" --database-url '{url}'\n", env!("CARGO_BIN_EXE_cargo-covet"));
    fs::write(&written, script).unwrap();
    fs::set_permissions(&written, fs::Permissions::from_mode(0o755)).unwrap();
    // Copied by another process: a file that this one writes is busy while another thread starts something.
    assert!(Command::new("cp").arg(&written).arg(&program).status().unwrap().success());
    let ask =
        |arguments: &[&str]| command(folder.path()).env("COVET_ORACLE", &program).args(arguments).output().unwrap();
    let output = ask(&["check", "--engine", "oracle"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output).contains("refused_by_postgres"), "{output:?}");
    fs::write(folder.path().join("migrations/2_more.sql"), "ALTER TABLE nots ADD COLUMN a INT").unwrap();
    let output = ask(&["prepare"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("migrations/2_more.sql: relation \"nots\""), "{output:?}");
}

#[test]
fn an_oracle_answers_line_by_line() {
    let Some(url) = server() else { return };
    let folder = odd();
    let mut command = command(folder.path());
    command.args(["oracle", "--database-url", &url]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let tables = "CREATE SCHEMA app; CREATE TYPE app.kind AS ENUM ('a'); CREATE DOMAIN word AS TEXT; \
                  CREATE TABLE a (id INT NOT NULL, kinds app.kind[], w word); CREATE VIEW v AS SELECT id FROM a";
    let asked = [
        json!({ "migrations": [{ "file": "1_a.sql", "text": tables }] }),
        json!({ "sql": "SELECT id, kinds, w, id + 1 AS more FROM a WHERE id = $1 AND kinds = $2" }),
        json!({ "sql": "SELECT v.id FROM v" }),
        json!({ "sql": "SELECT 'ä', nosuch FROM a" }),
        // A driver says that they are numbers.
        json!({ "sql": "UPDATE a SET id = coalesce($1, $2)" }),
    ];
    let asked: Vec<String> = asked.iter().map(Value::to_string).collect();
    child.stdin.take().unwrap().write_all(asked.join("\n").as_bytes()).unwrap();
    let said = lines(&child.wait_with_output().unwrap());
    assert!(said[0]["ready"]["version"].as_str().unwrap().starts_with("PostgreSQL "), "{said:?}");
    assert_eq!(
        said[1..],
        [
            json!({ "answer": { "holds": { "params": ["int4", "app.kind[]"], "columns": [
                { "name": "id", "type": "int4", "not_null": true },
                { "name": "kinds", "type": "app.kind[]", "not_null": false },
                { "name": "w", "type": "text", "not_null": false },
                { "name": "more", "type": "int4", "not_null": null },
            ] } } }),
            json!({ "answer": { "holds": { "params": [], "columns": [{ "name": "id", "type": "int4", "not_null": null }] } } }),
            json!({ "answer": { "fails": { "code": "42703", "offset": 13, "message": "column \"nosuch\" does not exist" } } }),
            json!("unknown"),
        ]
    );
}
