//! The PostgreSQL that is asked: a server by its URL, or the embedded one.

mod server;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use covet_sql::Source;
use covet_sql::judge::PROGRAM as VARIABLE;
use covet_sql::oracle::{Engine, EngineError, Process};

pub use server::Server;

/// The program with PostgreSQL inside, which is built from `covet-oracle`.
const PROGRAM: &str = "cargo-covet-oracle";

/// A PostgreSQL with these tables: on the server of the URL, in a database of its own, or else the embedded one.
///
/// # Errors
///
/// [`EngineError`] when there is none, or a migration fails.
pub fn open(url: Option<&str>, sources: &[Source]) -> Result<Box<dyn Engine>, EngineError> {
    if let Some(url) = url {
        return Ok(Box::new(Server::open(url, sources)?));
    }
    let program = program().ok_or_else(|| {
        EngineError(format!(
            "there is no PostgreSQL to ask: name a server with `--database-url`, or install the embedded one with \
             `cargo install --path covet-oracle`, or name it in {VARIABLE}"
        ))
    })?;
    Ok(Box::new(Process::start(&program, sources)?))
}

/// The embedded PostgreSQL: what the variable names, or what lies beside this program or in the `PATH`.
fn program() -> Option<OsString> {
    if let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        return Some(named);
    }
    let beside = env::current_exe().ok().and_then(|this| Some(this.parent()?.to_owned()));
    let path = env::var_os("PATH").unwrap_or_default();
    let file = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    let found = |folder: PathBuf| Some(folder.join(&file)).filter(|path: &PathBuf| Path::is_file(path));
    // A relative folder is that of whoever wrote the project.
    let mut folders = beside.into_iter().chain(env::split_paths(&path)).filter(|folder| folder.is_absolute());
    folders.find_map(found).map(PathBuf::into_os_string)
}
