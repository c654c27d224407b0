//! The migrations, as text.
//!
//! Against: a check that looks at another schema than the one the application will have. The rule: the files are found,
//! named and ordered as sqlx does it, and what cannot be read is told, never passed over.
//!
//! ```no_run
//! # fn example(policy: &covet_core::sql::Policy) -> Result<(), covet_sql::source::SourceError> {
//! use covet_sql::{schema::Dialect, source};
//!
//! if let Some(sources) = source::read(policy, Dialect::Sqlite, "/the/folder/of/security.toml".as_ref())? {
//!     assert_eq!(sources.texts()[0].file, "migrations/0001_notes.sql");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # When files change
//!
//! The compiler builds again when one of [`Sources::files`] changes that the expansion includes. It does not learn of
//! new files; that takes one line in the application's `build.rs`:
//!
//! ```
//! println!("cargo::rerun-if-changed=migrations");
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::Hasher as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use covet_core::sql::policy::{Dialect, Places, Policy};
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher24};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;
/// How many bytes all files have at most.
const MAX_ALL: u64 = 64 << 20;
/// How many files a folder has at most.
const MAX_FILES: usize = 10_000;
/// How many packages' sources are kept: an editor's process serves several.
const KEPT: usize = 16;

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file, as the project names it.
    pub file: String,
    /// Its statements.
    pub text: String,
}

/// All migrations of a database, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    texts: Vec<Source>,
    files: Vec<PathBuf>,
    fingerprint: Fingerprint,
}

/// What the texts are told apart by. The end of a line, `\r\n` or `\n`, makes no difference, nor do names of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u128);

/// The migrations cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {}", .reason.told(.path))]
pub struct SourceError {
    key: &'static str,
    path: String,
    reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    Missing,
    NoFolder,
    NoFile,
    Empty,
    Version,
    Twice(String),
    Large,
    Many,
    NotText,
    Unreadable(String),
}

/// Reads what the policy in `folder` says of the tables of a database; `None` if it says nothing.
///
/// The same files are read once in a process.
///
/// # Errors
///
/// [`SourceError`] when a file or the folder cannot be read, is none that sqlx would accept, or is too large.
pub fn read(policy: &Policy, dialect: Dialect, folder: &Path) -> Result<Option<Arc<Sources>>, SourceError> {
    static CACHE: Mutex<Cache> = Mutex::new(Cache(Vec::new()));
    let Some(listing) = list(policy, dialect, folder)? else { return Ok(None) };
    CACHE.lock().unwrap_or_else(PoisonError::into_inner).read(listing).map(Some)
}

/// Reads the migrations in a folder, or the one file that makes all tables.
///
/// # Errors
///
/// [`SourceError`] as of [`read`].
pub fn at(path: &Path) -> Result<Sources, SourceError> {
    let name = path.to_string_lossy().into_owned();
    let here = Path::new("");
    let listing = if path.is_dir() { migrations(here, name)? } else { schema(here, name)? };
    load(&listing, MAX_ALL)
}

impl Sources {
    /// Sources that lie in no file.
    #[must_use]
    pub fn of(texts: Vec<Source>) -> Self {
        let texts: Vec<_> = texts.into_iter().map(|source| Source { text: plain(&source.text), ..source }).collect();
        Self { fingerprint: Fingerprint::of(&texts), files: Vec::new(), texts }
    }

    /// Covet's own tables, which lie in the application's database on SQLite.
    #[must_use]
    pub fn own() -> Self {
        let source =
            |(_, name, text): (i64, &str, &str)| Source { file: format!("covet/{name}.sql"), text: text.into() };
        Self::of(covet_core::tables::SQLITE.map(source).to_vec())
    }

    /// The texts, in the order in which they run.
    #[must_use]
    pub fn texts(&self) -> &[Source] {
        &self.texts
    }

    /// The files by their absolute paths: what an expansion includes, so that it is built again when one changes.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What tells these texts from others.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// These after those.
    #[must_use]
    pub fn after(&self, first: &Self) -> Self {
        let texts: Vec<_> = first.texts.iter().chain(&self.texts).cloned().collect();
        let files = first.files.iter().chain(&self.files).cloned().collect();
        Self { fingerprint: Fingerprint::of(&texts), files, texts }
    }
}

