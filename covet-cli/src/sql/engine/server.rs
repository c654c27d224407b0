//! A PostgreSQL server, asked in a database of its own, which goes when the asking ends.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use covet_sql::Source;
use covet_sql::catalog::split;
use covet_sql::lock::{Answer, Column};
use covet_sql::oracle::{self, Engine, EngineError, Known};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgErrorPosition, PgStatement, PgTypeInfo};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Either, Executor as _, PgConnection,
    SqlSafeStr as _, Statement as _,
};
use tokio::runtime::Runtime;

/// How long a migration or a statement may take.
const TIMEOUT: &str = "120s";

/// A database that was made for the asking.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    /// Where the new database lies among others.
    options: PgConnectOptions,
    name: String,
    connection: Option<PgConnection>,
    version: String,
    types: HashMap<u32, String>,
    columns: HashMap<(u32, i16), bool>,
    known: Known,
}

impl Server {
    /// Makes a database on the server and runs the migrations in it. Nothing in other databases is read or written.
    ///
    /// # Errors
    ///
    /// [`EngineError`] when the server cannot be reached, the role may not make databases, or a migration fails.
    pub fn open(url: &str, sources: &[Source]) -> Result<Self, EngineError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| EngineError(format!("no runtime: {error}")))?;
        // What an URL says may be a password, which an error of its parser does not repeat.
        let options: PgConnectOptions =
            url.parse().map_err(|_| EngineError("`--database-url` is no URL of PostgreSQL".into()))?;
        let options = options
            .options([("statement_timeout", TIMEOUT)])
            .application_name("cargo covet")
            .disable_statement_logging();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let name = format!("covet_{}_{now}", std::process::id());
        runtime.block_on(create(&options, &name)).map_err(told)?;
        let (types, columns, known) = (HashMap::new(), HashMap::new(), Known::default());
        let mut new = Self { runtime, options, name, connection: None, version: String::new(), types, columns, known };
        new.migrate(sources)?;
        new.read().map_err(told)?;
        Ok(new)
    }

    /// Runs the migrations, each as one text, as sqlx does.
    fn migrate(&mut self, sources: &[Source]) -> Result<(), EngineError> {
        let options = self.options.clone().database(&self.name);
        self.runtime.block_on(async {
            let mut connection = options.connect().await.map_err(told)?;
            connection.execute(oracle::FIRST).await.map_err(told)?;
            for source in sources {
                let text = AssertSqlSafe(split::upward(&source.text).into_owned());
                let ran = connection.execute(sqlx::raw_sql(text)).await;
                ran.map_err(|error| EngineError(format!("{}: {}", source.file, sentence(&error))))?;
            }
            connection.close().await.map_err(told)
        })
    }

    /// Reads the version, the types and the columns, over a connection on which no migration has set anything.
    fn read(&mut self) -> Result<(), sqlx::Error> {
        let options = self.options.clone().database(&self.name);
        self.runtime.block_on(async {
            let mut connection = options.connect().await?;
            let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
            self.version = format!("PostgreSQL {}", version.split_whitespace().next().unwrap_or_default());
            let types: Vec<(i64, String)> = sqlx::query_as(oracle::TYPES).fetch_all(&mut connection).await?;
            self.types = types.into_iter().filter_map(|(oid, name)| Some((u32::try_from(oid).ok()?, name))).collect();
            let columns: Vec<(i64, i64, bool)> = sqlx::query_as(oracle::COLUMNS).fetch_all(&mut connection).await?;
            let key = |(table, column, not_null): (i64, i64, bool)| {
                Some(((u32::try_from(table).ok()?, i16::try_from(column).ok()?), not_null))
            };
            self.columns = columns.into_iter().filter_map(key).collect();
            let functions = sqlx::query_scalar(oracle::FUNCTIONS).fetch_all(&mut connection).await?;
            self.known.functions = functions.into_iter().collect();
            self.connection = Some(connection);
            Ok(())
        })
    }

    fn holds(&self, statement: &PgStatement) -> Answer {
        let params = match statement.parameters() {
            Some(Either::Left(types)) => types.iter().map(|ty| self.type_name(ty)).collect(),
            _ => Vec::new(),
        };
        let column = |column: &sqlx::postgres::PgColumn| Column {
            name: column.name().to_owned(),
            ty: self.type_name(column.type_info()),
            not_null: column
                .relation_id()
                .zip(column.relation_attribute_no())
                .and_then(|(table, number)| self.columns.get(&(table.0, number)).copied()),
        };
        Answer::Holds { params, columns: statement.columns().iter().map(column).collect() }
    }

    fn type_name(&self, ty: &PgTypeInfo) -> String {
        ty.oid().and_then(|oid| self.types.get(&oid.0).cloned()).unwrap_or_else(|| ty.to_string())
    }
}

