//! Any tree of conditions finds on each database what a slow filter in Rust finds.

use proptest::prelude::*;
use sqlx::sqlite::SqlitePoolOptions;

use super::super::*;
use super::schema::*;
use crate::sql::Dialect;

#[derive(Debug, Clone, Default, PartialEq)]
struct Note {
    id: i64,
    owner: Option<i64>,
    title: Option<String>,
    score: Option<f64>,
    live: Option<bool>,
    body: Option<Vec<u8>>,
    made: Option<String>,
}

#[derive(Debug, Clone)]
enum Tree {
    Owner(usize, i64),
    Title(usize, String),
    Score(usize, f64),
    Live(usize, bool),
    Body(usize, Vec<u8>),
    Made(usize, String),
    Owners(Vec<i64>),
    Titles(Vec<String>),
    Lives(Vec<bool>),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    IsNull(usize),
    IsNotNull(usize),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
}

/// The comparison with this number.
macro_rules! compare {
    ($column:ident, $operator:expr, $value:expr) => {
        match $operator {
            0 => $column.eq($value),
            1 => $column.ne($value),
            2 => $column.gt($value),
            3 => $column.gte($value),
            4 => $column.lt($value),
            _ => $column.lte($value),
        }
    };
}

impl Tree {
    fn condition(&self) -> Condition<notes> {
        match self {
            Self::Owner(operator, value) => compare!(owner, operator, value),
            Self::Title(operator, value) => compare!(title, operator, value),
            Self::Score(operator, value) => compare!(score, operator, value),
            Self::Live(operator, value) => compare!(live, operator, value),
            Self::Body(operator, value) => compare!(body, operator, value),
            Self::Made(operator, value) => compare!(made, operator, value.clone()),
            Self::Owners(values) => owner.in_(values),
            Self::Titles(values) => title.in_(values),
            Self::Lives(values) => live.in_(values.clone()),
            Self::Contains(text) => title.contains(text),
            Self::StartsWith(text) => title.starts_with(text),
            Self::EndsWith(text) => title.ends_with(text),
            Self::IsNull(0) => owner.is_null(),
            Self::IsNull(1) => title.is_null(),
            Self::IsNull(_) => score.is_null(),
            Self::IsNotNull(0) => owner.is_not_null(),
            Self::IsNotNull(1) => title.is_not_null(),
            Self::IsNotNull(_) => score.is_not_null(),
            Self::And(a, b) => a.condition() & b.condition(),
            Self::Or(a, b) => a.condition() | b.condition(),
            Self::Not(a) => !a.condition(),
        }
    }

