//! SQLite itself as the judge: the engine that the application will have, with the tables that it will have.
//!
//! **Threat.** A check that only resembles the engine refuses what is right, or passes what fails at run time: a text in
//! double quotes that is no column is a string, and matches every row.
//!
//! **Rule.** SQLite's verdict is the verdict. The migrations run once, in memory; a statement is prepared there and
//! never run. Where the fault is not the statement's own, nothing is said.
//!
//! ```
//! use covet_sql::sqlite::{Engine, Verdict};
//! use covet_sql::{Source, Sources};
//!
//! let notes = "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL)".to_owned();
//! let sources = Sources::of(vec![Source { file: "migrations/0001_notes.sql".into(), text: notes }]);
//! let engine = Engine::of(&sources, &[]).unwrap();
//!
//! let Verdict::Holds(prepared) = engine.prepare("SELECT title FROM notes WHERE id = $1") else { panic!() };
//! assert_eq!(prepared.shape.columns[0].origin, Some(("notes".into(), "title".into())));
//!
//! let Verdict::Fails(refusal) = engine.prepare("SELECT titel FROM notes") else { panic!() };
//! assert_eq!((refusal.message.as_str(), refusal.offset), ("no such column: titel", Some(7)));
//! ```
//!
//! `ffi` is all that is unsafe, `watch` what a statement may do, `build` runs the migrations, `describe` reads
//! what they made, `judge` says whose fault a fault is.

mod build;
mod describe;
mod ffi;
mod judge;
mod watch;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use covet_core::sql::drift;
use covet_core::sql::policy::FunctionName;

pub use self::build::BuildError;
use self::describe::Described;
use self::ffi::{Connection, Fault, Statement, Switch, c_text};
use self::watch::{Action, Limits, Phase};
use crate::schema::Schema;
use crate::shape::{Access, Output, Param, Shape};
use crate::source::{Fingerprint, Sources};

/// How many schemas are kept: an editor's process serves several packages.
const KEPT: usize = 8;

/// The largest number of a parameter that SQLite takes.
const MAX_PARAMETER: usize = 32_766;

/// A database in memory with the tables of the migrations.
#[derive(Debug)]
pub struct Engine {
    connection: Mutex<Connection>,
    described: Described,
}

/// What SQLite says of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is right.
    Holds(Prepared),
    /// It is wrong.
    Fails(Refusal),
    /// SQLite refuses it for something that is not the statement's: a module or a table that is not known here, a limit
    /// that is only ours.
    Unknown(Refusal),
}

/// A statement that SQLite accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// What it takes, gives and touches, as far as SQLite knows it. A column of the shape that may be `NULL` says so; of
    /// one whose origin may not SQLite does not tell what a join or an aggregate makes, so it is `None`. The access is
    /// the statement's own and that of the views it names, which read all that they could show; an `INSERT` and a
    /// `DELETE` name no columns.
    pub shape: Shape,
    /// What triggers and foreign keys touch besides.
    pub behind: Vec<Access>,
    /// Whether it only reads.
    pub readonly: bool,
}

/// Why SQLite does not accept a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What SQLite says.
    pub message: String,
    /// The byte of the statement that is at fault, if it is known.
    pub offset: Option<usize>,
}

impl Engine {
    /// The engine with these tables beside Covet's own, unless the migrations make some of these themselves; one for
    /// all that ask for the same.
    ///
    /// # Errors
    ///
    /// [`BuildError`] when a migration fails.
    pub fn of(sources: &Sources, functions: &[FunctionName]) -> Result<Arc<Self>, BuildError> {
        static CACHE: Mutex<Cache> = Mutex::new(Cache(Vec::new()));
        CACHE.lock().unwrap_or_else(PoisonError::into_inner).engine(sources, functions)
    }

