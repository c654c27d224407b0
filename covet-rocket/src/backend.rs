//! What stands behind the engine: the database that is opened, or what the application brings.

use std::path::PathBuf;
use std::sync::Arc;

use covet_core::accounts::Accounts;
use covet_core::audit::Sink;
#[cfg(any(feature = "sql", feature = "redis"))]
use covet_core::causes::Causes;
use covet_core::store::Store;

use crate::fairing::Covet;
use crate::settings::Settings;

/// Where accounts, sessions and events are kept.
pub(crate) struct Backend {
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sinks: Vec<Arc<dyn Sink>>,
    /// Held as long as the application runs: see [`BackendError::InUse`].
    #[cfg(feature = "sql")]
    pub(crate) lock: Option<Lock>,
    /// Where a key for debugging may be kept: beside the database whose secrets it seals.
    pub(crate) debug_key: Option<PathBuf>,
    #[cfg(feature = "sql")]
    pub(crate) database: Option<(crate::db::Db, covet_core::audit::SqlSink)>,
}

/// What shows that the database is in use, held as long as the application runs.
#[cfg(feature = "sql")]
#[derive(Debug)]
pub(crate) enum Lock {
    /// A file beside the database's.
    #[cfg(feature = "sqlite")]
    File(#[expect(dead_code, reason = "it is held, not read")] std::fs::File),
    /// A connection that holds an advisory lock.
    #[cfg(feature = "postgres")]
    Connection(#[expect(dead_code, reason = "it is held, not read")] sqlx::PgConnection),
}

/// The addresses that this build takes.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
const KNOWN: &str = "`sqlite:covet.db` or `postgres://user@host/database`";
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
const KNOWN: &str = "`sqlite:covet.db`";
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
const KNOWN: &str = "`postgres://user@host/database`";

/// The backend cannot be had: launch is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BackendError {
    #[cfg(any(feature = "sql", feature = "redis"))]
    #[error(transparent)]
    Settings(#[from] crate::settings::SettingsError),
    #[cfg(feature = "redis")]
    #[error("COVET_REDIS_URL: {0}")]
    RedisAddress(#[from] covet_core::store::redis::AddressError),
    #[cfg(feature = "redis")]
    #[error("COVET_REDIS_URL: Redis cannot be used: {}", Causes(.0))]
    Redis(covet_core::store::StoreError),
    #[cfg(feature = "redis")]
    #[error("COVET_REDIS_URL is set, but the application brings a store of its own; which one counts?")]
    TwoStores,
    /// The rest of it is not shown: it may have a password in it.
    #[cfg(feature = "sql")]
    #[error("COVET_DATABASE_URL: found `{0}…`, expected an address such as {KNOWN}")]
    Scheme(String),
    #[cfg(all(feature = "postgres", not(feature = "sqlite")))]
    #[error("COVET_DATABASE_URL is not set; it is an address such as {KNOWN}")]
    NoAddress,
    /// The address is not shown: it may have a password in it.
    #[cfg(feature = "postgres")]
    #[error("COVET_DATABASE_URL: PostgreSQL cannot be used: {}", Causes(.0))]
    Connect(#[source] sqlx::Error),
    #[cfg(feature = "postgres")]
    #[error(
        "another process uses the PostgreSQL database; each would keep sessions in memory that the other has ended, so one \
         has to stop first, or both keep them in Redis: COVET_REDIS_URL"
    )]
    ServerInUse,
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
    #[error("COVET_DATABASE_URL names no file, as `sqlite:app.db` does")]
    NoFile,
    #[cfg(feature = "sqlite")]
    #[error("COVET_DATABASE_URL: there is no folder `{0}`; make it first")]
    NoFolder(String),
    #[cfg(feature = "sql")]
    #[error("the database cannot be brought up to date: {}", Causes(.0))]
    Migrate(#[from] covet_core::migrate::MigrationError),
    #[cfg(feature = "sqlite")]
    #[error("the tables of the database cannot be read: {}", Causes(.0))]
    Tables(#[source] sqlx::Error),
    #[cfg(feature = "sqlite")]
    #[error(
        "the database has other tables than this program was compiled for:\n{}\nrun its migrations by `Covet::migrations`, \
         or build it again with those of the database",
        .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    )]
    OtherTables(Vec<covet_core::sql::drift::Difference>),
    #[cfg(feature = "sql")]
    #[error("the store cannot be read: {}", Causes(.0))]
    Store(#[from] covet_core::store::StoreError),
    #[cfg(not(feature = "sql"))]
    #[error(
        "without the features `sqlite` and `postgres` the application gives `Covet::accounts`, and `Covet::store` if not Redis"
    )]
    None,
}

/// The store that the application brings, or that the environment names.
#[cfg(feature = "redis")]
async fn given_store(covet: &Covet, settings: &Settings) -> Result<Option<Arc<dyn Store>>, BackendError> {
    use covet_core::store::redis::{Options, RedisStore};

    let (url, timeout) = (settings.redis_url()?, settings.redis_timeout()?);
    match (&covet.store, url) {
        (Some(_), Some(_)) => Err(BackendError::TwoStores),
        (Some(store), None) => Ok(Some(Arc::clone(store))),
        (None, None) => Ok(None),
        (None, Some(url)) => {
            let options = Options::default();
            let options = timeout.into_iter().fold(options, Options::with_response_timeout);
            let store = RedisStore::connect(&url.parse()?, &options).await.map_err(BackendError::Redis)?;
            Ok(Some(Arc::new(store)))
        }
    }
}

#[cfg(not(feature = "redis"))]
async fn given_store(covet: &Covet, _: &Settings) -> Result<Option<Arc<dyn Store>>, BackendError> {
    Ok(covet.store.clone())
}

#[cfg(not(feature = "sql"))]
impl Backend {
    pub(crate) async fn open(
        covet: &Covet,
        settings: &Settings,
        _: &covet_core::policy::Policy,
    ) -> Result<Self, BackendError> {
        match (&covet.accounts, given_store(covet, settings).await?) {
            (Some(accounts), Some(store)) => {
                Ok(Self { accounts: Arc::clone(accounts), store, sinks: Vec::new(), debug_key: None })
            }
            _ => Err(BackendError::None),
        }
    }
}

#[cfg(feature = "sql")]
mod database {
    use covet_core::accounts::SqlAccounts;
    use covet_core::audit::SqlSink;
    use covet_core::migrate::migrate;
    use covet_core::policy::Policy;
    use covet_core::pool::Pool;
    use covet_core::session::Kind;
    use covet_core::store::{MemoryStore, SqlStore};

