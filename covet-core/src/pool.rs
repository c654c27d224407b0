//! The database of an application: SQLite or PostgreSQL, as its address says when the program starts.
//!
//! Statements are written once, with `$1` for the first value, which both drivers take.

#[cfg(feature = "postgres")]
use sqlx::PgPool;
#[cfg(feature = "sqlite")]
use sqlx::SqlitePool;

/// Connections to a database of one kind or the other.
#[derive(Debug, Clone)]
pub enum Pool {
    /// To a file, or to memory.
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePool),
    /// To a server.
    #[cfg(feature = "postgres")]
    Postgres(PgPool),
}

#[cfg(feature = "sqlite")]
impl From<SqlitePool> for Pool {
    fn from(pool: SqlitePool) -> Self {
        Self::Sqlite(pool)
    }
}

#[cfg(feature = "postgres")]
impl From<PgPool> for Pool {
    fn from(pool: PgPool) -> Self {
        Self::Postgres(pool)
    }
}

/// A transaction on such a database: `db.begin()`. Dropped, it changes nothing.
#[derive(Debug)]
pub enum Transaction {
    /// On SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// On PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Pool {
    /// Begins a transaction.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => pool.begin().await.map(Transaction::Sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => pool.begin().await.map(Transaction::Postgres),
        }
    }
}

impl Transaction {
    /// Makes its changes last.
    ///
    /// # Errors
    ///
    /// When the database fails; whether they last is then not known.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(transaction) => transaction.commit().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }

    /// Takes its changes back.
    ///
    /// # Errors
    ///
    /// When the database fails; the changes do not last in any case.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(transaction) => transaction.rollback().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => transaction.rollback().await,
        }
    }
}

/// An expression for whichever pool it is: `on!(self.pool, pool => query.execute(pool).await)`.
macro_rules! on {
    ($of:expr, $pool:ident => $body:expr) => {
        match &$of {
            #[cfg(feature = "sqlite")]
            $crate::pool::Pool::Sqlite($pool) => $body,
            #[cfg(feature = "postgres")]
            $crate::pool::Pool::Postgres($pool) => $body,
        }
    };
}

pub(crate) use on;
