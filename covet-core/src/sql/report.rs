//! Draws a mistake: the code, the sentence, and the line of SQL with the mistake underlined.
//!
//! ```
//! use covet_core::sql::{self, Policy, report};
//!
//! let sql = "SELECT 1; DELETE FROM users";
//! let found = sql::compile(sql, &Policy::default()).unwrap_err();
//! assert_eq!(report::render(sql, &found[0], Some("src/users.rs:42:17")), "\
//! [covet::sql::stacked_statements] more than one statement
//!   src/users.rs:42:17
//!   |  SELECT 1; DELETE FROM users
//!   |          ^
//!   = help: run each in a `safe_sql!` of its own, in a transaction if they belong together");
//! ```

use std::fmt::Display;
use std::ops::Range;

use super::mistake::Mistake;

/// Columns of SQL that are shown of a long line.
const WIDTH: usize = 100;

/// What can be drawn: a mistake whose sentence is its [`Display`].
pub trait Finding: Display {
    /// The code that never changes, such as `sql::stacked_statements`.
    fn code(&self) -> &'static str;

    /// The bytes of the statement that are wrong.
    fn span(&self) -> Range<usize>;

    /// What stands behind the carets: `did you mean ..?`.
    fn label(&self) -> Option<String> {
        None
    }

    /// The parts of the statement without which it is a mistake.
    fn left_out(&self) -> &[Range<usize>] {
        &[]
    }

    /// What one must know to understand it: where a table was made.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// What to do about it.
    fn help(&self) -> Option<String>;
}

impl Finding for Mistake {
    fn code(&self) -> &'static str {
        self.code()
    }

    fn span(&self) -> Range<usize> {
        self.span()
    }

    fn left_out(&self) -> &[Range<usize>] {
        self.left_out()
    }

    fn help(&self) -> Option<String> {
        Some(self.help())
    }
}

/// The whole message. `location` is where the mistake stands in the program, if that is known.
#[must_use]
pub fn render(sql: &str, finding: &impl Finding, location: Option<&str>) -> String {
    let mut message = format!("[covet::{}] {finding}", finding.code());
    if let Some(location) = location {
        message.push_str(&format!("\n  {location}"));
    }
    if !sql.trim().is_empty() {
        let (line, carets) = picture(sql, finding.span());
        let label = finding.label().map(|label| format!(" {label}")).unwrap_or_default();
        message.push_str(&format!("\n  |  {line}\n  |  {carets}{label}"));
    }
    for part in finding.left_out() {
        let part = sql.get(part.clone()).unwrap_or_default();
        message.push_str(&format!("\n  = note: where `{}` is left out", one_line(part)));
    }
    for note in finding.notes() {
        message.push_str(&format!("\n  = note: {note}"));
    }
    match finding.help() {
        Some(help) => message + &format!("\n  = help: {help}"),
        None => message,
    }
}

/// A part of the statement, short enough for a note.
fn one_line(part: &str) -> String {
    let words = part.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = visible(&words).chars().take(WIDTH / 2).collect();
    if shown.chars().count() < words.chars().count() { format!("{shown}..") } else { shown }
}

/// The line that holds the first byte of the span, and carets beneath the span.
fn picture(sql: &str, span: Range<usize>) -> (String, String) {
    let before = sql.get(..span.start).unwrap_or(sql);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let lead = before.get(start..).unwrap_or_default();
    let rest = sql.get(span.start..).unwrap_or_default().lines().next().unwrap_or_default();
    let marked = rest.get(..span.len()).unwrap_or(rest);
    let after = rest.get(marked.len()..).unwrap_or_default();

    let indent = lead.len() - lead.trim_start().len();
    let lead = visible(lead.get(indent..).unwrap_or_default());
    let marked = visible(marked);
    // Of a long line the part around the mistake is shown.
    let skip = lead.chars().count().saturating_sub(WIDTH / 2);
    let lead: String = lead.chars().skip(skip).collect();
    let room = WIDTH.saturating_sub(lead.chars().count());
    let line = format!("{marked}{}", visible(after)).chars().take(room).collect::<String>();
    let carets = "^".repeat(marked.chars().count().clamp(1, room.max(1)));
    (format!("{lead}{}", line.trim_end()), format!("{}{carets}", " ".repeat(lead.chars().count())))
}

/// Control and invisible characters as U+FFFD, so that a report cannot itself mislead; each keeps its column.
fn visible(text: &str) -> String {
    let shown = |c: char| {
        if c == '\t' {
            ' '
        } else if super::check::is_invisible(c) {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(shown).collect()
}
