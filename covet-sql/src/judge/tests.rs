use std::fs;

use covet_core::sql;
use covet_core::sql::report::{self, Finding as _};
use tempfile::TempDir;

use super::*;
use crate::schema::SqlType;

const NOTES: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, about TEXT);\n\
                     CREATE TABLE tags (id INTEGER PRIMARY KEY, note INTEGER NOT NULL, title TEXT NOT NULL)";

/// A project with these lines under `[sql]` and these migrations.
struct Project {
    folder: TempDir,
    policy: Policy,
}

impl Project {
    fn new(lines: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let text = format!("application.name = 'Notes'\n[sql]\n{lines}");
        let policy = covet_core::policy::Policy::parse("security.toml", &text).unwrap().sql;
        Self { folder, policy }
    }

    fn notes() -> Self {
        Self::new("migrations = 'migrations'", &[("migrations/0001_notes.sql", NOTES)])
    }

    fn judge(&self) -> Arc<Judge> {
        Judge::of(&self.policy, self.folder.path()).unwrap().unwrap()
    }

    fn judged(&self, text: &str) -> Judged {
        self.judge().statement(&sql::compile(text, &self.policy).unwrap())
    }

    fn told(&self, text: &str) -> Vec<String> {
        let judged = self.judged(text);
        judged.mistakes.iter().map(|mistake| report::render(text, mistake, None)).collect()
    }
}

#[test]
fn a_mistake_stands_where_the_program_has_it_and_is_told_once() {
    let told = Project::notes().told("SELECT id, titel FROM notes WHERE owner = {owner} {? AND about = {about}}");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("[covet::sql::unknown_column] `notes` has no column `titel`"), "{}", told[0]);
    assert!(told[0].contains("\n  |             ^^^^^ did you mean `title`?"), "{}", told[0]);
    assert!(told[0].contains("`notes` comes from migrations/0001_notes.sql:1"), "{}", told[0]);
    assert!(!told[0].contains("only"), "both databases refuse it: {}", told[0]);
}

#[test]
fn a_mistake_of_a_part_names_the_part_without_which_it_is_one() {
    let text = "SELECT n.id FROM notes AS n {when tagged: JOIN tags AS t ON t.note = n.id} WHERE t.title = {title}";
    let told = Project::notes().told(text);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("where `{when tagged: JOIN tags AS t ON t.note = n.id}` is left out"), "{}", told[0]);
}

#[test]
fn a_mistake_on_one_database_says_on_which() {
    let project = Project::notes();
    let judged = project.judged("SELECT id FROM notes WHERE id = 'x'");
    assert_eq!(judged.mistakes.len(), 1);
    assert!(judged.mistakes[0].notes().contains(&"on postgres only".to_owned()), "{:?}", judged.mistakes);
    assert_eq!(judged.told.iter().map(|told| told.dialect).collect::<Vec<_>>(), [Dialect::Sqlite]);
}

#[test]
fn a_statement_is_what_it_is_in_every_text_that_can_come_of_it() {
    let text = "SELECT id, about FROM notes WHERE owner = {owner} {? AND title LIKE '%{q}%'} {? AND about = {about}}";
    let judged = Project::notes().judged(text);
    assert_eq!(judged.mistakes, []);
    for told in &judged.told {
        assert_eq!(told.unknown, None);
        assert!(told.even);
        let columns: Vec<_> = told.shape.columns.iter().map(|column| (column.name.as_str(), column.nullable)).collect();
        assert_eq!(columns, [("id", Some(false)), ("about", Some(true))]);
        assert_eq!(told.shape.params.len(), 3);
        let place = &told.shape.params[2].uses[0];
        assert_eq!(place.column, Some(("notes".into(), "about".into())));
        assert_eq!(text.get(place.span.clone()), Some("{about}"));
        assert_eq!(told.shape.params[2].ty, Some(SqlType::Text));
        assert_eq!(told.shape.params[2].uses.len(), 1, "in each text it is the same place");
        assert!(told.shape.constrains("notes", "owner"));
        assert!(!told.shape.constrains("notes", "about"), "it may be left out");
    }
}

#[test]
fn columns_that_hang_on_a_part_are_not_the_statements() {
    let judged = Project::notes().judged("SELECT id {when long: , about} FROM notes");
    assert!(judged.mistakes.is_empty());
    assert!(judged.told.iter().all(|told| !told.even));
}

#[test]
fn a_database_without_migrations_is_not_judged() {
    let project = Project::new("migrations.postgres = 'm'", &[("m/1_notes.sql", NOTES)]);
    let judged = project.judged("SELECT id FROM notes");
    assert_eq!(judged.told.iter().map(|told| told.dialect).collect::<Vec<_>>(), [Dialect::Postgres]);
    let none = Project::new("", &[]);
    assert!(Judge::of(&none.policy, none.folder.path()).unwrap().is_none());
}

