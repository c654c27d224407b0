//! Functions by which a value becomes code or reaches beyond the rows: what they are called, and with what.
//!
//! Names are compared, so a name that cannot be read is refused.

use std::ops::Range;

use super::mistake::{Mistake, Reason};
use super::scope::Outline;
use super::token::{Token, TokenKind};

/// Functions that reach files, the network, other sessions or settings, or that put a worker to sleep. A `*` stands
/// for any ending. No statement of a request needs them, and each has turned a read into a takeover.
pub const DENIED: [&str; 23] = [
    // SQLite: native code, files, tokenizer pointers (CVE-2015-7036).
    "load_extension",
    "readfile",
    "writefile",
    "fts3_tokenizer",
    // PostgreSQL: files of the server.
    "pg_read_file",
    "pg_read_binary_file",
    "pg_ls_*",
    "pg_stat_file",
    "pg_file_*",
    "lo_import",
    "lo_export",
    // PostgreSQL: connections, and whole tables by their name.
    "dblink*",
    "cursor_to_xml*",
    "database_to_xml*",
    "schema_to_xml*",
    "table_to_xml*",
    // PostgreSQL: settings, other sessions, sleeping.
    "set_config",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_sleep*",
    "pg_switch_wal",
];

/// A function that runs some of its arguments as SQL. A literal there is as constant as the statement around it.
struct RunsText {
    name: &'static str,
    /// The number of arguments with which it does, if it does not with any.
    count: Option<usize>,
    /// Which of them become SQL.
    arguments: &'static [usize],
}

const fn runs(name: &'static str, count: Option<usize>, arguments: &'static [usize]) -> RunsText {
    RunsText { name, count, arguments }
}

/// From the documentation of PostgreSQL ("XML Functions", "Gathering Document Statistics", "Query Rewriting"), of its
/// modules tablefunc and xml2, and of Citus ("Manual Query Propagation").
const RUNS_TEXT: [RunsText; 10] = [
    runs("query_to_xml*", None, &[0]),
    runs("ts_stat", None, &[0]),
    runs("ts_rewrite", Some(2), &[1]),
    runs("crosstab*", None, &[0, 1]),
    runs("connectby", None, &[0, 1, 2]),
    // With seven arguments the fourth is the column to order by, else it is where the tree starts.
    runs("connectby", Some(7), &[3]),
    runs("xpath_table", None, &[0, 1, 2, 4]),
    runs("run_command_on_workers", None, &[0]),
    runs("run_command_on_all_nodes", None, &[0]),
    runs("run_command_on_shards", None, &[1]),
];

/// Functions whose arguments, from this one on or only this one, are paths into a JSON value: which path is read is part of the
/// program, as which column is.
const TAKES_PATH: [(&str, usize, bool); 16] = [
    ("json_extract", 1, true),
    ("jsonb_extract", 1, true),
    ("json_remove", 1, true),
    ("jsonb_remove", 1, true),
    ("json_array_length", 1, false),
    ("json_type", 1, false),
    ("json_each", 1, false),
    ("json_tree", 1, false),
    ("jsonb_path_query", 1, false),
    ("jsonb_path_query_array", 1, false),
    ("jsonb_path_query_first", 1, false),
    ("jsonb_path_exists", 1, false),
    ("jsonb_path_match", 1, false),
    ("jsonb_path_query_tz", 1, false),
    ("jsonb_path_exists_tz", 1, false),
    ("jsonb_path_match_tz", 1, false),
];

/// Calls that the name alone forbids, and calls that would run a bound value as SQL.
#[must_use]
pub fn calls(outline: &Outline<'_, '_>) -> Vec<Mistake> {
    let opens = (1..outline.pieces().len()).filter(|index| outline.token(*index).is_some_and(|token| token.is("(")));
    opens.flat_map(|open| name_before(outline, open).map_or_else(Vec::new, |name| call(outline, name, open))).collect()
}

fn call(outline: &Outline<'_, '_>, name: usize, open: usize) -> Vec<Mistake> {
    let Some(token) = outline.token(name) else { return Vec::new() };
    let escaped = token.text.contains('\\') || name + 1 < open;
    if let Some(prefix) = unicode_prefix(outline, name).filter(|_| escaped) {
        return vec![Mistake::new(Reason::HiddenFunction, prefix.start..token.span.end)];
    }
    if DENIED.iter().any(|denied| is_named(token, denied)) {
        return vec![Mistake::new(Reason::DeniedFunction(token.text.to_owned()), token.span.clone())];
    }
    let mut mistakes = run_as_sql(outline, token, open);
    mistakes.extend(chosen_path(outline, token, open));
    mistakes
}

