use std::path::Path;
use std::time::Duration;

use super::*;
use crate::Source;
use crate::schema::SqlType;

/// A blog, made by migrations as they are found: renamed, rebuilt, seeded.
const BLOG: [(&str, &str); 3] = [
    (
        "migrations/0001_init.sql",
        "PRAGMA foreign_keys = ON;
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL COLLATE NOCASE UNIQUE,
    nme TEXT,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT \"member\" CHECK (role IN (\"member\", 'admin')),
    age INTEGER,
    shout TEXT GENERATED ALWAYS AS (upper(email)) VIRTUAL
);
ALTER TABLE users RENAME COLUMN nme TO name;
INSERT INTO users (email, password_hash) VALUES ('a@example.org', lower(hex(randomblob(8))));
-- A rebuild, as SQLite's manual says it.
CREATE TABLE posts_new (id INTEGER PRIMARY KEY AUTOINCREMENT, author_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title TEXT NOT NULL, body BLOB, published_at DATETIME, views INTEGER NOT NULL DEFAULT 0, meta TEXT);
ALTER TABLE posts_new RENAME TO posts;
CREATE INDEX posts_author ON posts (author_id) WHERE published_at IS NOT NULL;",
    ),
    (
        "migrations/0002_tags.sql",
        "CREATE TABLE tags (post_id INTEGER NOT NULL REFERENCES posts, tag TEXT, PRIMARY KEY (post_id, tag)) WITHOUT ROWID;
CREATE TABLE strict_one (code TEXT PRIMARY KEY, n INT, x ANY) STRICT;
CREATE VIEW recent_posts AS SELECT p.id, p.title, u.name AS author FROM posts p LEFT JOIN users u ON u.id = p.author_id
    WHERE p.meta IS NOT \"none\";
CREATE VIRTUAL TABLE posts_fts USING fts5 (title, body, content = 'posts', content_rowid = 'id');
CREATE TRIGGER posts_ai AFTER INSERT ON posts BEGIN
    INSERT INTO posts_fts (rowid, title, body) VALUES (new.id, new.title, new.body);
    UPDATE users SET age = age WHERE id = new.author_id;
END;",
    ),
    ("migrations/0003_vacuum.sql", "BEGIN; ALTER TABLE users ADD COLUMN about TEXT; COMMIT; VACUUM; ANALYZE; /* the end"),
];

fn sources(files: &[(&str, &str)]) -> Sources {
    Sources::of(files.iter().map(|(file, text)| Source { file: (*file).into(), text: (*text).into() }).collect())
}

fn built(text: &str) -> Result<Engine, BuildError> {
    Engine::new(&sources(&[("1_a.sql", text)]), &[], Limits::default())
}

fn blog() -> Arc<Engine> {
    Engine::of(&sources(&BLOG), &[]).unwrap()
}

fn holds(engine: &Engine, sql: &str) -> Prepared {
    match engine.prepare(sql) {
        Verdict::Holds(prepared) => prepared,
        other => panic!("{sql}: {other:?}"),
    }
}

fn fails(engine: &Engine, sql: &str) -> (String, Option<usize>) {
    match engine.prepare(sql) {
        Verdict::Fails(refusal) => (refusal.message, refusal.offset),
        other => panic!("{sql}: {other:?}"),
    }
}

fn is_unknown(engine: &Engine, sql: &str) -> bool {
    matches!(engine.prepare(sql), Verdict::Unknown(_))
}

/// Each access as `table.column` or `table`, written ones with a `!`.
fn told(access: &[Access]) -> Vec<String> {
    let one = |access: &Access| {
        let column = access.column.as_ref().map(|column| format!(".{column}")).unwrap_or_default();
        format!("{}{column}{}", access.table, if access.write { "!" } else { "" })
    };
    access.iter().map(one).collect()
}

