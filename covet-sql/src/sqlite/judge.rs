//! Whose fault a fault is: the statement's, or that of something that is not known here.

use libsqlite3_sys as sqlite;

use super::ffi::Fault;
use super::{Refusal, Verdict};

/// What a statement is that SQLite does not accept. `open`: there may be tables that are not known.
pub(super) fn verdict(fault: Fault, sql: &str, open: bool) -> Verdict {
    let unknown = is_ours(&fault) || is_unknown_here(&fault.message, open) || is_elsewhere(&fault.message, sql);
    let offset = fault.offset.or_else(|| locate(&fault.message, sql));
    let refusal = Refusal { offset, message: fault.message };
    if unknown { Verdict::Unknown(refusal) } else { Verdict::Fails(refusal) }
}

/// Whether a text in double quotes is refused that does not stand in the statement, but in a view or a trigger.
pub(super) fn is_quoted_elsewhere(fault: &Fault, sql: &str) -> bool {
    fault.message.contains("should this be a string literal") && is_elsewhere(&fault.message, sql)
}

/// Whether a migration's statement is passed over: it needs what only the application has.
pub(super) fn is_passed_over(fault: &Fault, open: bool) -> bool {
    let message = fault.message.as_str();
    message.starts_with("no such function: ") || is_unknown_here(message, open)
}

/// The spaces and comments that a text begins with, in bytes.
pub(super) fn blank(text: &str) -> usize {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ';');
        let comment = if rest.starts_with("--") {
            rest.find('\n')
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|end| end + 2)
        } else {
            return text.len() - rest.len();
        };
        rest = comment.and_then(|end| rest.get(end..)).unwrap_or_default();
    }
}

/// Whether a limit is met that the application does not have.
fn is_ours(fault: &Fault) -> bool {
    matches!(fault.code, sqlite::SQLITE_INTERRUPT | sqlite::SQLITE_NOMEM | sqlite::SQLITE_TOOBIG | sqlite::SQLITE_FULL)
}

/// Whether the application may have what is missing.
fn is_unknown_here(message: &str, open: bool) -> bool {
    const MODULES: [&str; 5] =
        ["no such module: ", "unsafe use of ", "unknown tokenizer: ", "no such tokenizer: ", "error in tokenizer"];
    const NAMES: [&str; 5] =
        ["no such table: ", "no such column: ", "no such index: ", "no such view: ", "no such trigger: "];
    MODULES.iter().any(|known| message.starts_with(known))
        || open && (NAMES.iter().any(|known| message.starts_with(known)) || message.contains(" has no column named "))
}

/// Whether something is missing that the statement does not name: a view or a trigger does.
fn is_elsewhere(message: &str, sql: &str) -> bool {
    missing(message).is_some_and(|name| place(name, sql).is_none())
}

/// The name of what is missing, without what it is qualified by.
fn missing(message: &str) -> Option<&str> {
    let name = match message.split_once(" has no column named ") {
        Some((_, name)) => name,
        None => message.strip_prefix("no such ")?.split_once(": ")?.1,
    };
    let name = name.split(" - should this be").next().unwrap_or(name).trim_matches('"');
    Some(name.rsplit('.').next().unwrap_or(name))
}

/// Where the name that a message tells stands, if that is one place.
fn locate(message: &str, sql: &str) -> Option<usize> {
    let name = missing(message)?;
    let first = place(name, sql)?;
    let after = first + name.len();
    place(name, sql.get(after..)?).is_none().then_some(first)
}

/// The first place of a name as a whole word.
fn place(name: &str, sql: &str) -> Option<usize> {
    let (text, name) = (sql.to_ascii_lowercase(), name.to_ascii_lowercase());
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$');
    let whole = |at: &usize| {
        let (before, after) = (text.get(..*at), text.get(at + name.len()..));
        !is_word(before.and_then(|text| text.chars().next_back()))
            && !is_word(after.and_then(|text| text.chars().next()))
    };
    (!name.is_empty()).then(|| text.match_indices(&name).map(|(at, _)| at).find(whole)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(message: &str, sql: &str, open: bool) -> (bool, Option<usize>) {
        let fault = Fault { code: sqlite::SQLITE_ERROR, message: message.into(), offset: None };
        match verdict(fault, sql, open) {
            Verdict::Fails(refusal) => (true, refusal.offset),
            Verdict::Unknown(refusal) => (false, refusal.offset),
            Verdict::Holds(_) => (false, None),
        }
    }

    #[test]
    fn a_name_that_the_statement_has_is_its_fault_and_is_found_where_it_stands_once() {
        for (message, sql, offset) in [
            ("no such table: nots", "SELECT 1 FROM nots", Some(14)),
            ("no such table: main.nots", "SELECT 1 FROM Nots", Some(14)),
            ("no such table: nots", "SELECT notsy FROM nots", Some(18)),
            ("no such table: nots", "SELECT nots.id FROM nots", None),
            ("table notes has no column named ttl", "INSERT INTO notes (ttl) VALUES (1)", Some(19)),
            ("no such column: \"a b\" - should this be a string literal in single-quotes?", "SELECT \"a b\"", Some(8)),
            ("near \"FORM\": syntax error", "SELECT 1 FORM", None),
        ] {
            assert_eq!(judged(message, sql, false), (true, offset), "{sql}");
        }
    }

    #[test]
    fn what_the_statement_does_not_name_or_nobody_knows_here_is_not_its_fault() {
        for (message, sql, open) in [
            ("no such table: main.gone", "SELECT * FROM a_view", false),
            ("no such function: slugify", "INSERT INTO notes (title) VALUES ($1)", false),
            ("no such module: geo", "SELECT * FROM places", false),
            ("unsafe use of virtual table \"pragma_x\"", "SELECT * FROM a_view", false),
            ("no such table: places", "SELECT * FROM places", true),
            ("table notes has no column named x", "INSERT INTO notes (x) VALUES (1)", true),
        ] {
            assert!(!judged(message, sql, open).0, "{message}");
        }
        assert!(judged("near \"FORM\": syntax error", "SELECT 1 FORM", true).0, "an open schema opens no grammar");
        assert!(judged("no such function: slugify", "SELECT slugify(title) FROM notes", true).0);
        let interrupted = Fault { code: sqlite::SQLITE_INTERRUPT, message: "interrupted".into(), offset: None };
        assert!(matches!(verdict(interrupted, "SELECT 1", false), Verdict::Unknown(_)));
    }

    #[test]
    fn a_statement_begins_behind_spaces_and_comments() {
        for (text, start) in [("SELECT", 0), (" \n;SELECT", 3), ("-- a\nSELECT", 5), ("/* a */ -- b\n SELECT", 14)] {
            assert_eq!(blank(text), start, "{text}");
        }
        for text in ["", " ", "-- a", "/* a"] {
            assert_eq!(blank(text), text.len());
        }
    }
}
