//! What rows are read as, and what values columns take, on SQLite in memory and on PostgreSQL where
//! `COVET_TEST_POSTGRES_URL` names one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]

use std::borrow::Cow;
use std::sync::Arc;

use covet::safe_sql;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{FromRow, Row, SqlitePool};

async fn sqlite() -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(include_str!("sqlite/0001_notes.sql")).execute(&pool).await.unwrap();
    safe_sql!("INSERT INTO owners (id, name) VALUES (1, 'ann')").execute(&pool).await.unwrap();
    pool
}

/// A type of the program's own.
#[derive(Debug, PartialEq, sqlx::Type)]
#[sqlx(type_name = "TEXT", rename_all = "lowercase")]
enum Kind {
    Draft,
    Final,
}

#[derive(Debug, Clone, Copy, PartialEq, sqlx::Type)]
#[sqlx(transparent)]
struct OwnerId(i64);

/// The same statements on both databases: each test is a function of a connection.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($connection:ident) $body:block)*) => {
        mod on_sqlite {
            use super::*;
            $($(#[$doc])* #[tokio::test]
            async fn $name() {
                let pool = sqlite().await;
                let mut transaction = pool.begin().await.unwrap();
                let $connection = &mut *transaction;
                $body
            })*
        }

        #[cfg(feature = "postgres")]
        mod on_postgres {
            use super::*;
            $($(#[$doc])* #[tokio::test]
            async fn $name() {
                let url = std::env::var("COVET_TEST_POSTGRES_URL").ok();
                assert!(url.is_some() || std::env::var_os("CI").is_none(), "COVET_TEST_POSTGRES_URL is not set");
                let Some(url) = url else { return };
                let pool = sqlx::PgPool::connect(&url).await.unwrap();
                let mut transaction = pool.begin().await.unwrap();
                let $connection = &mut *transaction;
                // What is made in a transaction that is dropped was never there.
                let own = format!("CREATE SCHEMA {0}; SET LOCAL search_path = {0}", concat!("covet_", stringify!($name)));
                sqlx::raw_sql(sqlx::AssertSqlSafe(own)).execute(&mut *$connection).await.unwrap();
                sqlx::raw_sql(include_str!("postgres/0001_notes.sql")).execute(&mut *$connection).await.unwrap();
                safe_sql!("INSERT INTO owners (id, name) VALUES (1, 'ann')").execute(&mut *$connection).await.unwrap();
                $body
            })*
        }
    };
}