impl Fingerprint {
    /// SipHash-2-4 over lengths and texts: the same on every machine.
    fn of(texts: &[Source]) -> Self {
        let mut hasher = SipHasher24::new();
        for source in texts {
            hasher.write(&(source.text.len() as u64).to_le_bytes());
            hasher.write(source.text.as_bytes());
        }
        Self(hasher.finish128().as_u128())
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl SourceError {
    /// What to do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self.reason {
            Reason::Missing => "make it, or correct the path, which begins at the folder of security.toml",
            Reason::NoFolder => "for a single file write `schema = \"…\"` in place of `migrations`",
            Reason::NoFile => "for a folder write `migrations = \"…\"` in place of `schema`",
            Reason::Empty => {
                "call them `<number>_<name>.sql`, such as `0001_notes.sql`, as sqlx does; folders in it are not read"
            }
            Reason::Version => {
                "call it `<number>_<name>.sql`, such as `0001_notes.sql`, or move it elsewhere; sqlx refuses it, too"
            }
            Reason::Twice(_) => "give one of them a number of its own; sqlx would run only one of them",
            Reason::Large | Reason::Many => {
                "move data into a file that is read at run time, or name a `schema` in place of `migrations`"
            }
            Reason::NotText => "save it as UTF-8",
            Reason::Unreadable(_) => "let the one who builds read it",
        }
    }
}

impl Reason {
    fn told(&self, path: &str) -> String {
        match self {
            Self::Missing => format!("there is no `{path}`"),
            Self::NoFolder => format!("`{path}` is not a folder"),
            Self::NoFile => format!("`{path}` is not a file"),
            Self::Empty => format!("no migration is in `{path}`"),
            Self::Version => format!("`{path}` does not begin with a number"),
            Self::Twice(other) => format!("`{path}` and `{other}` have the same number"),
            Self::Large => format!("`{path}` is too large: a file has at most 16 MiB, all have 64 MiB"),
            Self::Many => format!("`{path}` has more than {MAX_FILES} files"),
            Self::NotText => format!("`{path}` is not text in UTF-8"),
            Self::Unreadable(why) => format!("`{path}` cannot be read: {why}"),
        }
    }
}

fn list(policy: &Policy, dialect: Dialect, folder: &Path) -> Result<Option<Listing>, SourceError> {
    let path = |places: &Option<Places>| Some(places.as_ref()?.of(dialect)?.as_str().to_owned());
    match (path(&policy.migrations), path(&policy.schema)) {
        (Some(path), _) => migrations(folder, path).map(Some),
        (None, Some(path)) => schema(folder, path).map(Some),
        (None, None) => Ok(None),
    }
}

/// The files to read, each with what tells whether it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listing {
    key: &'static str,
    folder: PathBuf,
    path: String,
    files: Vec<Listed>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    /// As the project names it.
    name: String,
    size: u64,
    changed: Option<SystemTime>,
}

impl Listed {
    fn new(name: String, metadata: &fs::Metadata) -> Self {
        Self { name, size: metadata.len(), changed: metadata.modified().ok() }
    }
}

impl Listing {
    fn is_of_the_same_place(&self, other: &Self) -> bool {
        (self.key, &self.folder, &self.path) == (other.key, &other.folder, &other.path)
    }
}

/// The files of a folder that sqlx takes for migrations, in its order. What undoes a migration is none.
fn migrations(folder: &Path, path: String) -> Result<Listing, SourceError> {
    let key = "sql.migrations";
    let error = |path: &str, reason| SourceError { key, path: path.to_owned(), reason };
    let entries = fs::read_dir(folder.join(&path)).map_err(|why| match why.kind() {
        std::io::ErrorKind::NotFound => error(&path, Reason::Missing),
        std::io::ErrorKind::NotADirectory => error(&path, Reason::NoFolder),
        _ => error(&path, Reason::Unreadable(why.to_string())),
    })?;
    let mut files: BTreeMap<i64, Listed> = BTreeMap::new();
    for (count, entry) in entries.enumerate() {
        let entry = entry.map_err(|why| error(&path, Reason::Unreadable(why.to_string())))?;
        if count == MAX_FILES {
            return Err(error(&path, Reason::Many));
        }
        let file = entry.file_name();
        let file = file.to_string_lossy();
        let Some((version, rest)) = file.split_once('_').filter(|(_, rest)| rest.ends_with(".sql")) else { continue };
        let name = format!("{path}/{file}");
        // Behind a link lies what counts.
        let metadata = fs::metadata(entry.path()).map_err(|why| error(&name, Reason::Unreadable(why.to_string())))?;
        if !metadata.is_file() || rest.ends_with(".down.sql") {
            continue;
        }
        let version = version.parse().map_err(|_| error(&name, Reason::Version))?;
        if let Some(other) = files.insert(version, Listed::new(name.clone(), &metadata)) {
            let (first, second) = if other.name < name { (other.name, name) } else { (name, other.name) };
            return Err(error(&first, Reason::Twice(second)));
        }
    }
    if files.is_empty() {
        return Err(error(&path, Reason::Empty));
    }
    Ok(Listing { key, folder: folder.to_owned(), path, files: files.into_values().collect() })
}

