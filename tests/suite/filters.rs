//! Statements that are put together when the program runs, on SQLite in memory, and on PostgreSQL where
//! `COVET_TEST_POSTGRES_URL` names one.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use covet::sql::filter::{Count, Delete, Select, Update};
use covet::{Direction, LikePattern};

/// What `covet::schema!()` makes of a table, written by hand: the policy of this package has the vault's tables.
#[expect(non_camel_case_types, non_upper_case_globals, reason = "they are called like the columns")]
mod schema {
    use covet::sql::filter::{Any, Bool, Bytes, Column, ColumnOf, Integer, Nullable, Number, Table, Text, Writable};

    pub(super) enum notes {}

    impl Table for notes {
        const NAME: &str = "notes";
        const COLUMNS: &[&str] = &["id", "title"];
        const MAX_LIMIT: u32 = 50;
        const MAX_LIST: u32 = 10;
    }

    macro_rules! columns {
        ($($column:ident $family:ty, $name:literal, $place:literal;)*) => {
            $(
                pub(super) enum $column {}

                impl ColumnOf for $column {
                    type Table = notes;
                    type Family = $family;
                    type Null = Nullable;
                    const NAME: &str = $name;
                    const PLACE: &str = $place;
                }

                impl Writable for $column {}

                pub(super) const $column: Column<$column> = Column::new();
            )*
        };
    }

    columns! {
        id Integer, "id", "id";
        owner Integer, "owner", "owner";
        title Text, "title", "title";
        score Number, "score", "score";
        live Bool, "live", "live";
        blob Bytes, "blob", "blob";
        group Text, "\"group\"", "notes.\"group\"";
        other Any, "other", "other";
    }
}

use schema::{blob, group, id, live, notes, other, owner, score, title};

/// What holds on both databases; `$on` is what a statement runs on. The rows 1 to 5 have only their number.
macro_rules! holds_on {
    ($on:expr) => {
        for (number, by, name, rated) in [
            (1, Some(1_i64), "a", 0.5),
            (2, Some(1), "B%", 1.5),
            (3, Some(1), "c_", -2.0),
            (4, Some(2), "d!", 0.0),
            (5, None, "e'", 9.0),
        ] {
            let change = Update::<notes>::new()
                .set(owner, by)
                .set(title, name)
                .set(score, rated)
                .set(live, Some(number < 4))
                .set(blob, &[number as u8][..])
                .set(group, Some("g"))
                .set(other, String::from("o"));
            assert_eq!(change.filter(id.eq(number)).execute($on).await.unwrap().rows_affected(), 1);
        }
        for (condition, expected) in [
            (owner.eq(1), vec![1_i64, 2, 3]),
            (owner.ne(1), vec![4]),
            (!owner.eq(1) | owner.is_null(), vec![4, 5]),
            (owner.is_not_null() & id.gt(3_u8), vec![4]),
            (id.gte(2) & id.lt(4), vec![2, 3]),
            (id.in_([1, 5, 9]), vec![1, 5]),
            (!id.in_(Vec::<i64>::new()), vec![1, 2, 3, 4, 5]),
            (title.in_(["a", "'); DELETE FROM notes; --"]), vec![1]),
            (live.in_([true]) & live.eq(true), vec![1, 2, 3]),
            (title.contains("%") | title.ends_with("_"), vec![2, 3]),
            (title.starts_with("d") | title.like(LikePattern::wild("_'")), vec![4, 5]),
            (score.gt(0) & score.lte(1.5), vec![1, 2]),
            (blob.eq([4_u8]), vec![4]),
            (group.eq("g") & other.eq(String::from("o")) & title.lte("c_") & id.ne(2), vec![1, 3]),
        ] {
            let found = Select::<notes>::new().columns(id).filter(condition.clone()).order_by(id.asc());
            let found: Vec<(i64,)> = found.fetch_all($on).await.unwrap();
            assert_eq!(found.iter().map(|(number,)| *number).collect::<Vec<_>>(), expected, "{condition:?}");
            let count = Count::<notes>::new().filter(condition).fetch_one($on).await.unwrap();
            assert_eq!(count as usize, expected.len());
        }
        let by = Select::<notes>::new().filter_some(None).order_by(group.asc()).order_by(id.order(Direction::Desc));
        let page = by.clone().limit(2_u32).offset(1_u8).fetch_all::<(i64, String)>($on).await.unwrap();
        assert_eq!(page, [(4, "d!".to_owned()), (3, "c_".to_owned())]);
        assert_eq!(by.offset(4_u8).fetch_one::<(i64, String)>($on).await.unwrap(), (1, "a".to_owned()));
        let none = Select::<notes>::new().filter(id.eq(6)).fetch_optional::<(i64, String)>($on).await.unwrap();
        assert_eq!(none, None);

        let change = Update::<notes>::new().set(score, None::<f64>).set_some(title, None::<&str>).all_rows();
        assert_eq!(change.execute($on).await.unwrap().rows_affected(), 5);
        assert_eq!(Count::<notes>::new().filter(score.is_null() & title.eq("a")).fetch_one($on).await.unwrap(), 1);
        let gone = Delete::<notes>::new().filter(owner.eq(1)).filter_some(Some(id.lt(3))).execute($on).await.unwrap();
        assert_eq!(gone.rows_affected(), 2);
    };
}

#[rocket::async_test]
async fn filters_hold_on_sqlite() {
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let table = "CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER, title TEXT, score REAL, live BOOLEAN, \
                 blob BLOB, \"group\" TEXT, other TEXT); INSERT INTO notes (id) VALUES (1), (2), (3), (4), (5)";
    sqlx::raw_sql(table).execute(&pool).await.unwrap();
    holds_on!(&pool);
}

#[cfg(feature = "postgres")]
#[rocket::async_test]
async fn filters_hold_on_postgres() {
    let url = std::env::var("COVET_TEST_POSTGRES_URL").ok();
    assert!(url.is_some() || std::env::var_os("CI").is_none(), "COVET_TEST_POSTGRES_URL is not set");
    let Some(url) = url else { return };
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    // Narrower types than what is bound, and none of a default collation that minds no case.
    let table = "CREATE TEMPORARY TABLE notes (id BIGINT PRIMARY KEY, owner INT, title VARCHAR(20) COLLATE \"C\", \
                 score NUMERIC, live BOOL, blob BYTEA, \"group\" TEXT, other TEXT) ON COMMIT DROP; \
                 INSERT INTO notes (id) VALUES (1), (2), (3), (4), (5)";
    sqlx::raw_sql(table).execute(&mut *transaction).await.unwrap();
    holds_on!(&mut *transaction);
}