#[test]
fn statements_of_every_shape_hold() {
    let engine = blog();
    for sql in [
        "SELECT 1",
        "SELECT id, email FROM users WHERE email = $1",
        "SELECT u.*, count(*) OVER () FROM users u LEFT JOIN posts p ON p.author_id = u.id GROUP BY u.id HAVING count(*) > $1",
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 10) SELECT x FROM n",
        "SELECT title FROM posts WHERE id IN (SELECT value FROM json_each($1)) AND title LIKE $2 ESCAPE '!'",
        "SELECT title FROM posts WHERE author_id = $1 AND published_at IS NOT NULL ORDER BY views DESC, title LIMIT $2 OFFSET $3",
        "INSERT INTO posts (author_id, title) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET title = excluded.title RETURNING id",
        "UPDATE users SET (name, about) = ($1, $2) WHERE id = $3 RETURNING *",
        "DELETE FROM tags WHERE (post_id, tag) IN (VALUES ($1, $2))",
        "REPLACE INTO tags SELECT id, $1 FROM posts",
        "SELECT \"id\", [email], `name` FROM users",
        "SELECT rowid, rank, highlight(posts_fts, 0, '<', '>') FROM posts_fts WHERE posts_fts MATCH $1 ORDER BY rank",
        "SELECT meta ->> '$.a' FROM posts WHERE meta -> 'b' = json($1)",
        "SELECT author FROM recent_posts WHERE title = $1;  -- the end",
        "SELECT name FROM users ORDER BY name COLLATE unicode_of_the_app",
        "SELECT group_concat(DISTINCT tag), strftime('%Y', published_at) FROM tags JOIN posts ON id = post_id",
        "SELECT name, 'it''s; not -- two' FROM users",
        "SELECT * FROM pragma_table_info('users')",
        "VALUES (1, 2), ($1, $2)",
        "UPDATE posts SET views = views + 1 FROM users u WHERE u.id = author_id AND u.name = $1",
    ] {
        holds(&engine, sql);
    }
}

#[test]
fn a_mistake_is_told_as_the_engine_says_it_with_its_place() {
    let engine = blog();
    for (sql, message, offset) in [
        ("SELECT emial FROM users", "no such column: emial", Some(7)),
        ("SELECT id FROM usres", "no such table: usres", Some(15)),
        ("SELEC id FROM users", "near \"SELEC\": syntax error", Some(0)),
        ("SELECT id FROM users u JOIN posts p", "ambiguous column name: id", Some(7)),
        ("INSERT INTO users (emial) VALUES ($1)", "table users has no column named emial", Some(19)),
        ("INSERT INTO tags (post_id, tag) VALUES ($1)", "1 values for 2 columns", None),
        ("UPDATE users SET emial = $1", "no such column: emial", Some(17)),
        ("SELECT lowr(name) FROM users", "no such function: lowr", Some(7)),
        ("SELECT substr(name) FROM users", "wrong number of arguments to function substr()", Some(7)),
        ("SELECT id FROM users WHERE count(*) > 1", "misuse of aggregate function count()", Some(27)),
        ("SELECT id FROM users WHERE", "incomplete input", None),
        (
            "SELECT id FROM users UNION SELECT post_id, tag FROM tags",
            "do not have the same number of result columns",
            None,
        ),
        ("UPDATE users SET shout = $1", "cannot UPDATE generated column \"shout\"", None),
        ("SELECT 1; DELETE FROM users", "more than one statement", Some(10)),
        ("SELECT 1; oops", "more than one statement", Some(10)),
        ("", "no statement", Some(0)),
        (" -- nothing\n;", "no statement", Some(0)),
        ("SELECT 'a\0b'", "unrecognized token", Some(9)),
        ("SELECT 'open", "unrecognized token: \"'open\"", Some(7)),
    ] {
        let (said, at) = fails(&engine, sql);
        assert!(said.contains(message) && at == offset, "{sql}: {said} at {at:?}");
    }
}

#[test]
fn a_text_in_double_quotes_is_refused_with_the_engines_hint() {
    let engine = blog();
    let (said, at) = fails(&engine, "SELECT id FROM users WHERE role = \"admin\"");
    assert_eq!(said, "no such column: \"admin\" - should this be a string literal in single-quotes?");
    assert_eq!(at, Some(34));
    holds(&engine, "SELECT id FROM users WHERE role = 'admin'");
}