/// The one file that makes all tables.
fn schema(folder: &Path, path: String) -> Result<Listing, SourceError> {
    let key = "sql.schema";
    let metadata = fs::metadata(folder.join(&path)).map_err(|why| match why.kind() {
        std::io::ErrorKind::NotFound => SourceError { key, path: path.clone(), reason: Reason::Missing },
        _ => SourceError { key, path: path.clone(), reason: Reason::Unreadable(why.to_string()) },
    })?;
    if !metadata.is_file() {
        return Err(SourceError { key, path, reason: Reason::NoFile });
    }
    let files = vec![Listed::new(path.clone(), &metadata)];
    Ok(Listing { key, folder: folder.to_owned(), path, files })
}

/// One process may serve many packages and edits (as an editor's does), so the cache knows files by path, size and time.
#[derive(Debug)]
struct Cache(Vec<(Listing, Arc<Sources>)>);

impl Cache {
    fn read(&mut self, listing: Listing) -> Result<Arc<Sources>, SourceError> {
        if let Some((_, sources)) = self.0.iter().find(|(known, _)| *known == listing) {
            return Ok(Arc::clone(sources));
        }
        let sources = Arc::new(load(&listing, MAX_ALL)?);
        self.0.retain(|(known, _)| !known.is_of_the_same_place(&listing));
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push((listing, Arc::clone(&sources)));
        Ok(sources)
    }
}

fn load(listing: &Listing, most: u64) -> Result<Sources, SourceError> {
    let mut room = most;
    let mut texts = Vec::new();
    for listed in &listing.files {
        let error = |reason| SourceError { key: listing.key, path: listed.name.clone(), reason };
        let text = text(&listing.folder.join(&listed.name), room.min(MAX_FILE)).map_err(error)?;
        room = room.saturating_sub(text.len() as u64);
        texts.push(Source { file: listed.name.clone(), text: plain(&text) });
    }
    let files = listing.files.iter().map(|listed| listing.folder.join(&listed.name)).collect();
    Ok(Sources { fingerprint: Fingerprint::of(&texts), files, texts })
}

fn text(path: &Path, most: u64) -> Result<String, Reason> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    let read = read.map_err(|why| Reason::Unreadable(why.to_string()))?;
    if read as u64 > most {
        return Err(Reason::Large);
    }
    String::from_utf8(bytes).map_err(|_| Reason::NotText)
}

