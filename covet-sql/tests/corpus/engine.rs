//! The databases themselves, as judges.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, PgConnection, Row, SqlSafeStr,
    SqliteConnection, Statement, TypeInfo, Value, ValueRef,
};
use tempfile::TempDir;

/// What a database says of a statement.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The names and types of its columns.
    pub(crate) columns: Vec<(String, String)>,
    /// Whether each is a column of a table that was declared `NOT NULL`, where it is a column of a table.
    pub(crate) not_null: Vec<Option<bool>>,
    /// The types of its parameters, where it has types.
    pub(crate) params: Vec<String>,
}

/// A database with the schema and the rows of the corpus.
pub(crate) enum Engine {
    Sqlite(SqliteConnection),
    Postgres(PgConnection, Home),
}

impl Engine {
    pub(crate) async fn sqlite(setup: &[String]) -> Self {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for sql in setup {
            sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut connection).await.unwrap();
        }
        Self::Sqlite(connection)
    }

    /// The PostgreSQL that the environment names, or one of our own, or none where it is not installed.
    pub(crate) async fn postgres(setup: &[String]) -> Option<Self> {
        let (url, server) = match std::env::var("COVET_TEST_POSTGRES_URL") {
            Ok(url) => (url, None),
            Err(_) => {
                let server = Server::start();
                assert!(server.is_some() || std::env::var_os("CI").is_none(), "there is no PostgreSQL to judge");
                let server = server?;
                (server.url(), Some(server))
            }
        };
        // A database of its own, as the server may be anybody's.
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let mut connection = options.disable_statement_logging().connect().await.unwrap();
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("covet_sql_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let fresh = format!("CREATE DATABASE {name}");
        connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).await.unwrap();
        connection.execute(AssertSqlSafe(fresh)).await.unwrap();
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let mut connection = options.database(&name).disable_statement_logging().connect().await.unwrap();
        for sql in setup {
            sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut connection).await.unwrap();
        }
        Some(Self::Postgres(connection, Home { server, url, name }))
    }

    /// Leaves nothing behind on a server of somebody else's.
    pub(crate) async fn close(self) {
        let Self::Postgres(connection, home) = self else { return };
        connection.close().await.unwrap();
        if home.server.is_none() {
            let mut connection = PgConnection::connect(&home.url).await.unwrap();
            let drop = format!("DROP DATABASE {}", home.name);
            connection.execute(AssertSqlSafe(drop)).await.unwrap();
        }
    }

    /// Prepares a statement.
    pub(crate) async fn prepare(&mut self, sql: &str) -> Result<Answer, String> {
        let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
        fn told<S: Statement>(statement: &S) -> Answer
        where
            usize: sqlx::ColumnIndex<S>,
        {
            let columns = statement.columns().iter();
            let params = match statement.parameters() {
                Some(Either::Left(types)) => types.iter().map(|ty| ty.name().to_owned()).collect(),
                _ => Vec::new(),
            };
            let named = |column: &<S::Database as sqlx::Database>::Column| {
                (column.name().to_owned(), column.type_info().name().to_owned())
            };
            Answer { columns: columns.map(named).collect(), not_null: Vec::new(), params }
        }
        match self {
            Self::Sqlite(connection) => connection.prepare(sql).await.map(|s| told(&s)).map_err(|e| e.to_string()),
            Self::Postgres(connection, _) => {
                let answer = match connection.prepare(sql).await {
                    Ok(statement) => Ok((told(&statement), statement.columns().to_vec())),
                    Err(error) => Err(error.to_string()),
                };
                connection.clear_cached_statements().await.unwrap();
                let (mut answer, columns) = answer?;
                for column in columns {
                    let declared = "SELECT attnotnull FROM pg_attribute JOIN pg_class c ON c.oid = attrelid \
                                    WHERE attrelid = $1 AND attnum = $2 AND relkind IN ('r', 'p')";
                    let asked = sqlx::query_scalar(declared).bind(column.relation_id());
                    let asked = asked.bind(column.relation_attribute_no()).fetch_optional(&mut *connection);
                    answer.not_null.push(asked.await.unwrap());
                }
                Ok(answer)
            }
        }
    }

    /// Runs a statement and takes it back; the types of the values that are not `NULL`.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        fn told<R: Row>(row: &R) -> Vec<Option<String>>
        where
            usize: sqlx::ColumnIndex<R>,
        {
            (0..row.len())
                .map(|at| {
                    let value = row.try_get_raw(at).unwrap();
                    (!value.is_null()).then(|| ValueRef::to_owned(&value).type_info().name().to_owned())
                })
                .collect()
        }
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => {
                let mut transaction = connection.begin().await.unwrap();
                let rows = sqlx::raw_sql(sql).fetch_all(&mut *transaction).await;
                transaction.rollback().await.unwrap();
                rows.map(|rows| rows.iter().map(told).collect()).map_err(|e| e.to_string())
            }
            Self::Postgres(connection, _) => {
                let mut transaction = connection.begin().await.unwrap();
                let rows = sqlx::raw_sql(sql).fetch_all(&mut *transaction).await;
                transaction.rollback().await.unwrap();
                rows.map(|rows| rows.iter().map(told).collect()).map_err(|e| e.to_string())
            }
        }
    }
}

/// Where a database of PostgreSQL lies.
pub(crate) struct Home {
    server: Option<Server>,
    url: String,
    name: String,
}

/// A PostgreSQL of our own, in a folder of its own, reached by a socket in it.
pub(crate) struct Server {
    bin: PathBuf,
    home: TempDir,
}

impl Server {
    fn start() -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let bins = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
        let bin = bins.filter(|bin| bin.join("initdb").exists()).max()?;
        let server = Self { bin, home: tempfile::tempdir().unwrap() };
        let data = server.data();
        std::fs::create_dir(&data).unwrap();
        if is_root() {
            // PostgreSQL does not run as root; its package brings a user.
            let status = Command::new("chown").args(["-R", "postgres"]).arg(server.home.path()).status();
            assert!(status.unwrap().success());
        }
        let encoding = ["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"];
        server.tool("initdb").arg("-D").arg(&data).args(encoding).succeed();
        let options = format!("-c listen_addresses='' -c fsync=off -k {}", server.home.path().display());
        let log = server.home.path().join("log");
        server.tool("pg_ctl").arg("-D").arg(&data).arg("-l").arg(log).args(["-w", "-o", &options, "start"]).succeed();
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.home.path().display())
    }

    fn tool(&self, name: &str) -> Command {
        let program = self.bin.join(name);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        command.current_dir(self.home.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.data();
        let _ = self.tool("pg_ctl").arg("-D").arg(data).args(["-m", "immediate", "-w", "stop"]).output();
    }
}

trait Succeed {
    fn succeed(&mut self);
}

impl Succeed for Command {
    fn succeed(&mut self) {
        // The server inherits what `pg_ctl` has: a pipe would never end.
        let out = tempfile::tempfile().unwrap();
        let status = self.stdout(out.try_clone().unwrap()).stderr(out).status().unwrap();
        assert!(status.success(), "{self:?} failed");
    }
}

fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}
