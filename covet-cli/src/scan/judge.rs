//! What the flow means: a verdict on each text that reaches the database, and what to write instead.

use std::ops::Range;

use covet_core::sql::lexer;
use covet_core::sql::token::{Token, TokenKind};
use covet_core::sql::{self, Policy, Reason};

use super::finding::Code;
use super::flow::{Analysis, Candidate};
use super::value::{Kind, Origin, Piece, Value};

/// A candidate that is no candidate for safety.
pub(super) struct Judgement {
    pub code: Code,
    pub span: Range<usize>,
    pub message: String,
    pub help: String,
}

/// A hole, where it comes from, and where in the statement it stands.
struct Pasted<'a> {
    source: &'a str,
    span: Range<usize>,
    origin: Origin,
    spot: Spot,
}

/// Where in a statement something is pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    /// In quotes: text. What is compared without quotes is a number, or the statement would not run at all.
    Value,
    /// Behind `$` or `?`: the number of a parameter.
    Number,
    /// Anywhere else.
    Other,
}

/// The judgement on one candidate; nothing if it is safe, or judged where the function is called.
pub(super) fn judge(candidate: &Candidate, analysis: &Analysis<'_>) -> Option<Judgement> {
    let value = &candidate.value;
    let template = Template::of(value);
    let whole = !value.composed && !candidate.part;
    if (whole && !candidate.takes.accepts(&value.kind)) || (!candidate.sure && !is_plausible(candidate, &template)) {
        return None;
    }
    if whole && value.holes().any(|hole| is_told_by_callers(hole.origin, analysis)) {
        return None;
    }
    let holes = value.holes().zip(template.spots()).filter_map(|(hole, spot)| {
        let origin = analysis.origin(hole)?;
        Some(Pasted { source: &hole.source, span: hole.span.clone(), origin, spot })
    });
    let worst = holes
        .map(|pasted| (code(&pasted, whole, value.leaked), pasted))
        .filter_map(|(code, pasted)| Some((code?, pasted)));
    let (code, pasted) = worst.min_by_key(|(code, _)| *code)?;
    Some(Judgement {
        code,
        message: message(code, &pasted, &candidate.sink),
        help: help(code, &pasted, &template),
        span: pasted.span,
    })
}

fn is_told_by_callers(origin: Origin, analysis: &Analysis<'_>) -> bool {
    matches!(origin, Origin::Parameter(function, ..) if analysis.is_closed(function))
}

fn code(pasted: &Pasted<'_>, whole: bool, leaked: bool) -> Option<Code> {
    let value = pasted.spot == Spot::Value;
    match pasted.origin {
        Origin::Harmless if whole || pasted.spot == Spot::Number => None,
        Origin::Harmless => Some(Code::PastedNumber),
        Origin::Stored if whole => Some(Code::StoredText),
        Origin::Checked if whole => Some(Code::UnknownText),
        _ if leaked => Some(Code::LeakedText),
        _ if whole => Some(Code::UnknownText),
        Origin::Text | Origin::Stored | Origin::Parameter(..) => Some(Code::PastedValue),
        Origin::Own | Origin::Unknown if value => Some(Code::PastedValue),
        Origin::Own | Origin::Unknown | Origin::Named | Origin::Checked => Some(Code::UnknownPiece),
    }
}

/// Whether a method of which only the name is known is given SQL.
fn is_plausible(candidate: &Candidate, template: &Template) -> bool {
    let value = &candidate.value;
    if value.composed {
        return template.is_sql();
    }
    // A parameter or variable of the type of text that is called what SQL is called.
    let called = |source: &str| {
        ["sql", "query", "stmt", "statement", "ddl"].iter().any(|word| source.to_lowercase().contains(word))
    };
    value.kind == Kind::Text && value.holes().any(|hole| called(&hole.source))
}

fn message(code: Code, pasted: &Pasted<'_>, sink: &str) -> String {
    let source = shortened(pasted.source);
    let sink = sink.replace(": ", "'s ");
    match code {
        Code::PastedValue => format!("`{source}` becomes part of the SQL text given to `{sink}`"),
        Code::LeakedText => format!("`{source}` was leaked to pass for text of the program at `{sink}`"),
        Code::StoredText => format!("`{source}` is run as SQL by `{sink}`"),
        Code::UnknownPiece => format!("whether `{source}` is constant cannot be told here; `{sink}` runs it"),
        Code::UnknownText => format!("the SQL text `{source}` given to `{sink}` comes from elsewhere"),
        Code::PastedNumber => format!("`{source}` is pasted into the SQL text given to `{sink}`, not bound"),
    }
}

fn help(code: Code, pasted: &Pasted<'_>, template: &Template) -> String {
    match code {
        Code::StoredText => "keep statements in the program; keep only values in rows and arguments".into(),
        Code::UnknownText => {
            "write the statement where it is run: `safe_sql!(\"..\")`; a function that must take SQL takes `&'static str`".into()
        }
        _ => template.rewritten().unwrap_or_else(|| match pasted.spot {
            Spot::Value => format!("bind it: `{{{}}}` in `safe_sql!(\"..\")` is a bound value", shortened(pasted.source)),
            Spot::Number | Spot::Other => NAMES.into(),
        }),
    }
}