/// The text as it is on every machine: without a mark of its encoding, each line ended by `\n`.
fn plain(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn policy(lines: &str) -> Policy {
        let text = format!("application.name = 'Vault'\n[sql]\n{lines}");
        covet_core::policy::Policy::parse("security.toml", &text).unwrap().sql
    }

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn read_in(folder: &TempDir, lines: &str) -> Result<Arc<Sources>, String> {
        match read(&policy(lines), Dialect::Sqlite, folder.path()) {
            Ok(sources) => Ok(sources.unwrap()),
            Err(error) => Err(format!("{error}; {}", error.help())),
        }
    }

    fn names(sources: &Sources) -> Vec<&str> {
        sources.texts().iter().map(|source| source.file.as_str()).collect()
    }

    #[test]
    fn migrations_are_those_of_sqlx_in_the_order_of_their_numbers() {
        let folder = folder(&[
            ("m/10_c.sql", "c"),
            ("m/0002_b.up.sql", "b"),
            ("m/2_b.down.sql", "not b"),
            ("m/1_a.sql", "a"),
            ("m/README.md", ""),
            ("m/seed.sql", ""),
            ("m/3_d.txt", ""),
            ("m/4_e.sql/5_f.sql", ""),
        ]);
        let sources = read_in(&folder, "migrations = 'm'").unwrap();
        assert_eq!(names(&sources), ["m/1_a.sql", "m/0002_b.up.sql", "m/10_c.sql"]);
        assert_eq!(sources.files().first(), Some(&folder.path().join("m/1_a.sql")));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_key_and_what_to_do() {
        let folder = folder(&[
            ("word/x_notes.sql", ""),
            ("twice/1_a.sql", ""),
            ("twice/01_b.up.sql", ""),
            ("empty/readme.sql", ""),
            ("large/1_a.sql", &" ".repeat(MAX_FILE as usize + 1)),
            ("file.sql", ""),
        ]);
        fs::create_dir(folder.path().join("bytes")).unwrap();
        fs::write(folder.path().join("bytes/1_a.sql"), b"\xff").unwrap();
        for (lines, told) in [
            ("migrations = 'none'", "`sql.migrations`: there is no `none`; make it"),
            ("migrations = 'file.sql'", "`sql.migrations`: `file.sql` is not a folder; for a single file"),
            ("migrations = 'word'", "`word/x_notes.sql` does not begin with a number; call it"),
            ("migrations = 'twice'", "`twice/01_b.up.sql` and `twice/1_a.sql` have the same number; give"),
            ("migrations = 'empty'", "no migration is in `empty`; call them"),
            ("migrations = 'large'", "`large/1_a.sql` is too large: a file has at most 16 MiB, all have 64 MiB; move"),
            ("migrations = 'bytes'", "`bytes/1_a.sql` is not text in UTF-8; save"),
            ("schema = 'none.sql'", "`sql.schema`: there is no `none.sql`; make it"),
            ("schema = 'word'", "`sql.schema`: `word` is not a file; for a folder"),
        ] {
            let found = read_in(&folder, lines).unwrap_err();
            assert!(found.contains(told), "{lines}: {found}");
        }
    }

    #[test]
    fn all_files_together_have_a_limit() {
        let folder = folder(&[("m/1_a.sql", "12345"), ("m/2_b.sql", "12345")]);
        load(&listing(&folder), 10).unwrap();
        let error = load(&listing(&folder), 9).unwrap_err();
        assert_eq!((error.path.as_str(), error.reason), ("m/2_b.sql", Reason::Large));
    }

    #[test]
    fn a_policy_without_the_keys_or_for_another_database_has_no_sources() {
        for lines in ["", "migrations.postgres = 'none'", "schema.postgres = 'none'"] {
            assert_eq!(read(&policy(lines), Dialect::Sqlite, Path::new("/")), Ok(None), "{lines}");
        }
    }

    #[test]
    fn ends_of_lines_make_no_difference_and_anything_else_does() {
        let fingerprint = |files: &[(&str, &str)]| {
            let files: Vec<_> = files.iter().map(|(name, text)| (*name, *text)).collect();
            read_in(&folder(&files), "migrations = 'm'").unwrap().fingerprint()
        };
        let unix = fingerprint(&[("m/1_a.sql", "a\nb\n"), ("m/2_b.sql", "c")]);
        assert_eq!(fingerprint(&[("m/1_a.sql", "\u{feff}a\r\nb\r\n"), ("m/002_other.sql", "c")]), unix);
        for other in [["a\nb", "\nc"], ["a\nb\n", "d"], ["c", "a\nb\n"], ["a\nb\nc", ""], ["a\rb\n", "c"]] {
            assert_ne!(fingerprint(&[("m/1_a.sql", other[0]), ("m/2_b.sql", other[1])]), unix, "{other:?}");
        }
        let one = Sources::of(vec![Source { file: "a".into(), text: "a".into() }]);
        assert_eq!(one.fingerprint().to_string(), "6c3129394c2ada2eff61081d7d103a3f", "the same everywhere, always");
    }

    fn listing(folder: &TempDir) -> Listing {
        migrations(folder.path(), "m".into()).unwrap()
    }

    #[test]
    fn files_are_read_again_when_one_changes_comes_or_goes_and_only_then() {
        let folder = folder(&[("m/1_a.sql", "a")]);
        let mut cache = Cache(Vec::new());
        let mut read = || cache.read(listing(&folder)).unwrap();
        let first = read();
        assert!(Arc::ptr_eq(&first, &read()));
        fs::write(folder.path().join("m/1_a.sql"), "another").unwrap();
        assert_eq!(read().texts()[0].text, "another");
        fs::write(folder.path().join("m/2_b.sql"), "b").unwrap();
        assert_eq!(names(&read()), ["m/1_a.sql", "m/2_b.sql"]);
        fs::remove_file(folder.path().join("m/1_a.sql")).unwrap();
        assert_eq!(names(&read()), ["m/2_b.sql"]);
        assert_eq!(cache.0.len(), 1, "what a place once had is forgotten");
    }

    #[test]
    fn only_so_many_packages_are_kept() {
        let folders: Vec<_> = (0..2 * KEPT).map(|at| folder(&[("m/1_a.sql", &at.to_string())])).collect();
        let mut cache = Cache(Vec::new());
        for (at, folder) in folders.iter().enumerate() {
            assert_eq!(cache.read(listing(folder)).unwrap().texts()[0].text, at.to_string());
        }
        assert_eq!(cache.0.len(), KEPT);
    }
}
