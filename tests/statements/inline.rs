//! `safe_sql!` on SQLite in memory, and on PostgreSQL where `COVET_TEST_POSTGRES_URL` names one.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use covet::safe_sql;
use covet::sql::Dialect;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{FromRow, Row, SqlitePool};

#[derive(Debug, Clone, PartialEq, FromRow)]
struct Note {
    id: i64,
    title: String,
    body: Option<String>,
}

struct User {
    id: i64,
}

struct Form<'a> {
    title: String,
    body: Option<String>,
    r#type: &'a str,
}

async fn notes() -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let table = "CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER, title TEXT NOT NULL, body TEXT, live BOOL)";
    sqlx::raw_sql(table).execute(&pool).await.unwrap();
    pool
}

/// Adds notes of owner 1 with these titles.
async fn add(pool: &SqlitePool, titles: &[&str]) {
    for title in titles {
        safe_sql!("INSERT INTO notes (owner, title, live) VALUES (1, {title}, true)").execute(pool).await.unwrap();
    }
}

#[tokio::test]
async fn an_attack_is_stored_as_text() {
    let pool = notes().await;
    let attack = String::from("x'); DELETE FROM notes; --");
    add(&pool, &["kept", &attack]).await;
    let found =
        safe_sql!("SELECT title FROM notes WHERE title = {attack}").scalar::<String>().fetch_all(&pool).await.unwrap();
    assert_eq!(found, [attack]);
    let count = safe_sql!("SELECT count(*) FROM notes").scalar::<i64>().fetch_one(&pool).await.unwrap();
    assert_eq!(count, 2);
}