    /// Covet's tables lie in the database of the application, but an application that keeps accounts itself may have
    /// another database, and a table there that is called as one of these.
    fn beside_own(sources: &Sources, functions: &[FunctionName]) -> Result<Self, BuildError> {
        let new = |sources: &Sources| Self::new(sources, functions, Limits::default());
        let own = Sources::own(crate::schema::Dialect::Sqlite);
        let is_own = |file: &String| own.texts().iter().any(|source| source.file == *file);
        match (new(sources), new(&sources.after(&own))) {
            (Ok(alone), Ok(beside)) => {
                let mut tables = beside.schema().tables.iter();
                let made_twice =
                    tables.any(|(name, table)| is_own(&table.origin.file) && alone.schema().tables.contains_key(name));
                Ok(if made_twice { alone } else { beside })
            }
            (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(one),
            (Err(alone), Err(beside)) => {
                // The one is told that came further: the other is of tables that should have been there, or not.
                let how_far = |error: &BuildError| {
                    (sources.texts().iter().position(|source| source.file == error.file), error.offset)
                };
                Err(if how_far(&alone) > how_far(&beside) { alone } else { beside })
            }
        }
    }

    fn new(sources: &Sources, functions: &[FunctionName], limits: Limits) -> Result<Self, BuildError> {
        let connection = build::connect(functions)?;
        let made = build::run(&connection, sources, limits)?;
        build::requote(&connection);
        let described = describe::describe(&connection, &made);
        build::tighten(&connection)?;
        Ok(Self { connection: Mutex::new(connection), described })
    }

    /// The version of the engine: `3.51.3`.
    #[must_use]
    pub fn version() -> String {
        ffi::version()
    }

    /// What the migrations made, as SQLite tells it.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.described.schema
    }

    /// The tables as a program compares them with those of its database; see [`covet_core::sql::drift`].
    #[must_use]
    pub fn tables(&self) -> &[drift::Table] {
        &self.described.tables
    }

    /// Judges one statement, whose values are `$1..$n` or `?`.
    #[must_use]
    pub fn prepare(&self, sql: &str) -> Verdict {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.watch().limit(Limits::default(), ffi::memory());
        match self.attempt(&connection, sql) {
            Ok(prepared) => Verdict::Holds(prepared),
            // A view or a trigger has a text in double quotes, which it may. The statement's own would not be seen.
            Err(fault) if judge::is_quoted_elsewhere(&fault, sql) && !sql.contains('"') => {
                let again = with(&connection, Switch::QuotedStrings, true, || self.attempt(&connection, sql));
                again.map_or_else(|fault| judge::verdict(fault, sql, self.schema().open), Verdict::Holds)
            }
            Err(fault) => judge::verdict(fault, sql, self.schema().open),
        }
    }

    fn attempt(&self, connection: &Connection, sql: &str) -> Result<Prepared, Fault> {
        let (statement, log) = one(connection, sql)?;
        let readonly = statement.readonly();
        // Without foreign keys the log has what the statement itself says.
        let own = if readonly {
            log.clone()
        } else {
            with(connection, Switch::ForeignKeys, false, || one(connection, sql).map(|(_, log)| log))?
        };
        let (direct, by_trigger): (Vec<_>, Vec<_>) = own
            .iter()
            .partition(|action| !action.within.as_ref().is_some_and(|name| self.described.triggers.contains(name)));
        let direct = accesses(direct);
        let behind = accesses(log.iter().chain(by_trigger)).difference(&direct).cloned().collect();
        let shape = Shape {
            columns: statement.columns().into_iter().map(|column| self.output(column)).collect(),
            params: parameters(&statement.parameters()),
            access: direct.into_iter().collect(),
            ..Shape::default()
        };
        Ok(Prepared { shape, behind, readonly })
    }

    fn output(&self, column: ffi::Column) -> Output {
        let origin = column.table.zip(column.origin);
        let known = origin.as_ref().and_then(|(table, name)| self.described.column(table, name));
        Output {
            name: column.name,
            ty: column.declared.as_deref().and_then(crate::types::declared_type),
            nullable: known.and_then(|column| column.nullable).filter(|nullable| *nullable),
            origin,
        }
    }
}

