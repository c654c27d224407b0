use sqlx::Error;
use sqlx::sqlite::SqlitePoolOptions;

use super::super::*;
use super::schema::{CREATE, group, id, made, notes, owner, score, title};
use crate::sql::{BindError, Dialect, LikePattern};

fn select() -> Select<notes> {
    Select::new()
}

#[test]
fn conditions_are_joined_as_they_are_written() {
    let (a, b, c) = (|| id.eq(1), || owner.ne(2), || title.is_null());
    for (condition, expected) in [
        (a() & b() & c(), "id = $1 AND owner <> $2 AND title IS NULL"),
        (a() | b() | c(), "id = $1 OR owner <> $2 OR title IS NULL"),
        ((a() | b()) & c(), "(id = $1 OR owner <> $2) AND title IS NULL"),
        (c() & (a() | b()), "title IS NULL AND (id = $1 OR owner <> $2)"),
        (a() & b() | c(), "(id = $1 AND owner <> $2) OR title IS NULL"),
        (!(a() | b()) & c(), "NOT (id = $1 OR owner <> $2) AND title IS NULL"),
        (!!a(), "NOT (NOT (id = $1))"),
        (id.gt(1) & id.gte(2) & id.lt(3) & id.lte(4), "id > $1 AND id >= $2 AND id < $3 AND id <= $4"),
        (group.eq("a") & group.is_not_null(), "notes.\"group\" = $1 AND notes.\"group\" IS NOT NULL"),
        (
            title.like(LikePattern::wild("a%")) & title.contains("b"),
            "title LIKE $1 ESCAPE '!' AND title LIKE $2 ESCAPE '!'",
        ),
    ] {
        let text = format!("SELECT id, title FROM notes WHERE {expected}");
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            assert_eq!(select().filter(condition.clone()).sql(dialect), text);
        }
    }
}

#[test]
fn a_list_is_one_value_on_each_database() {
    let found = select().filter(id.in_([1, 2]) & !title.in_(Vec::<String>::new()));
    assert_eq!(
        found.sql(Dialect::Sqlite),
        "SELECT id, title FROM notes WHERE id IN (SELECT value FROM json_each($1)) \
         AND NOT (title IN (SELECT value FROM json_each($2)))"
    );
    assert_eq!(
        found.sql(Dialect::Postgres),
        "SELECT id, title FROM notes WHERE id = ANY($1) AND NOT (title = ANY($2))"
    );
}

#[test]
fn filters_add_up_and_those_that_are_missing_do_nothing() {
    let base = || select().filter(owner.eq(1)).filter_some(Some(id.eq(1) | id.eq(2)));
    let expected = "SELECT id, title FROM notes WHERE owner = $1 AND (id = $2 OR id = $3)";
    assert_eq!(base().sql(Dialect::Sqlite), expected);
    assert_eq!(base().filter_some(None).sql(Dialect::Sqlite), expected);
    assert_eq!(select().filter_some(None).sql(Dialect::Sqlite), "SELECT id, title FROM notes");
    let count = Count::<notes>::new().filter(owner.eq(1)).filter_some(None);
    assert_eq!(count.sql(Dialect::Postgres), "SELECT count(*) FROM notes WHERE owner = $1");
}

#[test]
fn columns_order_and_limits_are_written() {
    let page = select().columns((id, group)).order_by(group.desc()).order_by(id.asc());
    let text = "SELECT id, notes.\"group\" FROM notes ORDER BY notes.\"group\" DESC, id ASC";
    assert_eq!(page.sql(Dialect::Sqlite), text);
    assert_eq!(page.clone().limit(5_u8).offset(10_u32).sql(Dialect::Sqlite), format!("{text} LIMIT $1 OFFSET $2"));
    assert_eq!(page.clone().offset(10_u32).sql(Dialect::Sqlite), format!("{text} LIMIT -1 OFFSET $1"));
    assert_eq!(page.offset(10_u32).sql(Dialect::Postgres), format!("{text} OFFSET $1"));
}

#[test]
fn changes_name_the_column_alone() {
    let change = Update::<notes>::new().set(group, "a").set(title, None::<&str>).set_some(owner, None::<i64>);
    let change = change.set_some(score, Some(1.5)).filter_some(None).filter(group.eq("b"));
    assert_eq!(
        change.sql(Dialect::Postgres),
        "UPDATE notes SET \"group\" = $1, title = $2, score = $3 WHERE notes.\"group\" = $4"
    );
    assert_eq!(Update::<notes>::new().set(id, 1).all_rows().sql(Dialect::Sqlite), "UPDATE notes SET id = $1");
    let delete = Delete::<notes>::new().filter_some(Some(id.eq(1))).filter(owner.eq(2));
    assert_eq!(delete.sql(Dialect::Sqlite), "DELETE FROM notes WHERE id = $1 AND owner = $2");
    assert_eq!(Delete::<notes>::new().all_rows().sql(Dialect::Sqlite), "DELETE FROM notes");
}

#[test]
fn debug_shows_no_values() {
    let condition = title.eq("secret") | title.in_(["secret"]);
    let shown = format!(
        "{:?} {:?} {:?}",
        condition,
        select().filter(condition.clone()),
        Update::<notes>::new().set(title, "secret").filter(condition.clone())
    );
    assert!(shown.contains("title") && !shown.contains("secret"), "{shown}");
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> BindError {
    match answer {
        Err(Error::Encode(source)) => *source.downcast::<BindError>().unwrap(),
        other => panic!("expected a refusal: {other:?}"),
    }
}

#[tokio::test]
async fn what_no_database_should_get_is_refused() {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(CREATE).execute(&pool).await.unwrap();
    type Row = (i64, Option<String>);
    for condition in [title.eq("a\0"), title.contains("\0"), title.in_(["a", "\0"]), !title.starts_with("\0")] {
        assert_eq!(refused(select().filter(condition).fetch_all::<Row>(&pool).await), BindError::Nul);
    }
    let change = Update::<notes>::new().set(title, Some("\0")).all_rows();
    assert_eq!(refused(change.execute(&pool).await), BindError::Nul);
    // Text in a column of other types is text.
    for condition in [made.eq("\0"), made.lt(String::from("\0")), made.ne(std::borrow::Cow::from("\0"))] {
        assert_eq!(refused(select().filter(condition).fetch_all::<Row>(&pool).await), BindError::Nul);
    }
    let change = Update::<notes>::new().set(made, Some(Box::<str>::from("\0"))).all_rows();
    assert_eq!(refused(change.execute(&pool).await), BindError::Nul);
    assert_eq!(refused(select().filter(id.in_([1, 2, 3, 4])).fetch_all::<Row>(&pool).await), BindError::TooMany(4, 3));
    assert!(select().filter(id.in_([1, 2, 3])).fetch_all::<Row>(&pool).await.is_ok());
    assert_eq!(refused(select().limit(51_u32).fetch_optional::<Row>(&pool).await), BindError::LimitTooHigh(51, 50));
    assert!(select().limit(50_u32).offset(51_u32).fetch_all::<Row>(&pool).await.is_ok());
}
