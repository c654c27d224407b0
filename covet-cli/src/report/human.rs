//! The report for people: each finding with its line underlined, and a sum at the end.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::Selection;
use crate::scan::{Finding, Report, Verdict};

/// Columns of source that are shown of a long line.
const WIDTH: usize = 120;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();

/// Writes the report; a stream that is no terminal drops the colours.
///
/// # Errors
///
/// Those of the stream.
pub fn write(out: &mut dyn Write, report: &Report, selection: Selection) -> io::Result<()> {
    for finding in selection.open(report) {
        write_finding(out, finding)?;
    }
    for file in &report.unread {
        writeln!(out, "{YELLOW}not scanned{YELLOW:#}: {}: {}", visible(&file.file), visible(&file.message))?;
    }
    let vouched = report.findings.iter().filter(|finding| selection.tells(finding));
    let vouched = vouched.filter_map(|finding| Some((&finding.place, finding.trusted.as_ref()?)));
    for (place, reason) in vouched.chain(report.trusted.iter().map(|trusted| (&trusted.place, &trusted.reason))) {
        writeln!(out, "{BLUE}trusted{BLUE:#}: {}: {}", visible(&place.label()), visible(reason))?;
    }
    summary(out, report, selection)
}

fn write_finding(out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
    let verdict = finding.code.verdict();
    let style = if verdict == Verdict::Deny { RED } else { YELLOW };
    let message = visible(&finding.message);
    let (name, code) = (verdict.name(), finding.code.name());
    writeln!(out, "{style}{name}{style:#}{BOLD}[covet::{code}] {message}{BOLD:#}")?;
    let number = finding.place.line.to_string();
    let margin = " ".repeat(number.len());
    let (line, carets) = picture(finding);
    writeln!(out, "{margin}{BLUE}-->{BLUE:#} {}", visible(&finding.place.label()))?;
    writeln!(out, "{BLUE}{number} |{BLUE:#} {line}")?;
    writeln!(out, "{margin} {BLUE}|{BLUE:#} {style}{carets}{style:#}")?;
    writeln!(out, "{margin} {BLUE}={BLUE:#} help: {}\n", visible(&finding.help))
}

/// The line, of a long one the part around the finding, and carets beneath it.
fn picture(finding: &Finding) -> (String, String) {
    let place = &finding.place;
    let start = place.column.saturating_sub(1);
    let length = place.text.chars().count();
    let end = if place.end_line == place.line { place.end_column.saturating_sub(1) } else { length };
    let indent = place.text.chars().take_while(|c| c.is_whitespace()).count().min(start);
    let skip = indent.max(start.saturating_sub(WIDTH / 2));
    let line: String = place.text.chars().skip(skip).take(WIDTH).collect();
    let room = WIDTH.saturating_sub(start - skip).max(1);
    let carets = "^".repeat(end.saturating_sub(start).clamp(1, room));
    (visible(line.trim_end()), format!("{}{carets}", " ".repeat(start - skip)))
}

fn summary(out: &mut dyn Write, report: &Report, selection: Selection) -> io::Result<()> {
    let count = |verdict| selection.open(report).filter(|finding| finding.code.verdict() == verdict).count();
    let (deny, review) = (count(Verdict::Deny), count(Verdict::Review));
    let mut line = format!("{}: {deny} deny, {review} review", counted(report.files, "file"));
    let vouched = report.vouched();
    if vouched > 0 {
        line.push_str(&format!(", {vouched} trusted"));
    }
    let hidden = report.open().filter(|finding| finding.test && !selection.tests).count();
    if hidden > 0 {
        line.push_str(&format!(", {hidden} in tests (`--tests` tells them)"));
    }
    if !report.unread.is_empty() {
        line.push_str(&format!(", {} not scanned", counted(report.unread.len(), "file")));
    }
    writeln!(out, "{BOLD}{line}{BOLD:#}")
}

pub(crate) fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// What a terminal would obey or hide becomes U+FFFD; a tab one space, so that columns hold.
pub(crate) fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() || is_invisible(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

fn is_invisible(c: char) -> bool {
    !covet_core::sql::check::characters(c.encode_utf8(&mut [0; 4])).is_empty()
}