#[test]
fn a_text_in_double_quotes_of_a_migration_stays_right() {
    let engine = blog();
    // `recent_posts` has one; a statement that reads it is no less strict itself.
    holds(&engine, "SELECT id FROM recent_posts");
    fails(&engine, "SELECT id FROM users WHERE role = \"none\"");
    fails(&engine, "SELECT id FROM recent_posts WHERE title = \"x\"");
    // Beside a broken view SQLite does not requote.
    let engine = built(
        "CREATE TABLE a (x); CREATE VIEW v AS SELECT x FROM a WHERE x <> \"none\"; CREATE VIEW w AS SELECT 1 FROM gone",
    );
    let engine = engine.unwrap();
    holds(&engine, "SELECT x FROM v");
    assert!(is_unknown(&engine, "SELECT x FROM v WHERE x = \"y\""));
    fails(&engine, "SELECT x FROM a WHERE x = \"y\"");
    assert!(!engine.schema().tables.contains_key("covet_requote"));
    let engine = built("CREATE TABLE covet_requote (a, c)").unwrap();
    holds(&engine, "SELECT a, c FROM covet_requote");
}

#[test]
fn a_statement_may_do_nothing_but_touch_rows() {
    let engine = blog();
    for sql in [
        "ATTACH '/tmp/x' AS x",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA user_version",
        "CREATE TABLE t (a)",
        "CREATE TEMP TABLE t (a)",
        "DROP TABLE users",
        "ALTER TABLE users ADD COLUMN x",
        "BEGIN",
        "SAVEPOINT a",
        "SELECT load_extension('x')",
        "SELECT fts3_tokenizer('simple')",
        "REINDEX",
        "CREATE VIRTUAL TABLE t USING fts5 (a)",
    ] {
        let (said, _) = fails(&engine, sql);
        assert!(said.ends_with("is not allowed here"), "{sql}: {said}");
    }
    fails(&engine, "UPDATE sqlite_schema SET sql = ''");
    holds(&engine, "SELECT 1");
}

#[test]
fn columns_have_their_names_types_and_origins() {
    let engine = blog();
    let columns = holds(
        &engine,
        "SELECT id, email AS mail, age, age + 1, published_at FROM users, (SELECT published_at FROM posts)",
    );
    let columns: Vec<_> = columns.shape.columns.iter().collect();
    let row = |at: usize| {
        let Output { name, ty, nullable, origin } = columns[at];
        (name.as_str(), ty.clone(), *nullable, origin.clone().map(|(table, column)| format!("{table}.{column}")))
    };
    assert_eq!(row(0), ("id", Some(SqlType::BigInt), None, Some("users.id".into())));
    assert_eq!(row(1), ("mail", Some(SqlType::Text), None, Some("users.email".into())));
    assert_eq!(row(2), ("age", Some(SqlType::BigInt), Some(true), Some("users.age".into())));
    assert_eq!(row(3), ("age + 1", None, None, None));
    assert_eq!(row(4), ("published_at", Some(SqlType::Timestamp), Some(true), Some("posts.published_at".into())));
    assert!(holds(&engine, "DELETE FROM users").shape.columns.is_empty());
    assert_eq!(holds(&engine, "DELETE FROM users RETURNING id").shape.columns.len(), 1);
}

#[test]
fn parameters_are_counted_by_their_numbers() {
    let engine = blog();
    for (sql, count) in [
        ("SELECT 1", 0),
        ("SELECT $1, $1", 1),
        ("SELECT $2, $1", 2),
        ("SELECT ?, ?", 2),
        ("SELECT ?3", 3),
        ("SELECT $999999999", MAX_PARAMETER),
    ] {
        assert_eq!(holds(&engine, sql).shape.params.len(), count, "{sql}");
    }
}