    /// Whether it holds; `None` where it is not known.
    fn holds(&self, note: &Note, on: Dialect) -> Option<bool> {
        fn ordered<T: PartialOrd>(value: Option<&T>, operator: usize, other: &T) -> Option<bool> {
            let value = value?;
            Some(match operator {
                0 => value == other,
                1 => value != other,
                2 => value > other,
                3 => value >= other,
                4 => value < other,
                _ => value <= other,
            })
        }
        fn listed<T: PartialEq>(value: Option<&T>, list: &[T]) -> Option<bool> {
            // Nothing is in an empty list, not even what is not known.
            if list.is_empty() { Some(false) } else { Some(list.contains(value?)) }
        }
        // SQLite does not mind the case of ASCII letters in `LIKE`.
        let folded = |text: &str| if on == Dialect::Sqlite { text.to_ascii_lowercase() } else { text.to_owned() };
        let named = || Some(folded(note.title.as_ref()?));
        match self {
            Self::Owner(operator, value) => ordered(note.owner.as_ref(), *operator, value),
            Self::Title(operator, value) => ordered(note.title.as_ref(), *operator, value),
            Self::Score(operator, value) => ordered(note.score.as_ref(), *operator, value),
            Self::Live(operator, value) => ordered(note.live.as_ref(), *operator, value),
            Self::Body(operator, value) => ordered(note.body.as_ref(), *operator, value),
            Self::Made(operator, value) => ordered(note.made.as_ref(), *operator, value),
            Self::Owners(values) => listed(note.owner.as_ref(), values),
            Self::Titles(values) => listed(note.title.as_ref(), values),
            Self::Lives(values) => listed(note.live.as_ref(), values),
            Self::Contains(text) => Some(named()?.contains(&folded(text))),
            Self::StartsWith(text) => Some(named()?.starts_with(&folded(text))),
            Self::EndsWith(text) => Some(named()?.ends_with(&folded(text))),
            Self::IsNull(0) => Some(note.owner.is_none()),
            Self::IsNull(1) => Some(note.title.is_none()),
            Self::IsNull(_) => Some(note.score.is_none()),
            Self::IsNotNull(column) => Self::IsNull(*column).holds(note, on).map(|null| !null),
            Self::And(a, b) => match (a.holds(note, on), b.holds(note, on)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.holds(note, on), b.holds(note, on)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(a) => a.holds(note, on).map(|holds| !holds),
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    "[aAbé%_!'\"\\\\$1;-]{0,3}"
}

/// Text that SQLite does not take for a number, as it would in a column of moments.
fn moment() -> impl Strategy<Value = String> {
    "[a-c-]{0,2}"
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(-1.5), Just(0.1), Just(1e300), -2.0..2.0]
}

fn note() -> impl Strategy<Value = Note> {
    let (owners, flag) = (proptest::option::of(-2_i64..3), proptest::option::of(any::<bool>()));
    let bytes = proptest::option::of(proptest::collection::vec(0_u8..3, 0..3));
    let fields = (owners, proptest::option::of(text()), proptest::option::of(number()), flag, bytes);
    (fields, proptest::option::of(moment())).prop_map(|((by, named, scored, is_live, bytes), at)| Note {
        id: 0,
        owner: by,
        title: named,
        score: scored,
        live: is_live,
        body: bytes,
        made: at,
    })
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        (0..6_usize, -2_i64..3).prop_map(|(operator, value)| Tree::Owner(operator, value)),
        (0..6_usize, text()).prop_map(|(operator, value)| Tree::Title(operator, value)),
        (0..6_usize, number()).prop_map(|(operator, value)| Tree::Score(operator, value)),
        (0..6_usize, any::<bool>()).prop_map(|(operator, value)| Tree::Live(operator, value)),
        (0..6_usize, proptest::collection::vec(0_u8..3, 0..3))
            .prop_map(|(operator, value)| Tree::Body(operator, value)),
        (0..6_usize, moment()).prop_map(|(operator, value)| Tree::Made(operator, value)),
        proptest::collection::vec(-2_i64..3, 0..4).prop_map(Tree::Owners),
        proptest::collection::vec(text(), 0..4).prop_map(Tree::Titles),
        proptest::collection::vec(any::<bool>(), 0..3).prop_map(Tree::Lives),
        text().prop_map(Tree::Contains),
        text().prop_map(Tree::StartsWith),
        text().prop_map(Tree::EndsWith),
        (0..3_usize).prop_map(Tree::IsNull),
        (0..3_usize).prop_map(Tree::IsNotNull),
    ];
    leaf.prop_recursive(5, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Tree::And(a.into(), b.into())),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Tree::Or(a.into(), b.into())),
            inner.prop_map(|a| Tree::Not(a.into())),
        ]
    })
}