#[test]
fn a_judge_is_made_once_until_a_migration_changes() {
    let project = Project::notes();
    let first = project.judge();
    assert!(Arc::ptr_eq(&first, &project.judge()));
    assert_eq!(project.told("SELECT more FROM notes").len(), 1);
    fs::write(project.folder.path().join("migrations/0002_more.sql"), "ALTER TABLE notes ADD COLUMN more TEXT")
        .unwrap();
    assert!(project.told("SELECT more FROM notes").is_empty());
    assert_eq!(project.judge().files().count(), 4, "two for each database");
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let error = |project: &Project| Judge::of(&project.policy, project.folder.path()).unwrap_err();
    let missing = error(&Project::new("migrations = 'none'", &[]));
    assert_eq!(missing.to_string(), "`sql.migrations`: there is no `none`");
    assert!(missing.help().contains("make it"));
}

#[cfg(feature = "sqlite-oracle")]
mod oracle {
    use super::*;

    #[test]
    fn what_only_the_engine_knows_is_told_at_its_place() {
        let told = Project::notes().told("SELECT nosuch(title) FROM notes WHERE owner = {owner}");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("[covet::sql::refused_by_sqlite] no such function: nosuch"), "{}", told[0]);
        assert!(told[0].contains("\n  |         ^^^^^^\n"), "{}", told[0]);
        assert!(told[0].contains("on sqlite only"), "{}", told[0]);
    }

    #[test]
    fn what_the_engine_tells_only_when_a_row_is_written_is_told() {
        for (text, code) in [
            ("INSERT INTO notes (id, owner) VALUES (1, {owner})", "missing_column"),
            ("INSERT INTO notes (id, owner, title) VALUES (1, {owner}, NULL)", "null_value"),
        ] {
            let told = Project::notes().told(text);
            assert!(told.len() == 1 && told[0].contains(code) && !told[0].contains("only"), "{text}: {told:?}");
        }
        let lines = "dialects = ['sqlite']\nmigrations = 'migrations'";
        let sqlite = Project::new(lines, &[("migrations/0001_notes.sql", NOTES)]);
        let told = sqlite.told("INSERT OR IGNORE INTO notes (id, owner) VALUES (1, {owner})");
        assert!(told.iter().all(|told| !told.contains("missing_column")), "{told:?}");
    }

    #[test]
    fn the_engine_is_named_where_it_agrees() {
        let told = Project::notes().told("SELECT titel FROM notes");
        assert!(told[0].contains("says: no such column: titel"), "{}", told[0]);
    }

    #[test]
    fn a_broken_migration_is_an_error_with_its_line() {
        let project = Project::new("migrations = 'm'", &[("m/1_notes.sql", "\nCREATE TABLE notes (id INTEGER,)")]);
        let error = Judge::of(&project.policy, project.folder.path()).unwrap_err();
        assert!(error.to_string().starts_with("m/1_notes.sql:2:"), "{error}");
        assert!(error.help().contains("correct the migration"));
    }
}

/// Notes belong to an owner, and what is about them is read in one module.
fn guarded() -> Project {
    let lines = "migrations = 'migrations'\n\
                 [[sql.scopes]]\ntable = 'notes'\ncolumn = 'owner'\n\
                 [[sql.columns]]\nname = 'notes.about'\nreadable_in = ['crate::private']";
    let view = "CREATE VIEW titles AS SELECT title FROM notes";
    Project::new(lines, &[("migrations/0001_notes.sql", NOTES), ("migrations/0002_titles.sql", view)])
}

#[test]
fn a_statement_on_a_scoped_table_keeps_to_its_rows_or_is_refused() {
    let project = guarded();
    for good in [
        "SELECT id FROM notes WHERE owner = {owner}",
        "SELECT id FROM notes WHERE owner = {owner} AND (id = 1 OR id = 2)",
        "SELECT id FROM notes AS n WHERE n.owner = {owner} {? AND title = {title}}",
        "INSERT INTO notes (id, owner, title) VALUES (1, {owner}, {title})",
        "UPDATE notes SET title = {title} WHERE owner = {owner} AND id = {id}",
        "DELETE FROM notes WHERE id = {id} AND owner = {owner}",
        "SELECT title FROM tags WHERE id = {id}",
    ] {
        assert_eq!(project.told(good), [""; 0], "{good}");
    }
    for bad in [
        "SELECT id FROM notes WHERE id = {id}",
        "SELECT count(*) FROM notes",
        "SELECT id FROM notes WHERE owner = {owner} OR id = {id}",
        "SELECT id FROM notes WHERE owner <> {owner}",
        "SELECT id FROM tags WHERE note IN (SELECT id FROM notes WHERE id = {id})",
        "SELECT n.id FROM notes AS n JOIN notes AS o ON o.id = n.id WHERE n.owner = {owner}",
        "UPDATE notes SET owner = {owner} WHERE id = {id}",
        "DELETE FROM notes WHERE id = {id}",
        "SELECT title FROM titles",
    ] {
        let told = project.told(bad);
        assert!(told.len() == 1 && told[0].starts_with("[covet::sql::unscoped]"), "{bad}: {told:?}");
    }
    let told = project.told("SELECT id FROM notes WHERE id = {id} {? AND owner = {owner}}");
    assert!(told[0].contains("where `{? AND owner = {owner}}` is left out"), "{told:?}");
}