#[test]
fn what_is_touched_is_told_and_what_goes_through_a_view_of_both() {
    let engine = blog();
    for (sql, access, behind, readonly) in [
        ("SELECT email FROM users WHERE id = $1", &["users.email", "users.id"][..], &[][..], true),
        ("SELECT count(*) FROM users", &["users"], &[], true),
        (
            "SELECT author FROM recent_posts",
            &[
                "posts.author_id",
                "posts.id",
                "posts.meta",
                "posts.title",
                "recent_posts.author",
                "users.id",
                "users.name",
            ],
            &[],
            true,
        ),
        (
            "UPDATE users SET name = lower(email) WHERE age > 3",
            &["users.age", "users.email", "users.name!"],
            &[],
            false,
        ),
        ("SELECT x.n FROM (SELECT name AS n FROM users) x", &["users.name"], &[], true),
        ("INSERT INTO strict_one (code) VALUES ($1)", &["strict_one!"], &[], false),
    ] {
        let prepared = holds(&engine, sql);
        assert_eq!((told(&prepared.shape.access), told(&prepared.behind)), (strings(access), strings(behind)), "{sql}");
        assert_eq!(prepared.readonly, readonly, "{sql}");
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_triggers_and_foreign_keys_touch_is_told_apart() {
    let engine = blog();
    let inserted = holds(&engine, "INSERT INTO posts (author_id, title) VALUES ($1, $2)");
    assert_eq!(told(&inserted.shape.access), ["posts!"]);
    let behind = told(&inserted.behind);
    for touched in ["posts_fts!", "users.age!", "users.id"] {
        assert!(behind.contains(&touched.to_owned()), "{touched}: {behind:?}");
    }
    let deleted = holds(&engine, "DELETE FROM users WHERE id = $1");
    assert_eq!(told(&deleted.shape.access), ["users!", "users.id"]);
    let behind = told(&deleted.behind);
    assert!(behind.contains(&"posts!".to_owned()) && behind.contains(&"posts.author_id".to_owned()), "{behind:?}");
    assert_eq!(engine.prepare("DELETE FROM users WHERE id = $1"), Verdict::Holds(deleted), "the second time, too");
}

#[test]
fn the_schema_is_what_the_migrations_leave() {
    let engine = blog();
    let schema = engine.schema();
    let names: Vec<_> = schema.tables.keys().map(String::as_str).collect();
    assert_eq!(names, ["posts", "posts_fts", "recent_posts", "strict_one", "tags", "users"]);
    assert!(!schema.open);
    let columns = |table: &str| {
        let shown = |column: &crate::Column| {
            let null = match column.nullable {
                Some(true) => "null",
                Some(false) => "not null",
                None => "?",
            };
            let default = if column.has_default { " default" } else { "" };
            format!("{} {null}{default}{}", column.name, if column.generated { " generated" } else { "" })
        };
        schema.tables[table].columns.iter().map(shown).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        columns("users"),
        "id not null default, email not null, name null, password_hash not null, role not null default, age null, \
         shout null generated, about null"
    );
    assert_eq!(columns("tags"), "post_id not null, tag not null");
    assert_eq!(columns("strict_one"), "code not null, n null, x null");
    assert_eq!(columns("recent_posts"), "id ?, title ?, author ?");
    let [posts, view, fts] = ["posts", "recent_posts", "posts_fts"].map(|table| &schema.tables[table]);
    assert_eq!((posts.origin.file.as_str(), posts.origin.line, posts.view, posts.open), (BLOG[0].0, 14, false, false));
    assert_eq!((view.origin.file.as_str(), view.origin.line, view.view), (BLOG[1].0, 3, true));
    assert!(fts.open, "`rank` is no column of its own");
}

#[test]
fn a_key_that_is_not_the_rows_number_may_be_null() {
    let engine = built(
        "CREATE TABLE a (id INTEGER PRIMARY KEY DESC);
         CREATE TABLE b (x INTEGER, y INTEGER, PRIMARY KEY (x, y));
         CREATE TABLE c (x TEXT PRIMARY KEY);
         CREATE TABLE d (x INTEGER, PRIMARY KEY (x));",
    )
    .unwrap();
    let nullable = |table: &str| engine.schema().tables[table].columns[0].nullable;
    assert_eq!(["a", "b", "c", "d"].map(nullable), [Some(true), Some(true), Some(true), Some(false)]);
}

#[test]
fn the_tables_of_covet_are_there_unless_the_application_makes_them() {
    let of = |text: &str| Engine::beside_own(&sources(&[("1_a.sql", text)]), &[]);
    let engine =
        of("ALTER TABLE users ADD COLUMN shoe_size INTEGER; CREATE TABLE notes (owner REFERENCES users)").unwrap();
    holds(&engine, "SELECT username, shoe_size FROM users JOIN notes ON owner = id");
    for text in ["CREATE TABLE users (name)", "CREATE TABLE IF NOT EXISTS users (name)"] {
        let engine = of(text).unwrap();
        holds(&engine, "SELECT name FROM users");
        fails(&engine, "SELECT username FROM users");
    }
    for (text, told) in [
        ("ALTER TABLE users ADD COLUMN a;\nCREAT", "1_a.sql:2:1: near \"CREAT\": syntax error"),
        ("CREATE TABLE users (a);\nCREAT", "1_a.sql:2:1: near \"CREAT\": syntax error"),
    ] {
        assert_eq!(of(text).unwrap_err().to_string(), told);
    }
}

#[test]
fn the_tables_that_a_program_compares_are_as_they_were_declared() {
    let engine = built(
        "CREATE TABLE Notes (id INTEGER PRIMARY KEY, t Varchar(3) NOT NULL, x); CREATE VIEW v AS SELECT t FROM notes; CREATE TEMP TABLE x (a);",
    )
    .unwrap();
    let column = |name: &'static str, declared: &'static str, not_null| drift::Column::new(name, declared, not_null);
    let notes = vec![column("id", "INTEGER", false), column("t", "Varchar(3)", true), column("x", "", false)];
    let tables = [drift::Table::new("Notes", notes), drift::Table::new("v", vec![column("t", "Varchar(3)", false)])];
    let mut told = engine.tables().to_vec();
    told.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(told, tables);
}

#[test]
fn a_migration_that_fails_is_told_with_its_place() {
    for (text, told) in [
        ("CREATE TABLE a (x);\n\nCREAT TABLE b (x)", "1_a.sql:3:1: near \"CREAT\": syntax error"),
        ("-- c\nCREATE TABLE a (x);\nALTER TABLE b ADD y", "1_a.sql:3:1: no such table: b"),
        ("CREATE TABLE a (x);\n/* c */ CREATE TABLE a (y)", "1_a.sql:2:22: table a already exists"),
        ("CREATE TABLE a (x);\nINSERT INTO a (é, y) VALUES (1, 2)", "1_a.sql:2:1: table a has no column named é"),
        ("CREATE TABLE a (x", "1_a.sql:1:1: incomplete input"),
        ("CREATE TABLE a\0", "1_a.sql:1:15: unrecognized token: NUL"),
    ] {
        assert_eq!(built(text).unwrap_err().to_string(), told);
    }
}

#[test]
fn rows_are_not_what_a_schema_is_judged_by() {
    // Each of these fails, or takes for ever, where there are rows.
    built("CREATE TABLE a (x UNIQUE); INSERT INTO a VALUES (1), (1); ALTER TABLE a ADD y NOT NULL;").unwrap();
    built("WITH RECURSIVE n AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n;").unwrap();
    built("CREATE TABLE a (x); INSERT INTO a VALUES (hex(zeroblob(1000000000)));").unwrap();
}

#[test]
fn what_only_the_application_has_opens_the_schema() {
    let engine = built(
        "CREATE TABLE a (x);
         CREATE VIRTUAL TABLE places USING geo_of_the_app (lat, lon);
         CREATE TRIGGER t AFTER INSERT ON places BEGIN SELECT 1; SELECT 2; END;
         CREATE TABLE b (y);",
    )
    .unwrap();
    assert!(engine.schema().open);
    holds(&engine, "SELECT x, y FROM a, b");
    assert!(is_unknown(&engine, "SELECT lat FROM places"));
    fails(&engine, "SELECT x FORM a");

    let engine = built("CREATE TABLE a (x); INSERT INTO a VALUES (new_id()); CREATE TABLE b (y)").unwrap();
    assert!(!engine.schema().open, "rows make no schema");
    let engine = built("CREATE TABLE a (x); CREATE INDEX i ON a (slugify(x)); CREATE TABLE b (y)").unwrap();
    holds(&engine, "SELECT x, y FROM a, b");
}

#[test]
fn what_is_wrong_with_a_view_or_a_trigger_is_not_the_statements_fault() {
    let engine = built(
        "CREATE TABLE a (x);
         CREATE VIEW broken AS SELECT * FROM gone;
         CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = slugify(new.x); END;
         CREATE VIEW columns AS SELECT * FROM pragma_table_info('a');
         CREATE TABLE child (a_id REFERENCES missing (id));",
    )
    .unwrap();
    for sql in [
        "SELECT * FROM broken",
        "INSERT INTO a VALUES ($1)",
        "SELECT name FROM columns",
        "INSERT INTO child VALUES ($1)",
    ] {
        assert!(is_unknown(&engine, sql), "{sql}: {:?}", engine.prepare(sql));
    }
    holds(&engine, "SELECT x FROM a");
    assert!(engine.schema().tables["broken"].open);
}

#[test]
fn functions_that_the_policy_names_exist() {
    let name: FunctionName = "slugify".parse().unwrap();
    let of = sources(&[("1_a.sql", "CREATE TABLE a (x); CREATE INDEX i ON a (slugify(x));")]);
    let engine = Engine::new(&of, &[name], Limits::default()).unwrap();
    assert!(!engine.schema().open);
    holds(&engine, "SELECT slugify(x), slugify(x, 1, 2) FROM a WHERE slugify() = $1");
    fails(&engine, "SELECT slugfy(x) FROM a");
    let engine = built("CREATE TABLE a (x)").unwrap();
    assert_eq!(fails(&engine, "SELECT slugify(x) FROM a"), ("no such function: slugify".into(), Some(7)));
}

#[test]
fn one_engine_serves_all_that_ask_for_the_same() {
    let mut cache = Cache(Vec::new());
    let of = |at: usize| sources(&[("a.sql", &format!("CREATE TABLE t{at} (x)"))]);
    let first = cache.engine(&of(0), &[]).unwrap();
    let functions = ["f".parse().unwrap()];
    assert!(!Arc::ptr_eq(&first, &cache.engine(&of(0), &functions).unwrap()));
    for at in 1..3 * KEPT {
        cache.engine(&of(at), &[]).unwrap();
        assert!(Arc::ptr_eq(&first, &cache.engine(&of(0), &[]).unwrap()), "what is in use stays");
    }
    assert_eq!(cache.0.len(), KEPT);
    let wrong = sources(&[("a.sql", "CREATE")]);
    assert_eq!(cache.engine(&wrong, &[]).unwrap_err(), cache.engine(&wrong, &[]).unwrap_err());
}

#[test]
fn an_engine_serves_several_threads() {
    let engine = blog();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    holds(&engine, "SELECT email FROM users WHERE id = $1");
                    fails(&engine, "SELECT emial FROM users WHERE id = $1");
                }
            });
        }
    });
}

