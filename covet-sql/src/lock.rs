//! PostgreSQL's own verdicts, kept beside the code: `.covet/sql.lock`.
//!
//! Against: a build that needs a database, and one that breaks because a note about a database is old. The rule: an
//! entry that was made of this statement on these migrations is what PostgreSQL says; any other is as if it were not
//! there.
//!
//! ```
//! use covet_sql::lock::{Answer, Entry, Lock};
//! use covet_sql::{Dialect, Source, Sources};
//!
//! let sources = Sources::of(vec![Source { file: "1_a.sql".into(), text: "CREATE TABLE a (id INT)".into() }]);
//! let answer = Answer::Holds { params: vec!["int4".into()], columns: Vec::new() };
//! let entry = Entry::new(Dialect::Postgres, sources.fingerprint(), "DELETE FROM a WHERE id = $1", answer.clone());
//!
//! let lock = Lock::parse(&covet_sql::lock::write("PostgreSQL 17.5", vec![entry]));
//! let find = |sql| lock.answer(Dialect::Postgres, sources.fingerprint(), sql);
//! assert_eq!(find("DELETE FROM a WHERE id = $1"), Some(&answer));
//! assert_eq!(find("DELETE FROM a"), None);
//! ```
//!
//! A seal behind each entry finds what a merge or a hand has changed. It is no proof of who wrote it: who can commit the
//! lock can commit the statements, too.

use std::collections::HashMap;
use std::fs::File;
use std::hash::Hasher as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use crate::schema::{Dialect, Schema};
use crate::shape::{Output, Param, Shape};
use crate::source::Fingerprint;
use crate::types;

/// Where the lock lies, from the folder of `security.toml`.
pub const PATH: &str = ".covet/sql.lock";

/// The first line of a lock.
const HEAD: &str = "# covet sql lock 1";

/// The largest lock that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// How many parameters or columns an entry has at most: what the protocol can count.
const MAX_PARTS: usize = 65_535;

/// How many locks are kept: an editor's process serves several packages.
const KEPT: usize = 8;

/// What a database says of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It is right.
    Holds {
        /// The types of `$1..$n`, by PostgreSQL's names; an array as `int8[]`, a type of another schema as `app.kind`.
        params: Vec<String>,
        /// The columns of its rows.
        columns: Vec<Column>,
    },
    /// It is wrong.
    Fails {
        /// The class of the error, such as `42703`.
        code: String,
        /// The byte of the statement that is at fault, if it is known.
        offset: Option<usize>,
        /// What PostgreSQL says.
        message: String,
    },
}

/// A column of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, by PostgreSQL's name.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether the column of a table that it is was declared `NOT NULL`; none where it is computed. An outer join can
    /// make it `NULL` all the same.
    pub not_null: Option<bool>,
}

/// A statement on a schema, and what the database says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    key: u128,
    sql: String,
    answer: Answer,
}

/// All entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    file: Option<PathBuf>,
    entries: HashMap<u128, (String, Answer)>,
}

impl Entry {
    /// What the database of this kind, with these tables, says of `sql`.
    #[must_use]
    pub fn new(dialect: Dialect, schema: Fingerprint, sql: &str, answer: Answer) -> Self {
        Self { key: key(dialect, schema, sql), sql: sql.to_owned(), answer }
    }
}

impl Lock {
    /// The lock in the folder of `security.toml`. One that is not there, not text or too large has no entries.
    #[must_use]
    pub fn of(folder: &Path) -> Arc<Self> {
        Self::at(folder.join(PATH))
    }

    /// The lock in this file.
    #[must_use]
    pub fn at(path: PathBuf) -> Arc<Self> {
        static CACHE: Mutex<Vec<(State, Arc<Lock>)>> = Mutex::new(Vec::new());
        let Some(state) = std::fs::metadata(&path).ok().filter(|found| found.len() <= MAX_FILE) else {
            return Arc::default();
        };
        let state = (path, state.len(), state.modified().ok());
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, lock)) = cache.iter().find(|(known, _)| *known == state) {
            return Arc::clone(lock);
        }
        let mut text = String::new();
        let read = File::open(&state.0).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text));
        let lock = if read.is_ok() { Self::parse(&text) } else { Self::default() };
        let lock = Arc::new(Self { file: Some(state.0.clone()), ..lock });
        cache.retain(|(known, _)| known.0 != state.0);
        if cache.len() == KEPT {
            cache.remove(0);
        }
        cache.push((state, Arc::clone(&lock)));
        lock
    }

    /// The entries of a text. What is not whole is passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.len() as u64 > MAX_FILE || text.lines().next().is_none_or(|first| !first.starts_with(HEAD)) {
            return Self::default();
        }
        let blocks = text.split("\n\n").map(|block| block.trim_matches('\n'));
        let entries = blocks.filter_map(|block| read_entry(&block.replace('\r', "")));
        entries.collect()
    }

    /// What the database said of the statement on these tables.
    #[must_use]
    pub fn answer(&self, dialect: Dialect, schema: Fingerprint, sql: &str) -> Option<&Answer> {
        let (known, answer) = self.entries.get(&key(dialect, schema, sql))?;
        (known == sql).then_some(answer)
    }

    /// Whether something was said of the statement, be it on these tables or on others.
    #[must_use]
    pub fn knows(&self, sql: &str) -> bool {
        self.entries.values().any(|(known, _)| known == sql)
    }

    /// The file, which an expansion includes, so that it is built again when the lock changes.
    #[must_use]
    pub fn file(&self) -> Option<&PathBuf> {
        self.file.as_ref()
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<Entry> for Lock {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|Entry { key, sql, answer }| (key, (sql, answer)));
        Self { file: None, entries: entries.collect() }
    }
}

