//! What a statement may be: one, whole, and on rows.

use super::mistake::{Mistake, Reason};
use super::policy::{Kind, Policy};
use super::scope::{Outline, Scope};

/// Characters that no statement has: control characters, what is invisible, and what changes the order of reading.
#[must_use]
pub fn characters(sql: &str) -> Vec<Mistake> {
    let bad = sql.char_indices().filter(|(_, c)| is_invisible(*c));
    bad.map(|(at, c)| Mistake::new(Reason::InvisibleCharacter(c), at..at + c.len_utf8())).collect()
}

/// U+FE0F, the second half of many emoji, and the no-break space are harmless in strings; the
/// lexer refuses the space elsewhere.
pub(crate) fn is_invisible(c: char) -> bool {
    let control = c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}');
    let bidirectional =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hidden = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}');
    control || bidirectional || hidden
}

/// Whether the text is one statement that the policy permits, and so is each statement in it.
#[must_use]
pub fn statements(outline: &Outline<'_, '_>, policy: &Policy) -> Vec<Mistake> {
    let Some(main) = outline.scopes().first() else { return vec![Mistake::new(Reason::Empty, 0..0)] };
    let stacked = outline.stacked().map(|span| Mistake::new(Reason::StackedStatements, span.clone()));
    let mut mistakes = Vec::from_iter(stacked);
    mistakes.extend(kind_of(outline, main, policy));
    for scope in outline.scopes().iter().skip(1) {
        mistakes.extend(permitted(outline, scope, policy).filter(|_| scope.kind != Some(Kind::Select)));
    }
    mistakes.extend(outline.scopes().iter().filter_map(|scope| select_into(outline, scope)));
    if policy.postgres() {
        let permitted = |scope: &&Scope| scope.kind.is_some_and(|kind| policy.permits(kind));
        let scopes = outline.scopes().iter().filter(permitted);
        mistakes.extend(scopes.filter_map(|scope| of_sqlite_alone(outline, scope)));
    }
    mistakes
}

fn kind_of(outline: &Outline<'_, '_>, scope: &Scope, policy: &Policy) -> Option<Mistake> {
    if scope.kind.is_some() {
        return permitted(outline, scope, policy);
    }
    let token = outline.token(scope.verb)?;
    let reason = Reason::StatementKind(shortened(token.text), near_verb(token.text));
    Some(Mistake::new(reason, token.span.clone()))
}

fn permitted(outline: &Outline<'_, '_>, scope: &Scope, policy: &Policy) -> Option<Mistake> {
    let kind = scope.kind.filter(|kind| !policy.permits(*kind))?;
    Some(Mistake::new(Reason::NotPermitted(kind), outline.token(scope.verb)?.span.clone()))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The verb that was meant by a slip of one or two letters.
fn near_verb(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_uppercase();
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
    verbs.into_iter().find(|verb| strsim::damerau_levenshtein(&word, verb) <= verb.len() / 3)
}

/// `REPLACE INTO`, `INSERT OR ..` and `UPDATE OR ..`.
fn of_sqlite_alone(outline: &Outline<'_, '_>, scope: &Scope) -> Option<Mistake> {
    let verb = outline.token(scope.verb)?;
    let or = outline.token(scope.verb + 1).filter(|token| token.is_word("or"));
    let (what, end) = match (scope.kind?, or) {
        (Kind::Insert, None) if verb.is_word("replace") => ("REPLACE", verb.span.end),
        (Kind::Insert, Some(or)) => ("INSERT OR", or.span.end),
        (Kind::Update, Some(or)) => ("UPDATE OR", or.span.end),
        _ => return None,
    };
    Some(Mistake::new(Reason::OfSqliteAlone(what), verb.span.start..end))
}

fn select_into(outline: &Outline<'_, '_>, scope: &Scope) -> Option<Mistake> {
    let behind = |index: usize| index > scope.verb && scope.kind == Some(Kind::Select);
    let (_, into) = outline.own(scope).find(|(index, token)| behind(*index) && token.is_word("into"))?;
    Some(Mistake::new(Reason::SelectInto, into.span.clone()))
}
