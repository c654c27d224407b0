//! What stands behind the engine: the database that is opened, or what the application brings.

use std::path::PathBuf;
use std::sync::Arc;

use covet_core::accounts::Accounts;
use covet_core::audit::Sink;
use covet_core::store::Store;

/// Where accounts, sessions and events are kept.
pub(crate) struct Backend {
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sinks: Vec<Arc<dyn Sink>>,
    /// Held as long as the application runs: see [`BackendError::InUse`].
    #[cfg(feature = "sqlite")]
    pub(crate) lock: Option<std::fs::File>,
    /// Where a key for debugging may be kept: beside the database whose secrets it seals.
    pub(crate) debug_key: Option<PathBuf>,
    #[cfg(feature = "sqlite")]
    pub(crate) database: Option<(crate::db::Db, covet_core::audit::SqlSink)>,
}

/// The backend cannot be had: launch is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BackendError {
    #[cfg(feature = "sqlite")]
    #[error(transparent)]
    Settings(#[from] crate::settings::SettingsError),
    /// The rest of it is not shown: it may have a password in it.
    #[cfg(feature = "sqlite")]
    #[error("COVET_DATABASE_URL: found `{0}…`, expected an address such as `sqlite:covet.db`")]
    NotSqlite(String),
    #[cfg(feature = "sqlite")]
    #[error("COVET_DATABASE_URL: `{url}` cannot be opened: {source}")]
    Open {
        url: String,
        #[source]
        source: sqlx::Error,
    },
    #[cfg(feature = "sqlite")]
    #[error(
        "another process uses the database `{0}`; each would keep sessions in memory that the other has ended, so one \
         has to stop first"
    )]
    InUse(String),
    #[cfg(feature = "sqlite")]
    #[error("the database cannot be brought up to date: {}", chain(.0))]
    Migrate(#[from] covet_core::migrate::MigrationError),
    #[cfg(feature = "sqlite")]
    #[error("the store cannot be read: {}", chain(.0))]
    Store(#[from] covet_core::store::StoreError),
    #[cfg(not(feature = "sqlite"))]
    #[error("without the feature `sqlite` the application gives `Covet::accounts` and `Covet::store`")]
    None,
}

/// An error with its causes, in one line.
#[cfg(feature = "sqlite")]
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(not(feature = "sqlite"))]
impl Backend {
    pub(crate) async fn open(
        covet: &crate::fairing::Covet,
        _: &crate::settings::Settings,
        _: &covet_core::policy::Policy,
    ) -> Result<Self, BackendError> {
        match (&covet.accounts, &covet.store) {
            (Some(accounts), Some(store)) => Ok(Self {
                accounts: Arc::clone(accounts),
                store: Arc::clone(store),
                sinks: Vec::new(),
                debug_key: None,
            }),
            _ => Err(BackendError::None),
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::fs::{File, OpenOptions, TryLockError};
    use std::io::ErrorKind;
    use std::path::Path;
    use std::str::FromStr;
    use std::time::Duration;

    use covet_core::accounts::SqlAccounts;
    use covet_core::audit::SqlSink;
    use covet_core::migrate::migrate;
    use covet_core::policy::Policy;
    use covet_core::session::Kind;
    use covet_core::store::{MemoryStore, SqliteStore};
    use sqlx::SqlitePool;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

    use super::{Arc, Backend, BackendError, Store};
    use crate::db::Db;
    use crate::fairing::Covet;
    use crate::settings::Settings;

    /// Where the data lies when nobody says where.
    const DEFAULT_URL: &str = "sqlite:covet.db";

    /// How long a statement waits for another to finish writing.
    const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

    impl Backend {
        /// Opens the database, unless the application brings everything itself.
        pub(crate) async fn open(covet: &Covet, settings: &Settings, policy: &Policy) -> Result<Self, BackendError> {
            let url = settings.database_url()?;
            if let (Some(accounts), Some(store), None, []) = (&covet.accounts, &covet.store, &url, covet.migrations) {
                let (accounts, store) = (Arc::clone(accounts), Arc::clone(store));
                return Ok(Self { accounts, store, sinks: Vec::new(), lock: None, debug_key: None, database: None });
            }
            let url = url.unwrap_or_else(|| DEFAULT_URL.to_owned());
            Self::open_url(covet, &url, policy).await
        }

        async fn open_url(covet: &Covet, url: &str, policy: &Policy) -> Result<Self, BackendError> {
            // The driver would take any other text for the name of a file.
            if !url.starts_with("sqlite:") {
                let scheme = url.split_inclusive(':').next().filter(|scheme| scheme.ends_with(':'));
                return Err(BackendError::NotSqlite(scheme.unwrap_or_default().to_owned()));
            }
            let options = SqliteConnectOptions::from_str(url);
            let options = options.map_err(|source| BackendError::Open { url: url.to_owned(), source })?;
            let in_memory = url.contains(":memory:") || url.contains("mode=memory");
            let file = (!in_memory).then(|| options.get_filename().to_owned());
            if let Some(file) = &file {
                private(file).map_err(|error| BackendError::Open { url: url.to_owned(), source: error.into() })?;
            }
            let lock = file.as_deref().map(|file| lock(file, url)).transpose()?;
            let pool = connect(options, in_memory).await;
            let pool = pool.map_err(|source| BackendError::Open { url: url.to_owned(), source })?;
            migrate(&pool).await?;
            let db = Db::new(pool.clone());
            db.migrate(covet.migrations).await?;
            let events = SqlSink::new(pool.clone());
            Ok(Self {
                accounts: match &covet.accounts {
                    Some(accounts) => Arc::clone(accounts),
                    None => Arc::new(SqlAccounts::new(pool.clone())),
                },
                store: match &covet.store {
                    Some(store) => Arc::clone(store),
                    None => store(pool, policy, covet).await?,
                },
                sinks: vec![Arc::new(events.clone())],
                lock,
                debug_key: file.map(|file| file.with_extension("debug-key")),
                database: Some((db, events)),
            })
        }
    }

    /// A database in memory lives in one connection, which therefore must stay.
    async fn connect(options: SqliteConnectOptions, in_memory: bool) -> Result<SqlitePool, sqlx::Error> {
        let options = options.create_if_missing(true).foreign_keys(true).busy_timeout(BUSY_TIMEOUT);
        if in_memory {
            let pool = SqlitePoolOptions::new().min_connections(1).max_connections(1);
            return pool.idle_timeout(None).max_lifetime(None).connect_with(options).await;
        }
        // A revoked session must stay revoked when the power fails, so a commit reaches the disk.
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        SqlitePoolOptions::new().connect_with(options).await
    }

    /// Takes the lock of the database: a file beside it, for those of SQLite come and go.
    fn lock(file: &Path, url: &str) -> Result<File, BackendError> {
        let failed = |error: std::io::Error| BackendError::Open { url: url.to_owned(), source: error.into() };
        let beside = file.with_extension("lock");
        private(&beside).map_err(failed)?;
        let held = OpenOptions::new().write(true).open(&beside).map_err(failed)?;
        match held.try_lock() {
            Ok(()) => Ok(held),
            Err(TryLockError::WouldBlock) => Err(BackendError::InUse(file.display().to_string())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Makes the file before SQLite does, so that only its owner may read what it will hold.
    fn private(file: &Path) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(file) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    async fn store(pool: SqlitePool, policy: &Policy, covet: &Covet) -> Result<Arc<dyn Store>, BackendError> {
        let memory = MemoryStore::default();
        match policy.sessions.store {
            Kind::Memory => Ok(Arc::new(memory)),
            Kind::Database => Ok(Arc::new(SqliteStore::open(pool, memory, covet.clock.now()).await?)),
        }
    }
}
