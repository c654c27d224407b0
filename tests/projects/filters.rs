//! `schema!()` on migrations of a package, and what does not compile.

use super::super::Result;
use super::{POLICY, Project};

const MIGRATION: &str = "CREATE TABLE notes (
    id INTEGER PRIMARY KEY NOT NULL, owner TEXT NOT NULL, title TEXT NOT NULL, body TEXT, type INTEGER NOT NULL,
    count INTEGER NOT NULL, \"group\" TEXT, made TIMESTAMP NOT NULL, twice INTEGER GENERATED ALWAYS AS (count * 2) STORED
);
CREATE VIEW titles AS SELECT title FROM notes;
";

const USES: &str = "
covet::schema!();

use covet::sql::filter::Condition;
use schema::{notes, titles};

#[derive(sqlx::FromRow)]
pub struct Note {
    pub id: i64,
}
";

/// What compiles.
const GOOD: &str = r#"
pub fn matching(owner: &covet::AccountId, q: Option<&str>) -> Condition<notes::Table> {
    let mine = notes::owner.eq(owner) & !notes::r#type.in_([1, 2]);
    match q {
        Some(q) => mine & (notes::title.contains(q) | notes::body.starts_with(q)),
        None => mine | notes::count_.gt(3) | notes::made.lt("2026-01-01"),
    }
}

pub async fn page(pool: &sqlx::SqlitePool, owner: &covet::AccountId) -> sqlx::Result<(Vec<Note>, i64)> {
    let mine = matching(owner, Some("q"));
    let page = notes::select().filter(mine.clone()).order_by(notes::made.desc()).limit(50_u32);
    Ok((page.fetch_all::<Note>(pool).await?, notes::count().filter(mine).fetch_one(pool).await?))
}

pub async fn change(on: &mut sqlx::SqliteConnection, title: String) -> sqlx::Result<()> {
    notes::update().set(notes::title, &title).set(notes::body, None::<&str>).filter(notes::id.eq(1)).execute(&mut *on).await?;
    notes::delete().filter(notes::group.eq("g")).execute(&mut *on).await?;
    notes::delete().all_rows().execute(on).await?;
    let _ = titles::select().filter(titles::title.eq("a"));
    Ok(())
}

fn main() {}
"#;

fn project(name: &'static str, dialects: &str) -> Result<Project> {
    let project = Project::new(name)?;
    project.write("Cargo.toml", &project.manifest()?)?;
    let sql = format!("[sql]\ndialects = [{dialects}]\nmigrations = \"migrations\"\n");
    project.write("security.toml", &(POLICY.to_owned() + &sql))?;
    project.write("migrations/0001_notes.sql", MIGRATION)?;
    Ok(project)
}

#[test]
fn filters_are_made_of_the_migrations() -> Result {
    let project = project("filters", "\"sqlite\", \"postgres\"")?;
    project.write("src/main.rs", &(USES.to_owned() + GOOD))?;
    assert_eq!(project.messages()?, "");

    // A column that is gone does not compile any more, once the migrations are others.
    project.write("migrations/0001_notes.sql", &MIGRATION.replace("body TEXT, ", ""))?;
    let messages = project.messages()?;
    assert!(messages.contains("cannot find value `body` in module `notes`"), "{messages}");
    Ok(())
}

#[test]
fn what_cannot_be_right_is_no_filter() -> Result {
    let project = project("no-filters", "\"sqlite\"")?;
    let mut all = String::new();
    for (line, expected) in [
        ("let _ = notes::id.eq(\"a\");", "notes.id` is of the family `Integer`; it cannot be compared with `&str`"),
        ("let _ = notes::title.eq(7);", "Text`; it cannot be compared with `{integer}`"),
        ("let _ = notes::body.eq(None::<&str>);", "it cannot be compared with `Option<&str>`"),
        ("let _ = notes::made.eq(Some(String::new()));", "Option<String>: Compared<"),
        ("let _ = notes::delete().execute(pool);", "this statement would change every row of its table"),
        (
            "let _ = notes::delete().filter_some(Some(notes::id.eq(1))).execute(pool);",
            "this statement would change every row",
        ),
        ("let _ = notes::update().set(notes::title, \"a\").execute(pool);", "this statement would change every row"),
        ("let _ = notes::update().set(notes::title, None::<&str>);", "`Option<&str>` cannot be written to it"),
        ("let _ = notes::update().set(notes::twice, 1);", "`twice` cannot be written"),
        ("let _ = notes::titel.eq(1);", "cannot find value `titel` in module `notes`"),
        ("let _ = titles::update();", "cannot find function `update` in module `titles`"),
        ("let _ = notes::select().filter(titles::title.eq(\"a\"));", "mismatched types"),
        ("let _ = notes::select().limit(5_i64);", "`i64` is not a number of rows"),
        ("let _ = notes::select().fetch_all::<u8>(pool);", "rows cannot be read as `u8` from `&Pool<"),
    ] {
        project
            .write("src/main.rs", &format!("{USES}\nfn main() {{}}\nfn f(pool: &sqlx::SqlitePool) {{ {line} }}\n"))?;
        let messages = project.messages()?;
        if !messages.contains(expected) || messages.matches("error[").count() > 1 {
            all += &format!("== {line}\n{messages}\n");
        }
    }
    assert_eq!(all, "");
    Ok(())
}

#[test]
fn a_policy_without_migrations_has_no_schema() -> Result {
    let project = project("no-schema", "\"sqlite\"")?;
    project.write("src/main.rs", "covet::schema!();\nfn main() {}\n")?;
    project.write("security.toml", POLICY)?;
    let messages = project.messages()?;
    let expected = "error: [covet::sql::migrations] security.toml does not say what tables there are\n";
    assert!(messages.starts_with(expected) && messages.matches("error: ").count() == 1, "{messages}");
    project.write("security.toml", &format!("{POLICY}[sql]\nmigrations = \"elsewhere\"\n"))?;
    let messages = project.messages()?;
    assert!(
        messages.starts_with("error: [covet::sql::migrations] `sql.migrations`: there is no `elsewhere`"),
        "{messages}"
    );
    Ok(())
}
