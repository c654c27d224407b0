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