/// A file as it was when it was read: its path, its size, and when it was written.
type State = (PathBuf, u64, Option<SystemTime>);

/// The text of a lock: the same for the same entries, in whatever order they come.
#[must_use]
pub fn write(engine: &str, mut entries: Vec<Entry>) -> String {
    entries.sort_by(|one, other| (&one.sql, one.key).cmp(&(&other.sql, other.key)));
    entries.dedup();
    let mut text = format!("{HEAD}, by `cargo covet sql prepare` with {}: commit it, do not edit it\n", escape(engine));
    for entry in &entries {
        let body = body(entry);
        text.push_str(&format!("\n{body}\nseal {:032x}\n", hash(&[&body])));
    }
    text
}

fn body(entry: &Entry) -> String {
    let mut lines = vec![format!("sql {}", escape(&entry.sql)), format!("key {:032x}", entry.key)];
    match &entry.answer {
        Answer::Holds { params, columns } => {
            lines.push("holds".into());
            lines.extend(params.iter().map(|ty| format!("takes {}", escape(ty))));
            let null = |not_null| match not_null {
                Some(true) => "not null",
                Some(false) => "null",
                None => "computed",
            };
            let gives = |c: &Column| format!("gives {}\t{}\t{}", escape(&c.name), escape(&c.ty), null(c.not_null));
            lines.extend(columns.iter().map(gives));
        }
        Answer::Fails { code, offset, message } => {
            let offset = offset.map_or("-".into(), |offset| offset.to_string());
            lines.push(format!("fails {}\t{offset}\t{}", escape(code), escape(message)));
        }
    }
    lines.join("\n")
}

fn read_entry(block: &str) -> Option<Entry> {
    let (body, seal) = block.rsplit_once("\nseal ")?;
    if u128::from_str_radix(seal, 16) != Ok(hash(&[body])) {
        return None;
    }
    let mut lines = body.lines();
    let sql = unescape(lines.next()?.strip_prefix("sql ")?)?;
    let key = u128::from_str_radix(lines.next()?.strip_prefix("key ")?, 16).ok()?;
    let verdict = lines.next()?;
    let answer = if let Some(fails) = verdict.strip_prefix("fails ") {
        let mut parts = fails.splitn(3, '\t');
        let (code, offset, message) = (parts.next()?, parts.next()?, parts.next()?);
        let offset = offset.parse().ok().filter(|offset| *offset <= sql.len());
        Answer::Fails { code: unescape(code)?, offset, message: unescape(message)? }
    } else {
        let (mut params, mut columns) = (Vec::new(), Vec::new());
        for line in lines.filter(|_| verdict == "holds") {
            match line.split_once(' ')? {
                ("takes", ty) => params.push(unescape(ty)?),
                ("gives", column) => columns.push(read_column(column)?),
                _ => return None,
            }
        }
        if verdict != "holds" || params.len().max(columns.len()) > MAX_PARTS {
            return None;
        }
        Answer::Holds { params, columns }
    };
    Some(Entry { key, sql, answer })
}

fn read_column(text: &str) -> Option<Column> {
    let mut parts = text.split('\t');
    let (name, ty) = (unescape(parts.next()?)?, unescape(parts.next()?)?);
    let not_null = match parts.next()? {
        "not null" => Some(true),
        "null" => Some(false),
        "computed" => None,
        _ => return None,
    };
    Some(Column { name, ty, not_null })
}

/// On one line and without a tab.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r")
}

fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match (c, c == '\\') {
            (c, false) => c,
            (_, true) => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
        });
    }
    Some(plain)
}

fn key(dialect: Dialect, schema: Fingerprint, sql: &str) -> u128 {
    hash(&[&dialect.to_string(), &schema.to_string(), sql])
}

/// SipHash-2-4 over lengths and texts: the same on every machine.
fn hash(texts: &[&str]) -> u128 {
    let mut hasher = SipHasher24::new();
    for text in texts {
        hasher.write(&(text.len() as u64).to_le_bytes());
        hasher.write(text.as_bytes());
    }
    hasher.finish128().as_u128()
}