impl Engine for Server {
    fn version(&self) -> &str {
        &self.version
    }

    fn ask(&mut self, sql: &str) -> Result<Option<Answer>, EngineError> {
        let Some(connection) = &mut self.connection else { return Err(EngineError("the server is gone".into())) };
        // The protocol ends a text there.
        if sql.contains('\0') {
            return Ok(None);
        }
        let said = self.runtime.block_on(connection.prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()));
        let statement = match said {
            Ok(statement) => statement,
            Err(error) => return refused(sql, error).map(|answer| self.known.certain(sql, answer)),
        };
        let params = statement.parameters().and_then(|params| params.left()).map_or(0, <[PgTypeInfo]>::len);
        let planned = self.runtime.block_on(planned(connection, sql, params));
        match planned {
            Ok(()) => Ok(Some(self.holds(&statement))),
            // Where it stands is said of the text in front of which `PREPARE` stood.
            Err(error) => refused(sql, error).map(|answer| Some(without_place(answer))),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let (options, name, connection) = (self.options.clone(), self.name.clone(), self.connection.take());
        let drop = async {
            if let Some(connection) = connection {
                connection.close().await?;
            }
            let mut connection = options.connect().await?;
            connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
            connection.close().await
        };
        if let Err(error) = self.runtime.block_on(drop) {
            eprintln!("cargo covet: the database `{}` is left on the server: {error}", self.name);
        }
    }
}

async fn create(options: &PgConnectOptions, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = options.connect().await?;
    // What others put into `template1` is not what the migrations make.
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"))).await?;
    connection.close().await
}

/// Has a statement planned that writes. Errors are those that it has whatever its values are.
async fn planned(connection: &mut PgConnection, sql: &str, params: usize) -> Result<(), sqlx::Error> {
    let Some([prepare, explain, forget]) = oracle::plan(sql, params) else { return Ok(()) };
    // It is one statement, as it was prepared before. What cannot be prepared so says nothing.
    if connection.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await.is_err() {
        return Ok(());
    }
    let explained = connection.execute(sqlx::raw_sql(AssertSqlSafe(explain))).await;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(forget))).await?;
    match explained {
        Err(sqlx::Error::Database(error)) if !error.code().is_some_and(|code| oracle::is_of_plan(&code)) => Ok(()),
        explained => explained.map(drop),
    }
}

fn without_place(answer: Answer) -> Answer {
    match answer {
        Answer::Fails { code, message, .. } => Answer::Fails { code, offset: None, message },
        holds @ Answer::Holds { .. } => holds,
    }
}

/// The answer of a database that refuses a statement.
fn refused(sql: &str, error: sqlx::Error) -> Result<Answer, EngineError> {
    let sqlx::Error::Database(error) = error else { return Err(told(error)) };
    let error = error.downcast_ref::<PgDatabaseError>();
    let offset = match error.position() {
        Some(PgErrorPosition::Original(at)) => oracle::offset(sql, at),
        _ => None,
    };
    Ok(Answer::Fails { code: error.code().to_owned(), offset, message: error.message().to_owned() })
}

/// What the server says, without what sqlx says about it.
fn sentence(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => format!("{} ({})", error.message(), error.code().unwrap_or_default()),
        error => error.to_string(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn told(error: sqlx::Error) -> EngineError {
    EngineError(format!("PostgreSQL: {}", sentence(&error)))
}
