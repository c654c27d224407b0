//! Migrations: the tables of Covet and those of the application, in one database.
//!
//! Against: two sets of migrations that number the same versions. The rule: Covet keeps its own record, in
//! `_covet_migrations`; the application's is where sqlx expects it.
//!
//! ```no_run
//! # async fn example(pool: &covet_core::pool::Pool) -> Result<(), covet_core::migrate::MigrationError> {
//! covet_core::migrate::migrate(pool).await?;
//! covet_core::migrate::migrate_app(pool, &[(1, "notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY)")]).await
//! # }
//! ```

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::pool::{Pool, on};
#[cfg(feature = "sqlite")]
use crate::sql::drift::{self, Difference, Table};
use crate::tables;

const TABLE: &str = "_covet_migrations";

/// The database could not be brought to the present schema.
#[derive(Debug, thiserror::Error)]
#[error("the database migrations failed")]
pub struct MigrationError(#[source] Box<sqlx::migrate::MigrateError>);

/// Brings Covet's tables to the present schema. What was applied stays; a database that a newer version has changed is
/// refused.
///
/// # Errors
///
/// [`MigrationError`] when the database fails, or its record does not fit these migrations.
pub async fn migrate(pool: &Pool) -> Result<(), MigrationError> {
    let mut migrator = migrator(match pool {
        #[cfg(feature = "sqlite")]
        Pool::Sqlite(_) => &tables::SQLITE,
        #[cfg(feature = "postgres")]
        Pool::Postgres(_) => &tables::POSTGRES,
    });
    migrator.dangerous_set_table_name(TABLE);
    run(&migrator, pool).await
}

/// Brings the application's own tables to the present schema: version, name and SQL of each migration, in sqlx's
/// default record, as `sqlx migrate` does.
///
/// # Errors
///
/// [`MigrationError`] when the database fails, or its record does not fit these migrations.
pub async fn migrate_app(pool: &Pool, migrations: &[(i64, &str, &'static str)]) -> Result<(), MigrationError> {
    run(&migrator(migrations), pool).await
}

/// How a database of SQLite differs from the tables that the program was compiled for. Tables that it does not know are not its
/// concern.
///
/// # Errors
///
/// When the database cannot be read.
#[cfg(feature = "sqlite")]
pub async fn differences(pool: &sqlx::SqlitePool, compiled: &[Table]) -> Result<Vec<Difference>, sqlx::Error> {
    let mut actual = Vec::new();
    for table in compiled {
        let columns: Vec<(String, String, bool)> =
            sqlx::query_as(drift::COLUMNS).bind(table.name.as_ref()).fetch_all(pool).await?;
        if !columns.is_empty() {
            let column = |(name, declared, not_null)| drift::Column::new(name, declared, not_null);
            actual.push(Table::new(table.name.clone(), columns.into_iter().map(column).collect::<Vec<_>>()));
        }
    }
    Ok(drift::differences(compiled, &actual))
}

fn migrator(migrations: &[(i64, &str, &'static str)]) -> Migrator {
    let migration = |(version, name, sql): &(i64, &str, &'static str)| {
        Migration::new(*version, (*name).to_owned().into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}

async fn run(migrator: &Migrator, pool: &Pool) -> Result<(), MigrationError> {
    on!(*pool, pool => migrator.run(pool).await).map_err(|error| MigrationError(Box::new(error)))
}

#[cfg(all(test, feature = "sqlite"))]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
pub(crate) mod tests {
    use sqlx::SqlitePool;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
    use tempfile::TempDir;

    use super::*;

    /// A migrated database in a file, which is removed with the directory.
    pub(crate) async fn database() -> (TempDir, SqlitePool) {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("test.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options).await.unwrap();
        migrate(&pool.clone().into()).await.unwrap();
        (directory, pool)
    }

    /// A migrated database of each kind that is there: SQLite in memory, and PostgreSQL where `COVET_TEST_POSTGRES_URL` names
    /// a server, in a schema of the test's own.
    pub(crate) async fn databases() -> Vec<Pool> {
        let memory = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        let mut databases = vec![Pool::from(memory)];
        #[cfg(feature = "postgres")]
        databases.extend(postgres().await.map(Pool::from));
        for pool in &databases {
            migrate(pool).await.unwrap();
        }
        databases
    }

    #[cfg(feature = "postgres")]
    pub(crate) async fn postgres() -> Option<sqlx::PgPool> {
        use std::sync::atomic::{AtomicU32, Ordering};

        static SCHEMAS: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var("COVET_TEST_POSTGRES_URL").ok();
        assert!(url.is_some() || std::env::var_os("CI").is_none(), "COVET_TEST_POSTGRES_URL is not set");
        let options: sqlx::postgres::PgConnectOptions = url?.parse().unwrap();
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let schema = format!("covet_test_{}_{number}", std::process::id());
        let admin = sqlx::PgPool::connect_with(options.clone()).await.unwrap();
        let make = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(&admin).await.unwrap();
        let options = options.options([("search_path", schema)]);
        let pool = sqlx::postgres::PgPoolOptions::new().max_connections(8);
        Some(pool.connect_with(options).await.unwrap())
    }

    #[cfg(feature = "postgres")]
    #[tokio::test]
    async fn on_postgres_migrations_run_once_and_beside_the_applications() {
        let Some(pool) = postgres().await.map(Pool::from) else { return };
        let app = [(1, "notes", "CREATE TABLE notes (owner TEXT REFERENCES users (id))")];
        for _ in 0..2 {
            migrate(&pool).await.unwrap();
            migrate_app(&pool, &app).await.unwrap();
        }
        let other = [(1, "notes", "CREATE TABLE notes (owner BIGINT)")];
        migrate_app(&pool, &other).await.unwrap_err();
    }

    #[tokio::test]
    async fn migrations_run_once_and_beside_the_applications() {
        let (_directory, pool) = database().await;
        migrate(&pool.clone().into()).await.unwrap();
        let app = [(2, "more", "ALTER TABLE notes ADD title TEXT"), (1, "notes", "CREATE TABLE notes (id INTEGER)")];
        migrate_app(&pool.clone().into(), &app).await.unwrap();
        migrate_app(&pool.clone().into(), &app).await.unwrap();
        migrate(&pool.clone().into()).await.unwrap();
        for table in ["users", "security_events", "covet_entries", "notes", "_covet_migrations", "_sqlx_migrations"] {
            let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_master WHERE name = ?");
            assert_eq!(count.bind(table).fetch_one(&pool).await.unwrap(), 1, "{table}");
        }
    }

    #[tokio::test]
    async fn a_database_is_what_the_program_was_compiled_for_or_it_is_told_what_differs() {
        let (_directory, pool) = database().await;
        let notes =
            "CREATE TABLE Notes (id INTEGER PRIMARY KEY, title text NOT NULL, done BOOLEAN, up AS (upper(title)))";
        migrate_app(&pool.clone().into(), &[(1, "notes", notes)]).await.unwrap();
        let column =
            |name: &'static str, declared: &'static str, not_null| drift::Column::new(name, declared, not_null);
        let compiled = |third| {
            let columns =
                vec![column("id", "INTEGER", false), column("title", "TEXT", true), third, column("up", "", false)];
            [Table::new("notes", columns)]
        };
        assert_eq!(differences(&pool, &compiled(column("done", "BOOLEAN", false))).await.unwrap(), []);
        assert_eq!(differences(&pool, &[]).await.unwrap(), []);
        let told = differences(&pool, &compiled(column("done", "INTEGER", false))).await.unwrap();
        assert_eq!(
            told.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["`notes.done` is BOOLEAN, the program was compiled for INTEGER"]
        );
    }

    #[tokio::test]
    async fn a_changed_migration_is_refused() {
        let (_directory, pool) = database().await;
        migrate_app(&pool.clone().into(), &[(1, "notes", "CREATE TABLE notes (id INTEGER)")]).await.unwrap();
        migrate_app(&pool.clone().into(), &[(1, "notes", "CREATE TABLE notes (id TEXT)")]).await.unwrap_err();
        migrate_app(&pool.clone().into(), &[]).await.unwrap_err();
    }
}