/// Prepares a text that must be one statement, and tells what SQLite asked about it.
fn one<'c>(connection: &'c Connection, sql: &str) -> Result<(Statement<'c>, Vec<Action>), Fault> {
    let fault = |message: &str, offset| Fault { code: 1, message: message.into(), offset: Some(offset) };
    let text = c_text(sql).map_err(|nul| fault("unrecognized token: NUL", nul))?;
    connection.watch().begin(Phase::Statement);
    let prepared = connection.prepare(&text).map_err(|fault| match connection.watch().denied() {
        Some(what) => Fault { message: format!("{what} is not allowed here"), ..fault },
        None => fault,
    });
    let log = connection.watch().log();
    let (statement, end) = prepared?;
    let statement = statement.ok_or_else(|| fault("no statement", 0))?;
    // What follows may be semicolons and comments.
    let mut at = end;
    while at < sql.len() {
        match connection.prepare(&text.as_c_str()[at..]) {
            Ok((None, used)) if used > 0 => at += used,
            Ok((None, _)) => break,
            Ok((Some(_), _)) | Err(_) => {
                let rest = sql.get(at..).unwrap_or_default();
                return Err(fault("more than one statement", at + rest.len() - rest.trim_start().len()));
            }
        }
    }
    Ok((statement, log))
}

/// Runs with a switch set, and sets it back.
fn with<T>(
    connection: &Connection,
    switch: Switch,
    on: bool,
    run: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, Fault> {
    connection.switch(switch, on)?;
    let done = run();
    connection.switch(switch, !on)?;
    done
}

/// Each column that is touched, once; of a table also itself where no column of it is named.
fn accesses<'a>(actions: impl IntoIterator<Item = &'a Action>) -> BTreeSet<Access> {
    let mut found = BTreeSet::new();
    for action in actions {
        let write = action.code != libsqlite3_sys::SQLITE_READ;
        let Some(table) = action.first.clone() else { continue };
        let column = action.second.clone().filter(|column| !column.is_empty());
        found.insert(Access { table, column, write });
    }
    found
}

/// Parameters by their numbers: `$2` and `?2` are the second, `?` and any other name the one of their place.
fn parameters(names: &[Option<String>]) -> Vec<Param> {
    let number = |(at, name): (usize, &Option<String>)| {
        let digits = name.as_deref().and_then(|name| name.strip_prefix(['$', '?']));
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(at + 1)
    };
    let count = names.iter().enumerate().map(number).max().unwrap_or_default();
    vec![Param::default(); count.min(MAX_PARAMETER)]
}

/// One process may serve many packages and edits, so engines are known by what they were made of. A failure is kept as
/// well: the next statement would only meet it again.
#[derive(Debug)]
struct Cache(Vec<(Key, Result<Arc<Engine>, BuildError>)>);

type Key = (Fingerprint, Vec<FunctionName>);

impl Cache {
    fn engine(&mut self, sources: &Sources, functions: &[FunctionName]) -> Result<Arc<Engine>, BuildError> {
        let fingerprint = sources.fingerprint();
        let is = |(known, of): &Key| *known == fingerprint && of == functions;
        if let Some(at) = self.0.iter().position(|(key, _)| is(key)) {
            // The one that was asked for last goes last.
            if let Some(later) = self.0.get_mut(at..) {
                later.rotate_left(1);
            }
        } else {
            if self.0.len() == KEPT {
                drop(self.0.remove(0));
            }
            let engine = Engine::beside_own(sources, functions).map(Arc::new);
            self.0.push(((fingerprint, functions.to_vec()), engine));
        }
        match self.0.last() {
            Some((_, engine)) => engine.clone(),
            None => Engine::beside_own(sources, functions).map(Arc::new),
        }
    }
}