#[test]
fn a_hostile_migration_ends_in_time_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil").display().to_string();
    let limits = Limits { instructions: 200_000, time: Duration::from_secs(60), memory: 160 << 20 };
    for (text, told) in [
        (format!("ATTACH '{path}' AS x"), "ATTACH is not allowed in a migration"),
        ("DETACH main".into(), "DETACH is not allowed in a migration"),
        (format!("SELECT load_extension('{path}')"), "a function that loads code is not allowed in a migration"),
        (
            "CREATE TABLE t AS SELECT fts3_tokenizer('simple', x'00')".into(),
            "a function that loads code is not allowed",
        ),
        ("PRAGMA writable_schema = ON".into(), "this PRAGMA is not allowed in a migration"),
        ("CREATE TABLE t (a); UPDATE sqlite_schema SET sql = 'x'".into(), "table sqlite_master may not be modified"),
        (format!("CREATE TABLE t AS SELECT writefile('{path}', 'x') AS x"), ""),
        (format!("CREATE VIRTUAL TABLE t USING csv (filename = '{path}')"), ""),
        (format!("VACUUM INTO '{path}'"), ""),
        (format!("PRAGMA temp_store_directory = '{}'", folder.path().display()), ""),
        ("PRAGMA temp_store = FILE; CREATE TEMP TABLE t AS SELECT randomblob(1000000) AS x;".into(), ""),
        (
            "CREATE TABLE t AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n".into(),
            "the migrations take too long, or too much memory",
        ),
        (
            "CREATE TABLE t AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) \
             SELECT randomblob(8000000) AS y FROM n ORDER BY y"
                .into(),
            "the migrations take too long, or too much memory",
        ),
        (
            "CREATE TABLE t AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) \
             SELECT zeroblob(8000000) AS y FROM n"
                .into(),
            "the migrations make a database of more than 64 MiB",
        ),
        ("CREATE TABLE t AS SELECT zeroblob(1000000000) AS x".into(), "string or blob too big"),
    ] {
        let made = Engine::new(&sources(&[("1_a.sql", &text)]), &[], limits);
        let said = made.map(drop).map_or_else(|error| error.to_string(), |()| String::new());
        assert!(said.contains(told) && (told.is_empty() == said.is_empty()), "{text}: {said}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{text}");
    }
    assert!(!Path::new("evil").exists());
}