#[test]
fn a_guarded_column_is_read_wherever_its_value_matters() {
    let project = guarded();
    for (text, reads) in [
        ("SELECT about FROM notes WHERE owner = {owner}", true),
        ("SELECT * FROM notes WHERE owner = {owner}", true),
        ("SELECT id FROM notes WHERE owner = {owner} AND about = {about}", true),
        ("SELECT id FROM notes WHERE owner = {owner} {? AND about = {about}}", true),
        ("DELETE FROM notes WHERE owner = {owner} RETURNING *", true),
        ("SELECT id FROM notes WHERE owner = {owner}", false),
        ("INSERT INTO notes (id, owner, title, about) VALUES (1, {owner}, {title}, {about})", false),
        ("UPDATE notes SET about = {about} WHERE owner = {owner}", false),
        ("SELECT count(*) FROM notes WHERE owner = {owner}", false),
    ] {
        let judged = project.judged(text);
        assert_eq!(judged.mistakes, [], "{text}");
        assert_eq!(!judged.guarded.is_empty(), reads, "{text}");
    }
}

#[test]
fn names_of_the_policy_are_those_of_tables_and_columns() {
    let told = |lines: &str| {
        let lines = format!("migrations = 'm'\n{lines}");
        let judge = Project::new(&lines, &[("m/1_notes.sql", NOTES)]).judge();
        judge
            .misnamed()
            .into_iter()
            .map(|found| format!("{}: {}; {}", found.path.join("."), found.message, found.help))
            .collect::<Vec<_>>()
    };
    assert_eq!(told("[[sql.scopes]]\ntable = 'notes'\ncolumn = 'owner'"), [""; 0]);
    #[cfg(feature = "sqlite-oracle")]
    assert_eq!(told("[[sql.columns]]\nname = 'users.password_hash'\nreadable_in = []"), [""; 0], "of Covet itself");
    assert_eq!(
        told(
            "[sql.identifiers.sort]\ntable = 'notes'\ncolumns = ['id', 'titel']\n[[sql.scopes]]\ntable = 'nots'\ncolumn = 'owner'"
        ),
        [
            "sql.identifiers.sort: `notes` has no column `titel`; did you mean `title`?",
            "sql.scopes.0: there is no table `nots`; did you mean `notes`?"
        ]
    );
}

/// A project on PostgreSQL in which the database gave these answers.
fn locked(answers: &[(&str, lock::Answer)]) -> Project {
    let text = "CREATE TABLE notes (id BIGINT PRIMARY KEY, title TEXT NOT NULL)";
    let lines = "dialects = ['postgres']\nmigrations = 'migrations'";
    let project = Project::new(lines, &[("migrations/0001_notes.sql", text)]);
    let fingerprint = project.judge().sides()[0].sources().fingerprint();
    let entry =
        |(sql, answer): &(&str, lock::Answer)| lock::Entry::new(Dialect::Postgres, fingerprint, sql, answer.clone());
    let path = project.folder.path().join(lock::PATH);
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(path, lock::write("PostgreSQL 17.5", answers.iter().map(entry).collect())).unwrap();
    project
}

