//! What a statement may do: the rules that SQLite asks for, and how long it may take.
//!
//! Against: a migration that writes a file, loads code, or never ends; the compiler runs it. The rule: a migration
//! changes the schema in memory, a statement touches rows, and neither does anything else.

use std::ffi::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libsqlite3_sys as sqlite;

/// How much may be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Instructions of SQLite. A count ends at the same place on every machine.
    pub(super) instructions: u64,
    /// Time, for instructions that take long each.
    pub(super) time: Duration,
    /// Bytes over those that were there before.
    pub(super) memory: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { instructions: 20_000_000, time: Duration::from_secs(10), memory: 256 << 20 }
    }
}

/// Whose statements run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Those of this crate, which look at the schema.
    Own,
    /// The migrations'.
    Migration,
    /// The statement that is judged.
    Statement,
}

/// Something that a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) code: c_int,
    pub(super) first: Option<String>,
    pub(super) second: Option<String>,
    pub(super) database: Option<String>,
    /// The view or trigger that does it.
    pub(super) within: Option<String>,
}

/// What SQLite is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Allow,
    /// It is passed over.
    Ignore,
    Deny,
}

/// Sees what the statements of a connection do.
#[derive(Debug)]
pub(super) struct Watch(Mutex<State>);

#[derive(Debug)]
struct State {
    phase: Phase,
    log: Vec<Action>,
    denied: Option<&'static str>,
    ticks: u64,
    until: Instant,
    memory: i64,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State {
            phase: Phase::Own,
            log: Vec::new(),
            denied: None,
            ticks: u64::MAX,
            until: Instant::now() + Limits::default().time,
            memory: i64::MAX,
        }))
    }

    /// Limits what happens from now on.
    pub(super) fn limit(&self, limits: Limits, memory_now: i64) {
        let mut state = self.state();
        state.ticks = limits.instructions / super::ffi::TICK.unsigned_abs() as u64;
        state.until = Instant::now() + limits.time;
        state.memory = memory_now.saturating_add(limits.memory);
    }

    /// From now on these statements run; what those before did is forgotten.
    pub(super) fn begin(&self, phase: Phase) {
        let mut state = self.state();
        state.phase = phase;
        state.log.clear();
        state.denied = None;
    }

    /// What was done since, and told of it.
    pub(super) fn log(&self) -> Vec<Action> {
        std::mem::take(&mut self.state().log)
    }

    /// What was denied, in the words of the user.
    pub(super) fn denied(&self) -> Option<&'static str> {
        self.state().denied
    }

    pub(super) fn authorize(&self, action: Action) -> Answer {
        let mut state = self.state();
        let answer = decide(state.phase, &action);
        match answer {
            Answer::Allow if is_kept(state.phase, action.code) => state.log.push(action),
            Answer::Deny => state.denied = Some(name(action.code)),
            _ => {}
        }
        answer
    }

    /// Whether it may go on.
    pub(super) fn tick(&self, memory: i64) -> bool {
        let mut state = self.state();
        let Some(left) = state.ticks.checked_sub(1) else { return false };
        state.ticks = left;
        memory <= state.memory && Instant::now() < state.until
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether something may be done.
fn decide(phase: Phase, action: &Action) -> Answer {
    let is = |text: &Option<String>, names: &[&str]| {
        text.as_ref().is_some_and(|text| names.iter().any(|name| text.eq_ignore_ascii_case(name)))
    };
    match (phase, action.code) {
        (Phase::Own, _) => Answer::Allow,
        (_, sqlite::SQLITE_ATTACH | sqlite::SQLITE_DETACH) => Answer::Deny,
        // The second is the name of the function; both are off as well.
        (_, sqlite::SQLITE_FUNCTION) if is(&action.second, &["load_extension", "fts3_tokenizer"]) => Answer::Deny,
        // It says how `ALTER TABLE` reads the statements after it.
        (Phase::Migration, sqlite::SQLITE_PRAGMA) if is(&action.first, &["legacy_alter_table"]) => Answer::Allow,
        (Phase::Migration, sqlite::SQLITE_PRAGMA) if is(&action.first, &["writable_schema"]) => Answer::Deny,
        // `foreign_keys`, `journal_mode`, `user_version`: nothing that a statement's meaning hangs on.
        (Phase::Migration, sqlite::SQLITE_PRAGMA) => Answer::Ignore,
        (Phase::Migration, _) => Answer::Allow,
        (
            Phase::Statement,
            sqlite::SQLITE_SELECT
            | sqlite::SQLITE_READ
            | sqlite::SQLITE_INSERT
            | sqlite::SQLITE_UPDATE
            | sqlite::SQLITE_DELETE
            | sqlite::SQLITE_FUNCTION
            | sqlite::SQLITE_RECURSIVE,
        ) => Answer::Allow,
        (Phase::Statement, _) => Answer::Deny,
    }
}

/// Whether one asks for it afterwards: of a statement what it touches, of a migration what it makes.
const fn is_kept(phase: Phase, code: c_int) -> bool {
    match phase {
        Phase::Own => false,
        Phase::Migration => changes_schema(code),
        Phase::Statement => {
            matches!(code, sqlite::SQLITE_READ | sqlite::SQLITE_INSERT | sqlite::SQLITE_UPDATE | sqlite::SQLITE_DELETE)
        }
    }
}

/// Whether it is one of `CREATE`, `ALTER`, `DROP`, or says how these are read.
const fn changes_schema(code: c_int) -> bool {
    matches!(
        code,
        sqlite::SQLITE_CREATE_INDEX
            | sqlite::SQLITE_CREATE_TABLE
            | sqlite::SQLITE_CREATE_TEMP_INDEX
            | sqlite::SQLITE_CREATE_TEMP_TABLE
            | sqlite::SQLITE_CREATE_TEMP_TRIGGER
            | sqlite::SQLITE_CREATE_TEMP_VIEW
            | sqlite::SQLITE_CREATE_TRIGGER
            | sqlite::SQLITE_CREATE_VIEW
            | sqlite::SQLITE_CREATE_VTABLE
            | sqlite::SQLITE_DROP_INDEX
            | sqlite::SQLITE_DROP_TABLE
            | sqlite::SQLITE_DROP_TEMP_INDEX
            | sqlite::SQLITE_DROP_TEMP_TABLE
            | sqlite::SQLITE_DROP_TEMP_TRIGGER
            | sqlite::SQLITE_DROP_TEMP_VIEW
            | sqlite::SQLITE_DROP_TRIGGER
            | sqlite::SQLITE_DROP_VIEW
            | sqlite::SQLITE_DROP_VTABLE
            | sqlite::SQLITE_ALTER_TABLE
            | sqlite::SQLITE_PRAGMA
    )
}

const fn name(code: c_int) -> &'static str {
    match code {
        sqlite::SQLITE_ATTACH => "ATTACH",
        sqlite::SQLITE_DETACH => "DETACH",
        sqlite::SQLITE_FUNCTION => "a function that loads code",
        sqlite::SQLITE_PRAGMA => "this PRAGMA",
        sqlite::SQLITE_TRANSACTION | sqlite::SQLITE_SAVEPOINT => "a transaction",
        _ => "a change of the schema",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(code: c_int, first: &str, second: &str) -> Action {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Action { code, first: text(first), second: text(second), database: None, within: None }
    }

    #[test]
    fn a_migration_may_change_the_schema_and_nothing_beside_it() {
        for (code, first, second, answer) in [
            (sqlite::SQLITE_CREATE_TABLE, "notes", "", Answer::Allow),
            (sqlite::SQLITE_INSERT, "notes", "", Answer::Allow),
            (sqlite::SQLITE_FUNCTION, "", "lower", Answer::Allow),
            (sqlite::SQLITE_FUNCTION, "", "LOAD_EXTENSION", Answer::Deny),
            (sqlite::SQLITE_FUNCTION, "", "fts3_tokenizer", Answer::Deny),
            (sqlite::SQLITE_ATTACH, "", "", Answer::Deny),
            (sqlite::SQLITE_DETACH, "a", "", Answer::Deny),
            (sqlite::SQLITE_PRAGMA, "foreign_keys", "OFF", Answer::Ignore),
            (sqlite::SQLITE_PRAGMA, "temp_store_directory", "/tmp", Answer::Ignore),
            (sqlite::SQLITE_PRAGMA, "writable_schema", "ON", Answer::Deny),
            (sqlite::SQLITE_PRAGMA, "legacy_alter_table", "ON", Answer::Allow),
        ] {
            assert_eq!(decide(Phase::Migration, &action(code, first, second)), answer, "{first} {second}");
        }
    }

    #[test]
    fn a_statement_may_touch_rows_and_nothing_beside_them() {
        for code in [sqlite::SQLITE_SELECT, sqlite::SQLITE_READ, sqlite::SQLITE_INSERT, sqlite::SQLITE_UPDATE] {
            assert_eq!(decide(Phase::Statement, &action(code, "notes", "")), Answer::Allow);
        }
        for code in [
            sqlite::SQLITE_ATTACH,
            sqlite::SQLITE_PRAGMA,
            sqlite::SQLITE_TRANSACTION,
            sqlite::SQLITE_CREATE_TABLE,
            sqlite::SQLITE_CREATE_TEMP_TABLE,
            sqlite::SQLITE_DROP_TABLE,
            sqlite::SQLITE_ALTER_TABLE,
            sqlite::SQLITE_ANALYZE,
            sqlite::SQLITE_REINDEX,
            sqlite::SQLITE_CREATE_VTABLE,
        ] {
            assert_eq!(decide(Phase::Statement, &action(code, "notes", "")), Answer::Deny, "{code}");
        }
    }

    #[test]
    fn instructions_time_and_memory_each_come_to_an_end() {
        let limits = Limits { instructions: 200, time: Duration::from_secs(3600), memory: 10 };
        let watch = Watch::new();
        watch.limit(limits, 100);
        assert_eq!([watch.tick(110), watch.tick(110), watch.tick(110)], [true, true, false]);
        watch.limit(limits, 100);
        assert!(!watch.tick(111));
        watch.limit(Limits { time: Duration::ZERO, ..limits }, 100);
        assert!(!watch.tick(100));
    }
}
