//! Keeps what PostgreSQL says of a project's statements: `.covet/sql.lock`.

use std::fs;
use std::path::Path;

use covet_core::sql::Dialect;
use covet_sql::lock::{self, Answer, Entry};
use covet_sql::oracle::Engine;

use super::SqlError;
use super::project::Project;

/// What was asked and said.
#[derive(Debug, Default)]
pub struct Prepared {
    /// Which PostgreSQL it was.
    pub version: String,
    /// What it said.
    pub entries: Vec<Entry>,
    /// How many texts it refuses.
    pub refused: usize,
    /// How many it is not certain of.
    pub uncertain: usize,
}

/// Asks about every text that PostgreSQL can get.
///
/// # Errors
///
/// [`SqlError::Engine`] when it cannot be asked any more.
pub fn ask(project: &Project, engine: &mut dyn Engine) -> Result<Prepared, SqlError> {
    let mut prepared = Prepared { version: engine.version().to_owned(), ..Prepared::default() };
    let Some(sources) = project.postgres() else { return Ok(prepared) };
    for text in project.texts() {
        match engine.ask(&text)? {
            Some(answer) => {
                prepared.refused += usize::from(matches!(answer, Answer::Fails { .. }));
                prepared.entries.push(Entry::new(Dialect::Postgres, sources.fingerprint(), &text, answer));
            }
            None => prepared.uncertain += 1,
        }
    }
    Ok(prepared)
}

/// Writes the lock, whole or not at all.
///
/// # Errors
///
/// [`SqlError::File`] when it cannot be written.
pub fn write(path: &Path, prepared: Prepared) -> Result<(), SqlError> {
    let failed = |source| SqlError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let new = path.with_extension("lock.new");
    fs::write(&new, lock::write(&prepared.version, prepared.entries)).map_err(failed)?;
    fs::rename(&new, path).map_err(failed)
}
