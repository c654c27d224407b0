//! Text to tree, within bounds, and places in the tree to bytes of the text.

use std::ops::Range;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Statement};
use sqlparser::dialect::{Dialect as Grammar, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use crate::schema::Dialect;

/// The most pieces of a statement that is followed. A chain of operators is as deep as it is long, and the stack is not.
const MAX_TOKENS: usize = 4_000;

/// How deep parentheses and subqueries may nest on the stack that there is. An unoptimised parser takes 64 KiB a level.
pub(crate) const SHALLOW: usize = 16;

/// How deep they may nest on [`DEEP_STACK`].
pub(crate) const DEEP: usize = 96;

/// A stack for what nests more than usual.
pub(crate) const DEEP_STACK: usize = 32 << 20;

/// Why a text has no tree.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It nests more deeply than was allowed.
    Deep,
    /// The parser does not know it, or it is too long.
    Other(String),
}

/// The one statement in `sql`, which nests at most so deep.
pub(crate) fn statement(sql: &str, dialect: Dialect, depth: usize) -> Result<Statement, Unread> {
    let grammar: &dyn Grammar = match dialect {
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
    };
    let other = |why: String| Unread::Other(why);
    let tokens = Tokenizer::new(grammar, sql).tokenize_with_location().map_err(|error| other(error.to_string()))?;
    let count = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if count > MAX_TOKENS {
        return Err(other(format!("it has {count} words, more than the {MAX_TOKENS} that are followed")));
    }
    let tokens = plain_locks(tokens);
    let mut parser = Parser::new(grammar).with_recursion_limit(depth).with_tokens_with_locations(tokens);
    let mut statements = parser.parse_statements().map_err(|error| match error {
        ParserError::RecursionLimitExceeded => Unread::Deep,
        error => other(error.to_string()),
    })?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (None, _) => Err(other("it is empty".into())),
        (Some(_), false) => Err(other("it is more than one statement".into())),
    }
}

/// `FOR NO KEY UPDATE` and `FOR KEY SHARE` as `FOR UPDATE` and `FOR SHARE`, which the parser knows and which read the same.
fn plain_locks(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let is = |token: &TokenWithSpan, word: &str| matches!(&token.token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word));
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut lock = false;
    for token in tokens {
        let space = matches!(token.token, Token::Whitespace(_));
        if lock && (is(&token, "no") || is(&token, "key")) {
            continue;
        }
        lock = is(&token, "for") || (lock && space);
        kept.push(token);
    }
    kept
}

/// Where the lines of a text begin: the parser counts lines and characters.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    sql: &'a str,
    starts: Vec<usize>,
    ascii: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(sql: &'a str) -> Self {
        let breaks = sql.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { sql, starts: std::iter::once(0).chain(breaks).collect(), ascii: sql.is_ascii() }
    }

    /// The bytes that the parser means by a span.
    pub(crate) fn bytes(&self, span: Span) -> Range<usize> {
        let start = self.offset(span.start);
        start..self.offset(span.end).max(start)
    }

    fn offset(&self, location: Location) -> usize {
        let (Ok(line), Ok(column)) = (usize::try_from(location.line), usize::try_from(location.column)) else {
            return 0;
        };
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.sql.len());
        let skip = column.saturating_sub(1);
        if self.ascii {
            return (start + skip).min(self.sql.len());
        }
        let rest = self.sql.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(skip).map_or(rest.len(), |(at, _)| at)
    }
}

/// The identifiers of a dotted name, if it is made of nothing else.
pub(crate) fn parts(name: &ObjectName) -> Option<Vec<&Ident>> {
    let ident = |part: &'_ ObjectNamePart| match part {
        ObjectNamePart::Identifier(_) => true,
        ObjectNamePart::Function(_) => false,
    };
    name.0.iter().all(ident).then(|| name.0.iter().filter_map(ObjectNamePart::as_ident).collect())
}
