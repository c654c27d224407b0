//! The PostgreSQL in a process beside the compiler.
//!
//! Against: a build that breaks of a tool. The rule: it is started when it is first needed and asked while it answers;
//! when it does not, that is told once, and everything is judged as if it were not there.

use std::ffi::OsString;
use std::sync::{Mutex, PoisonError};

use crate::lock::Answer;
use crate::oracle::{Engine as _, EngineError, Process};
use crate::source::Sources;

/// A process, from its first question on.
#[derive(Debug)]
pub(super) struct Beside(Mutex<State>);

#[derive(Debug)]
enum State {
    Named(OsString),
    Runs(Box<Process>),
    Gone,
}

impl Beside {
    pub(super) const fn new(program: OsString) -> Self {
        Self(Mutex::new(State::Named(program)))
    }

    /// What it says of a statement on these tables.
    pub(super) fn ask(&self, sql: &str, sources: &Sources) -> Option<Answer> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = state.ask(sql, sources);
        answer.unwrap_or_else(|why| {
            *state = State::Gone;
            // Where it was asked for, silence would be taken for its word.
            eprintln!("covet: PostgreSQL is not asked: {why}");
            None
        })
    }
}

impl State {
    fn ask(&mut self, sql: &str, sources: &Sources) -> Result<Option<Answer>, EngineError> {
        if let Self::Named(program) = self {
            *self = Self::Runs(Box::new(Process::start(program, sources.texts())?));
        }
        match self {
            Self::Runs(process) => process.ask(sql),
            Self::Named(_) | Self::Gone => Ok(None),
        }
    }
}
