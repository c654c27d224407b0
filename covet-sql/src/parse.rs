//! Text to tree, within bounds, and places in the tree to bytes of the text.

use std::ops::Range;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Statement};
use sqlparser::dialect::{Dialect as Grammar, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Span, Token, Tokenizer};

use crate::schema::Dialect;

/// The most pieces of a statement that is followed. A chain of operators is as deep as it is long, and the stack is not.
const MAX_TOKENS: usize = 4_000;

/// How deep parentheses and subqueries may nest.
const MAX_DEPTH: usize = 48;

/// The one statement in `sql`, or why it could not be read.
pub(crate) fn statement(sql: &str, dialect: Dialect) -> Result<Statement, String> {
    let grammar: &dyn Grammar = match dialect {
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
    };
    let tokens = Tokenizer::new(grammar, sql).tokenize_with_location().map_err(|error| error.to_string())?;
    let count = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if count > MAX_TOKENS {
        return Err(format!("it has {count} words, more than the {MAX_TOKENS} that are followed"));
    }
    let mut parser = Parser::new(grammar).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens);
    let mut statements = parser.parse_statements().map_err(|error| error.to_string())?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (None, _) => Err("it is empty".into()),
        (Some(_), false) => Err("it is more than one statement".into()),
    }
}

/// The bytes of `sql` that the parser means by a span: it counts lines and characters.
pub(crate) fn bytes(sql: &str, span: Span) -> Range<usize> {
    let start = offset(sql, span.start);
    start..offset(sql, span.end).max(start)
}

fn offset(sql: &str, location: Location) -> usize {
    let (Ok(line), Ok(column)) = (usize::try_from(location.line), usize::try_from(location.column)) else { return 0 };
    let start = match line {
        0 | 1 => 0,
        _ => sql.match_indices('\n').nth(line - 2).map_or(sql.len(), |(at, _)| at + 1),
    };
    let rest = sql.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
}

/// The identifiers of a dotted name, if it is made of nothing else.
pub(crate) fn parts(name: &ObjectName) -> Option<Vec<&Ident>> {
    let ident = |part: &'_ ObjectNamePart| match part {
        ObjectNamePart::Identifier(_) => true,
        ObjectNamePart::Function(_) => false,
    };
    name.0.iter().all(ident).then(|| name.0.iter().filter_map(ObjectNamePart::as_ident).collect())
}
