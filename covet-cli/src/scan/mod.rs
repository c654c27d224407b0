//! Finds SQL that is put together outside of `safe_sql!`, in any Rust project.
//!
//! **Threat.** `sqlx::query(AssertSqlSafe(format!("… WHERE name = '{name}'")))`: the type that was to refuse it is
//! satisfied, and so is the reader.
//!
//! **Rule.** Text that reaches a database is followed back through its function. A piece the program did not write is
//! denied; a piece of which that cannot be told is for a person to review; constants are nobody's business.
//!
//! ```
//! use covet_cli::scan::{Sources, Verdict};
//!
//! let mut sources = Sources::new();
//! sources.add("src/users.rs", r#"
//!     async fn find(db: &sqlx::PgPool, name: &str) {
//!         sqlx::query(&format!("SELECT id FROM users WHERE name = '{name}'")).fetch_all(db).await;
//!     }
//! "#);
//! let report = sources.scan().unwrap();
//! assert_eq!(report.count(Verdict::Deny), 1);
//! assert_eq!(report.findings[0].help, "write `safe_sql!(\"SELECT id FROM users WHERE name = {name}\")`");
//! ```
//!
//! It reads what is written, not what it means to the compiler: a method belongs to a library if its receiver's type
//! says so, or else if the package uses that library and the text reads as SQL. `index` gathers what all files tell of
//! each other, `flow` follows the functions of one, `judge` gives the verdict.

mod finding;
mod flow;
mod format;
mod function;
mod imports;
mod index;
mod judge;
mod kind;
mod library;
mod manifest;
mod trusted;
mod value;
mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Expr, Item};

pub use finding::{Code, Finding, Place, Report, Severity, Trusted, Unread, Verdict};

use flow::{Analysis, Candidate};
use imports::Imports;
use index::Index;
use manifest::{Manifests, Package};
pub(crate) use walk::{files, shown};

/// Larger files are data, or made by a program.
const MOST_BYTES: usize = 4 << 20;

/// How deep brackets may stand in each other, and how much punctuation in a row.
const MOST_DEEP: usize = 256;

/// Room for what is nested deeply.
const STACK: usize = 512 << 20;

/// Why there was no scan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// A path that was asked for is not there.
    #[error("no file or folder `{}`", .0.display())]
    Missing(PathBuf),
    /// A folder could not be read.
    #[error("{0}")]
    Walk(String),
    /// No thread could be started.
    #[error("no thread for the scan")]
    Thread(#[source] std::io::Error),
}

/// Scans the files beneath the paths.
///
/// # Errors
///
/// [`ScanError::Missing`] and [`ScanError::Walk`] if a path is not there or cannot be read. A file that is no Rust is
/// none: the report names it.
pub fn scan(roots: &[PathBuf]) -> Result<Report, ScanError> {
    let mut sources = Sources::new();
    let mut manifests = Manifests::default();
    for path in walk::files(roots)? {
        let name = walk::shown(&path);
        match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => sources.push(name, text, manifests.package(&path)),
            Ok(Err(_)) => sources.unread(name, "it is not UTF-8".into()),
            Err(error) => sources.unread(name, error.to_string()),
        }
    }
    sources.scan()
}

/// Files to scan.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<(String, String, Package)>,
    unread: Vec<Unread>,
}

impl Sources {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A file of a package of which nothing is known but the file.
    pub fn add(&mut self, name: &str, text: &str) {
        self.push(name.to_owned(), text.to_owned(), Package::default());
    }

    fn push(&mut self, name: String, text: String, package: Package) {
        // A byte order mark and a first line for the shell are no Rust; positions stay as they are.
        let text = text.strip_prefix('\u{feff}').map_or(text.clone(), ToOwned::to_owned);
        let shell = text.starts_with("#!") && !text.trim_start_matches("#!").trim_start().starts_with('[');
        let text = if shell { text.replacen("#!", "//", 1) } else { text };
        self.files.push((name, text, package));
    }

    fn unread(&mut self, file: String, message: String) {
        self.unread.push(Unread { file, message });
    }

