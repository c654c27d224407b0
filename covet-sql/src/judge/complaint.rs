//! What is wrong with a statement, as it is told: where it stands in the program, and on which database.

use std::fmt;
use std::ops::Range;

use covet_core::sql::report::Finding;
use covet_core::sql::{Compiled, Dialect, Variant};

use crate::mistake::Mistake;

/// A mistake in a statement, drawn by [`report::render`](covet_core::sql::report::render).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    code: &'static str,
    message: String,
    span: Range<usize>,
    label: Option<String>,
    left_out: Vec<Range<usize>>,
    notes: Vec<String>,
    help: Option<String>,
}

impl Complaint {
    /// What the resolver found.
    pub(super) fn of_mistake(mistake: &Mistake) -> Self {
        Self {
            code: mistake.code(),
            message: mistake.to_string(),
            span: mistake.span(),
            label: mistake.label(),
            left_out: Vec::new(),
            notes: mistake.notes(),
            help: mistake.help(),
        }
    }

    /// What only SQLite found.
    #[cfg(feature = "sqlite-oracle")]
    pub(super) fn of_engine(refusal: &crate::sqlite::Refusal, text: &str) -> Self {
        Self::refused("sql::refused_by_sqlite", &refusal.message, refusal.offset, text)
            .note(format!("so says SQLite {}", crate::sqlite::Engine::version()))
    }

    /// What only PostgreSQL found.
    pub(super) fn of_lock(message: &str, offset: Option<usize>, text: &str) -> Self {
        Self::refused("sql::refused_by_postgres", message, offset, text)
    }

    fn refused(code: &'static str, message: &str, offset: Option<usize>, text: &str) -> Self {
        let word = |at: usize| {
            let rest = text.get(at..).unwrap_or_default();
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            at..at + end.max(rest.chars().next().map_or(0, char::len_utf8))
        };
        Self {
            code,
            message: message.to_owned(),
            span: offset.map_or(0..text.len(), word),
            label: None,
            left_out: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// That a text may touch rows of somebody else.
    pub(super) fn unscoped(table: &str, column: &str, span: Range<usize>, unfollowed: Option<&str>) -> Self {
        let complaint = Self {
            code: "sql::unscoped",
            message: format!("this may touch rows of `{table}` that are somebody else's"),
            span,
            label: None,
            left_out: Vec::new(),
            notes: vec![format!("`[[sql.scopes]]` in security.toml demands a value for `{table}.{column}`")],
            help: Some(format!("add `{column} = {{..}}`, for every mention of `{table}` and outside of `OR`")),
        };
        match unfollowed {
            Some(why) => complaint.note(format!("it could not be followed whether it does: {why}")),
            None => complaint,
        }
    }

    /// With a sentence that one must know to understand it.
    pub(super) fn note(mut self, note: String) -> Self {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
        self
    }

    /// The same, where the statement has it, of which this text came.
    pub(super) fn of(mut self, variant: &Variant, compiled: &Compiled) -> Self {
        self.span = variant.origin(self.span);
        let out = compiled.clauses().iter().enumerate().filter(|(at, _)| !variant.kept.has(*at));
        self.left_out = out.map(|(_, clause)| clause.span.clone()).collect();
        let chosen = compiled.choices().iter().zip(&variant.chosen).find(|(choice, _)| choice.span == self.span);
        let text = chosen.and_then(|(choice, at)| Some((&choice.path, choice.texts.get(*at)?)));
        match text {
            Some((path, text)) => self.note(format!("where `{path}` is `{text}`")),
            None => self,
        }
    }

    /// Whether it says the same of the same place.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.code, &self.message, &self.span) == (other.code, &other.message, &other.span)
    }
}

/// Each mistake once, in the order of the text. One that is not a mistake on every database says on which it is.
pub(super) fn merge(found: Vec<(Dialect, Vec<Complaint>)>, judged: &[Dialect]) -> Vec<Complaint> {
    let mut merged: Vec<(Vec<Dialect>, Complaint)> = Vec::new();
    for (dialect, complaint) in found.into_iter().flat_map(|(dialect, all)| all.into_iter().map(move |c| (dialect, c)))
    {
        match merged.iter_mut().find(|(_, known)| known.is_same(&complaint)) {
            Some((dialects, _)) => dialects.push(dialect),
            None => merged.push((vec![dialect], complaint)),
        }
    }
    let told = |(dialects, complaint): (Vec<Dialect>, Complaint)| match dialects.as_slice() {
        [only] if judged.len() > 1 => complaint.note(format!("on {only} only")),
        _ => complaint,
    };
    let mut complaints: Vec<Complaint> = merged.into_iter().map(told).collect();
    complaints.sort_by_key(|complaint| complaint.span.start);
    complaints
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Complaint {}

impl Finding for Complaint {
    fn code(&self) -> &'static str {
        self.code
    }

    fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    fn label(&self) -> Option<String> {
        self.label.clone()
    }

    fn left_out(&self) -> &[Range<usize>] {
        &self.left_out
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn help(&self) -> Option<String> {
        self.help.clone()
    }
}
