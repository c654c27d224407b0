//! Judges the statements of a program, on every database of its policy, whatever is left out of them.
//!
//! **Threat.** A statement that is right on one database fails on the other one, or fails only where a part of it is left
//! out; one that forgets whose rows it may touch does not fail at all.
//!
//! **Rule.** Every text that can come of a statement is judged on every database whose tables the policy names. On SQLite
//! the engine has the last word, elsewhere what is provable. What is unknown passes, but for `[[sql.scopes]]`: there it has
//! to be seen that a statement keeps to its rows.
//!
//! ```no_run
//! # fn example(policy: &covet_core::sql::Policy) -> Result<(), covet_sql::judge::JudgeError> {
//! use covet_sql::judge::Judge;
//!
//! if let Some(judge) = Judge::of(policy, "/the/folder/of/security.toml".as_ref())? {
//!     let compiled = covet_core::sql::compile("SELECT titel FROM notes", policy).unwrap();
//!     let judged = judge.statement(&compiled);
//!     assert_eq!(judged.mistakes[0].to_string(), "`notes` has no column `titel`");
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "postgres-oracle")]
mod beside;
mod complaint;
mod guard;
mod merge;
mod names;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests;

#[cfg(feature = "postgres-oracle")]
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use covet_core::sql::policy::{GuardedColumn, TableScope};
use covet_core::sql::{Compiled, Dialect, Policy, drift};

#[cfg(feature = "postgres-oracle")]
use self::beside::Beside;
pub use self::complaint::Complaint;
use self::merge::Merged;
pub use self::names::Misnamed;
use crate::catalog;
use crate::lock::{self, Lock};
use crate::mistake::{Mistake, Reason};
use crate::resolve::{self, resolve};
use crate::schema::Schema;
use crate::shape::Shape;
use crate::source::{self, Fingerprint, SourceError, Sources};
#[cfg(feature = "sqlite-oracle")]
use crate::sqlite::{self, BuildError, Engine};

/// The variable that names a program with a PostgreSQL inside, or before, it.
#[cfg(feature = "postgres-oracle")]
pub const PROGRAM: &str = "COVET_ORACLE";

/// How many policies are kept: an editor's process serves several packages.
const KEPT: usize = 8;

/// What judges the statements of one program.
#[derive(Debug)]
pub struct Judge {
    policy: Policy,
    sides: Vec<Side>,
}

/// One database.
#[derive(Debug)]
pub struct Side {
    schema: Schema,
    sources: Arc<Sources>,
    /// What PostgreSQL said before.
    lock: Arc<Lock>,
    /// PostgreSQL itself.
    #[cfg(feature = "postgres-oracle")]
    beside: Option<Beside>,
    #[cfg(feature = "sqlite-oracle")]
    engine: Option<Arc<Engine>>,
}

/// Nothing can be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// The migrations cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A migration fails.
    #[cfg(feature = "sqlite-oracle")]
    #[error(transparent)]
    Migration(#[from] BuildError),
}

/// What is to say of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What is wrong with it, in the order of the text.
    pub mistakes: Vec<Complaint>,
    /// What it is on each database on which nothing is wrong with it, in the order of the policy.
    pub told: Vec<Told>,
    /// The columns that it reads and only some modules may.
    pub guarded: Vec<GuardedColumn>,
}

/// What a statement is on a database, whatever is left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The database.
    pub dialect: Dialect,
    /// What it gives, takes and touches. The parameters are those of [`Compiled::binds`], the spans of their uses are
    /// bytes of the statement as it is written in the program.
    pub shape: Shape,
    /// Whether the columns are those of every text that can come of it.
    pub even: bool,
    /// What could not be followed; none where all was.
    pub unknown: Option<String>,
    /// Whether the database itself said that it holds.
    pub asked: bool,
}

/// Who is asked beside the resolver.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What PostgreSQL said before.
    pub lock: Arc<Lock>,
    /// Whether SQLite itself is asked, where it is built in.
    pub sqlite: bool,
    /// The program with a PostgreSQL that is asked what the lock does not say.
    #[cfg(feature = "postgres-oracle")]
    pub program: Option<OsString>,
}

