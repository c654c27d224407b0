//! What stands beside the text of a statement: which modules may have it, and the files that it was judged by.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use covet_core::policy::FILE_NAME;
use covet_core::sql::policy::{GuardedColumn, ModulePath};
use covet_sql::Judge;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::policy::{self, Sql};

/// Items that a statement needs which reads these columns.
pub(super) fn items(guarded: &[GuardedColumn], sql: &Sql, span: Span, private: &TokenStream) -> TokenStream {
    guarded.iter().map(|column| permitted(column, sql, span, private)).collect()
}

/// Whose module it is is known to the compiler only behind the macro, so it is asked to compare them.
fn permitted(column: &GuardedColumn, sql: &Sql, span: Span, private: &TokenStream) -> TokenStream {
    let modules: Vec<&str> = column.readable_in.iter().map(ModulePath::as_str).collect();
    let at = sql.policy.columns.iter().position(|known| known == column).unwrap_or_default();
    let line = sql.line(&["sql", "columns", &at.to_string(), "readable_in"]);
    let place = match modules.as_slice() {
        [] => "nowhere".to_owned(),
        modules => format!("only in {}", modules.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(", ")),
    };
    let message = format!(
        "[covet::sql::unreadable_column] `{}` can be read {place}: {FILE_NAME}:{line}\n  \
         = help: name the columns that are needed in place of `*`, or move the statement",
        column.name
    );
    quote_spanned!(span=> const _: () = #private::assert!(
        #private::covet_core::sql::policy::permits(#private::module_path!(), &[#(#modules),*]), #message
    );)
}

/// The files of the schema, as the compiler has to see them once in each of its runs.
pub(super) fn files_once(judge: &Judge) -> TokenStream {
    static SEEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if judge.files().all(|file| seen.contains(file)) {
        return TokenStream::new();
    }
    *seen = judge.files().cloned().collect();
    policy::rebuild_on_migration(judge)
}
