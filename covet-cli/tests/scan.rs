//! What the scan finds, and what it leaves alone: cases by name, each judged by itself.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]

use covet_cli::scan::{Report, Sources, Verdict};
use syn::Item;
use syn::spanned::Spanned;

const VULNERABLE: [&str; 6] = [
    include_str!("scan/vulnerable/sqlx.rs"),
    include_str!("scan/vulnerable/diesel.rs"),
    include_str!("scan/vulnerable/rusqlite.rs"),
    include_str!("scan/vulnerable/postgres.rs"),
    include_str!("scan/vulnerable/sea.rs"),
    include_str!("scan/vulnerable/mysql.rs"),
];

const SAFE: [&str; 7] = [
    include_str!("scan/safe/sqlx.rs"),
    include_str!("scan/safe/diesel.rs"),
    include_str!("scan/safe/rusqlite.rs"),
    include_str!("scan/safe/postgres.rs"),
    include_str!("scan/safe/sea.rs"),
    include_str!("scan/safe/mysql.rs"),
    include_str!("scan/safe/other.rs"),
];

const REVIEW: &str = include_str!("scan/safe/review.rs");

/// Functions and modules are cases; what else the file holds belongs to each.
fn cases(text: &str) -> Vec<(String, String)> {
    let file = syn::parse_file(text).unwrap();
    let source = |item: &Item| text.get(item.span().byte_range()).unwrap().to_owned();
    let name = |item: &Item| match item {
        Item::Fn(item) => Some(item.sig.ident.to_string()),
        Item::Mod(item) => Some(item.ident.to_string()),
        _ => None,
    };
    let is_case = |item: &Item| name(item).is_some_and(|name| !name.starts_with("helper_"));
    let around: Vec<_> = file.items.iter().filter(|item| !is_case(item)).map(source).collect();
    let cases = file.items.iter().filter(|item| is_case(item));
    cases.map(|item| (name(item).unwrap(), format!("{}\n{}", around.join("\n"), source(item)))).collect()
}

fn scan(text: &str) -> Report {
    let mut sources = Sources::new();
    sources.add("src/case.rs", text);
    let report = sources.scan().unwrap();
    assert!(report.unread.is_empty(), "{:?}", report.unread);
    report
}

fn told(report: &Report) -> Vec<String> {
    let line = |finding: &covet_cli::scan::Finding| format!("{}: {}", finding.code.name(), finding.message);
    report.findings.iter().map(line).collect()
}

#[test]
fn everything_vulnerable_is_denied() {
    let cases: Vec<_> = VULNERABLE.iter().flat_map(|text| cases(text)).collect();
    assert!(cases.len() >= 80, "{}", cases.len());
    let missed: Vec<_> =
        cases.iter().filter(|(_, text)| scan(text).count(Verdict::Deny) == 0).map(|(name, _)| name).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn nothing_is_said_of_what_is_safe() {
    let cases: Vec<_> = SAFE.iter().flat_map(|text| cases(text)).collect();
    assert!(cases.len() >= 80, "{}", cases.len());
    let wrong: Vec<_> =
        cases.iter().map(|(name, text)| (name, told(&scan(text)))).filter(|(_, found)| !found.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_cannot_be_told_is_for_review_and_not_denied() {
    let counted = cases(REVIEW).into_iter().map(|(name, text)| (name, scan(&text)));
    let wrong: Vec<_> = counted
        .filter(|(_, report)| (report.count(Verdict::Deny), report.count(Verdict::Review)) != (0, 1))
        .map(|(name, report)| (name, told(&report)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Random edits of the cases: what is cut, doubled or put in must be told as unread, or judged, and never stop the scan.
mod property {
    use proptest::prelude::*;

    use super::{REVIEW, SAFE, Sources, VULNERABLE};

    fn edited(text: &str, edits: &[(usize, usize, String)]) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        for (at, cut, put) in edits {
            let at = at % (letters.len() + 1);
            let end = (at + cut).min(letters.len());
            letters.splice(at..end, put.chars());
        }
        letters.into_iter().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn no_source_stops_the_scan(
            which in 0..VULNERABLE.len() + SAFE.len() + 1,
            edits in proptest::collection::vec((any::<usize>(), 0_usize..40, "[(){}<>'\"!&|,;.:$a-z0-9 é]{0,6}"), 0..8),
            tail in proptest::collection::vec(any::<usize>(), 0..3),
        ) {
            let all: Vec<_> = VULNERABLE.iter().chain(&SAFE).chain([&REVIEW]).collect();
            let text = edited(all[which], &edits);
            // Whole lines out of their place parse more often than letters do.
            let mut lines: Vec<_> = text.lines().collect();
            for at in tail {
                let line = lines.remove(at % lines.len());
                lines.insert(at % 97 % (lines.len() + 1), line);
            }
            let mut sources = Sources::new();
            sources.add("src/case.rs", &lines.join("\n"));
            let report = sources.scan().unwrap();
            prop_assert_eq!(report.files + report.unread.len(), 1);
        }
    }
}
