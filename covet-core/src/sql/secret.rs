//! Secrets that are written into the program: whoever reads the source has them, and they cannot be changed.
//!
//! Only what cannot be anything else is refused: the marks by which services let their own keys be found.

use super::form;
use super::mistake::{Mistake, Reason};
use super::scope::Outline;
use super::token::TokenKind;

/// How the keys of well-known services begin, as their own documentation tells for scanners.
const MARKS: [&str; 13] = [
    "sk_live_",
    "rk_live_",
    "whsec_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "npm_",
    "AKIA",
    "-----BEGIN ",
];

/// Columns that hold nothing but secrets.
const COLUMNS: [&str; 5] = ["password", "passwd", "api_key", "secret_key", "client_secret"];

/// The fewest characters behind a mark; a shorter text names the mark itself.
const LEAST: usize = 10;

/// Every string that is a key, or is compared with a column of secrets.
#[must_use]
pub fn secrets(outline: &Outline<'_, '_>) -> Vec<Mistake> {
    let strings = outline.pieces().iter().enumerate().filter(|(_, piece)| piece.token.kind == TokenKind::String);
    let assigns = form::assigns(outline);
    let secret = |index: usize, text: &str| {
        let inner = text.trim_matches('\'');
        let marked = MARKS.iter().filter_map(|mark| inner.strip_prefix(mark)).any(|rest| rest.len() >= LEAST);
        let equals = outline.before(index).is_some_and(|token| token.is("=")) && !assigns.contains(&(index - 1));
        let compared =
            equals && index > 1 && outline.before(index - 1).is_some_and(|token| token.is_any_word(&COLUMNS));
        marked || compared && !inner.is_empty()
    };
    let found = strings.filter(|(index, piece)| secret(*index, piece.token.text));
    found.map(|(_, piece)| Mistake::new(Reason::HardCodedSecret, piece.token.span.clone())).collect()
}
