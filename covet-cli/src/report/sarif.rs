//! The report as SARIF 2.1.0 (OASIS), which code hosts show beside the code.

use serde_json::{Value, json};

use super::Selection;
use crate::scan::{Code, Finding, Report, Severity};

/// The whole log.
#[must_use]
pub fn log(report: &Report, selection: Selection) -> Value {
    let told = report.findings.iter().filter(|finding| selection.tells(finding));
    let notification = |file: &crate::scan::Unread| {
        let location = json!({ "physicalLocation": { "artifactLocation": artifact(&file.file) } });
        json!({ "level": "warning", "message": { "text": file.message }, "locations": [location] })
    };
    let notifications: Vec<_> = report.unread.iter().map(notification).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo-covet",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": Code::ALL.map(rule),
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
            "results": told.map(result).collect::<Vec<_>>(),
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": { "text": code.summary() },
        "help": { "text": "Write the statement with safe_sql!, which binds every value." },
        "defaultConfiguration": { "level": level(code) },
        "properties": {
            "tags": ["security", "external/cwe/cwe-089"],
            "security-severity": score(code.severity()),
            "precision": if code.severity() == Severity::High { "high" } else { "medium" },
        },
    })
}

fn result(finding: &Finding) -> Value {
    let place = &finding.place;
    let mut result = json!({
        "ruleId": finding.code.name(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == finding.code),
        "level": level(finding.code),
        "message": { "text": format!("{}\nhelp: {}", finding.message, finding.help) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": artifact(&place.file),
            "region": {
                "startLine": place.line, "startColumn": place.column,
                "endLine": place.end_line, "endColumn": place.end_column,
                "snippet": { "text": place.text },
            },
        } }],
        "partialFingerprints": { "covet/v1": fingerprint(finding) },
    });
    if let (Some(reason), Some(fields)) = (&finding.trusted, result.as_object_mut()) {
        let suppression = json!([{ "kind": "inSource", "justification": reason }]);
        fields.insert("suppressions".into(), suppression);
    }
    result
}

fn artifact(file: &str) -> Value {
    let uri = uri(file);
    // An absolute path is not relative to the root of the sources.
    if file.starts_with('/') {
        json!({ "uri": format!("file://{uri}") })
    } else {
        json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
    }
}

/// RFC 3986: what is not unreserved is escaped, `/` stays.
fn uri(path: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    path.bytes().map(escaped).collect()
}

const fn level(code: Code) -> &'static str {
    match code.severity() {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "8.8",
        Severity::Medium => "5.0",
        Severity::Low => "2.0",
    }
}

/// Stays the same while lines move: FNV-1a of the code, the file and the line's text.
fn fingerprint(finding: &Finding) -> String {
    let parts = [finding.code.name(), &finding.place.file, finding.place.text.trim()];
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
