//! How a scan is told: to people, a line of JSON each to programs, as SARIF to code hosts.

pub mod human;
pub mod json;
pub mod sarif;

use crate::scan::{Finding, Report, Verdict};

/// What of a report is told.
#[derive(Debug, Clone, Copy)]
pub struct Selection {
    /// Findings in tests, too.
    pub tests: bool,
    /// Findings that a person is to review, too.
    pub review: bool,
}

impl Selection {
    /// Whether the finding is told.
    #[must_use]
    pub fn tells(self, finding: &Finding) -> bool {
        let verdict = self.review || finding.code.verdict() == Verdict::Deny;
        verdict && (self.tests || !finding.test)
    }

    /// The findings to tell that nobody vouched for.
    pub fn open(self, report: &Report) -> impl Iterator<Item = &Finding> {
        report.open().filter(move |finding| self.tells(finding))
    }

    /// The most certain verdict among them.
    #[must_use]
    pub fn worst(self, report: &Report) -> Option<Verdict> {
        self.open(report).map(|finding| finding.code.verdict()).max()
    }
}
