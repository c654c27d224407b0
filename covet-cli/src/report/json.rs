//! The report for programs: one JSON object a line, the sum in the last.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use super::Selection;
use crate::scan::{Finding, Place, Report, Severity, Trusted, Unread, Verdict};

/// A line of the report.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line<'a> {
    Finding {
        verdict: Verdict,
        severity: Severity,
        code: &'a str,
        #[serde(flatten)]
        place: &'a Place,
        sink: &'a str,
        message: &'a str,
        help: &'a str,
        test: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        trusted: Option<&'a str>,
    },
    Trusted(&'a Trusted),
    Unread(&'a Unread),
}

/// Writes the report.
///
/// # Errors
///
/// Those of the stream.
pub fn write(out: &mut dyn Write, report: &Report, selection: Selection) -> io::Result<()> {
    let told = || report.findings.iter().filter(|finding| selection.tells(finding));
    for line in told().map(line) {
        write_line(out, &line)?;
    }
    for line in report.trusted.iter().map(Line::Trusted).chain(report.unread.iter().map(Line::Unread)) {
        write_line(out, &line)?;
    }
    let count = |verdict| selection.open(report).filter(|finding| finding.code.verdict() == verdict).count();
    let sum = json!({
        "kind": "summary", "files": report.files, "deny": count(Verdict::Deny), "review": count(Verdict::Review),
        "trusted": report.vouched(), "unread": report.unread.len(),
    });
    write_line(out, &sum)
}

fn write_line(out: &mut dyn Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    writeln!(out)
}

fn line(finding: &Finding) -> Line<'_> {
    Line::Finding {
        verdict: finding.code.verdict(),
        severity: finding.code.severity(),
        code: finding.code.name(),
        place: &finding.place,
        sink: &finding.sink,
        message: &finding.message,
        help: &finding.help,
        test: finding.test,
        trusted: finding.trusted.as_deref(),
    }
}