impl Asked {
    /// Whom the compiler asks: everybody that there is.
    fn by_compiler(lock: &Arc<Lock>) -> Self {
        Self {
            lock: Arc::clone(lock),
            sqlite: true,
            #[cfg(feature = "postgres-oracle")]
            program: std::env::var_os(PROGRAM).filter(|program| !program.is_empty()),
        }
    }
}

impl Told {
    /// Whether the statement is known to hold.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        self.asked || self.unknown.is_none()
    }
}

impl Judge {
    /// What judges statements by the policy in `folder`; `None` where it does not say what tables there are.
    ///
    /// Kept by what the policy and the migrations say.
    ///
    /// # Errors
    ///
    /// [`JudgeError`] when the migrations cannot be read, or fail.
    pub fn of(policy: &Policy, folder: &Path) -> Result<Option<Arc<Self>>, JudgeError> {
        static CACHE: Mutex<Cache> = Mutex::new(Cache(Vec::new()));
        let sources = sources(policy, folder)?;
        if sources.is_empty() {
            return Ok(None);
        }
        CACHE.lock().unwrap_or_else(PoisonError::into_inner).judge(policy, &sources, &Lock::of(folder)).map(Some)
    }

    /// What judges statements on these tables.
    ///
    /// # Errors
    ///
    /// [`JudgeError::Migration`] when a migration fails.
    pub fn new(policy: &Policy, sources: &[(Dialect, Arc<Sources>)], asked: &Asked) -> Result<Self, JudgeError> {
        let sides = sources.iter().map(|(dialect, sources)| Side::new(*dialect, policy, sources, asked));
        Ok(Self { policy: policy.clone(), sides: sides.collect::<Result<_, _>>()? })
    }

    /// The databases that are judged.
    #[must_use]
    pub fn sides(&self) -> &[Side] {
        &self.sides
    }

    /// The files that were read: a program is built again when one of them changes.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.sides.iter().flat_map(|side| side.sources.files().iter().chain(side.lock()))
    }

    /// Judges a statement.
    #[must_use]
    pub fn statement(&self, compiled: &Compiled) -> Judged {
        let mut mistakes = Vec::new();
        let mut told = Vec::new();
        let mut guarded: Vec<GuardedColumn> = Vec::new();
        for side in &self.sides {
            let (answer, read) = side.statement(compiled, &self.policy);
            match answer {
                Ok(good) => told.push(good),
                Err(found) => mistakes.push((side.schema.dialect, found)),
            }
            let new: Vec<_> = read.into_iter().filter(|column| !guarded.contains(column)).cloned().collect();
            guarded.extend(new);
        }
        let judged: Vec<Dialect> = self.sides.iter().map(|side| side.schema.dialect).collect();
        Judged { mistakes: complaint::merge(mistakes, &judged), told, guarded }
    }

    /// What the policy names in `[sql]` and no database has.
    #[must_use]
    pub fn misnamed(&self) -> Vec<Misnamed> {
        let mut sides = self.sides.iter().map(|side| names::misnamed(&self.policy, &side.schema));
        let first = sides.next().unwrap_or_default();
        sides.fold(first, |found, other| {
            let too = |misnamed: &Misnamed| other.iter().any(|other| other.path == misnamed.path);
            found.into_iter().filter(too).collect()
        })
    }
}

/// What the policy in `folder` says of the tables of each of its databases.
///
/// # Errors
///
/// [`SourceError`] when they cannot be read.
pub fn sources(policy: &Policy, folder: &Path) -> Result<Vec<(Dialect, Arc<Sources>)>, SourceError> {
    let mut sources = Vec::new();
    for dialect in dialects(policy) {
        sources.extend(source::read(policy, dialect, folder)?.map(|found| (dialect, found)));
    }
    Ok(sources)
}

/// What one text is.
enum Answer {
    Good(Good),
    Bad(Vec<Complaint>),
}

/// A text with which nothing is wrong.
struct Good {
    shape: Shape,
    /// What of it could not be followed.
    unknown: Option<String>,
    /// Whether the database itself said so.
    asked: bool,
}

impl Answer {
    /// What the resolver finds good.
    const fn followed(shape: Shape, unknown: Option<String>) -> Self {
        Self::Good(Good { shape, unknown, asked: false })
    }