const NAMES: &str = "names and keywords belong in the statement: choose among constants with `match`; every value is bound by \
    `safe_sql!`";

fn shortened(source: &str) -> String {
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 60 { line } else { line.chars().take(57).chain("...".chars()).collect() }
}

/// The statement with `{h0}`, `{h1}` .. for what is pasted.
struct Template {
    text: String,
    /// What each stands for.
    sources: Vec<String>,
    /// Whether it is the whole text on every path.
    exact: bool,
}

impl Template {
    fn of(value: &Value) -> Self {
        let mut template = Self { text: String::new(), sources: Vec::new(), exact: value.exact && value.composed };
        for piece in &value.pieces {
            match piece {
                Piece::Text(text) => template.text.push_str(&text.replace('{', "{{").replace('}', "}}")),
                // Its place is kept, so that quotes around it are still seen.
                Piece::Opaque => {
                    template.exact = false;
                    template.text.push_str(" opaque ");
                }
                Piece::Hole(hole) => {
                    template.text.push_str(&format!("{{h{}}}", template.sources.len()));
                    template.sources.push(hole.source.clone());
                }
            }
        }
        template
    }

    /// Where each hole stands.
    fn spots(&self) -> Vec<Spot> {
        let (tokens, _) = lexer::lex(&self.text);
        (0..self.sources.len()).map(|at| self.spot(&format!("{{h{at}}}"), &tokens)).collect()
    }

    fn spot(&self, hole: &str, tokens: &[Token<'_>]) -> Spot {
        if self.text.find(hole).and_then(|at| self.text.get(..at)).is_some_and(|before| before.ends_with(['$', '?'])) {
            return Spot::Number;
        }
        let Some(at) = tokens.iter().position(|token| token.text.contains(hole)) else { return Spot::Other };
        match tokens.get(at).map(|token| token.kind) {
            Some(TokenKind::String) => Spot::Value,
            _ => Spot::Other,
        }
    }

    /// Whether this reads as SQL: its first word is a verb, and so is what follows.
    fn is_sql(&self) -> bool {
        let (tokens, _) = lexer::lex(&self.text);
        let mut words = tokens.iter().filter(|token| !matches!(token.kind, TokenKind::Comment) && !token.is("("));
        let Some(first) = words.next() else { return false };
        if !first.is_any_word(&VERBS) {
            return first.kind == TokenKind::Placeholder
                && words.any(|token| token.is_any_word(&["where", "from", "values"]));
        }
        let shouted = first.text.bytes().all(|byte| byte.is_ascii_uppercase());
        shouted || words.any(|token| token.is_any_word(&FOLLOWERS))
    }

    /// The statement as `safe_sql!` would take it, or why it would not.
    fn rewritten(&self) -> Option<String> {
        if !self.exact || self.sources.is_empty() {
            return None;
        }
        let mut text = self.text.clone();
        let mut named = String::new();
        for (at, source) in self.sources.iter().enumerate() {
            let hole = format!("{{h{at}}}");
            let (name, argument) = bound_name(source, at);
            if let Some(argument) = argument {
                named.push_str(&format!(", {name} = {argument}"));
            }
            let name = format!("{{{name}}}");
            text = text
                .replace(&format!("'{hole}'"), &name)
                .replace(&format!("'%{hole}%'"), &format!("'%' || {name} || '%'"));
            text = text.replace(&format!("'{hole}%'"), &format!("{name} || '%'")).replace(&hole, &name);
        }
        match sql::compile(&text, &Policy::default()) {
            Ok(_) => {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                Some(format!("write `safe_sql!({text:?}{named})`"))
            }
            Err(mistakes) => mistakes.iter().find_map(|mistake| match mistake.reason() {
                Reason::PlaceholderAsName
                | Reason::OrderByValue(_)
                | Reason::OrderByDirection
                | Reason::GroupByValue(..) => Some(mistake.help()),
                _ => None,
            }),
        }
    }
}

/// How `safe_sql!` would name the value, and the argument it needs for that.
fn bound_name(source: &str, at: usize) -> (String, Option<String>) {
    let source = source.trim();
    if sql::token::is_path(source) {
        return (source.to_owned(), None);
    }
    let mut words = source.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let word = words.rfind(|word| sql::token::is_path(word) && !word.starts_with(char::is_uppercase));
    (word.map_or_else(|| format!("value{at}"), ToOwned::to_owned), Some(shortened(source)))
}

const VERBS: [&str; 42] = [
    "select",
    "insert",
    "update",
    "delete",
    "with",
    "create",
    "drop",
    "alter",
    "pragma",
    "truncate",
    "grant",
    "revoke",
    "set",
    "begin",
    "copy",
    "call",
    "explain",
    "replace",
    "merge",
    "vacuum",
    "attach",
    "detach",
    "analyze",
    "listen",
    "notify",
    "lock",
    "use",
    "show",
    "values",
    "reindex",
    "comment",
    "do",
    "declare",
    "fetch",
    "savepoint",
    "release",
    "rollback",
    "refresh",
    "unlisten",
    "reset",
    "load",
    "rename",
];

const FOLLOWERS: [&str; 16] = [
    "from", "into", "table", "set", "where", "values", "database", "index", "view", "schema", "user", "role", "column",
    "to", "as", "function",
];
