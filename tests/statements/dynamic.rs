//! Statements with parts that may be left out, choices, lists, patterns and limits, on SQLite in memory, and on PostgreSQL
//! where `COVET_TEST_POSTGRES_URL` names one.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use covet::sql::{BindError, Dialect};
use covet::{Direction, LikePattern, safe_sql};
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;

covet::policy!();

use policy::identifiers::NotesSort;

/// Five notes: of owner 1 `a`, `B%`, `c_`, of owner 2 `d!`, `e'`, saved in the opposite order; only those of owner 1 are live.
const NOTES: [(i64, i64, &str, i64, bool); 5] = [
    (1, 1, "a", 50, true),
    (2, 1, "B%", 40, true),
    (3, 1, "c_", 30, true),
    (4, 2, "d!", 20, false),
    (5, 2, "e'", 10, false),
];

async fn sqlite() -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let table =
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER, title TEXT NOT NULL, updated INTEGER, live BOOL)";
    sqlx::raw_sql(table).execute(&pool).await.unwrap();
    pool
}

/// What holds on both databases; `$on` is what a statement runs on.
macro_rules! holds_on {
    ($on:expr) => {
        for (id, owner, title, updated, live) in NOTES {
            safe_sql!("INSERT INTO notes (id, owner, title, updated, live) VALUES ({id}, {owner}, {title}, {updated}, {live})")
                .execute($on)
                .await
                .unwrap();
        }

        // A part is there where its values are.
        for (owner, title, live, expected) in [
            (None, None, false, vec![1_i64, 2, 3, 4, 5]),
            (Some(1_i64), None, false, vec![1, 2, 3]),
            (Some(1), Some("a"), false, vec![1]),
            (None, Some("d!"), false, vec![4]),
            (None, None, true, vec![1, 2, 3]),
            (Some(2), None, true, vec![]),
        ] {
            let ids = safe_sql!(
                "SELECT id FROM notes WHERE true"
                "{? AND owner = {owner}}"
                "{? AND title = {title}}"
                "{when live: AND live}"
                "{when !live: AND id > 0}"
                "ORDER BY id"
            );
            assert_eq!(ids.scalar::<i64>().fetch_all($on).await.unwrap(), expected, "{owner:?} {title:?} {live}");
        }

        // A part with two values needs both.
        for (low, high, expected) in [(Some(2_i64), Some(3_i64), 2), (Some(2), None, 5), (None, None, 5)] {
            let count = safe_sql!("SELECT count(*) FROM notes {? WHERE id BETWEEN {low} AND {high}}").scalar::<i64>();
            assert_eq!(count.fetch_one($on).await.unwrap(), expected, "{low:?} {high:?}");
        }

        // A list is one value, also without any in it.
        let titles = |titles: &[&str]| titles.iter().map(|title| (*title).to_owned()).collect::<Vec<String>>();
        for (list, within, outside) in [
            (titles(&["a", "e'", "nobody's"]), vec![1_i64, 5], vec![2_i64, 3, 4]),
            (titles(&["'); DELETE FROM notes; --", "\"]"]), vec![], vec![1, 2, 3, 4, 5]),
            (titles(&[]), vec![], vec![1, 2, 3, 4, 5]),
        ] {
            let found = safe_sql!("SELECT id FROM notes WHERE title IN {list} ORDER BY id").scalar::<i64>();
            assert_eq!(found.fetch_all($on).await.unwrap(), within);
            let found = safe_sql!("SELECT id FROM notes WHERE title NOT IN {list} ORDER BY id").scalar::<i64>();
            assert_eq!(found.fetch_all($on).await.unwrap(), outside);
        }
        let (ids, none) = ([1_i64, 5, 9], None::<Vec<i64>>);
        let found = safe_sql!("SELECT id FROM notes WHERE id IN {ids} {? AND owner IN {none}} ORDER BY id").scalar::<i64>();
        assert_eq!(found.fetch_all($on).await.unwrap(), [1, 5]);

        // What is searched for is text.
        for (q, expected) in [("%", vec![2_i64]), ("_", vec![3]), ("!", vec![4]), ("'", vec![5]), ("b", vec![2]), ("a%", vec![])] {
            let found = safe_sql!("SELECT id FROM notes WHERE lower(title) LIKE lower('%{q}%') ORDER BY id").scalar::<i64>();
            assert_eq!(found.fetch_all($on).await.unwrap(), expected, "{q}");
        }
        let (pattern, q) = (LikePattern::ending_with("!"), None::<String>);
        let found = safe_sql!("SELECT id FROM notes WHERE title LIKE {pattern} {? AND title LIKE '{q}%'}").scalar::<i64>();
        assert_eq!(found.fetch_all($on).await.unwrap(), [4]);

        // An order is chosen.
        for (sort, direction, expected) in [
            (NotesSort::Title, Direction::Asc, [4_i64, 5]),
            (NotesSort::Title, Direction::Desc, [5, 4]),
            (NotesSort::Updated, Direction::Asc, [5, 4]),
            (NotesSort::Updated, Direction::Desc, [4, 5]),
        ] {
            let found = safe_sql!("SELECT id FROM notes AS n WHERE owner = 2 ORDER BY n.{ident sort: notes_sort} {dir direction}");
            assert_eq!(found.scalar::<i64>().fetch_all($on).await.unwrap(), expected, "{sort} {direction}");
        }

        // A limit is a number of rows that the policy bounds.
        for (limit, offset, expected) in [(2_u32, 0_u16, vec![1_i64, 2]), (500, 3, vec![4, 5]), (0, 0, vec![])] {
            let found = safe_sql!("SELECT id FROM notes ORDER BY id LIMIT {limit} OFFSET {offset}").scalar::<i64>();
            assert_eq!(found.fetch_all($on).await.unwrap(), expected);
        }
        let page = None::<u32>;
        let found = safe_sql!("SELECT id FROM notes ORDER BY id {? LIMIT {page}}").scalar::<i64>();
        assert_eq!(found.fetch_all($on).await.unwrap().len(), 5);

        // A change changes what it says, whatever is left out.
        let (title, live) = (None::<&str>, Some(true));
        let (id, owner) = (4_i64, 2_i64);
        let done = safe_sql!("UPDATE notes SET updated = updated {? , title = {title}} {? , live = {live}} WHERE id = {id} AND owner = {owner}");
        assert_eq!(done.execute($on).await.unwrap().rows_affected(), 1);
        let row = safe_sql!("SELECT count(*) FROM notes WHERE id = {id} AND live AND title = 'd!'").scalar::<i64>();
        assert_eq!(row.fetch_one($on).await.unwrap(), 1);
        let nobody = None::<i64>;
        let done = safe_sql!("DELETE FROM notes WHERE owner = {owner} {? AND id = {nobody}}");
        assert_eq!(done.execute($on).await.unwrap().rows_affected(), 2);
    };
}