    /// What the database itself finds good.
    const fn said(shape: Shape, unknown: Option<String>) -> Self {
        Self::Good(Good { shape, unknown, asked: true })
    }
}

impl Side {
    fn new(dialect: Dialect, policy: &Policy, sources: &Arc<Sources>, asked: &Asked) -> Result<Self, JudgeError> {
        #[cfg(feature = "sqlite-oracle")]
        let engine = match dialect {
            Dialect::Sqlite if asked.sqlite => Some(Engine::of(sources, &policy.functions)?),
            Dialect::Sqlite | Dialect::Postgres => None,
        };
        let schema = followed(dialect, sources);
        #[cfg(feature = "sqlite-oracle")]
        let schema = match &engine {
            Some(engine) => completed(engine.schema(), &schema),
            None => schema,
        };
        #[cfg(not(feature = "sqlite-oracle"))]
        let _ = policy;
        Ok(Self {
            schema,
            sources: Arc::clone(sources),
            lock: Arc::clone(&asked.lock),
            #[cfg(feature = "postgres-oracle")]
            beside: asked.program.clone().filter(|_| dialect == Dialect::Postgres).map(Beside::new),
            #[cfg(feature = "sqlite-oracle")]
            engine,
        })
    }

    /// Which one it is.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.schema.dialect
    }

    /// Its tables.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The migrations that make these.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The file of what PostgreSQL said before; on SQLite it says nothing.
    fn lock(&self) -> Option<&PathBuf> {
        self.lock.file().filter(|_| self.dialect() == Dialect::Postgres)
    }

    /// The application's tables as a program compares them with those of its database; none where no engine tells them.
    pub fn tables(&self) -> impl Iterator<Item = &drift::Table> {
        #[cfg(feature = "sqlite-oracle")]
        let tables = self.engine.as_ref().map_or(&[][..], |engine| engine.tables());
        #[cfg(not(feature = "sqlite-oracle"))]
        let tables: &[drift::Table] = &[];
        let own = Sources::own();
        let is_own = move |table: &str| {
            let origin = self.schema.tables.get(&self.schema.key(table, false)).map(|table| &table.origin.file);
            origin.is_some_and(|file| own.texts().iter().any(|source| source.file == *file))
        };
        tables.iter().filter(move |table| !is_own(&table.name))
    }

    /// What the statement is here, and the guarded columns that it reads.
    fn statement<'p>(
        &self,
        compiled: &Compiled,
        policy: &'p Policy,
    ) -> (Result<Told, Vec<Complaint>>, Vec<&'p GuardedColumn>) {
        let mut merged = Merged::new(compiled);
        let mut mistakes: Vec<Complaint> = Vec::new();
        let mut guarded: Vec<&GuardedColumn> = Vec::new();
        for variant in compiled.variants(self.schema.dialect) {
            let found = match self.text(&variant.text) {
                Answer::Good(good) => {
                    let seen = guard::Seen {
                        schema: &self.schema,
                        text: &variant.text,
                        shape: &good.shape,
                        unknown: good.unknown.as_deref(),
                    };
                    let found = policy.scopes.iter().filter_map(|scope: &TableScope| seen.unscoped(scope)).collect();
                    let read = policy.columns.iter().filter(|column| seen.reads(column));
                    let new: Vec<_> = read.filter(|column| !guarded.contains(column)).collect();
                    guarded.extend(new);
                    merged.add(&variant, good);
                    found
                }
                Answer::Bad(found) => found,
            };
            for complaint in found.into_iter().map(|found: Complaint| found.of(&variant, compiled)) {
                if !mistakes.iter().any(|known| known.is_same(&complaint)) {
                    mistakes.push(complaint);
                }
            }
        }
        (if mistakes.is_empty() { Ok(merged.told(self.schema.dialect)) } else { Err(mistakes) }, guarded)
    }

    fn text(&self, text: &str) -> Answer {
        let resolved = resolve(text, &self.schema);
        #[cfg(feature = "sqlite-oracle")]
        if let Some(engine) = &self.engine {
            return by_engine(engine.prepare(text), resolved, text);
        }
        let locked = self.lock.answer(self.schema.dialect, self.sources.fingerprint(), text);
        if let Some(answer) = locked {
            return self.by_postgres(answer, resolved, text);
        }
        #[cfg(feature = "postgres-oracle")]
        if let Some(answer) = self.beside.as_ref().and_then(|beside| beside.ask(text, &self.sources)) {
            return self.by_postgres(&answer, resolved, text);
        }
        match resolved {
            resolve::Verdict::Ok(shape) => Answer::followed(shape, None),
            resolve::Verdict::Unknown(shape, why) => Answer::followed(shape, Some(why)),
            resolve::Verdict::Error(mistakes) => Answer::Bad(mistakes.iter().map(Complaint::of_mistake).collect()),
        }
    }

    /// Judges a text as the driver gets it, with `$1..$n`.
    ///
    /// # Errors
    ///
    /// What is wrong with it; the places are those in the text.
    pub fn driver_text(&self, text: &str) -> Result<Told, Vec<Complaint>> {
        match self.text(text) {
            Answer::Good(Good { shape, unknown, asked }) => {
                Ok(Told { dialect: self.schema.dialect, shape, even: true, unknown, asked })
            }
            Answer::Bad(found) => Err(found),
        }
    }

    /// PostgreSQL has the last word as well, be it that it was asked before.
    fn by_postgres(&self, answer: &lock::Answer, resolved: resolve::Verdict, text: &str) -> Answer {
        let (shape, why, mistakes) = followed_as(resolved, "PostgreSQL");
        match answer {
            lock::Answer::Holds { .. } if mistakes.iter().any(is_told_later) => told_late(&mistakes, is_told_later),
            lock::Answer::Holds { params, columns } => {
                Answer::said(merge::known(shape, lock::shape(params, columns, &self.schema)), why)
            }
            lock::Answer::Fails { code, offset, message } => {
                if mistakes.is_empty() {
                    let note = format!("so says PostgreSQL ({code})");
                    return Answer::Bad(vec![Complaint::of_lock(message, *offset, text).note(note)]);
                }
                let says = format!("PostgreSQL says: {message} ({code})");
                Answer::Bad(mistakes.iter().map(|mistake| Complaint::of_mistake(mistake).note(says.clone())).collect())
            }
        }
    }
}

