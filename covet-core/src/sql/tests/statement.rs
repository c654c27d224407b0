//! What the macro expands to, written by hand, on SQLite in memory.

use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{FromRow, Row, SqlitePool};

use super::super::bind::Verdict;
use super::*;
use crate::sql::bind::Bound;
use crate::sql::probe::Probe;

/// A value as the macro writes it.
macro_rules! bound {
    ($value:expr) => {
        Bound { value: $value, check: |value| Verdict::of(Probe(value).absent(), Probe(value).fault()) }
    };
}

#[derive(Debug, PartialEq, FromRow)]
struct Note {
    id: i64,
    title: String,
    body: Option<String>,
}

async fn notes() -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT)")
        .execute(&pool)
        .await
        .unwrap();
    pool
}

#[tokio::test]
async fn values_are_bound_by_reference_in_order() {
    let pool = notes().await;
    let (title, body) = (String::from("'; DROP TABLE notes; --"), None::<&str>);
    let insert = Execute {
        text: Text::Same("INSERT INTO notes (id, title, body) VALUES ($1, $2, $3)"),
        binds: ((((), bound!(&(3 + 4))), bound!(&title)), bound!(&body)),
    };
    assert_eq!(insert.execute(&pool).await.unwrap().rows_affected(), 1);

    let text = Text::Same("SELECT id, title, body FROM notes WHERE title = $1");
    let rows = Rows { text, binds: ((), bound!(&title)), shape: of::<Note>() };
    assert_eq!(rows.fetch_all(&pool).await.unwrap(), [Note { id: 7, title, body: None }]);
}

#[tokio::test]
async fn rows_are_read_raw_as_struct_and_as_scalar() {
    let pool = notes().await;
    let text = Text::Same("INSERT INTO notes (title) VALUES ($1) RETURNING id, title, body");
    let mut transaction = pool.begin().await.unwrap();
    let row = Rows { text: text.clone(), binds: ((), bound!(&"a")), shape: raw() }
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(row.get::<String, _>("title"), "a");
    let note =
        Rows { text, binds: ((), bound!(&"b")), shape: of::<Note>() }.fetch_optional(&mut *transaction).await.unwrap();
    assert_eq!(note.unwrap().title, "b");
    transaction.commit().await.unwrap();

    let count = Rows { text: Text::Same("SELECT count(*) FROM notes"), binds: (), shape: raw() }.scalar::<i64>();
    assert_eq!(count.fetch_one(&pool).await.unwrap(), 2);
}

#[tokio::test]
async fn no_row_is_an_error_only_where_one_is_demanded() {
    let pool = notes().await;
    let none = || Rows { text: Text::Same("SELECT id FROM notes"), binds: (), shape: raw() };
    assert!(matches!(none().fetch_one(&pool).await, Err(Error::RowNotFound)));
    assert!(none().fetch_optional(&pool).await.unwrap().is_none());
    assert!(none().fetch_all(&pool).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_an_error() {
    let pool = notes().await;
    let text = Text::Same("SELECT 'text'");
    assert!(matches!(
        Rows { text, binds: (), shape: raw() }.scalar::<i64>().fetch_one(&pool).await,
        Err(Error::ColumnDecode { .. })
    ));
}

#[test]
fn debug_shows_no_values() {
    let statement = Execute { text: Text::Same("DELETE FROM t WHERE a = $1"), binds: ((), bound!(&"secret")) };
    assert_eq!(format!("{statement:?}"), "Execute { text: Same(\"DELETE FROM t WHERE a = $1\"), .. }");
}

/// The answer can cross threads and outlive the values; the same code runs on any database.
#[expect(dead_code, reason = "it is there to be compiled")]
fn generic<'e, DB, E>(executor: E) -> Answer<'e, DB::QueryResult>
where
    DB: sqlx::Database,
    E: sqlx::Executor<'e, Database = DB>,
    for<'q> String: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    let name = String::from("local");
    Execute { text: Text::Same("DELETE FROM t WHERE a = $1"), binds: ((), bound!(&name)) }.execute(executor)
}

/// The rows that a stream gives.
async fn all<T>(mut stream: Answers<'_, T>) -> Result<Vec<T>, Error> {
    let mut rows = Vec::new();
    while let Some(row) = std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await {
        rows.push(row?);
    }
    Ok(rows)
}

#[tokio::test]
async fn rows_come_one_after_another() {
    let pool = notes().await;
    for title in ["a", "b"] {
        let text = Text::Same("INSERT INTO notes (title) VALUES ($1)");
        Execute { text, binds: ((), bound!(&title)) }.execute(&pool).await.unwrap();
    }
    let text = Text::Same("SELECT title FROM notes ORDER BY id");
    let rows = Rows { text: text.clone(), binds: (), shape: raw() }.scalar::<String>();
    assert_eq!(all(rows.fetch(&pool)).await.unwrap(), ["a", "b"]);
    let wrong = Rows { text, binds: (), shape: raw() }.scalar::<i64>();
    assert!(matches!(all(wrong.fetch(&pool)).await, Err(Error::ColumnDecode { .. })));

    let text = Text::Same("SELECT title FROM notes WHERE title = $1");
    let refused = Rows { text, binds: ((), bound!(&"a\0")), shape: raw() };
    assert!(matches!(all(refused.fetch(&pool)).await, Err(Error::Encode(_))));
}

#[tokio::test]
async fn rows_of_a_known_type_can_still_be_read_in_other_ways() {
    use crate::sql::shape::{Only, Several};

    let pool = notes().await;
    let text = Text::Same("INSERT INTO notes (title) VALUES ('a')");
    Execute { text, binds: () }.execute(&pool).await.unwrap();
    let rows = || Rows {
        text: Text::Same("SELECT id, title, body FROM notes"),
        binds: (),
        shape: known::<_, Several>(of::<Note>()),
    };
    let note = Note { id: 1, title: "a".into(), body: None };
    assert_eq!(rows().fetch_one(&pool).await.unwrap(), note);
    assert_eq!(rows().raw().fetch_one(&pool).await.unwrap().get::<String, _>("title"), "a");
    assert_eq!(rows().scalar::<i64>().fetch_one(&pool).await.unwrap(), 1);

    let text = Text::Same("SELECT count(*) FROM notes");
    let count = Rows { text, binds: (), shape: known::<_, Only<i64>>(raw()) }.value();
    assert_eq!(count.fetch_one(&pool).await.unwrap(), 1);
}
