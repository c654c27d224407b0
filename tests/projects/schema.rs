//! Statements beside the tables that the project's own migrations make.

use super::{Project, Result};

const POLICY: &str = "\
[application]
name = \"Notes\"

[sql]
migrations = \"migrations\"

[[sql.scopes]]
table = \"notes\"
column = \"owner\"

[[sql.columns]]
name = \"people.password_hash\"
readable_in = [\"crate::auth\"]

[sql.identifiers.notes_sort]
table = \"notes\"
columns = [\"id\", \"title\"]
";

const MIGRATION: &str = "\
CREATE TABLE people (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, password_hash TEXT NOT NULL);
CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY, owner BIGINT NOT NULL, title TEXT NOT NULL);
";

/// A program of this statement in the crate itself, and of one that may read what it cannot.
fn program(statement: &str) -> String {
    format!(
        "covet::policy!();\n\
         mod auth {{\n    pub fn hash() {{\n        let id = 1_i64;\n        \
         let _ = covet::safe_sql!(\"SELECT password_hash FROM people WHERE id = {{id}}\");\n    }}\n}}\n\
         fn main() {{\n    auth::hash();\n    let (id, owner, title) = (1_i64, 1_i64, \"title\");\n    \
         let _ = (id, owner, title);\n    let _ = covet::safe_sql!(\"{statement}\");\n}}\n"
    )
}

fn project(name: &'static str) -> Result<Project> {
    let project = Project::new(name)?;
    project.write("Cargo.toml", &project.manifest()?)?;
    project.write("security.toml", POLICY)?;
    project.write("migrations/0001_notes.sql", MIGRATION)?;
    Ok(project)
}

#[test]
fn statements_are_judged_by_the_schema() -> Result {
    let project = project("schema")?;
    for good in [
        "SELECT id, title FROM notes WHERE owner = {owner} AND title LIKE '%{title}%'",
        "INSERT INTO notes (id, owner, title) VALUES ({id}, {owner}, {title})",
        "SELECT name FROM people WHERE id = {id}",
    ] {
        project.write("src/main.rs", &program(good))?;
        assert_eq!(project.messages()?, "", "{good}");
    }
    for (bad, expected) in [
        (
            "SELECT id FROM nots WHERE owner = {owner}",
            &["[covet::sql::unknown_table] there is no table `nots`", "^^^^ did you mean `notes`?"][..],
        ),
        (
            "SELECT titel FROM notes WHERE owner = {owner}",
            &[
                "[covet::sql::unknown_column] `notes` has no column `titel`",
                "src/main.rs:12:38",
                "|  SELECT titel FROM notes WHERE owner = {owner}",
                "|         ^^^^^ did you mean `title`?",
                "`notes` comes from migrations/0001_notes.sql:2; columns: id, owner, title",
            ],
        ),
        (
            "SELECT id FROM notes JOIN people ON people.id = notes.owner WHERE owner = {owner}",
            &["[covet::sql::ambiguous_column]", "`notes.id`"],
        ),
        (
            "INSERT INTO notes (id, owner) VALUES ({id}, {owner})",
            &["[covet::sql::missing_column] `notes` needs a value for `title`"],
        ),
        (
            "INSERT INTO notes (id, owner, title) VALUES ({id}, {owner})",
            &["[covet::sql::value_count] 3 columns but 2 values"],
        ),
        (
            "SELECT title FROM notes WHERE id = {id}",
            &[
                "[covet::sql::unscoped] this may touch rows of `notes`",
                "demands a value for `notes.owner`",
                "add `owner = {..}`",
            ],
        ),
        (
            "SELECT * FROM people WHERE id = {id}",
            &[
                "[covet::sql::unreadable_column] `people.password_hash` can be read only in `crate::auth`: security.toml:13",
            ],
        ),
    ] {
        project.write("src/main.rs", &program(bad))?;
        let messages = project.messages()?;
        for expected in expected {
            assert!(messages.contains(expected), "{expected} is not in:\n{messages}");
        }
        assert_eq!(messages.lines().filter(|line| line.starts_with("error")).count(), 1, "{messages}");
    }
    Ok(())
}

#[test]
fn a_schema_that_cannot_be_had_is_one_error() -> Result {
    let project = project("broken-schema")?;
    let programs = program("SELECT nosuch FROM nowhere");
    project.write("src/main.rs", &programs)?;
    project.write("migrations/0001_notes.sql", "CREATE TABLE notes (\n  id BIGINT,\n);\n")?;
    let broken = project.messages()?;
    assert!(broken.contains("[covet::sql::migrations] migrations/0001_notes.sql:3:"), "{broken}");
    assert_eq!(broken.lines().filter(|line| line.starts_with("error")).count(), 1, "{broken}");

    project.write("security.toml", &POLICY.replace("\"migrations\"", "\"migration\""))?;
    let missing = project.messages()?;
    assert!(missing.contains("[covet::sql::migrations] `sql.migrations`: there is no `migration`"), "{missing}");
    assert_eq!(missing.lines().filter(|line| line.starts_with("error")).count(), 1, "{missing}");
    Ok(())
}

#[test]
fn what_the_policy_names_is_in_the_schema() -> Result {
    let project = project("misnamed")?;
    project.write("src/main.rs", "covet::policy!();\nfn main() {}\n")?;
    let policy =
        POLICY.replace("\"id\", \"title\"", "\"id\", \"titel\"").replace("column = \"owner\"", "column = \"ownr\"");
    project.write("security.toml", &policy)?;
    let messages = project.messages()?;
    for expected in [
        "[covet::policy] security.toml:15: `notes` has no column `titel`",
        "did you mean `title`?",
        "[covet::policy] security.toml:7: `notes` has no column `ownr`",
    ] {
        assert!(messages.contains(expected), "{expected} is not in:\n{messages}");
    }
    Ok(())
}

#[test]
fn an_edit_of_a_migration_builds_again() -> Result {
    let project = project("edited-schema")?;
    // Without `policy!()`, which includes the files as well.
    let program = program("SELECT name FROM people WHERE id = {id}").replace("covet::policy!();\n", "");
    project.write("src/main.rs", &program)?;
    assert_eq!(project.messages()?, "");
    project.write("migrations/0001_notes.sql", &MIGRATION.replace("name TEXT", "names TEXT"))?;
    let messages = project.messages()?;
    assert!(messages.contains("`people` has no column `name`"), "{messages}");
    Ok(())
}
