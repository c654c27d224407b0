//! What a scan says: findings, what was vouched for, and files that could not be read.

use std::ops::Range;

use serde::Serialize;

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Whether the text is safe cannot be told from this file.
    Review,
    /// A value that is not constant is pasted into SQL text.
    Deny,
}

impl Verdict {
    /// Its name as it is written in options and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Deny => "deny",
        }
    }
}

/// How much harm a finding could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A number or the like: it cannot end the text it stands in.
    Low,
    /// Depends on what comes from elsewhere.
    Medium,
    /// Text of unknown content becomes part of the statement.
    High,
}

/// What kind of mistake it is: a code that never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A value that is not constant is pasted into SQL text.
    PastedValue,
    /// Text made at run time is leaked, so that it passes for text of the program.
    LeakedText,
    /// A statement that was itself read from a row or from the command line.
    StoredText,
    /// Something is pasted of which it cannot be told whether it is constant.
    UnknownPiece,
    /// The whole statement comes from elsewhere.
    UnknownText,
    /// A number is pasted.
    PastedNumber,
}

impl Code {
    /// All codes, in the order of their severity.
    pub const ALL: [Self; 6] = [
        Self::PastedValue,
        Self::LeakedText,
        Self::StoredText,
        Self::UnknownPiece,
        Self::UnknownText,
        Self::PastedNumber,
    ];

    /// The code that never changes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PastedValue => "scan::pasted_value",
            Self::LeakedText => "scan::leaked_text",
            Self::StoredText => "scan::stored_text",
            Self::UnknownPiece => "scan::unknown_piece",
            Self::UnknownText => "scan::unknown_text",
            Self::PastedNumber => "scan::pasted_number",
        }
    }

    /// One sentence for a list of rules.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::PastedValue => "a value that is not constant is pasted into SQL text",
            Self::LeakedText => "text made at run time is leaked so that it passes for text of the program",
            Self::StoredText => "a statement read from a row or the command line is run",
            Self::UnknownPiece => "something is pasted into SQL text that may not be constant",
            Self::UnknownText => "the SQL text comes from elsewhere",
            Self::PastedNumber => "a number is pasted into SQL text instead of being bound",
        }
    }

    /// How sure such a finding is.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::PastedValue | Self::LeakedText | Self::StoredText => Verdict::Deny,
            Self::UnknownPiece | Self::UnknownText | Self::PastedNumber => Verdict::Review,
        }
    }

    /// How much harm it could do.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::PastedValue | Self::LeakedText | Self::StoredText => Severity::High,
            Self::UnknownPiece | Self::UnknownText => Severity::Medium,
            Self::PastedNumber => Severity::Low,
        }
    }
}

/// Unsafe SQL, or SQL that may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of mistake.
    pub code: Code,
    /// Where it stands.
    pub place: Place,
    /// What the text was given to, such as `sqlx::query`.
    pub sink: String,
    /// What is wrong here.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// Whether it stands in a test.
    pub test: bool,
    /// The reason of a `// covet: trusted(reason = "..")` above it.
    pub trusted: Option<String>,
}

/// A place in a file, as people and editors count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The path, with `/` between folders.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line in which it ends.
    pub end_line: usize,
    /// The column behind its last character.
    pub end_column: usize,
    /// The text of the first line.
    #[serde(skip)]
    pub text: String,
}

impl Place {
    /// Where these bytes of `source` stand.
    #[must_use]
    pub fn new(file: &str, source: &str, span: Range<usize>) -> Self {
        let (line, column) = position(source, span.start);
        let (end_line, end_column) = position(source, span.end.max(span.start));
        let text = source.lines().nth(line - 1).unwrap_or_default().to_owned();
        Self { file: file.to_owned(), line, column, end_line, end_column, text }
    }

    /// `file:line:column`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

fn position(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at.min(source.len())).unwrap_or(source);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before.get(start..).unwrap_or_default().chars().count() + 1)
}

/// A use of `trusted!(reason = "..")`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trusted {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// The reason that was given.
    pub reason: String,
}

/// A file that was not judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The path.
    pub file: String,
    /// Why.
    pub message: String,
}

/// All of a scan, in the order of files and lines.
#[derive(Debug, Default)]
pub struct Report {
    /// What was found, what is vouched for among it.
    pub findings: Vec<Finding>,
    /// Uses of `trusted!`.
    pub trusted: Vec<Trusted>,
    /// Files that were not judged.
    pub unread: Vec<Unread>,
    /// How many files were judged.
    pub files: usize,
}

impl Report {
    /// Findings that count: not vouched for.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.trusted.is_none())
    }

    /// How many findings of this verdict count.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.open().filter(|finding| finding.code.verdict() == verdict).count()
    }

    /// How many findings are vouched for, by a comment or by `trusted!`.
    #[must_use]
    pub fn vouched(&self) -> usize {
        self.findings.iter().filter(|finding| finding.trusted.is_some()).count() + self.trusted.len()
    }
}
