//! `cargo covet sql`: the statements of a project, each with its verdict, what it gives and takes, and what it touches.
//!
//! **Threat.** The compiler says what is wrong with a statement, and nothing of the others: which tables a program reads,
//! which columns it writes, and of how much of it nobody is certain.
//!
//! **Rule.** Every `safe_sql!` of the sources is judged as the compiler judges it, by the `security.toml` of its package;
//! statements from elsewhere are judged on the migrations that are named with them.
//!
//! [`statement`] finds them, [`project`] what they are judged by, [`engine`] the PostgreSQL to ask, [`check`] gives the
//! verdicts, [`prepare`] keeps what PostgreSQL said, [`report`] tells it.

pub mod check;
pub mod engine;
pub mod prepare;
pub mod project;
pub mod report;
pub mod statement;

use std::io;
use std::path::PathBuf;

use covet_core::policy::Problems;
use covet_sql::JudgeError;
use covet_sql::oracle::EngineError;
use covet_sql::source::SourceError;

use crate::scan::ScanError;

/// Why statements could not be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// The sources could not be found.
    #[error(transparent)]
    Files(#[from] ScanError),
    /// A file could not be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The policy is in error.
    #[error("{0}")]
    Policy(#[from] Problems),
    /// The migrations could not be read.
    #[error("{0}: {help}", help = .0.help())]
    Source(#[from] SourceError),
    /// A migration fails.
    #[error("{0}: {help}", help = .0.help())]
    Judge(#[from] JudgeError),
    /// A line of a file of statements is none.
    #[error("`{}`, line {line}: {message}: a line is `{{\"sql\": \"SELECT ..\"}}`", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// Why.
        message: String,
    },
    /// PostgreSQL could not be asked.
    #[error("{0}")]
    Engine(#[from] EngineError),
}