#[test]
fn what_postgres_said_before_is_the_verdict_while_the_migrations_are_the_same() {
    let (good, bad) = ("SELECT nosuch({a}) AS x FROM notes WHERE id = {id}", "SELECT odd(title) FROM notes");
    let column = lock::Column { name: "x".into(), ty: "uuid".into(), not_null: None };
    let holds = lock::Answer::Holds { params: vec!["uuid[]".into(), "int8".into()], columns: vec![column] };
    let message = "function odd(text) does not exist".to_owned();
    let fails = lock::Answer::Fails { code: "42883".into(), offset: Some(7), message };
    let project = locked(&[("SELECT nosuch($1) AS x FROM notes WHERE id = $2", holds), (bad, fails)]);

    let files: Vec<_> = project.judge().files().map(|file| file.file_name().unwrap().to_owned()).collect();
    assert_eq!(files, ["0001_notes.sql", "sql.lock"], "a program is built again when one of them changes");
    let told = project.judged(good).told;
    assert!(told[0].asked);
    assert_eq!(told[0].shape.columns[0].ty, Some(SqlType::Uuid));
    let params: Vec<_> = told[0].shape.params.iter().map(|param| param.ty.clone().unwrap()).collect();
    assert_eq!(params, [SqlType::Array(Box::new(SqlType::Uuid)), SqlType::BigInt]);
    let mistakes = project.told(bad);
    assert!(mistakes[0].starts_with("[covet::sql::refused_by_postgres] function odd(text)"), "{mistakes:?}");
    assert!(mistakes[0].contains("\n  |         ^^^"), "{mistakes:?}");

    let changed = "CREATE TABLE notes (id BIGINT PRIMARY KEY, title TEXT NOT NULL, about TEXT)";
    fs::write(project.folder.path().join("migrations/0001_notes.sql"), changed).unwrap();
    assert_eq!(project.told(bad), [""; 0], "the answer is old");
    let told = project.judged(good).told;
    assert_eq!((told[0].shape.columns[0].ty.as_ref(), told[0].asked), (None, false));
}

#[test]
fn what_postgres_prepares_and_never_runs_is_refused_whatever_it_said() {
    let holds = lock::Answer::Holds { params: Vec::new(), columns: Vec::new() };
    let (bad, odd) = ("INSERT INTO notes (id) VALUES (1)", "SELECT nosuch FROM notes");
    let worse = "INSERT INTO notes (id, title) VALUES (1, 'a') ON CONFLICT (title) DO NOTHING";
    let project = locked(&[(bad, holds.clone()), (worse, holds.clone()), (odd, holds)]);
    assert!(project.told(bad)[0].contains("missing_column"));
    assert!(project.told(worse)[0].contains("no_unique_key"));
    assert_eq!(project.told(odd), [""; 0], "PostgreSQL knows better");
}

/// A program that knows one table and refuses every statement but one.
#[cfg(all(unix, feature = "postgres-oracle"))]
#[test]
fn a_program_beside_the_compiler_is_asked_what_no_lock_says_and_breaks_nothing() {
    use std::os::unix::fs::PermissionsExt as _;

    let script = r#"#!/bin/sh
read tables
case "$tables" in *"CREATE TABLE notes"*) echo '{"ready":{"version":"PostgreSQL 0"}}';; *) exit 1;; esac
while read -r ask; do
  case "$ask" in
    *locked*) echo '{"broken":"it was asked what the lock says"}';;
    *odd*) echo '{"answer":{"fails":{"code":"42883","offset":7,"message":"no function odd"}}}';;
    *unsure*) echo '"unknown"';;
    *end*) exit 1;;
    *) echo '{"answer":{"holds":{"params":[],"columns":[{"name":"x","type":"uuid","not_null":null}]}}}';;
  esac
done
"#;
    let holds = lock::Answer::Holds { params: Vec::new(), columns: Vec::new() };
    let project = locked(&[("SELECT locked(title) FROM notes", holds)]);
    let (text, program) = (project.folder.path().join("text"), project.folder.path().join("oracle"));
    fs::write(&text, script).unwrap();
    fs::set_permissions(&text, fs::Permissions::from_mode(0o755)).unwrap();
    // Copied by another process: a file that this one writes is busy while another thread starts something.
    assert!(std::process::Command::new("cp").arg(&text).arg(&program).status().unwrap().success());
    let judge = |program: &str| {
        let program = Some(project.folder.path().join(program).into_os_string());
        let asked = Asked { lock: Lock::of(project.folder.path()), sqlite: true, program };
        Judge::new(&project.policy, &sources(&project.policy, project.folder.path()).unwrap(), &asked).unwrap()
    };
    let told = |judge: &Judge, text: &str| {
        let judged = judge.statement(&sql::compile(text, &project.policy).unwrap());
        (judged.mistakes.first().map(ToString::to_string), judged.told.first().map(|told| told.asked))
    };
    let found = judge("oracle");
    assert_eq!(told(&found, "SELECT locked(title) FROM notes"), (None, Some(true)));
    assert_eq!(told(&found, "SELECT odd(title) FROM notes"), (Some("no function odd".into()), None));
    assert_eq!(told(&found, "SELECT unsure(title) FROM notes"), (None, Some(false)));
    assert_eq!(told(&found, "SELECT x(title) FROM notes"), (None, Some(true)));
    assert_eq!(told(&found, "SELECT end(title) FROM notes"), (None, Some(false)));
    assert_eq!(told(&found, "SELECT odd(title) FROM notes"), (None, Some(false)), "it is gone, and nothing breaks");
    assert_eq!(told(&judge("nowhere"), "SELECT odd(title) FROM notes"), (None, Some(false)));
}