/// What a statement that holds takes and gives. A column that may be `NULL` says so; of another one PostgreSQL does not
/// tell what a join makes of it.
pub(crate) fn shape(params: &[String], columns: &[Column], schema: &Schema) -> Shape {
    let param = |ty: &String| Param { ty: Some(types::told(ty, schema)), ..Param::default() };
    let column = |column: &Column| Output {
        name: column.name.clone(),
        ty: Some(types::told(&column.ty, schema)),
        nullable: (column.not_null == Some(false)).then_some(true),
        origin: None,
    };
    Shape {
        columns: columns.iter().map(column).collect(),
        params: params.iter().map(param).collect(),
        ..Shape::default()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;
    use crate::source::{Source, Sources};

    const SQL: &str = "SELECT id,\n\t'\\n' AS \"a\tb\" FROM notes WHERE id = $1";

    fn schema(text: &str) -> Fingerprint {
        Sources::of(vec![Source { file: "1_a.sql".into(), text: text.into() }]).fingerprint()
    }

    fn holds() -> Answer {
        let column = |name: &str, ty: &str, not_null| Column { name: name.into(), ty: ty.into(), not_null };
        let columns =
            vec![column("id", "int8", Some(true)), column("a\tb", "text", None), column("c\\", "text[]", Some(false))];
        Answer::Holds { params: vec!["int8".into()], columns }
    }

    fn fails() -> Answer {
        Answer::Fails { code: "42703".into(), offset: Some(7), message: "column \"x\"\ndoes not exist".into() }
    }

    fn entry(sql: &str, answer: Answer) -> Entry {
        Entry::new(Dialect::Postgres, schema("a"), sql, answer)
    }

    fn find<'l>(lock: &'l Lock, schema_text: &str, sql: &str) -> Option<&'l Answer> {
        lock.answer(Dialect::Postgres, schema(schema_text), sql)
    }

    #[test]
    fn a_fresh_entry_is_what_the_database_said() {
        let text = write("PostgreSQL 17.5", vec![entry(SQL, holds()), entry("SELECT x", fails())]);
        for text in [text.clone(), text.replace('\n', "\r\n").replace("\r\n\r\n", "\n\n")] {
            let lock = Lock::parse(&text);
            assert_eq!(lock.len(), 2);
            assert_eq!(find(&lock, "a", SQL), Some(&holds()));
            assert_eq!(find(&lock, "a", "SELECT x"), Some(&fails()));
        }
    }

    #[test]
    fn a_stale_entry_is_as_if_it_were_not_there() {
        let lock = Lock::parse(&write("", vec![entry(SQL, holds())]));
        assert_eq!(find(&lock, "b", SQL), None, "another migration");
        assert_eq!(find(&lock, "a", &SQL.replace("id,", "id ,")), None, "another statement");
        assert_eq!(lock.answer(Dialect::Sqlite, schema("a"), SQL), None, "another database");
        assert!(lock.knows(SQL) && !lock.knows("SELECT x"));
    }

    #[test]
    fn an_entry_that_was_changed_is_as_if_it_were_not_there_and_the_others_stay() {
        let text = write("", vec![entry(SQL, holds()), entry("SELECT x", fails())]);
        for (from, to) in [
            ("gives id\tint8\tnot null", "gives id\tint8\tnull"),
            ("takes int8\n", ""),
            ("sql SELECT id", "sql SELECT id, id"),
            ("key ", "key 0"),
            ("holds", "holds\n<<<<<<< HEAD"),
        ] {
            let lock = Lock::parse(&text.replacen(from, to, 1));
            assert_eq!(lock.len(), 1, "{from} -> {to}");
            assert_eq!(find(&lock, "a", SQL), None, "{from} -> {to}");
            assert_eq!(find(&lock, "a", "SELECT x"), Some(&fails()));
        }
        assert!(Lock::parse(&text.replacen("lock 1", "lock 2", 1)).is_empty(), "another format");
    }

    #[test]
    fn the_order_of_the_statements_makes_no_difference() {
        let (one, other) = (entry(SQL, holds()), entry("SELECT x", fails()));
        let text = write("", vec![one.clone(), other.clone()]);
        assert_eq!(text, write("", vec![other.clone(), one, other]));
    }

    #[test]
    fn what_cannot_be_a_lock_has_no_entries() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Lock::of(folder.path()).is_empty(), "it is not there");
        let path = folder.path().join(PATH);
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let good = write("", vec![entry(SQL, holds())]);
        let large = format!("{good}{}", "\n".repeat(MAX_FILE as usize));
        assert!(Lock::parse(&large).is_empty());
        for (bytes, entries) in [(large.as_bytes(), 0), (&[0xff; 9], 0), (b"", 0), (good.as_bytes(), 1)] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Lock::of(folder.path()).len(), entries);
        }
    }
}
