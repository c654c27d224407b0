//! The database of the application, as a guard.

use covet_core::migrate::{MigrationError, migrate_app};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Sentinel};
use sqlx::{Describe, Either, Execute, Executor, SqlStr, SqlitePool};

/// A step from one schema of the application's tables to the next; run at ignition, each once.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number; the order.
    pub version: i64,
    /// What it is called.
    pub name: &'static str,
    /// What it does.
    pub sql: &'static str,
}

/// The database: `&Db` as a guard, and what `safe_sql!` statements run on.
#[derive(Clone, Debug)]
pub struct Db(SqlitePool);

impl Db {
    pub(crate) const fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    /// The pool, for transactions: `db.pool().begin()`.
    #[must_use]
    pub const fn pool(&self) -> &SqlitePool {
        &self.0
    }

    pub(crate) async fn migrate(&self, migrations: &[Migration]) -> Result<(), MigrationError> {
        // The database may be shared with a program that has some: none of ours is none to run.
        if migrations.is_empty() {
            return Ok(());
        }
        let migrations: Vec<_> = migrations.iter().map(|step| (step.version, step.name, step.sql)).collect();
        migrate_app(&self.0, &migrations).await
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r Db {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.rocket().state::<Db>() {
            Some(db) => Outcome::Success(db),
            None => Outcome::Error((Status::ServiceUnavailable, ())),
        }
    }
}

impl Sentinel for &Db {
    fn abort(rocket: &rocket::Rocket<rocket::Ignite>) -> bool {
        rocket.state::<Db>().is_none()
    }
}

type Database = sqlx::Sqlite;
type BoxFuture<'e, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'e>>;
type BoxStream<'e, T> = std::pin::Pin<Box<dyn futures_core::Stream<Item = T> + Send + 'e>>;

impl<'p> Executor<'p> for &'p Db {
    type Database = Database;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<
        'e,
        Result<Either<<Database as sqlx::Database>::QueryResult, <Database as sqlx::Database>::Row>, sqlx::Error>,
    >
    where
        'p: 'e,
        E: 'q + Execute<'q, Database>,
    {
        (&self.0).fetch_many(query)
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<<Database as sqlx::Database>::Row>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Database>,
    {
        (&self.0).fetch_optional(query)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<Database as sqlx::Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<Database as sqlx::Database>::Statement, sqlx::Error>>
    where
        'p: 'e,
    {
        (&self.0).prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Database>, sqlx::Error>>
    where
        'p: 'e,
    {
        (&self.0).describe(sql)
    }
}
