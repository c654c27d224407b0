//! What statements are judged by: the `security.toml` of their package, or migrations that are named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use covet_core::policy::{Document, FILE_NAME};
use covet_core::sql::{Dialect, Policy};
use covet_sql::judge;
use covet_sql::lock::{self, Lock};
use covet_sql::{Sources, source};

use super::SqlError;
use super::statement::{self, Statement};
use crate::scan::{self, Unread};

/// Statements that are judged alike.
#[derive(Debug)]
pub struct Project {
    /// What `[sql]` says.
    pub policy: Policy,
    /// The tables on each database; none where the policy does not say what there are.
    pub sources: Vec<(Dialect, Arc<Sources>)>,
    /// Where what PostgreSQL said is kept.
    pub lock: PathBuf,
    /// What its files have.
    pub found: Found,
}

/// What files have.
#[derive(Debug, Default)]
pub struct Found {
    /// The statements, in the order of files and lines.
    pub statements: Vec<Statement>,
    /// Files that are no Rust.
    pub unread: Vec<Unread>,
}

impl Project {
    /// What PostgreSQL said before.
    #[must_use]
    pub fn locked(&self) -> Arc<Lock> {
        Lock::at(self.lock.clone())
    }

    /// The migrations of PostgreSQL.
    #[must_use]
    pub fn postgres(&self) -> Option<&Sources> {
        self.sources.iter().find(|(dialect, _)| *dialect == Dialect::Postgres).map(|(_, sources)| &**sources)
    }

    /// Each text that PostgreSQL can get, once.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> =
            self.found.statements.iter().flat_map(|statement| self.texts_of(statement)).collect();
        texts.sort();
        texts.dedup();
        texts
    }

    /// Each text that PostgreSQL can get of a statement; none of one that is wrong whatever the tables are.
    #[must_use]
    pub fn texts_of(&self, statement: &Statement) -> Vec<String> {
        match &statement.text {
            statement::Text::Given(sql) => vec![sql.clone()],
            statement::Text::Written(_) => covet_core::sql::compile(&statement.sql(), &self.policy)
                .map(|compiled| compiled.variants(Dialect::Postgres).into_iter().map(|variant| variant.text).collect())
                .unwrap_or_default(),
        }
    }
}

/// The statements beneath the paths, by the policy of each package. One dialect alone, if it is given.
///
/// # Errors
///
/// [`SqlError`] when a path, a policy or migrations cannot be read.
pub fn beneath(paths: &[PathBuf], only: Option<Dialect>) -> Result<Vec<Project>, SqlError> {
    let mut found: BTreeMap<Option<PathBuf>, Found> = BTreeMap::new();
    for path in scan::files(paths)? {
        let text = std::fs::read_to_string(&path);
        let name = scan::shown(&path);
        let read = text.map_err(|error| error.to_string()).and_then(|text| match text.contains("safe_sql") {
            true => statement::of_source(&name, &text),
            false => Ok(Vec::new()),
        });
        match read {
            Ok(statements) if statements.is_empty() => {}
            Ok(statements) => found.entry(policy(&path)).or_default().statements.extend(statements),
            Err(message) => found.entry(policy(&path)).or_default().unread.push(Unread { file: name, message }),
        }
    }
    found.into_iter().map(|(path, found)| project(path, only, found)).collect()
}

/// The same with all statements of each policy, wherever they stand beneath its folder: a lock is that of all of them.
///
/// # Errors
///
/// As of [`beneath`].
pub fn whole(paths: &[PathBuf], only: Option<Dialect>) -> Result<Vec<Project>, SqlError> {
    let folder = |project: Project| Some(project.lock.parent()?.parent()?.to_owned());
    let mut folders: Vec<PathBuf> = beneath(paths, only)?.into_iter().filter_map(folder).collect();
    // What lies beneath another is found there.
    folders.retain(|folder| !folder.as_os_str().is_empty());
    let all = folders.clone();
    folders.retain(|folder| !all.iter().any(|other| other != folder && folder.starts_with(other)));
    beneath(&folders, only)
}

/// The `security.toml` of the package that a file belongs to, as the macros find it.
fn policy(file: &Path) -> Option<PathBuf> {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let package = file.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").is_file());
    let mut folders = package.or(file.parent())?.ancestors().map(|folder| folder.join(FILE_NAME));
    folders.find(|path| path.is_file())
}

fn project(path: Option<PathBuf>, only: Option<Dialect>, found: Found) -> Result<Project, SqlError> {
    let (mut policy, mut sources, mut lock) = (Policy::default(), Vec::new(), PathBuf::from(lock::PATH));
    if let Some(path) = path {
        let text = std::fs::read_to_string(&path).map_err(|source| SqlError::File { path: path.clone(), source })?;
        policy = Document::parse(&scan::shown(&path), &text)?.policy.sql;
        if let Some(only) = only {
            policy.dialects = vec![only];
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        sources = judge::sources(&policy, folder)?;
        lock = folder.join(lock::PATH);
    }
    Ok(Project { policy, sources, lock, found })
}

/// Statements from elsewhere, on the migrations in a folder or on a file that makes all tables.
///
/// # Errors
///
/// [`SqlError`] when they cannot be read.
pub fn elsewhere(
    schema: &Path,
    statements: &Path,
    dialect: Dialect,
    lock: Option<PathBuf>,
) -> Result<Project, SqlError> {
    Ok(Project {
        policy: Policy::default(),
        sources: vec![(dialect, Arc::new(source::at(schema)?))],
        lock: lock.unwrap_or_else(|| lock::PATH.into()),
        found: Found { statements: statement::of_lines(statements)?, unread: Vec::new() },
    })
}
