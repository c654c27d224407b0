//! The file of stolen passwords: made whole, or not at all.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use covet_core::password::breach::{self, Built};

/// A file of stolen passwords could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BreachError {
    /// The list cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Read {
        /// Which list.
        path: PathBuf,
        /// What was said.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("`{}` cannot be written: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What was said.
        source: io::Error,
    },
    /// The list is none.
    #[error("`{}`: {source}", path.display())]
    List {
        /// Which list.
        path: PathBuf,
        /// What is wrong, and in which line.
        source: breach::BuildError,
    },
}

/// Makes the file `to` from the list `from`, or from the standard input if that is `-`. An old file stays until the new one
/// is whole.
///
/// # Errors
///
/// [`BreachError`].
pub fn build(from: &Path, to: &Path, min_count: u64) -> Result<Built, BreachError> {
    let unwritable = |source| BreachError::Write { path: to.to_owned(), source };
    let mut name = to.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let made = File::create(&new).map_err(unwritable)?;
    let built = list(from).and_then(|list| {
        let built = breach::build(BufReader::with_capacity(1 << 20, list), min_count, BufWriter::new(made));
        built.map_err(|source| BreachError::List { path: from.to_owned(), source })
    });
    match built {
        Ok(built) => std::fs::rename(&new, to).map(|()| built).map_err(unwritable),
        Err(error) => {
            // It is of no use to anybody.
            let _removed = std::fs::remove_file(&new);
            Err(error)
        }
    }
}

fn list(from: &Path) -> Result<Box<dyn io::Read>, BreachError> {
    if from.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    match File::open(from) {
        Ok(file) => Ok(Box::new(file)),
        Err(source) => Err(BreachError::Read { path: from.to_owned(), source }),
    }
}
