//! The verdict on each statement, as the compiler would have it.

use std::sync::Arc;

use clap::ValueEnum;
use covet_core::sql::compile;
use covet_core::sql::report::{Finding, render};
use covet_sql::lock::Lock;
use covet_sql::{Access, Asked, Judge, JudgeError, Shape, Told};
use serde::Serialize;

use super::project::Project;
use super::statement::{Statement, Text};

/// What is known of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds.
    Ok,
    /// Nothing is wrong with what could be followed.
    Unknown,
    /// It is wrong.
    Error,
}

/// A statement and its verdict.
#[derive(Debug, Clone)]
pub struct Judgement<'s> {
    /// The statement.
    pub statement: &'s Statement,
    /// The verdict, on all databases together.
    pub verdict: Verdict,
    /// What is wrong with it.
    pub mistakes: Vec<Mistake>,
    /// What could not be followed.
    pub unknown: Option<String>,
    /// What it gives, takes and touches on the first database; nothing where it is wrong.
    pub shape: Shape,
    /// Whether PostgreSQL is one of its databases and was not asked.
    pub unasked: bool,
}

/// What is wrong with a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The code that never changes.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The report, with its line underlined.
    pub report: String,
}

/// Judges the statements of a project, with what PostgreSQL said. SQLite itself is asked if `sqlite` says so.
///
/// # Errors
///
/// [`JudgeError`] when a migration fails.
pub fn check<'p>(project: &'p Project, lock: &Arc<Lock>, sqlite: bool) -> Result<Vec<Judgement<'p>>, JudgeError> {
    let asked = Asked { lock: Arc::clone(lock), sqlite, program: None };
    let judge = match project.sources.is_empty() {
        true => None,
        false => Some(Judge::new(&project.policy, &project.sources, &asked)?),
    };
    Ok(project.found.statements.iter().map(|statement| judged(statement, project, judge.as_ref())).collect())
}

fn judged<'p>(statement: &'p Statement, project: &Project, judge: Option<&Judge>) -> Judgement<'p> {
    let sql = statement.sql();
    match &statement.text {
        Text::Written(literals) if literals.is_empty() => {
            Judgement::unknown(statement, "its text is not written here".into())
        }
        Text::Written(_) => match compile(&sql, &project.policy) {
            Err(mistakes) => Judgement::wrong(statement, mistakes.iter().map(|m| Mistake::new(m, statement, &sql))),
            Ok(compiled) => match judge {
                None => Judgement::unknown(statement, "no security.toml says what tables there are".into()),
                Some(judge) => {
                    let judged = judge.statement(&compiled);
                    let mistakes = judged.mistakes.iter().map(|m| Mistake::new(m, statement, &sql));
                    Judgement::of(statement, mistakes.collect(), judged.told)
                }
            },
        },
        Text::Given(text) => {
            let (mut mistakes, mut told) = (Vec::new(), Vec::new());
            for side in judge.map_or(&[][..], Judge::sides) {
                match side.driver_text(text) {
                    Ok(good) => told.push(good),
                    Err(found) => mistakes.extend(found.iter().map(|m| Mistake::new(m, statement, &sql))),
                }
            }
            Judgement::of(statement, mistakes, told)
        }
    }
}

impl<'s> Judgement<'s> {
    fn of(statement: &'s Statement, mistakes: Vec<Mistake>, told: Vec<Told>) -> Self {
        if !mistakes.is_empty() {
            return Self::wrong(statement, mistakes.into_iter());
        }
        let unsure = told.iter().find(|told| !told.is_certain());
        let unknown = unsure.and_then(|told| told.unknown.clone());
        let unasked = told.iter().any(|told| told.dialect == covet_core::sql::Dialect::Postgres && !told.asked);
        let verdict = if unsure.is_some() { Verdict::Unknown } else { Verdict::Ok };
        let shape = told.into_iter().next().map(|told| told.shape).unwrap_or_default();
        Self { statement, verdict, mistakes: Vec::new(), unknown, shape, unasked }
    }

    fn wrong(statement: &'s Statement, mistakes: impl Iterator<Item = Mistake>) -> Self {
        let (verdict, mistakes) = (Verdict::Error, mistakes.collect());
        Self { statement, verdict, mistakes, unknown: None, shape: Shape::default(), unasked: false }
    }

    fn unknown(statement: &'s Statement, why: String) -> Self {
        let (verdict, mistakes) = (Verdict::Unknown, Vec::new());
        Self { statement, verdict, mistakes, unknown: Some(why), shape: Shape::default(), unasked: false }
    }

    /// The columns that it reads, or writes, as `table.column`; a table of which no column is named by itself.
    #[must_use]
    pub fn touched(&self, write: bool) -> Vec<String> {
        let of = |access: &&Access| access.write == write;
        let name = |access: &Access| match &access.column {
            Some(column) => format!("{}.{column}", access.table),
            None => access.table.clone(),
        };
        self.shape.access.iter().filter(of).map(name).collect()
    }
}

impl Mistake {
    fn new(finding: &impl Finding, statement: &Statement, sql: &str) -> Self {
        let report = render(sql, finding, Some(&statement.place(finding.span().start)));
        Self { code: finding.code().to_owned(), message: finding.to_string(), report }
    }
}