#[tokio::test]
async fn fields_of_borrowed_structs_are_bound_without_moving_them() {
    let pool = notes().await;
    let (user, form) = (&User { id: 7 }, &Form { title: "t".into(), body: None, r#type: "draft" });
    let id = safe_sql!(
        "INSERT INTO notes (owner, title, body, live)"
        "VALUES ({user.id}, {form.title} || {form.type}, {form.body}, {live})"
        "RETURNING id",
        live = user.id > 1,
    );
    let id: i64 = id.scalar().fetch_one(&pool).await.unwrap();
    let note =
        safe_sql!(Note: "SELECT id, title, body FROM notes WHERE id = {id} AND live").fetch_one(&pool).await.unwrap();
    assert_eq!(note, Note { id, title: format!("{}{}", form.title, form.r#type), body: form.body.clone() });
}

#[tokio::test]
async fn all_common_types_are_bound() {
    let pool = notes().await;
    let (a, b, c, d, e, f) = (1_i32, 2.5_f64, true, "text", Some("some"), vec![1_u8, 2]);
    let pair = (3_i64, (None::<i64>,));
    let row = safe_sql!("SELECT {a}, {b}, {c}, {d}, {e}, {f}, {pair.0}, {pair.1.0}").fetch_one(&pool).await.unwrap();
    assert_eq!((row.get::<i32, _>(0), row.get::<f64, _>(1), row.get::<bool, _>(2)), (1, 2.5, true));
    assert_eq!(
        (row.get::<&str, _>(3), row.get::<Option<&str>, _>(4), row.get::<Vec<u8>, _>(5)),
        ("text", Some("some"), f)
    );
    assert_eq!((row.get::<i64, _>(6), row.get::<Option<i64>, _>(7)), (3, None));
}

#[tokio::test]
async fn a_value_used_twice_is_evaluated_once() {
    let pool = notes().await;
    let mut calls = 0;
    let mut next = || {
        calls += 1;
        calls
    };
    let row = safe_sql!("SELECT {n}, {n} + 1", n = next()).fetch_one(&pool).await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (1, 2));
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn a_statement_can_be_kept_in_a_variable() {
    let pool = notes().await;
    let statement = safe_sql!("INSERT INTO notes (title) VALUES ({title})", title = format!("{}-{}", 1, 2));
    assert_eq!(statement.sql(Dialect::Sqlite), "INSERT INTO notes (title) VALUES ($1)");
    assert_eq!(statement.execute(&pool).await.unwrap().rows_affected(), 1);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_changes_nothing() {
    let pool = notes().await;
    add(&pool, &["a", "b"]).await;
    let mut transaction = pool.begin().await.unwrap();
    let deleted = safe_sql!("DELETE FROM notes WHERE owner = 1").execute(&mut *transaction).await.unwrap();
    assert_eq!(deleted.rows_affected(), 2);
    transaction.rollback().await.unwrap();
    assert_eq!(safe_sql!("SELECT id FROM notes").fetch_all(&pool).await.unwrap().len(), 2);
}

#[tokio::test]
async fn optional_rows_may_be_missing() {
    let pool = notes().await;
    let id = 404;
    let note =
        safe_sql!(Note: "SELECT id, title, body FROM notes WHERE id = {id}").fetch_optional(&pool).await.unwrap();
    assert_eq!(note, None);
    let missing = safe_sql!(Note: "SELECT id, title, body FROM notes WHERE id = {id}").fetch_one(&pool).await;
    assert!(matches!(missing, Err(sqlx::Error::RowNotFound)));
}

/// The literals are lines, so a comment ends where its literal ends.
#[tokio::test]
async fn a_comment_does_not_swallow_the_next_literal() {
    let pool = notes().await;
    add(&pool, &["a", "b"]).await;
    let title = "a";
    safe_sql!("DELETE FROM notes -- not all" "WHERE title = {title}").execute(&pool).await.unwrap();
    assert_eq!(safe_sql!("SELECT count(*) FROM notes").scalar::<i64>().fetch_one(&pool).await.unwrap(), 1);
}

impl User {
    async fn titles(&self, pool: &SqlitePool) -> Vec<String> {
        safe_sql!("SELECT title FROM notes WHERE owner = {self.id} ORDER BY id").scalar().fetch_all(pool).await.unwrap()
    }
}

#[tokio::test]
async fn a_method_may_bind_self() {
    let pool = notes().await;
    add(&pool, &["a", "b"]).await;
    assert_eq!(User { id: 1 }.titles(&pool).await, ["a", "b"]);
    assert!(User { id: 2 }.titles(&pool).await.is_empty());
}

macro_rules! count_of {
    ($pool:expr, $where:literal, $title:expr) => {{
        let title = $title;
        safe_sql!("SELECT count(*) FROM notes WHERE" $where).scalar::<i64>().fetch_one($pool).await.unwrap()
    }};
}

#[tokio::test]
async fn a_macro_may_hold_a_part_of_the_statement() {
    let pool = notes().await;
    add(&pool, &["a", "b"]).await;
    assert_eq!(count_of!(&pool, "title = {title}", "a"), 1);
}

/// A handler's future must be `Send`, whatever the statement borrows.
#[tokio::test]
async fn the_answer_is_send() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let pool = notes().await;
    let user = User { id: 1 };
    let answer = is_send(async {
        let title = String::from("a");
        safe_sql!("INSERT INTO notes (owner, title) VALUES ({user.id}, {title})").execute(&pool).await?;
        safe_sql!(Note: "SELECT id, title, body FROM notes").fetch_all(&pool).await
    });
    assert_eq!(answer.await.unwrap().len(), 1);
}

#[cfg(feature = "postgres")]
mod postgres {
    use super::*;

    /// The database of the tests. On a CI its absence is a failure, elsewhere the test has nothing to do.
    async fn pool() -> Option<sqlx::PgPool> {
        let url = std::env::var("COVET_TEST_POSTGRES_URL").ok();
        assert!(url.is_some() || std::env::var_os("CI").is_none(), "COVET_TEST_POSTGRES_URL is not set");
        Some(sqlx::PgPool::connect(&url?).await.unwrap())
    }

    #[tokio::test]
    async fn the_same_statements_run() {
        let Some(pool) = pool().await else { return };
        let mut transaction = pool.begin().await.unwrap();
        let table =
            "CREATE TEMPORARY TABLE notes (id BIGINT PRIMARY KEY, title TEXT NOT NULL, body TEXT) ON COMMIT DROP";
        sqlx::raw_sql(table).execute(&mut *transaction).await.unwrap();

        let note = Note { id: 7, title: "'; DROP TABLE notes; --".into(), body: None };
        let insert = safe_sql!("INSERT INTO notes (id, title, body) VALUES ({note.id}, {note.title}, {note.body})");
        assert_eq!(insert.execute(&mut *transaction).await.unwrap().rows_affected(), 1);
        let found =
            safe_sql!(Note: "SELECT id, title, body FROM notes WHERE title = {note.title} OR body = {note.title}");
        assert_eq!(found.fetch_all(&mut *transaction).await.unwrap(), [note]);
        let count = safe_sql!("SELECT count(*) FROM notes").scalar::<i64>();
        assert_eq!(count.fetch_one(&mut *transaction).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn casts_arrays_and_json_are_values() {
        let Some(pool) = pool().await else { return };
        let (ids, key) = (vec![1_i64, 2], "a");
        let row = safe_sql!(
            "SELECT {text}::int + 1, 2 = ANY({ids}), '{\"a\": {\"b\": 1}}'::jsonb -> {key} ->> 'b', '{x,y}'::text[]",
            text = "41",
        );
        let row = row.fetch_one(&pool).await.unwrap();
        assert_eq!((row.get::<i32, _>(0), row.get::<bool, _>(1), row.get::<&str, _>(2)), (42, true, "1"));
        assert_eq!(row.get::<Vec<String>, _>(3), ["x", "y"]);
    }
}
