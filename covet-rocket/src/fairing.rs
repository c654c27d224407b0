//! The fairing: what an application attaches, and what it can say there.

use std::sync::Arc;
use std::time::Duration;

use covet_core::accounts::Accounts;
use covet_core::engine::Engine;
use covet_core::policy::Embedded;
use covet_core::store::Store;
use covet_core::time::{Clock, SystemClock};
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::tokio::time::MissedTickBehavior;
use rocket::{Build, Orbit, Request, Response, Rocket, Shutdown};

use crate::guard::uncovered;
use crate::limit_fields;
use crate::ready::Ready;
use crate::settings::Settings;
use crate::slot::Slot;

/// Secures an application by its policy: `rocket::build().attach(Covet::fairing(policy::EMBEDDED))`.
///
/// At ignition it reads the policy and its layers, opens the store, and refuses to launch when anything is wrong: a
/// policy in error, a route that is not covered, a missing secret. What other fairings mount or register it sees when it is
/// attached behind them; what is mounted later is refused.
#[derive(Debug)]
pub struct Covet {
    pub(crate) embedded: Embedded,
    pub(crate) settings: Option<Settings>,
    pub(crate) accounts: Option<Arc<dyn Accounts>>,
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) clock: Arc<dyn Clock>,
    #[cfg(feature = "sql")]
    pub(crate) migrations: Migrations,
}

/// The application's own tables, on each database.
#[cfg(feature = "sql")]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Migrations {
    #[cfg(feature = "sqlite")]
    pub(crate) sqlite: &'static [crate::db::Migration],
    #[cfg(feature = "postgres")]
    pub(crate) postgres: &'static [crate::db::Migration],
}

#[cfg(feature = "sql")]
impl Migrations {
    /// Whether there are none on any database.
    pub(crate) const fn is_empty(self) -> bool {
        #[cfg(feature = "sqlite")]
        if !self.sqlite.is_empty() {
            return false;
        }
        #[cfg(feature = "postgres")]
        if !self.postgres.is_empty() {
            return false;
        }
        true
    }
}

impl Covet {
    /// The fairing for a compiled-in policy.
    #[must_use]
    pub fn fairing(embedded: Embedded) -> Self {
        Self {
            embedded,
            settings: None,
            accounts: None,
            store: None,
            clock: Arc::new(SystemClock),
            #[cfg(feature = "sql")]
            migrations: Migrations::default(),
        }
    }

    /// The application's own tables on SQLite, brought up to date at ignition.
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn migrations(mut self, migrations: &'static [crate::db::Migration]) -> Self {
        self.migrations.sqlite = migrations;
        self
    }

    /// The application's own tables on PostgreSQL, brought up to date at ignition.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn postgres_migrations(mut self, migrations: &'static [crate::db::Migration]) -> Self {
        self.migrations.postgres = migrations;
        self
    }

    /// Accounts that the application keeps itself, in place of those in the database.
    #[must_use]
    pub fn accounts(self, accounts: Arc<dyn Accounts>) -> Self {
        Self { accounts: Some(accounts), ..self }
    }

    /// A store of the application's own for sessions and limits. Covet stops asking one that is away, and tries it now
    /// and then, unless it says that it is in this process ([`Store::is_remote`]).
    #[must_use]
    pub fn store(self, store: Arc<dyn Store>) -> Self {
        Self { store: Some(store), ..self }
    }

    /// A clock other than the machine's: for tests.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Surroundings other than the process's: for tests, and for programs that keep their configuration elsewhere.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings: Some(settings), ..self }
    }
}

#[rocket::async_trait]
impl Fairing for Covet {
    fn info(&self) -> Info {
        Info { name: "Covet", kind: Kind::Ignite | Kind::Liftoff | Kind::Response | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        match self.ignite(&rocket).await {
            Ok(ignited) => Ok(ignited.apply(rocket)),
            Err(error) => {
                rocket::error!("Covet refuses to launch.");
                error.to_string().lines().for_each(|line| rocket::error_!("{line}"));
                Err(rocket)
            }
        }
    }

    /// Begins to forget what has expired. And a fairing attached later may have mounted more routes since ignition.
    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let Some(ready) = rocket.state::<Ready>() else { return };
        rocket::tokio::spawn(sweep(Arc::clone(&ready.engine), rocket.shutdown()));
        let uncovered = uncovered(rocket.routes(), ready.engine.policy());
        // Not a shutdown, which would end with success.
        assert!(
            uncovered.is_empty(),
            "Covet refuses to launch: routes without a policy were mounted after it had looked at all routes:\n{}\n\
             attach `Covet::fairing` behind every fairing that mounts routes",
            uncovered.join("\n")
        );
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        Slot::of(request).with_limits(|limits, now| limit_fields::tell(limits, now, response));
    }
}

/// Forgets what has expired, a little each second, until the application shuts down.
async fn sweep(engine: Arc<Engine>, mut shutdown: Shutdown) {
    let mut tick = rocket::tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rocket::tokio::select! {
            () = &mut shutdown => return,
            _ = tick.tick() => {}
        }
        engine.sweep(engine.now()).await;
    }
}