    #[cfg(feature = "postgres")]
    use super::postgres;
    #[cfg(feature = "sqlite")]
    use super::sqlite;
    use super::{Arc, Backend, BackendError, Covet, Lock, PathBuf, Settings, Store, given_store};
    use crate::db::Db;

    /// A database that is open.
    pub(super) struct Opened {
        pub(super) pool: Pool,
        pub(super) lock: Option<Lock>,
        pub(super) debug_key: Option<PathBuf>,
    }

    impl Backend {
        /// Opens the database, unless the application brings everything itself.
        pub(crate) async fn open(covet: &Covet, settings: &Settings, policy: &Policy) -> Result<Self, BackendError> {
            let (url, given) = (settings.database_url()?, given_store(covet, settings).await?);
            if let (Some(accounts), Some(store), None, true) =
                (&covet.accounts, &given, &url, covet.migrations.is_empty())
            {
                let (accounts, store) = (Arc::clone(accounts), Arc::clone(store));
                return Ok(Self { accounts, store, sinks: Vec::new(), lock: None, debug_key: None, database: None });
            }
            let Opened { pool, lock, debug_key } = open(url.as_deref(), given.is_some()).await?;
            migrate(&pool).await?;
            let db = Db::new(pool.clone());
            match &pool {
                #[cfg(feature = "sqlite")]
                Pool::Sqlite(pool) => {
                    db.migrate(covet.migrations.sqlite).await?;
                    sqlite::compare(pool, covet).await?;
                }
                #[cfg(feature = "postgres")]
                Pool::Postgres(_) => db.migrate(covet.migrations.postgres).await?,
            }
            let events = SqlSink::new(pool.clone());
            Ok(Self {
                accounts: match &covet.accounts {
                    Some(accounts) => Arc::clone(accounts),
                    None => Arc::new(SqlAccounts::new(pool.clone())),
                },
                store: match given {
                    Some(store) => store,
                    None => store(pool, policy, covet).await?,
                },
                sinks: vec![Arc::new(events.clone())],
                lock,
                debug_key,
                database: Some((db, events)),
            })
        }
    }

