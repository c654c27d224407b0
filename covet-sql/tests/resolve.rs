//! What is told of a statement: where a mistake stands and what was meant; types, NULL, access and scopes.
#![expect(clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]

use covet_core::sql::report::{Finding, render};
use covet_sql::{Dialect, Schema, Shape, Source, SqlType, Verdict, catalog, resolve};

const TABLES: &str =
    "CREATE TABLE users (id BIGINT PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, about TEXT, age INT);
CREATE TABLE notes (id BIGINT PRIMARY KEY, owner BIGINT NOT NULL, title TEXT NOT NULL, text TEXT);
CREATE VIEW titles AS SELECT id, owner, title FROM notes;";

fn schema(dialect: Dialect) -> Schema {
    catalog::build(&[Source { file: "migrations/0001_init.sql".into(), text: TABLES.into() }], dialect)
}

fn shape_on(sql: &str, dialect: Dialect) -> Shape {
    match resolve(sql, &schema(dialect)) {
        Verdict::Ok(shape) => shape,
        other => panic!("{sql}: {other:?}"),
    }
}

fn shape(sql: &str) -> Shape {
    shape_on(sql, Dialect::Postgres)
}

fn report(sql: &str) -> String {
    match resolve(sql, &schema(Dialect::Postgres)) {
        Verdict::Error(mistakes) => render(sql, &mistakes[0], Some("src/users.rs:42:17")),
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn a_report_says_where_what_was_meant_and_where_the_table_comes_from() {
    assert_eq!(
        report("SELECT id, emial, name FROM users"),
        "[covet::sql::unknown_column] `users` has no column `emial`
  src/users.rs:42:17
  |  SELECT id, emial, name FROM users
  |             ^^^^^ did you mean `email`?
  = note: `users` comes from migrations/0001_init.sql:1; columns: id, email, name, about, age"
    );
    assert_eq!(
        report("SELECT 1 FROM nothing_like_it"),
        "[covet::sql::unknown_table] there is no table `nothing_like_it`
  src/users.rs:42:17
  |  SELECT 1 FROM nothing_like_it
  |                ^^^^^^^^^^^^^^^
  = help: make it in a migration"
    );
}

#[test]
fn a_mistake_stands_at_its_bytes_behind_tabs_lines_and_letters_of_several_bytes() {
    for sql in [
        "SELECT emial FROM users",
        "SELECT\t\temial\nFROM users",
        "SELECT 'größe — 漢字', emial FROM users",
        "SELECT 'é'\r\n , 'ü',\t emial FROM users",
        "-- ünder\nSELECT /* ß */ emial FROM users",
    ] {
        let Verdict::Error(mistakes) = resolve(sql, &schema(Dialect::Sqlite)) else { panic!("{sql}") };
        assert_eq!(&sql[mistakes[0].span()], "emial", "{sql}");
    }
}

#[test]
fn every_mistake_is_told_once_in_the_order_of_the_text() {
    let sql = "SELECT x.id, nam, nam FROM users WHERE foo = 1";
    let Verdict::Error(mistakes) = resolve(sql, &schema(Dialect::Postgres)) else { panic!() };
    let told: Vec<_> = mistakes.iter().map(|mistake| &sql[mistake.span()]).collect();
    assert_eq!(told, ["x", "nam", "nam", "foo"]);
}

#[test]
fn a_name_that_differs_in_case_alone_is_offered_in_quotes() {
    let text = "CREATE TABLE t (\"userId\" INT)".to_owned();
    let schema = catalog::build(&[Source { file: "a.sql".into(), text }], Dialect::Postgres);
    let Verdict::Error(mistakes) = resolve("SELECT userId FROM t", &schema) else { panic!() };
    assert_eq!(mistakes[0].nearest(), Some("\"userId\""));
}

#[test]
fn what_may_be_null_follows_from_joins_aggregates_and_subqueries() {
    let cases = [
        ("SELECT id FROM users", Some(false)),
        ("SELECT about FROM users", Some(true)),
        ("SELECT n.id FROM users u LEFT JOIN notes n ON n.owner = u.id", Some(true)),
        ("SELECT u.id FROM users u LEFT JOIN notes n ON n.owner = u.id", Some(false)),
        ("SELECT u.id FROM users u RIGHT JOIN notes n ON n.owner = u.id", Some(true)),
        ("SELECT n.id FROM users u FULL JOIN notes n ON n.owner = u.id", Some(true)),
        ("SELECT n.id FROM users u JOIN notes n ON n.owner = u.id", Some(false)),
        ("SELECT n FROM users u LEFT JOIN notes n ON n.owner = u.id", Some(true)),
        ("SELECT id FROM users u LEFT JOIN notes n USING (id)", Some(false)),
        ("SELECT count(about) FROM users", Some(false)),
        ("SELECT max(id) FROM users", Some(true)),
        ("SELECT max(id) FROM users GROUP BY name", Some(false)),
        ("SELECT max(age) FROM users GROUP BY name", Some(true)),
        ("SELECT max(id) FILTER (WHERE age > 1) FROM users GROUP BY name", Some(true)),
        ("SELECT (SELECT id FROM notes LIMIT 1) FROM users", Some(true)),
        ("SELECT (SELECT count(*) FROM notes) FROM users", Some(false)),
        ("SELECT (SELECT count(*) FROM notes GROUP BY owner) FROM users", Some(true)),
        ("SELECT coalesce(about, name) FROM users", Some(false)),
        ("SELECT coalesce(about, $1) FROM users", None),
        ("SELECT CASE WHEN age > 1 THEN id END FROM users", Some(true)),
        ("SELECT CASE WHEN age > 1 THEN id ELSE 0 END FROM users", Some(false)),
        ("SELECT age + 1 FROM users", Some(true)),
        ("SELECT id + 1 FROM users", Some(false)),
        ("SELECT EXISTS (SELECT 1 FROM users)", Some(false)),
        ("SELECT about IS NULL FROM users", Some(false)),
        ("SELECT lower(name) FROM users", Some(false)),
        ("SELECT own_function(name) FROM users", None),
        ("SELECT id FROM users UNION SELECT NULL", Some(true)),
        ("SELECT t.id FROM (SELECT id FROM users) t", Some(false)),
        ("WITH RECURSIVE r AS (SELECT id FROM users UNION ALL SELECT r.id + 1 FROM r) SELECT id FROM r", Some(false)),
        ("WITH RECURSIVE r AS (SELECT id FROM users UNION ALL SELECT age FROM users, r) SELECT id FROM r", Some(true)),
        ("INSERT INTO users (id, email, name) VALUES (1, 'a', 'b') RETURNING id", Some(false)),
    ];
    for (sql, nullable) in cases {
        assert_eq!(shape(sql).columns[0].nullable, nullable, "{sql}");
    }
}

#[test]
fn a_division_may_be_null_on_sqlite_alone() {
    let sql = "SELECT 7 / 2 FROM users";
    assert_eq!(shape_on(sql, Dialect::Sqlite).columns[0].nullable, None);
    assert_eq!(shape_on(sql, Dialect::Postgres).columns[0].nullable, Some(false));
}

#[test]
fn a_parameter_has_the_type_of_what_it_meets() {
    let cases = [
        ("SELECT 1 FROM users WHERE id = $1", SqlType::BigInt),
        ("SELECT 1 FROM users WHERE $1 < age", SqlType::Int),
        ("SELECT 1 FROM users WHERE id IN ($1)", SqlType::BigInt),
        ("SELECT 1 FROM users WHERE age BETWEEN $1 AND 3", SqlType::Int),
        ("SELECT 1 FROM users WHERE name LIKE $1", SqlType::Text),
        ("SELECT 1 FROM users WHERE id = ANY($1)", SqlType::Array(Box::new(SqlType::BigInt))),
        ("SELECT 1 FROM users LIMIT $1", SqlType::BigInt),
        ("SELECT $1::uuid FROM users", SqlType::Uuid),
        ("SELECT 1 FROM users WHERE ($1 IS NULL OR name = $1)", SqlType::Text),
        ("SELECT 1 FROM users WHERE $1", SqlType::Bool),
        ("INSERT INTO notes (id, owner, title) VALUES (1, 2, $1)", SqlType::Text),
        ("INSERT INTO notes (id, owner, title) SELECT 1, $1, name FROM users", SqlType::BigInt),
        ("UPDATE users SET age = $1 WHERE id = 1", SqlType::Int),
        ("UPDATE users SET age = coalesce($1, age) WHERE id = 1", SqlType::Int),
        ("SELECT 1 FROM users WHERE name = '%' || $1", SqlType::Text),
    ];
    for (sql, ty) in cases {
        assert_eq!(shape(sql).params[0].ty, Some(ty), "{sql}");
    }
    assert_eq!(shape("SELECT own($1) FROM users WHERE id = $1").params[0].ty, None, "its first use decides");
}

#[test]
fn each_use_of_a_parameter_says_what_it_meets() {
    let sql = "UPDATE users SET about = $1, name = $2 WHERE id = $3 AND age > $3";
    let params = shape(sql).params;
    let column = |name: &str| Some(("users".to_owned(), name.to_owned()));
    assert_eq!((params[0].uses[0].column.clone(), params[0].uses[0].nullable), (column("about"), Some(true)));
    assert_eq!((params[1].uses[0].column.clone(), params[1].uses[0].nullable), (column("name"), Some(false)));
    assert_eq!((params[2].uses[0].column.clone(), params[2].uses[0].compared), (column("id"), true));
    assert_eq!((params[2].uses[1].column.clone(), params[2].uses[1].compared), (column("age"), false));
    assert_eq!(&sql[params[2].uses[1].span.clone()], "$3");
}

/// `table.column`, with `!` where it is written.
fn touched(sql: &str) -> Vec<String> {
    let name = |access: &covet_sql::Access| {
        let column = access.column.as_deref().unwrap_or("-");
        format!("{}{}.{column}", if access.write { "!" } else { "" }, access.table)
    };
    shape(sql).access.iter().map(name).collect()
}

#[test]
fn the_access_list_names_what_is_read_and_written() {
    assert_eq!(touched("SELECT u.name FROM users u WHERE u.age > 1"), ["users.age", "users.name"]);
    assert_eq!(touched("SELECT count(*) FROM users"), ["users.-"]);
    assert_eq!(touched("UPDATE users SET name = email WHERE id = 1"), ["users.email", "users.id", "!users.name"]);
    assert_eq!(touched("DELETE FROM users WHERE id = 1"), ["!users.-", "users.id"]);
    assert_eq!(
        touched("INSERT INTO notes (id, owner, title) SELECT id, id, name FROM users"),
        ["!notes.id", "!notes.owner", "!notes.title", "users.id", "users.name"]
    );
    assert_eq!(
        touched("SELECT id FROM titles"),
        ["notes.id", "notes.owner", "notes.title", "titles.id"],
        "through the view its table is read"
    );
    assert!(touched("SELECT * FROM users").contains(&"users.about".to_owned()));
    assert!(touched("WITH a AS (SELECT email FROM users) SELECT 1 FROM a").contains(&"users.email".to_owned()));
    assert!(touched("UPDATE titles SET title = 'a' WHERE id = 1").contains(&"!notes.title".to_owned()));
}

#[test]
fn a_scope_is_kept_where_every_mention_of_the_table_is_fixed_by_a_value() {
    let kept = [
        "SELECT id FROM notes WHERE owner = $1",
        "SELECT id FROM notes n WHERE (n.id = $2 AND $1 = n.owner)",
        "SELECT id FROM notes WHERE owner IN ($1, $2)",
        "SELECT id FROM notes WHERE owner = ANY($1)",
        "SELECT n.id FROM notes n JOIN users u ON u.id = n.owner WHERE u.id = $1",
        "SELECT u.id, n.id FROM users u LEFT JOIN notes n ON n.owner = u.id AND n.owner = $1",
        "SELECT id FROM users WHERE EXISTS (SELECT 1 FROM notes WHERE owner = users.id) AND id = $1",
        "SELECT t.id FROM (SELECT id, owner FROM notes) t WHERE t.owner = $1",
        "SELECT id FROM titles WHERE owner = $1",
        "WITH mine AS (SELECT id FROM notes WHERE owner = $1) SELECT id FROM mine",
        "UPDATE notes SET title = $1 WHERE id = $2 AND owner = $3",
        "DELETE FROM notes WHERE owner = $1",
        "INSERT INTO notes (id, owner, title) VALUES ($1, $2, 'a')",
        "INSERT INTO notes (id, owner, title) SELECT 1, $1, name FROM users",
        "INSERT INTO notes (id, owner, title) VALUES ($1, $2, 'a') ON CONFLICT (id) DO NOTHING",
        "INSERT INTO notes (id, owner, title) VALUES ($1, $2, 'a') ON CONFLICT (id) DO UPDATE SET title = 'b' WHERE notes.owner = excluded.owner",
        "SELECT id FROM users",
    ];
    for sql in kept {
        assert!(shape(sql).constrains("notes", "owner"), "{sql}");
    }
    let broken = [
        "SELECT id FROM notes",
        "SELECT id FROM notes WHERE owner = $1 OR id = $2",
        "SELECT id FROM notes WHERE NOT owner = $1",
        "SELECT id FROM notes WHERE owner <> $1",
        "SELECT id FROM notes WHERE owner = 3",
        "SELECT id FROM notes WHERE owner > $1",
        "SELECT id FROM notes WHERE title = $1",
        "SELECT a.id FROM notes a JOIN notes b ON a.id = b.id WHERE a.owner = $1",
        "SELECT n.id FROM notes n JOIN users u ON u.id = n.owner WHERE u.name = $1",
        "SELECT u.id, n.id FROM users u LEFT JOIN notes n ON u.id = $1 AND u.id = n.id",
        "SELECT u.id FROM notes n LEFT JOIN users u ON n.owner = $1",
        "SELECT id FROM notes WHERE owner = $1 UNION SELECT id FROM notes",
        "SELECT (SELECT count(*) FROM notes) FROM users WHERE id = $1",
        "SELECT t.n FROM (SELECT owner, count(*) OVER () AS n FROM notes LIMIT 3) t",
        "WITH a AS (SELECT id, owner FROM notes) SELECT a.id FROM a, a b WHERE a.owner = $1",
        "SELECT id FROM titles WHERE id = $1",
        "UPDATE notes SET owner = $1 WHERE id = $2",
        "DELETE FROM notes WHERE id = $1",
        "INSERT INTO notes (id, owner, title) VALUES ($1, 7, 'a')",
        "INSERT INTO notes (id, owner, title) VALUES ($1, $2, 'a'), ($3, 4, 'b')",
        "INSERT INTO notes (id, owner, title) SELECT id, id, name FROM users",
        "INSERT INTO notes (id, owner, title) VALUES ($1, $2, 'a') ON CONFLICT (id) DO UPDATE SET title = 'b'",
    ];
    for sql in broken {
        assert!(!shape(sql).constrains("notes", "owner"), "{sql}");
    }
}

#[test]
fn what_cannot_be_followed_is_unknown_and_passes() {
    for (sql, why) in [
        ("SELECT FROM WHERE", "could not be read"),
        ("", "it is empty"),
        ("SELECT 1; SELECT 2", "more than one statement"),
        ("SELECT x FROM own_rows($1)", "the columns of `own_rows(..)` are not known"),
        ("SELECT relname FROM pg_class", "`pg_class`"),
        ("SELECT $0", "the parameter `$0` has no number"),
        ("NOTIFY a", "this kind of statement is not followed"),
    ] {
        let Verdict::Unknown(_, told) = resolve(sql, &schema(Dialect::Postgres)) else { panic!("{sql}") };
        assert!(told.contains(why), "{sql}: {told}");
    }
}

#[test]
fn sqlite_calls_a_column_without_a_name_by_its_text() {
    let sql = "SELECT id,  count( * ) ,name || 'x, y' FROM users";
    let names: Vec<_> = shape_on(sql, Dialect::Sqlite).columns.into_iter().map(|column| column.name).collect();
    assert_eq!(names, ["id", "count( * )", "name || 'x, y'"]);
}

/// A table with a column of each type of which texts are read.
fn on_values(sql: &str) -> Verdict {
    let text = "CREATE TABLE t (a INT, b TEXT, r INT4RANGE, l INT[], j JSONB, d DATE, m TIMESTAMPTZ);".into();
    let schema = catalog::build(&[Source { file: "migrations/0001_init.sql".into(), text }], Dialect::Postgres);
    resolve(sql, &schema)
}

#[test]
fn what_may_be_an_aggregate_of_the_projects_own_groups_its_columns() {
    let good =
        ["SELECT first(b), count(*) FROM t", "SELECT a, last(b) FROM t GROUP BY a", "SELECT regr_slope(a, a) FROM t"];
    assert!(good.iter().all(|sql| !matches!(on_values(sql), Verdict::Error(_))));
    for bad in ["SELECT lower(b), count(*) FROM t", "SELECT a, length(b) FROM t GROUP BY a"] {
        assert!(matches!(on_values(bad), Verdict::Error(_)), "{bad}");
    }
}

#[test]
fn the_bounds_of_a_range_are_no_text() {
    let Verdict::Ok(shape) = on_values("SELECT lower(r), lower(b) FROM t") else { panic!() };
    assert_eq!([&shape.columns[0].ty, &shape.columns[1].ty], [&None, &Some(SqlType::Text)]);
    assert_eq!(shape.columns[0].nullable, None, "a range may have no bound");
}

#[test]
fn a_text_that_is_no_value_of_its_column_is_refused() {
    let judged = |column: &str, text: &str| on_values(&format!("UPDATE t SET {column} = '{text}'"));
    for (column, good, bad) in [
        ("l", "{1,2}", "1,2"),
        ("l", " [0:1]={1,2}", ""),
        ("j", "{}", "hello"),
        ("j", " \n[1]", ""),
        ("j", "null", "NULL"),
        ("d", "2026-01-01", "soon"),
        ("d", "Today", "day"),
        ("m", "-infinity", "never"),
        ("m", "tomorrow allballs", "noon"),
    ] {
        assert!(matches!(judged(column, good), Verdict::Ok(_)), "{column} {good}");
        assert!(matches!(judged(column, bad), Verdict::Error(_)), "{column} {bad}");
    }
}
