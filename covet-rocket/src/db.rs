//! The database of the application, as a guard.

use covet_core::migrate::{MigrationError, migrate_app};
use covet_core::pool::{Pool, Transaction};
use covet_core::sql::bind::Binds;
use covet_core::sql::dynamic::Text;
use covet_core::sql::run::{Changed, Either, RunsOn};
use covet_core::sql::shape::FromSqlRow;
use covet_core::sql::statement::{Answer, Answers};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Sentinel};

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

/// The database: `&Db` as a guard, and what `safe_sql!` statements run on, be it SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct Db(Pool);

impl Db {
    pub(crate) const fn new(pool: Pool) -> Self {
        Self(pool)
    }

    /// Begins a transaction: `safe_sql!("…").execute(&mut transaction)`, then `transaction.commit()`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        self.0.begin().await
    }

    /// The pool of the driver, for what statements on [`Db`] cannot do.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
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

impl<'e> RunsOn<'e> for &'e Db {
    type Kind = Either;

    fn execute<'q, B: Binds<'q, Either>>(self, text: &Text, binds: B) -> Answer<'e, Changed> {
        (&self.0).execute(text, binds)
    }

    fn fetch_optional<'q, S, B>(self, text: &Text, binds: B) -> Answer<'e, Option<S::Output>>
    where
        S: FromSqlRow<Either>,
        B: Binds<'q, Either>,
    {
        (&self.0).fetch_optional::<S, B>(text, binds)
    }

    fn fetch_all<'q, S, B>(self, text: &Text, binds: B) -> Answer<'e, Vec<S::Output>>
    where
        S: FromSqlRow<Either>,
        B: Binds<'q, Either>,
    {
        (&self.0).fetch_all::<S, B>(text, binds)
    }

    fn fetch<'q, S, B>(self, text: &Text, binds: B) -> Answers<'e, S::Output>
    where
        S: FromSqlRow<Either>,
        B: Binds<'q, Either>,
    {
        (&self.0).fetch::<S, B>(text, binds)
    }
}