    /// Opens the database of this address. `shared` is whether others may use it, too: what they must agree on is kept
    /// elsewhere.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "one process at a time writes a file of SQLite")
    )]
    async fn open(url: Option<&str>, shared: bool) -> Result<Opened, BackendError> {
        #[cfg(feature = "sqlite")]
        let url = url.unwrap_or(sqlite::DEFAULT_URL);
        #[cfg(not(feature = "sqlite"))]
        let url = url.ok_or(BackendError::NoAddress)?;
        match url.split_once(':').map(|(scheme, _)| scheme) {
            #[cfg(feature = "sqlite")]
            Some("sqlite") => sqlite::open(url).await,
            #[cfg(feature = "postgres")]
            Some("postgres" | "postgresql") => postgres::open(url, shared).await,
            // The drivers would take any other text for a name. The rest of it is not shown: it may have a password in it.
            scheme => Err(BackendError::Scheme(scheme.map(|scheme| format!("{scheme}:")).unwrap_or_default())),
        }
    }

    async fn store(pool: Pool, policy: &Policy, covet: &Covet) -> Result<Arc<dyn Store>, BackendError> {
        let memory = MemoryStore::default();
        match policy.sessions.store {
            Kind::Memory => Ok(Arc::new(memory)),
            Kind::Database => Ok(Arc::new(SqlStore::open(pool, memory, covet.clock.now()).await?)),
        }
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::time::Duration;

    use sqlx::postgres::PgPoolOptions;
    use sqlx::{Connection as _, PgConnection};

    use super::database::Opened;
    use super::{BackendError, Lock};

    /// How long a request waits for a connection before it is answered 503.
    const MAX_WAIT: Duration = Duration::from_secs(2);

    pub(super) async fn open(url: &str, shared: bool) -> Result<Opened, BackendError> {
        // By itself, for a pool tries again and then says only that time is up.
        let connection = PgConnection::connect(url).await.map_err(BackendError::Connect)?;
        let lock = if shared { None } else { Some(Lock::Connection(lock(connection).await?)) };
        let pool = PgPoolOptions::new().acquire_timeout(MAX_WAIT).connect(url).await.map_err(BackendError::Connect)?;
        Ok(Opened { pool: pool.into(), lock, debug_key: None })
    }

    /// Takes the lock of the schema, on a connection of its own: it lasts as long as that.
    async fn lock(mut connection: PgConnection) -> Result<PgConnection, BackendError> {
        let query = "SELECT pg_try_advisory_lock(hashtext('covet'), hashtext(current_schema()))";
        let held = sqlx::query_scalar(query).fetch_one(&mut connection).await.map_err(BackendError::Connect)?;
        if held { Ok(connection) } else { Err(BackendError::ServerInUse) }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::fs::{File, OpenOptions, TryLockError};
    use std::io::ErrorKind;
    use std::path::Path;
    use std::str::FromStr;
    use std::time::Duration;

    use covet_core::migrate::differences;
    use covet_core::sql::drift::Difference;
    use sqlx::SqlitePool;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

    use super::database::Opened;
    use super::{BackendError, Covet, Lock, PathBuf};

    /// Where the data lies when nobody says where.
    pub(super) const DEFAULT_URL: &str = "sqlite:covet.db";

    /// How long a statement waits for another to finish writing.
    const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

    pub(super) async fn open(url: &str) -> Result<Opened, BackendError> {
        let options = SqliteConnectOptions::from_str(url);
        let options = options.map_err(|source| BackendError::Open { url: url.to_owned(), source })?;
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let file = (!in_memory).then(|| options.get_filename().to_owned());
        if let Some(file) = &file {
            place(file)?;
            private(file).map_err(|error| BackendError::Open { url: url.to_owned(), source: error.into() })?;
        }
        let lock = file.as_deref().map(|file| lock(file, url)).transpose()?.map(Lock::File);
        let pool = connect(options, in_memory).await;
        let pool = pool.map_err(|source| BackendError::Open { url: url.to_owned(), source })?;
        Ok(Opened { pool: pool.into(), lock, debug_key: file.map(|file| beside(&file, "debug-key")) })
    }

    /// Refuses a database that statements were not compiled for. One that has none of the tables is another's: those of the
    /// application lie elsewhere.
    pub(super) async fn compare(pool: &SqlitePool, covet: &Covet) -> Result<(), BackendError> {
        let tables = covet.embedded.tables;
        let found = differences(pool, tables).await.map_err(BackendError::Tables)?;
        let missing = found.iter().filter(|difference| matches!(difference, Difference::NoTable { .. })).count();
        let elsewhere = covet.migrations.sqlite.is_empty() && missing == tables.len();
        if found.is_empty() || elsewhere { Ok(()) } else { Err(BackendError::OtherTables(found)) }
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

    /// Refuses a name that no file can have where it stands.
    fn place(file: &Path) -> Result<(), BackendError> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            _ if file.file_name().is_none() => Err(BackendError::NoFile),
            Some(folder) if !folder.is_dir() => Err(BackendError::NoFolder(folder.display().to_string())),
            _ => Ok(()),
        }
    }

    /// Takes the lock of the database: a file beside it, for those of SQLite come and go.
    fn lock(file: &Path, url: &str) -> Result<File, BackendError> {
        let failed = |error: std::io::Error| BackendError::Open { url: url.to_owned(), source: error.into() };
        let lock = beside(file, "lock");
        private(&lock).map_err(failed)?;
        let held = OpenOptions::new().write(true).open(&lock).map_err(failed)?;
        match held.try_lock() {
            Ok(()) => Ok(held),
            Err(TryLockError::WouldBlock) => Err(BackendError::InUse(file.display().to_string())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// A file of the database's whole name and an end of its own: `app.v1` and `app.v2` share nothing.
    fn beside(file: &Path, end: &str) -> PathBuf {
        let mut name = file.as_os_str().to_owned();
        name.push(".");
        name.push(end);
        name.into()
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
}