/// What the resolver knows, and its mistakes apart.
fn followed_as(resolved: resolve::Verdict, engine: &str) -> (Shape, Option<String>, Vec<Mistake>) {
    match resolved {
        resolve::Verdict::Ok(shape) => (shape, None, Vec::new()),
        resolve::Verdict::Unknown(shape, why) => (shape, Some(why), Vec::new()),
        resolve::Verdict::Error(mistakes) => {
            (Shape::default(), Some(format!("it was not followed as {engine} does")), mistakes)
        }
    }
}

/// The engine has the last word; where it stands and what was meant the resolver knows better.
#[cfg(feature = "sqlite-oracle")]
fn by_engine(engine: sqlite::Verdict, resolved: resolve::Verdict, text: &str) -> Answer {
    let (shape, why, mistakes) = followed_as(resolved, "SQLite");
    match engine {
        sqlite::Verdict::Holds(_) if mistakes.iter().any(is_told_late) => told_late(&mistakes, is_told_late),
        sqlite::Verdict::Holds(prepared) => Answer::said(merge::known(shape, prepared.shape), why),
        sqlite::Verdict::Unknown(refusal) => Answer::followed(shape, Some(refusal.message)),
        sqlite::Verdict::Fails(refusal) => {
            let says = format!("SQLite {} says: {}", Engine::version(), refusal.message);
            if mistakes.is_empty() {
                return Answer::Bad(vec![Complaint::of_engine(&refusal, text)]);
            }
            Answer::Bad(mistakes.iter().map(|mistake| Complaint::of_mistake(mistake).note(says.clone())).collect())
        }
    }
}

/// What a row lacks the engines tell only when it is written.
fn told_late(mistakes: &[Mistake], late: fn(&Mistake) -> bool) -> Answer {
    Answer::Bad(mistakes.iter().filter(|mistake| late(mistake)).map(Complaint::of_mistake).collect())
}

/// Whether a statement is prepared all the same, and fails whenever it runs.
const fn is_told_late(mistake: &Mistake) -> bool {
    matches!(mistake.reason(), Reason::MissingColumn { .. } | Reason::Null { .. })
}

