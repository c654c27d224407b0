//! The policy of the package at hand, found and read once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::SystemTime;

use covet_core::policy::{Document, FILE_NAME};
use covet_sql::{Judge, JudgeError};
use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::mistake;
use crate::paths::private;

/// The policy and where it stands.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) document: Document,
}

/// Why there is no policy, for the user.
#[derive(Debug, Clone)]
pub(crate) struct NoPolicy {
    code: &'static str,
    message: String,
    help: String,
}

type Reading = Result<Arc<Found>, NoPolicy>;

/// The policy: the first `security.toml` from the package's folder upwards.
pub(crate) fn find() -> Reading {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let Some(path) = folder.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file()) else {
        return Err(NoPolicy {
            code: "no_policy",
            message: format!("no `{FILE_NAME}` in the package's folder or above it"),
            help: "create one beside Cargo.toml that begins with `[application]` and `name = \"…\"`".into(),
        });
    };
    cached(&path)
}

/// What `[sql]` says; the defaults while the policy itself is in error, which is told elsewhere.
pub(crate) fn sql_policy() -> covet_core::sql::Policy {
    find().map(|found| found.document.policy.sql.clone()).unwrap_or_default()
}

/// What statements are judged by.
#[derive(Debug, Default)]
pub(crate) struct Sql {
    /// What `[sql]` says; the defaults while the policy itself is in error, which is told elsewhere.
    pub(crate) policy: covet_core::sql::Policy,
    /// The tables, where the policy says what there are.
    pub(crate) judge: Option<Arc<Judge>>,
    /// Why there are none, although it does.
    pub(crate) broken: Option<NoPolicy>,
    /// The policy, for the places of its keys.
    pub(crate) found: Option<Arc<Found>>,
}

impl Sql {
    /// The line of a key in the policy; that of the nearest table around it that is there.
    pub(crate) fn line(&self, path: &[&str]) -> usize {
        let document = self.found.as_ref().map(|found| &found.document);
        let mut paths = (1..=path.len()).rev().filter_map(|length| path.get(..length));
        paths.find_map(|path| document?.position(path)).map_or(1, |position| position.line)
    }
}

/// What the statements of the package at hand are judged by.
pub(crate) fn sql() -> Sql {
    let Ok(found) = find() else { return Sql::default() };
    let policy = found.document.policy.sql.clone();
    let folder = found.path.parent().unwrap_or(Path::new(""));
    let (judge, broken) = match Judge::of(&policy, folder) {
        Ok(judge) => (judge, None),
        Err(error) => (None, Some(NoPolicy::broken(&error))),
    };
    Sql { policy, judge, broken, found: Some(found) }
}

/// An item that makes cargo build again when the policy changes.
pub(crate) fn rebuild_on_change(found: &Found) -> TokenStream {
    let (path, private) = (found.path.display().to_string(), private());
    quote!(
        const _: &[#private::u8] = #private::include_bytes!(#path);
    )
}

/// An item that makes cargo build again when one of the files changes that say what tables there are.
pub(crate) fn rebuild_on_migration(judge: &Judge) -> TokenStream {
    let private = private();
    let files = judge.files().map(|file| file.display().to_string());
    let program = rebuild_on_program(judge, &private);
    quote!(#(const _: &[#private::u8] = #private::include_bytes!(#files);)* #program)
}

/// An item that makes cargo build again when another PostgreSQL is asked, or one at all.
#[cfg(feature = "postgres-oracle")]
fn rebuild_on_program(judge: &Judge, private: &TokenStream) -> Option<TokenStream> {
    let variable = covet_sql::judge::PROGRAM;
    let postgres = judge.sides().iter().any(|side| side.dialect() == covet_sql::Dialect::Postgres);
    postgres.then(|| quote!(const _: #private::Option<&#private::str> = #private::option_env!(#variable);))
}

#[cfg(not(feature = "postgres-oracle"))]
const fn rebuild_on_program(_: &Judge, _: &TokenStream) -> Option<TokenStream> {
    None
}

impl NoPolicy {
    fn broken(error: &JudgeError) -> Self {
        Self { code: "sql::migrations", message: error.to_string(), help: error.help().to_owned() }
    }

    /// The error at `span`, once in a compilation: every further one would say the same.
    pub(crate) fn error_once(&self, span: Span) -> Option<syn::Error> {
        static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        let mut told = TOLD.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        told.insert(self.message.clone()).then(|| mistake::at(span, self.code, &self.message, &self.help))
    }
}

/// One process may serve many packages and edits (as an editor's does), so the cache knows files by path and time.
fn cached(path: &Path) -> Reading {
    type Key = (PathBuf, Option<SystemTime>);
    static CACHE: LazyLock<Mutex<Option<(Key, Reading)>>> = LazyLock::new(Mutex::default);
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let key = (path.to_owned(), changed);
    let mut cache = CACHE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match &*cache {
        Some((cached, reading)) if *cached == key => reading.clone(),
        _ => {
            let reading = read(path);
            *cache = Some((key, reading.clone()));
            reading
        }
    }
}

fn read(path: &Path) -> Reading {
    let invalid = |message| NoPolicy {
        code: "policy",
        message,
        help: format!("correct {}; no names are checked until then", path.display()),
    };
    let text = std::fs::read_to_string(path).map_err(|error| invalid(format!("{FILE_NAME}: {error}")))?;
    let document = Document::parse(FILE_NAME, &text).map_err(|problems| {
        let number = problems.as_slice().len();
        let plural = if number == 1 { "" } else { "s" };
        let lines: String = problems.as_slice().iter().map(|problem| format!("\n  {problem}")).collect();
        invalid(format!("{number} mistake{plural} in {FILE_NAME}{lines}"))
    })?;
    Ok(Arc::new(Found { path: path.to_owned(), document }))
}