#[test]
fn an_engine_that_is_asked_a_thousand_times_grows_no_more() {
    // The counter is the process's: this one runs alone, in a process of its own.
    const NAME: &str = "sqlite::tests::an_engine_that_is_asked_a_thousand_times_grows_no_more";
    if std::env::var_os("COVET_ALONE").is_none() {
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        let output = alone.args(["--exact", NAME]).env("COVET_ALONE", "").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let engine = Engine::new(&sources(&BLOG), &[], Limits::default()).unwrap();
    let ask = |at: usize| {
        holds(&engine, &format!("SELECT email, {at} FROM users WHERE id = $1"));
        holds(&engine, &format!("INSERT INTO posts (author_id, title) VALUES ($1, '{at}')"));
        holds(&engine, "SELECT id FROM recent_posts");
        fails(&engine, &format!("SELECT emial{at} FROM users"));
    };
    (0..100).for_each(ask);
    let before = ffi::memory();
    (0..1000).for_each(ask);
    assert_eq!(ffi::memory(), before);
    drop(engine);
    assert_eq!(ffi::memory(), 0, "nothing is left of it");
}

/// The words of which texts are made, more of them right than wrong.
const WORDS: [&str; 48] = [
    "SELECT",
    "SELECT",
    "SELECT",
    "FROM",
    "FROM",
    "FROM",
    "WHERE",
    "users",
    "users",
    "posts",
    "recent_posts",
    "id",
    "email",
    "title",
    "emial",
    "*",
    "*",
    ",",
    ",",
    "=",
    "(",
    ")",
    "$1",
    "'a'",
    "\"a\"",
    "\"id\"",
    "INSERT INTO",
    "VALUES",
    "UPDATE",
    "SET",
    "DELETE",
    "RETURNING",
    "ORDER BY",
    "LIMIT 1",
    "JOIN",
    "AS x",
    "UNION",
    "count(*)",
    "lower(",
    "nothing(",
    ";",
    "--",
    "/*",
    "'",
    "é",
    "PRAGMA user_version",
    "DROP TABLE",
    "ATTACH",
];

proptest::proptest! {
    #[test]
    fn what_holds_is_one_statement_on_rows_that_plain_sqlite_prepares(
        words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 1..12)
    ) {
        let (sql, engine) = (words.join(" "), blog());
        let plain = plain_sqlite_prepares(&sql);
        match engine.prepare(&sql) {
            Verdict::Holds(prepared) => {
                proptest::prop_assert!(plain, "{sql}");
                proptest::prop_assert_eq!(engine.prepare(&sql), Verdict::Holds(prepared));
            }
            Verdict::Fails(Refusal { offset, message }) => {
                proptest::prop_assert!(offset.is_none_or(|offset| offset <= sql.len()), "{sql}");
                let ours = ["more than one statement", "no statement", "is not allowed here"];
                proptest::prop_assert!(!plain || ours.iter().any(|ours| message.ends_with(ours)), "{sql}: {message}");
            }
            Verdict::Unknown(_) => proptest::prop_assert!(!plain, "{sql}"),
        }
    }
}

/// Whether the first statement of a text is right where nothing watches.
fn plain_sqlite_prepares(sql: &str) -> bool {
    static PLAIN: Mutex<Option<Connection>> = Mutex::new(None);
    let mut plain = PLAIN.lock().unwrap();
    let plain = plain.get_or_insert_with(|| {
        let connection = build::connect(&[]).unwrap();
        build::run(&connection, &sources(&BLOG), Limits::default()).unwrap();
        build::requote(&connection);
        build::tighten(&connection).unwrap();
        connection.watch().limit(Limits { time: Duration::from_secs(600), ..Limits::default() }, ffi::memory());
        connection
    });
    plain.prepare(&c_text(sql).unwrap()).is_ok()
}

#[test]
fn half_a_statement_is_refused_at_any_place() {
    let engine = blog();
    let sql =
        "INSERT INTO posts (author_id, title) SELECT id, 'é' || \"name\" FROM users WHERE id = $1 RETURNING id, title";
    let ends = sql.char_indices().map(|(at, _)| at);
    for half in ends.filter_map(|end| sql.get(..end)) {
        if let Verdict::Fails(Refusal { offset: Some(offset), .. }) = engine.prepare(half) {
            assert!(offset <= half.len(), "{half}");
        }
    }
}