/// Whether PostgreSQL prepares a statement all the same: what it does with rows it decides later.
const fn is_told_later(mistake: &Mistake) -> bool {
    let reason = mistake.reason();
    is_told_late(mistake) || matches!(reason, Reason::View(_) | Reason::NoUnique { .. } | Reason::Generated { .. })
}

/// The databases of a policy; one that names none means all.
fn dialects(policy: &Policy) -> Vec<Dialect> {
    let mut dialects = Vec::new();
    let all = [Dialect::Sqlite, Dialect::Postgres];
    for dialect in if policy.dialects.is_empty() { &all[..] } else { &policy.dialects } {
        if !dialects.contains(dialect) {
            dialects.push(*dialect);
        }
    }
    dialects
}

/// What the migrations make, as they read.
fn followed(dialect: Dialect, sources: &Sources) -> Schema {
    match dialect {
        Dialect::Sqlite => catalog::build(sources.after(&Sources::own()).texts(), dialect),
        Dialect::Postgres => catalog::build(sources.texts(), dialect),
    }
}

/// The tables that the engine has, and of its views what only the migrations say.
#[cfg(feature = "sqlite-oracle")]
fn completed(engine: &Schema, followed: &Schema) -> Schema {
    let mut schema = engine.clone();
    for (name, table) in &mut schema.tables {
        let Some(known) = followed.tables.get(name) else { continue };
        let same = |(a, b): (&crate::schema::Column, &crate::schema::Column)| a.name.eq_ignore_ascii_case(&b.name);
        let same = table.columns.len() == known.columns.len() && table.columns.iter().zip(&known.columns).all(same);
        if !same {
            continue;
        }
        table.key.clone_from(&known.key);
        // A trigger may fill in what a statement leaves out.
        for (column, known) in table.columns.iter_mut().zip(&known.columns) {
            column.has_default |= known.has_default;
        }
        if table.view {
            table.body.clone_from(&known.body);
            table.columns.clone_from(&known.columns);
        }
    }
    schema
}

/// One process may serve many packages and edits, so judges are known by what they were made of. A failure is kept as
/// well: the next statement would only meet it again.
#[derive(Debug)]
struct Cache(Vec<(Key, Result<Arc<Judge>, JudgeError>)>);

#[derive(Debug, PartialEq, Eq)]
struct Key {
    policy: Policy,
    /// The files as well: an expansion includes them.
    sources: Vec<(Dialect, Fingerprint, Vec<PathBuf>)>,
    lock: Arc<Lock>,
}

impl Cache {
    fn judge(
        &mut self,
        policy: &Policy,
        sources: &[(Dialect, Arc<Sources>)],
        lock: &Arc<Lock>,
    ) -> Result<Arc<Judge>, JudgeError> {
        let same = |known: &(Dialect, Fingerprint, Vec<PathBuf>), sources: &(Dialect, Arc<Sources>)| {
            known.0 == sources.0 && known.1 == sources.1.fingerprint() && known.2 == sources.1.files()
        };
        let is = |key: &Key| {
            key.sources.len() == sources.len()
                && key.sources.iter().zip(sources).all(|(known, sources)| same(known, sources))
                && key.policy == *policy
                && (Arc::ptr_eq(&key.lock, lock) || key.lock == *lock)
        };
        if let Some((_, judge)) = self.0.iter().find(|(key, _)| is(key)) {
            return judge.clone();
        }
        if self.0.len() == KEPT {
            drop(self.0.remove(0));
        }
        let judge = Judge::new(policy, sources, &Asked::by_compiler(lock)).map(Arc::new);
        let of =
            |(dialect, sources): &(Dialect, Arc<Sources>)| (*dialect, sources.fingerprint(), sources.files().to_vec());
        let key = Key { policy: policy.clone(), sources: sources.iter().map(of).collect(), lock: Arc::clone(lock) };
        self.0.push((key, judge.clone()));
        judge
    }
}

impl JudgeError {
    /// What to do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Source(error) => error.help(),
            #[cfg(feature = "sqlite-oracle")]
            Self::Migration(_) => "correct the migration; until then statements are not compared with any table",
        }
    }
}