/// The trees on this database, each against the notes of which it holds; `$create` makes the table anew.
macro_rules! found_on {
    ($pool:expr, $dialect:expr, $create:expr, $all:expr, $trees:expr) => {{
        let (pool, all, trees) = ($pool, $all, $trees);
        sqlx::raw_sql($create).execute(pool).await.unwrap();
        // Each is a row that was made empty, and then changed.
        for note in all {
            sqlx::query("INSERT INTO notes (id) VALUES ($1)").bind(note.id).execute(pool).await.unwrap();
            let change = Update::<notes>::new()
                .set(owner, note.owner)
                .set(title, note.title.as_deref())
                .set(score, note.score)
                .set(live, note.live)
                .set(body, note.body.clone())
                .set(made, note.made.clone());
            assert_eq!(change.filter(id.eq(note.id)).execute(pool).await.unwrap().rows_affected(), 1);
        }
        let expected = |tree: &Tree| -> Vec<(i64,)> {
            let holds = |note: &&Note| tree.holds(note, $dialect) == Some(true);
            all.iter().filter(holds).map(|note| (note.id,)).collect()
        };
        for tree in trees {
            let (condition, expected) = (tree.condition(), expected(tree));
            let found = Select::<notes>::new().columns(id).filter(condition.clone()).order_by(id.asc());
            prop_assert_eq!(&found.fetch_all::<(i64,)>(pool).await.unwrap(), &expected, "{:?}", condition);
            let count = Count::<notes>::new().filter(condition).fetch_one(pool).await.unwrap();
            prop_assert_eq!(count, expected.len() as i64);
        }
        let Some(tree) = trees.first() else { return Ok(()) };
        let expected = expected(tree);
        let deleted = Delete::<notes>::new().filter(tree.condition()).execute(pool).await.unwrap().rows_affected();
        prop_assert_eq!(deleted as usize, expected.len());
        let left = Select::<notes>::new().columns(id).order_by(id.asc()).fetch_all::<(i64,)>(pool).await.unwrap();
        let kept: Vec<_> = all.iter().map(|note| (note.id,)).filter(|note| !expected.contains(note)).collect();
        prop_assert_eq!(left, kept);
        Ok(())
    }};
}

fn cases() -> impl Strategy<Value = (Vec<Note>, Vec<Tree>)> {
    let all = proptest::collection::vec(note(), 0..8).prop_map(|mut all: Vec<Note>| {
        all.iter_mut().zip(1..).for_each(|(note, number)| note.id = number);
        all
    });
    (all, proptest::collection::vec(tree(), 8))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn any_condition_finds_on_sqlite_what_a_slow_filter_finds() {
    let runtime = runtime();
    let options = SqlitePoolOptions::new().max_connections(1);
    let pool = &runtime.block_on(options.connect("sqlite::memory:")).unwrap();
    let create = format!("DROP TABLE IF EXISTS notes; {CREATE}");
    proptest!(|((all, trees) in cases())| {
        let create = sqlx::AssertSqlSafe(create.clone());
        runtime.block_on(async { found_on!(pool, Dialect::Sqlite, create, &all, &trees) })?;
    });
}

#[cfg(feature = "postgres")]
#[test]
fn any_condition_finds_on_postgres_what_a_slow_filter_finds() {
    let url = std::env::var("COVET_TEST_POSTGRES_URL").ok();
    assert!(url.is_some() || std::env::var_os("CI").is_none(), "COVET_TEST_POSTGRES_URL is not set");
    let Some(url) = url else { return };
    let runtime = runtime();
    // One connection, whose own table it is.
    let options = sqlx::postgres::PgPoolOptions::new().max_connections(1);
    let pool = &runtime.block_on(options.connect(&url)).unwrap();
    const CREATE: &str = "DROP TABLE IF EXISTS pg_temp.notes; CREATE TEMPORARY TABLE notes (id BIGINT PRIMARY KEY, owner INT, \
                          title TEXT COLLATE \"C\", score DOUBLE PRECISION, live BOOLEAN, body BYTEA, \
                          made VARCHAR(9) COLLATE \"C\")";
    proptest!(|((all, trees) in cases())| {
        runtime.block_on(async { found_on!(pool, Dialect::Postgres, CREATE, &all, &trees) })?;
    });
}