    /// Scans them, in the order of their names.
    ///
    /// # Errors
    ///
    /// [`ScanError::Thread`] if the thread with room for deep nesting cannot be started.
    pub fn scan(self) -> Result<Report, ScanError> {
        let scan =
            std::thread::Builder::new().stack_size(STACK).spawn(move || self.all()).map_err(ScanError::Thread)?;
        Ok(scan.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    fn all(mut self) -> Report {
        self.files.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        let mut index = Index::default();
        let mut report = Report { unread: std::mem::take(&mut self.unread), ..Report::default() };
        for (name, text, package) in &self.files {
            match parse(text) {
                Ok((_, file)) => {
                    let imports = Imports::of(&file, TokenStream::new(), package);
                    index.add(&file.items, &imports);
                    report.files += 1;
                }
                Err(message) => report.unread.push(Unread { file: name.clone(), message }),
            }
            proc_macro2::extra::invalidate_current_thread_spans();
        }
        let relevant = self.files.iter().filter(|(_, text, package)| library::may_run_sql(text, package));
        for (name, text, package) in relevant {
            one(name, text, package, &index, &mut report);
            proc_macro2::extra::invalidate_current_thread_spans();
        }
        report.unread.sort_by(|one, other| one.file.cmp(&other.file));
        report
    }
}

/// Scans one file.
fn one(name: &str, text: &str, package: &Package, index: &Index, report: &mut Report) {
    // A file that does not parse was told already.
    let Ok((tokens, file)) = parse(text) else { return };
    report.trusted.extend(trusted::uses(name, text, tokens.clone()));
    let imports = Imports::of(&file, tokens, package);
    let functions = function::functions(&file, &imports, walk::is_test(Path::new(name)));
    let mut constants = BTreeMap::new();
    texts(&file.items, &mut constants);
    let file = flow::File { source: text, imports: &imports, package, index, functions, constants };
    let analysis = Analysis::new(&file);
    let comments = trusted::comments(text);
    let mut findings: Vec<_> =
        analysis.candidates.iter().filter_map(|candidate| finding(name, candidate, &analysis, &comments)).collect();
    findings.sort_by(|one, other| (&one.place, one.code).cmp(&(&other.place, other.code)));
    findings.dedup_by(|one, other| one.place == other.place);
    report.findings.extend(findings);
}

fn finding(
    name: &str,
    candidate: &Candidate,
    analysis: &Analysis<'_>,
    comments: &BTreeMap<usize, String>,
) -> Option<Finding> {
    let judgement = judge::judge(candidate, analysis)?;
    let source = analysis.file.source;
    let line = |at: usize| Place::new(name, source, at..at).line;
    let place = Place::new(name, source, judgement.span);
    let above = [line(candidate.statement), line(candidate.span.start), place.line];
    let trusted = above.iter().find_map(|line| comments.get(&line.checked_sub(1)?)).cloned();
    let test = analysis.file.functions.get(candidate.function).is_some_and(|function| function.test);
    let Candidate { sink, .. } = candidate;
    let (message, help) = (judgement.message, judgement.help);
    Some(Finding { code: judgement.code, place, sink: sink.clone(), message, help, test, trusted })
}

/// The text of constants that are one literal.
fn texts(items: &[Item], found: &mut BTreeMap<String, String>) {
    for item in items {
        let (name, value) = match item {
            Item::Const(item) => (&item.ident, &*item.expr),
            Item::Static(item) => (&item.ident, &*item.expr),
            Item::Mod(module) => {
                texts(module.content.as_ref().map_or(&[], |(_, items)| items), found);
                continue;
            }
            _ => continue,
        };
        if let Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = value {
            found.insert(name.to_string(), text.value());
        }
    }
}

/// Whether the tokens nest, or stand in front of each other as operators do, so deeply that the stack of the parser
/// would be exhausted. The lexer itself needs no stack.
pub(crate) fn is_deep(tokens: &TokenStream, level: usize) -> bool {
    let mut row = 0;
    level > MOST_DEEP
        || tokens.clone().into_iter().any(|tree| match tree {
            TokenTree::Group(group) => {
                row = 0;
                is_deep(&group.stream(), level + 1)
            }
            TokenTree::Punct(_) => {
                row += 1;
                row > MOST_DEEP
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                row = 0;
                false
            }
        })
}

/// The file, or why it is not scanned.
fn parse(text: &str) -> Result<(TokenStream, syn::File), String> {
    if text.len() > MOST_BYTES {
        return Err(format!("it is larger than {} MiB", MOST_BYTES >> 20));
    }
    let failed = |error: syn::Error| format!("it does not parse: {error} at line {}", error.span().start().line);
    let tokens: TokenStream = text.parse().map_err(|error| failed(syn::Error::from(error)))?;
    if is_deep(&tokens, 0) {
        return Err(format!("it nests deeper than {MOST_DEEP}"));
    }
    let file = syn::parse2(tokens.clone()).map_err(failed)?;
    Ok((tokens, file))
}
