//! How statements are told: to people, and a line of JSON each to programs.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::check::{Judgement, Verdict};
use crate::report::human::{counted, visible};
use crate::scan::Unread;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();

/// Characters that are shown of a long statement.
const WIDTH: usize = 120;

/// A statement as a line of JSON.
#[derive(Serialize)]
struct Line<'j> {
    file: &'j str,
    line: usize,
    verdict: Verdict,
    code: Option<&'j str>,
    message: Option<&'j str>,
    columns: Vec<Column<'j>>,
    params: Vec<Option<String>>,
    reads: Vec<String>,
    writes: Vec<String>,
}

#[derive(Serialize)]
struct Column<'j> {
    name: &'j str,
    #[serde(rename = "type")]
    ty: Option<String>,
    nullable: Option<bool>,
}

/// Writes a line of JSON for each statement.
///
/// # Errors
///
/// Those of the stream.
pub fn json(out: &mut dyn Write, judged: &[Judgement<'_>]) -> io::Result<()> {
    for judgement in judged {
        let first = judgement.mistakes.first();
        let name = |ty: &covet_sql::SqlType| ty.to_string();
        let columns = judgement.shape.columns.iter();
        let line = Line {
            file: &judgement.statement.file,
            line: judgement.statement.line,
            verdict: judgement.verdict,
            code: first.map(|mistake| mistake.code.as_str()),
            message: first.map(|mistake| mistake.message.as_str()).or(judgement.unknown.as_deref()),
            columns: columns
                .map(|c| Column { name: &c.name, ty: c.ty.as_ref().map(name), nullable: c.nullable })
                .collect(),
            params: judgement.shape.params.iter().map(|param| param.ty.as_ref().map(name)).collect(),
            reads: judgement.touched(false),
            writes: judgement.touched(true),
        };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes each statement for people.
///
/// # Errors
///
/// Those of the stream.
pub fn human(out: &mut dyn Write, judged: &[Judgement<'_>]) -> io::Result<()> {
    judged.iter().try_for_each(|judgement| statement(out, judgement))
}

fn statement(out: &mut dyn Write, judgement: &Judgement<'_>) -> io::Result<()> {
    let (style, verdict) = match judgement.verdict {
        Verdict::Ok => (GREEN, "ok"),
        Verdict::Unknown => (YELLOW, "unknown"),
        Verdict::Error => (RED, "error"),
    };
    let place = format!("{}:{}", judgement.statement.file, judgement.statement.line);
    let sql = judgement.statement.sql().split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = sql.chars().take(WIDTH).collect();
    let more = if shown.len() < sql.len() { ".." } else { "" };
    writeln!(out, "{style}{verdict}{style:#} {}: {BOLD}{}{more}{BOLD:#}", visible(&place), visible(&shown))?;
    for mistake in &judgement.mistakes {
        for line in mistake.report.lines() {
            writeln!(out, "    {}", visible(line))?;
        }
    }
    if let Some(why) = &judgement.unknown {
        writeln!(out, "    {}", visible(why))?;
    }
    let unknown = || "?".to_owned();
    let columns = judgement.shape.columns.iter().map(|column| {
        let null = match column.nullable {
            Some(false) => "",
            Some(true) => " or NULL",
            None => " or perhaps NULL",
        };
        format!("{} {}{null}", column.name, column.ty.as_ref().map_or_else(unknown, ToString::to_string))
    });
    let params = judgement.shape.params.iter().map(|p| p.ty.as_ref().map_or_else(unknown, ToString::to_string));
    let parts = [
        ("gives ", columns.collect::<Vec<_>>()),
        ("takes ", params.collect()),
        ("reads ", judgement.touched(false)),
        ("writes", judgement.touched(true)),
    ];
    for (word, parts) in parts.iter().filter(|(_, parts)| !parts.is_empty()) {
        writeln!(out, "    {word} {}", visible(&parts.join(", ")))?;
    }
    Ok(())
}

/// Writes how many there are of each verdict.
///
/// # Errors
///
/// Those of the stream.
pub fn summary(out: &mut dyn Write, judged: &[Judgement<'_>], unread: &[&Unread]) -> io::Result<()> {
    for Unread { file, message } in unread {
        writeln!(out, "{YELLOW}not read{YELLOW:#}: {}: {}", visible(file), visible(message))?;
    }
    let count = |verdict| judged.iter().filter(|judgement| judgement.verdict == verdict).count();
    let (ok, unknown, error) = (count(Verdict::Ok), count(Verdict::Unknown), count(Verdict::Error));
    let all = counted(judged.len(), "statement");
    writeln!(out, "{BOLD}{all}: {ok} ok, {unknown} unknown, {error} wrong{BOLD:#}")?;
    let unasked = judged.iter().filter(|judgement| judgement.unasked).count();
    if unasked > 0 {
        let all = counted(unasked, "statement");
        writeln!(
            out,
            "note: PostgreSQL was not asked about {all} as written on these migrations: run `cargo covet sql prepare`"
        )?;
    }
    Ok(())
}
