//! Runs the migrations, as far as they change the schema.
//!
//! What only touches rows is prepared, so that its mistakes are told, and not run: no statement's meaning hangs on rows,
//! and what takes long or much is mostly there.

use std::collections::BTreeMap;
use std::ffi::CStr;

use covet_core::policy::Position;
use covet_core::sql::policy::{FunctionName, Kind};
use libsqlite3_sys as sqlite;

use super::ffi::{Bound, Connection, Fault, Switch, c_text, complete, memory};
use super::watch::{Action, Limits, Phase, Watch};
use super::{describe, judge};
use crate::schema::Origin;
use crate::source::{Source, Sources};

/// The largest value, in bytes: that of a file of migrations.
const MAX_VALUE: i32 = 16 << 20;

/// A migration fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct BuildError {
    /// The file, as the project names it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What SQLite says.
    pub message: String,
    /// The byte of the file that is at fault, or where the statement begins.
    pub offset: usize,
}

impl BuildError {
    fn of(source: &Source, offset: usize, message: String) -> Self {
        let Position { line, column } = Position::of(&source.text, offset);
        Self { file: source.file.clone(), line, column, message, offset }
    }

    /// The engine itself cannot be had.
    fn engine(fault: Fault) -> Self {
        Self { file: "SQLite".into(), line: 1, column: 1, message: fault.message, offset: 0 }
    }
}

/// What running the migrations told beside the schema itself.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Where tables and views were made, by their names in lower case.
    pub(super) origins: BTreeMap<String, Origin>,
    /// Whether something could not be followed.
    pub(super) open: bool,
}

/// An empty database, in which nothing can be done but what [`Watch`] allows.
pub(super) fn connect(functions: &[FunctionName]) -> Result<Connection, BuildError> {
    let open = || {
        let connection = Connection::open(std::sync::Arc::new(Watch::new()))?;
        for (switch, on) in [
            (Switch::Defensive, true),
            (Switch::TrustedSchema, false),
            (Switch::Extensions, false),
            (Switch::Fts3Tokenizer, false),
            (Switch::QuotedStrings, true),
            (Switch::QuotedStringsInSchema, true),
            // A migration may pass through states that they forbid.
            (Switch::ForeignKeys, false),
        ] {
            connection.switch(switch, on)?;
        }
        for (bound, most) in
            [(Bound::Length, MAX_VALUE), (Bound::Pattern, 128), (Bound::Attached, 0), (Bound::Threads, 0)]
        {
            connection.bound(bound, most);
        }
        // Whatever is temporary stays in memory, and there are at most 64 MiB of pages.
        run_one(&connection, c"PRAGMA temp_store = MEMORY")?;
        run_one(&connection, c"PRAGMA max_page_count = 16384")?;
        for name in functions {
            let text = c_text(name.as_str()).unwrap_or_default();
            connection.function(&text)?;
        }
        Ok(connection)
    };
    open().map_err(BuildError::engine)
}

fn run_one(connection: &Connection, sql: &CStr) -> Result<(), Fault> {
    if let (Some(mut statement), _) = connection.prepare(sql)? {
        while statement.step()? {}
    }
    Ok(())
}

/// Runs all migrations.
pub(super) fn run(connection: &Connection, sources: &Sources, limits: Limits) -> Result<Made, BuildError> {
    connection.watch().limit(limits, memory());
    let mut made = Made::default();
    for source in sources.texts() {
        run_file(connection, source, &mut made)?;
    }
    connection.watch().begin(Phase::Own);
    Ok(made)
}

/// Writes the texts that stand in double quotes, in views and triggers, in single ones: SQLite does so before it renames
/// a column. It does not where a view is broken; then they stay, and so does what they say.
pub(super) fn requote(connection: &Connection) {
    // One that the migrations made stays as it is.
    if run_one(connection, c"CREATE TABLE covet_requote (a)").is_ok() {
        let _renamed = run_one(connection, c"ALTER TABLE covet_requote RENAME COLUMN a TO b");
        let _dropped = run_one(connection, c"DROP TABLE covet_requote");
    }
}

/// From now on statements are judged, more strictly than migrations.
pub(super) fn tighten(connection: &Connection) -> Result<(), BuildError> {
    for (switch, on) in
        [(Switch::QuotedStrings, false), (Switch::QuotedStringsInSchema, false), (Switch::ForeignKeys, true)]
    {
        connection.switch(switch, on).map_err(BuildError::engine)?;
    }
    Ok(())
}

