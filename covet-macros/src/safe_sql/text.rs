//! The literals as one text, and the way back from a byte of it to the source.

use std::ops::Range;

use covet_core::sql::literal::{Place, locate};
use covet_core::sql::report::{self, Finding};
use proc_macro2::Span;
use syn::{Error, LitStr};

/// The literals of a statement, joined by line breaks. A space would let a `--` comment swallow the next literal.
pub(super) struct Text {
    sql: String,
    parts: Vec<(Range<usize>, LitStr)>,
}

impl Text {
    pub(super) fn new(literals: Vec<LitStr>) -> Self {
        let mut sql = String::new();
        let mut parts = Vec::new();
        for literal in literals {
            if !parts.is_empty() {
                sql.push('\n');
            }
            let start = sql.len();
            sql.push_str(&literal.value());
            parts.push((start..sql.len(), literal));
        }
        Self { sql, parts }
    }

    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// A mistake in the SQL as an error at the literal that holds it.
    pub(super) fn error(&self, mistake: &impl Finding) -> Error {
        let span = self.span(mistake.span());
        Error::new(span, report::render(&self.sql, mistake, self.location(mistake.span().start).as_deref()))
    }

    /// The source of these bytes: exactly where the compiler can tell, else the literal.
    pub(super) fn span(&self, bytes: Range<usize>) -> Span {
        let Some((start, literal)) = self.part(bytes.start) else { return Span::call_site() };
        let token = literal.token();
        let written = token.to_string();
        let end = bytes.end.min(start + literal.value().len());
        let (from, to) = (locate(&written, bytes.start - start).byte, locate(&written, end - start).byte);
        token.subspan(from..to.max(from)).unwrap_or_else(|| literal.span())
    }

    /// `file:line:column` of a byte, where the compiler can tell.
    fn location(&self, byte: usize) -> Option<String> {
        let (start, literal) = self.part(byte)?;
        let file = literal.span().local_file()?;
        let Place { lines, columns, .. } = locate(&literal.token().to_string(), byte - start);
        let begin = literal.span().start();
        let column = if lines == 0 { begin.column + columns } else { columns };
        Some(format!("{}:{}:{}", file.display(), begin.line + lines, column + 1))
    }

    /// The literal that holds a byte, and where it begins.
    fn part(&self, byte: usize) -> Option<(usize, &LitStr)> {
        let part = self.parts.iter().find(|(range, _)| byte <= range.end).or(self.parts.last());
        part.filter(|(range, _)| range.start <= byte).map(|(range, literal)| (range.start, literal))
    }
}