on_both! {
    async fn a_record_has_a_field_of_each_column(db) {
        let (title, score, file) = ("a", 1.5, vec![1_u8]);
        let insert = safe_sql!(
            "INSERT INTO notes (owner, title, score, file, type) VALUES (1, {title}, {score}, {file}, 'draft')"
            "RETURNING id"
        );
        let id: i64 = insert.fetch_one(&mut *db).await.unwrap().id;
        let note = safe_sql!("SELECT id, title, body, stars, live, score, file, type FROM notes WHERE id = {id}");
        let note = note.fetch_one(&mut *db).await.unwrap();
        let (stars, live): (i32, bool) = (note.stars, note.live);
        let (found, body): (String, Option<String>) = (note.title.clone(), note.body.clone());
        assert_eq!((found.as_str(), body, stars, live), ("a", None, 0, true));
        assert_eq!((note.score, note.file.clone(), note.r#type.as_deref()), (Some(1.5), Some(file), Some("draft")));
        assert!(format!("{note:?}").starts_with("Record { id: 1, title: \"a\", body: None"));
        assert_eq!(note.clone().id, id);
    }

    async fn rows_may_be_missing_or_many(db) {
        let id = 404;
        let none = safe_sql!("SELECT id, title FROM notes WHERE id = {id}").fetch_optional(&mut *db).await.unwrap();
        assert!(none.is_none());
        let owners = safe_sql!("SELECT name FROM owners").fetch_all(&mut *db).await.unwrap();
        assert_eq!(owners.iter().map(|owner| owner.name.as_str()).collect::<Vec<_>>(), ["ann"]);
        let mut rows = safe_sql!("SELECT id, name FROM owners").fetch(&mut *db);
        let owner = std::future::poll_fn(|context| rows.as_mut().poll_next(context)).await.unwrap().unwrap();
        assert_eq!((owner.id, owner.name.as_str()), (1, "ann"));
    }

    async fn what_a_join_may_leave_out_is_an_option(db) {
        let row = safe_sql!("SELECT o.name, n.title FROM owners o LEFT JOIN notes n ON n.owner = o.id");
        let row = row.fetch_one(&mut *db).await.unwrap();
        let (name, title): (String, Option<String>) = (row.name, row.title);
        assert_eq!((name.as_str(), title), ("ann", None));
    }

    async fn a_name_says_what_is_known_better(db) {
        safe_sql!("INSERT INTO notes (owner, title, body, type) VALUES (1, 'a', 'b', 'draft')")
            .execute(&mut *db).await.unwrap();
        let row = safe_sql!(
            r#"SELECT body AS "text!", title AS "title?", type AS "kind!: Kind", owner AS "by: OwnerId", score AS "x: _""#
            "FROM notes"
        );
        let row = row.fetch_one(&mut *db).await.unwrap();
        let (text, title, score): (String, Option<String>, Option<f64>) = (row.text, row.title, row.x);
        assert_eq!((text.as_str(), title.as_deref(), score), ("b", Some("a"), None));
        assert_eq!((row.kind, row.by), (Kind::Draft, OwnerId(1)));
    }

    async fn a_single_column_is_a_value(db) {
        let count = safe_sql!("SELECT count(*) FROM owners").value().fetch_one(&mut *db).await.unwrap();
        assert_eq!(count, 1_i64);
        let name = safe_sql!("SELECT name FROM owners").value().fetch_one(&mut *db).await.unwrap();
        assert_eq!(name, String::from("ann"));
        let best = safe_sql!("SELECT max(stars) FROM notes").value().fetch_one(&mut *db).await.unwrap();
        assert_eq!(best, None::<i32>);
        let as_mine: OwnerId = safe_sql!("SELECT id FROM owners").scalar().fetch_one(&mut *db).await.unwrap();
        assert_eq!(as_mine, OwnerId(1));
    }

    async fn what_has_no_record_stays_as_the_driver_gives_it(db) {
        let twice = safe_sql!("SELECT id, id FROM owners").fetch_one(&mut *db).await.unwrap();
        assert_eq!(twice.get::<i64, _>(1), 1);
        let count = safe_sql!("SELECT count(*) FROM owners").fetch_one(&mut *db).await.unwrap();
        assert_eq!(count.get::<i64, _>(0), 1);
        let asked = safe_sql!("SELECT id, name FROM owners").raw().fetch_one(&mut *db).await.unwrap();
        assert_eq!(asked.get::<String, _>("name"), "ann");
    }

    async fn parts_and_choices_leave_the_record_as_it_is(db) {
        let (name, direction) = (Some("ann"), covet::Direction::default());
        let rows = safe_sql!("SELECT id, name FROM owners WHERE id > 0 {? AND name = {name}} ORDER BY name {dir direction}");
        assert_eq!(rows.fetch_all(&mut *db).await.unwrap()[0].id, 1);
    }

    async fn columns_take_whatever_fits(db) {
        let (owner, title, body) = (OwnerId(1), Cow::from("a"), Some(Arc::<str>::from("b")));
        let (stars, score, file) = (3_i16, 2_i64, Some(&b"f"[..]));
        let insert = safe_sql!(
            "INSERT INTO notes (owner, title, body, stars, score, file, live)"
            "VALUES ({owner}, {title}, {body}, {stars}, {score}, {file}, {live})",
            body = body.as_deref(), live = &true
        );
        insert.execute(&mut *db).await.unwrap();
        let (id, low) = (1_i64, 1.5_f64);
        let found = safe_sql!("SELECT title FROM notes WHERE owner = {id} AND stars > {low} AND title = {title}");
        assert_eq!(found.value().fetch_one(&mut *db).await.unwrap(), "a");
    }
}

/// A struct of the program's is read by its own names and types.
#[tokio::test]
async fn a_type_of_ones_own_is_read_as_before() {
    #[derive(Debug, PartialEq, FromRow)]
    struct Owner {
        #[sqlx(rename = "name")]
        called: Kind,
    }
    let pool = sqlite().await;
    let name = Kind::Final;
    safe_sql!("UPDATE owners SET name = {name} WHERE id = 1").execute(&pool).await.unwrap();
    let owner = safe_sql!(Owner: "SELECT name FROM owners").fetch_one(&pool).await.unwrap();
    assert_eq!(owner, Owner { called: Kind::Final });
}

/// What stands beside the statement is not hidden by its record.
#[tokio::test]
async fn values_may_be_called_as_the_record_and_its_tables_are() {
    struct Record(i64);
    impl Record {
        const fn id(&self) -> i64 {
            self.0
        }
    }
    let pool = sqlite().await;
    let statement =
        safe_sql!("SELECT id FROM owners WHERE id = {id} AND name <> {notes}", id = Record(1).id(), notes = "");
    assert_eq!(statement.fetch_one(&pool).await.unwrap().id, 1);
}

#[tokio::test]
async fn a_handler_can_send_a_record() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let pool = sqlite().await;
    let found = is_send(async { safe_sql!("SELECT id, name FROM owners").fetch_all(&pool).await });
    assert_eq!(found.await.unwrap().len(), 1);
}