/// Each bound value that is a whole path into a JSON value.
fn chosen_path(outline: &Outline<'_, '_>, name: &Token<'_>, open: usize) -> Vec<Mistake> {
    let takes = TAKES_PATH.iter().find(|(function, ..)| is_named(name, function));
    let Some((_, first, all)) = takes else { return Vec::new() };
    let is_path = |at: usize| at == *first || *all && at > *first;
    let paths =
        outline.elements(open).into_iter().enumerate().filter(|(at, argument)| is_path(*at) && argument.len() == 1);
    let tokens = paths.filter_map(|(_, argument)| outline.token(argument.start));
    let bound = tokens.filter(|token| token.kind == TokenKind::Placeholder);
    let mistake = |value: &Token<'_>| {
        Mistake::new(Reason::JsonPathValue(name.text.to_owned(), value.text.to_owned()), value.span.clone())
    };
    bound.map(mistake).collect()
}

/// The name that the parenthesis at `open` calls; not that of a table, an alias or a `WITH`, whose columns stand there.
fn name_before(outline: &Outline<'_, '_>, open: usize) -> Option<usize> {
    // `U&"d!0062link" UESCAPE '!' (..)`
    let escape = open > 2 && outline.before(open - 1).is_some_and(|token| token.is_word("uescape"));
    let name = if escape { open - 3 } else { open - 1 };
    outline.token(name).filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))?;
    let mut first = if unicode_prefix(outline, name).is_some() { name - 2 } else { name };
    while first > 1 && outline.before(first).is_some_and(|token| token.is(".")) {
        first -= 2;
    }
    let defines = outline.before(first).is_some_and(|token| token.is_any_word(&["into", "as", "with", "recursive"]));
    (!defines).then_some(name)
}

/// The `U` of `U&".."`, where nothing stands between: PostgreSQL reads `U&"d\0062link"` as `dblink`.
fn unicode_prefix(outline: &Outline<'_, '_>, quoted: usize) -> Option<Range<usize>> {
    let letter = outline.token(quoted.checked_sub(2)?).filter(|token| token.is_word("u"))?;
    let ampersand = outline.before(quoted).filter(|token| token.is("&"))?;
    let quoted = outline.token(quoted).filter(|token| token.text.starts_with('"'))?;
    let touching = letter.span.end == ampersand.span.start && ampersand.span.end == quoted.span.start;
    touching.then(|| letter.span.clone())
}

/// Each bound value in an argument that the function runs as SQL.
fn run_as_sql(outline: &Outline<'_, '_>, name: &Token<'_>, open: usize) -> Vec<Mistake> {
    let arguments = outline.elements(open);
    let runs = RUNS_TEXT.iter().filter(|runs| is_named(name, runs.name));
    let runs = runs.filter(|runs| runs.count.is_none_or(|count| count == arguments.len()));
    let positions: Vec<usize> = runs.flat_map(|runs| runs.arguments).copied().collect();
    let sql = arguments
        .into_iter()
        .enumerate()
        .filter(|(at, argument)| positions.contains(at) && !is_option(outline, argument));
    let tokens = sql.flat_map(|(_, argument)| argument).filter_map(|index| outline.token(index));
    let bound = tokens.filter(|token| token.kind == TokenKind::Placeholder);
    let mistake = |value: &Token<'_>| {
        Mistake::new(Reason::RunAsSql(name.text.to_owned(), value.text.to_owned()), value.span.clone())
    };
    bound.map(mistake).collect()
}

/// Whether this is an argument by name, `nulls => true`, other than that of the SQL, `query => ..`.
fn is_option(outline: &Outline<'_, '_>, argument: &Range<usize>) -> bool {
    let token = |at: usize| outline.token(argument.start + at);
    let named = token(1).zip(token(2)).is_some_and(|(a, b)| a.is("=") && b.is(">") || a.is(":") && b.is("="));
    named && !token(0).is_some_and(|name| name.is_word("query"))
}

/// Whether the name is this one; a `*` at its end stands for any ending.
fn is_named(token: &Token<'_>, function: &str) -> bool {
    let name = token.text.trim_matches(['"', '`', '[', ']']).to_ascii_lowercase();
    match function.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == function,
    }
}