fn run_file(connection: &Connection, source: &Source, made: &mut Made) -> Result<(), BuildError> {
    let text = c_text(&source.text).map_err(|nul| BuildError::of(source, nul, "unrecognized token: NUL".into()))?;
    let mut at = 0;
    while at < source.text.len() {
        let start = at + judge::blank(source.text.get(at..).unwrap_or_default());
        connection.watch().begin(Phase::Migration);
        match run_next(connection, &text.as_c_str()[at..]) {
            Ok(Some((used, actions))) => {
                at += used;
                note(connection, source, start, &actions, made);
            }
            Ok(None) => break,
            Err(fault) if judge::is_passed_over(&fault, made.open) => {
                let word = source.text.get(start..).unwrap_or_default();
                let word = word.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
                // Rows make no schema.
                made.open |= Kind::of(word).is_none();
                at += statement_end(&source.text, at);
            }
            Err(fault) => {
                let message = message(connection, &fault);
                let offset = fault.offset.map_or(start, |offset| at + offset);
                return Err(BuildError::of(source, offset, message));
            }
        }
    }
    Ok(())
}

/// Prepares the next statement and runs it if it changes the schema: the bytes it had, and what it did.
fn run_next(connection: &Connection, text: &CStr) -> Result<Option<(usize, Vec<Action>)>, Fault> {
    let (statement, used) = connection.prepare(text)?;
    let actions = connection.watch().log();
    match statement {
        None if used == 0 => return Ok(None),
        Some(mut statement) if !actions.is_empty() => while statement.step()? {},
        _ => {}
    }
    Ok(Some((used, actions)))
}

/// Notes where tables and views were made.
fn note(connection: &Connection, source: &Source, start: usize, actions: &[Action], made: &mut Made) {
    let lower = |name: &Option<String>| name.as_deref().unwrap_or_default().to_lowercase();
    for action in actions {
        match action.code {
            sqlite::SQLITE_CREATE_TABLE
            | sqlite::SQLITE_CREATE_TEMP_TABLE
            | sqlite::SQLITE_CREATE_VIEW
            | sqlite::SQLITE_CREATE_TEMP_VIEW
            | sqlite::SQLITE_CREATE_VTABLE => {
                let line = Position::of(&source.text, start).line;
                made.origins.entry(lower(&action.first)).or_insert(Origin { file: source.file.clone(), line });
            }
            sqlite::SQLITE_DROP_TABLE
            | sqlite::SQLITE_DROP_TEMP_TABLE
            | sqlite::SQLITE_DROP_VIEW
            | sqlite::SQLITE_DROP_TEMP_VIEW
            | sqlite::SQLITE_DROP_VTABLE => drop(made.origins.remove(&lower(&action.first))),
            // A new name is nowhere but in the schema.
            sqlite::SQLITE_ALTER_TABLE => {
                let names: Vec<_> = describe::names(connection).iter().map(|name| name.to_lowercase()).collect();
                let (old, new) = (lower(&action.second), names.iter().find(|name| !made.origins.contains_key(*name)));
                if let Some(new) = new.filter(|_| !names.contains(&old))
                    && let Some(origin) = made.origins.remove(&old)
                {
                    made.origins.insert(new.clone(), origin);
                }
            }
            _ => {}
        }
    }
}

fn message(connection: &Connection, fault: &Fault) -> String {
    match (connection.watch().denied(), fault.code) {
        (Some(what), _) => format!("{what} is not allowed in a migration"),
        (None, sqlite::SQLITE_INTERRUPT) => "the migrations take too long, or too much memory".into(),
        (None, sqlite::SQLITE_FULL) => "the migrations make a database of more than 64 MiB".into(),
        _ => fault.message.clone(),
    }
}

/// The bytes up to the end of the statement that begins at `at`, the bodies of triggers seen as such.
fn statement_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let ends = rest.match_indices(';').map(|(semicolon, _)| semicolon + 1);
    let whole = |end: &usize| c_text(rest.get(..*end).unwrap_or_default()).is_ok_and(|text| complete(&text));
    ends.into_iter().find(whole).unwrap_or(rest.len())
}