#[tokio::test]
async fn what_is_dynamic_holds_on_sqlite() {
    let pool = sqlite().await;
    holds_on!(&pool);
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn what_is_dynamic_holds_on_postgres() {
    let url = std::env::var("COVET_TEST_POSTGRES_URL").ok();
    assert!(url.is_some() || std::env::var_os("CI").is_none(), "COVET_TEST_POSTGRES_URL is not set");
    let Some(url) = url else { return };
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let table = "CREATE TEMPORARY TABLE notes \
                 (id BIGINT PRIMARY KEY, owner BIGINT, title TEXT NOT NULL, updated BIGINT, live BOOL) ON COMMIT DROP";
    sqlx::raw_sql(table).execute(&mut *transaction).await.unwrap();
    holds_on!(&mut *transaction);
}

fn refused<T: std::fmt::Debug>(answer: Result<T, sqlx::Error>) -> BindError {
    match answer {
        Err(sqlx::Error::Encode(source)) => *source.downcast::<BindError>().unwrap(),
        other => panic!("expected a refusal: {other:?}"),
    }
}

#[tokio::test]
async fn nul_in_text_is_refused_however_it_is_bound() {
    let pool = sqlite().await;
    let text = String::from("a\0b");
    let (some, list, nothing) = (Some(text.as_str()), vec![text.as_str()], None::<&str>);
    assert_eq!(refused(safe_sql!("SELECT 1 WHERE {text} = ''").fetch_all(&pool).await), BindError::Nul);
    assert_eq!(refused(safe_sql!("SELECT 1 WHERE true {? AND '' = {some}}").fetch_all(&pool).await), BindError::Nul);
    assert_eq!(refused(safe_sql!("SELECT 1 WHERE 'a' LIKE '{text}%'").fetch_all(&pool).await), BindError::Nul);
    assert_eq!(refused(safe_sql!("SELECT 1 WHERE 'a' IN {list}").fetch_all(&pool).await), BindError::Nul);
    assert_eq!(refused(safe_sql!("DELETE FROM notes WHERE title = {text}").execute(&pool).await), BindError::Nul);
    // What is left out is not looked at.
    let left_out = safe_sql!("SELECT 1 WHERE true {? AND {text} = {nothing}}").fetch_all(&pool).await;
    assert_eq!(left_out.unwrap().len(), 1);
}

#[tokio::test]
async fn a_limit_above_the_policys_is_refused() {
    let pool = sqlite().await;
    let n = 501_u32;
    assert_eq!(refused(safe_sql!("SELECT 1 LIMIT {n}").fetch_all(&pool).await), BindError::LimitTooHigh(501, 500));
    assert!(safe_sql!("SELECT 1 LIMIT 1 OFFSET {n}").fetch_all(&pool).await.is_ok());
}

#[tokio::test]
async fn a_list_longer_than_the_policys_is_refused() {
    let pool = sqlite().await;
    let (fits, long) = (vec![1_i64; 1000], vec![1_i64; 1001]);
    assert!(safe_sql!("SELECT 1 WHERE 1 IN {fits}").fetch_all(&pool).await.is_ok());
    assert_eq!(refused(safe_sql!("SELECT 1 WHERE 1 IN {long}").fetch_all(&pool).await), BindError::TooMany(1001, 1000));
}

#[test]
fn a_statement_tells_its_text() {
    let (owner, ids) = (None::<i64>, [1_i64]);
    let statement = safe_sql!("SELECT id FROM notes {? WHERE owner = {owner}} ORDER BY id IN {ids}");
    assert_eq!(
        statement.sql(Dialect::Sqlite),
        "SELECT id FROM notes  ORDER BY id IN (SELECT value FROM json_each($1))"
    );
    let owner = Some(1);
    let statement = safe_sql!("SELECT id FROM notes {? WHERE owner = {owner}} ORDER BY id IN {ids}");
    assert_eq!(statement.sql(Dialect::Postgres), "SELECT id FROM notes  WHERE owner = $1 ORDER BY id = ANY($2)");
}

/// A value that is computed is computed once, and lives as long as the statement.
#[tokio::test]
async fn a_computed_value_in_a_part_is_computed_once() {
    let pool = sqlite().await;
    let mut calls = 0;
    let mut next = || {
        calls += 1;
        Some(calls)
    };
    let statement = safe_sql!("SELECT 7 WHERE true {? AND {n} = {n}}", n = next());
    assert_eq!(statement.scalar::<i64>().fetch_all(&pool).await.unwrap(), [7]);
    assert_eq!(calls, 1);
}
