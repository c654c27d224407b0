//! Divides a migration into statements.

use std::borrow::Cow;

use covet_core::sql::lexer;
use covet_core::sql::mistake::Reason;
use covet_core::sql::token::{Token, TokenKind};

use crate::schema::Dialect;

/// One statement of a migration.
#[derive(Debug)]
pub struct Piece<'a> {
    /// Its text.
    pub text: &'a str,
    /// Where it begins in the migration.
    pub start: usize,
    /// Its words, without comments.
    pub tokens: Vec<Token<'a>>,
}

/// Marks of tools behind which a migration is taken back.
const DOWN: [&str; 4] = ["-- migrate:down", "-- +goose down", "-- +migrate down", "-- !downs"];

/// The part of a migration that makes things: some tools keep in the same file what takes them back.
#[must_use]
pub fn upward(text: &str) -> Cow<'_, str> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.trim().to_ascii_lowercase();
        if DOWN.iter().any(|mark| lower.starts_with(mark)) {
            return without_commands(text.get(..at).unwrap_or_default());
        }
        at += line.len();
    }
    without_commands(text)
}

/// A dump without the commands of `psql` and the data of `COPY`; what is left keeps its line.
fn without_commands(text: &str) -> Cow<'_, str> {
    if !text.lines().any(|line| line.starts_with('\\')) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut data = false;
    for line in text.lines() {
        let lower = line.trim_start().to_ascii_lowercase();
        if !data && !line.starts_with('\\') {
            kept.push_str(line);
        }
        data = match data {
            true => line != "\\.",
            false => lower.starts_with("copy ") && lower.trim_end().ends_with("from stdin;"),
        };
        kept.push('\n');
    }
    Cow::Owned(kept)
}

/// The line of a byte, from 1.
#[must_use]
pub fn line(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

/// The statements of `text`, and whether all of it could be read.
#[must_use]
pub fn pieces(text: &str, dialect: Dialect) -> (Vec<Piece<'_>>, bool) {
    let (tokens, mistakes) = lexer::lex(text);
    let broken = |reason: &Reason| matches!(reason, Reason::UnclosedQuote | Reason::UnclosedComment);
    let whole = !mistakes.iter().any(|mistake| broken(mistake.reason()));
    let mut tokens = tokens.into_iter().filter(|token| token.kind != TokenKind::Comment).peekable();
    let mut pieces = Vec::new();
    let mut words: Vec<Token<'_>> = Vec::new();
    let mut blocks = 0_usize;
    while let Some(token) = tokens.next() {
        if token.is(";") && blocks == 0 {
            pieces.extend(piece(text, std::mem::take(&mut words)));
            continue;
        }
        let begins = match dialect {
            Dialect::Sqlite => is_trigger(&words),
            Dialect::Postgres => blocks > 0 || tokens.peek().is_some_and(|next| next.is_word("atomic")),
        };
        if begins && (token.is_word("begin") || (blocks > 0 && token.is_word("case"))) {
            blocks += 1;
        } else if token.is_word("end") {
            blocks = blocks.saturating_sub(1);
        }
        words.push(token);
    }
    pieces.extend(piece(text, words));
    (pieces, whole)
}

fn piece<'a>(text: &'a str, tokens: Vec<Token<'a>>) -> Option<Piece<'a>> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    let (start, end) = (first.span.start, last.span.end);
    Some(Piece { text: text.get(start..end)?, start, tokens })
}

/// Whether these words begin a trigger, whose body has statements of its own.
fn is_trigger(words: &[Token<'_>]) -> bool {
    words.first().is_some_and(|word| word.is_word("create")) && words.iter().take(3).any(|word| word.is_word("trigger"))
}

impl<'a> Piece<'a> {
    /// What `CREATE` makes: the first word that is not about how.
    pub(super) fn object(&self) -> Option<&Token<'a>> {
        const MODIFIERS: [&str; 13] = [
            "or",
            "replace",
            "temp",
            "temporary",
            "global",
            "local",
            "unlogged",
            "unique",
            "constraint",
            "event",
            "trusted",
            "procedural",
            "default",
        ];
        self.tokens.iter().skip(1).find(|token| !token.is_any_word(&MODIFIERS))
    }

    /// The words behind this one.
    pub(super) fn behind(&self, words: &[&str]) -> Option<&[Token<'a>]> {
        let at = self.tokens.iter().position(|token| token.is_any_word(words))?;
        self.tokens.get(at + 1..)
    }
}

/// A dotted name at the start of these words, and how many of them it takes.
pub(super) fn dotted(tokens: &[Token<'_>]) -> Option<(Vec<sqlparser::ast::Ident>, usize)> {
    let mut idents = Vec::new();
    let mut at = 0;
    loop {
        idents.push(ident(tokens.get(at)?)?);
        at += 1;
        if !tokens.get(at).is_some_and(|token| token.is(".")) {
            return Some((idents, at));
        }
        at += 1;
    }
}

fn ident(token: &Token<'_>) -> Option<sqlparser::ast::Ident> {
    match token.kind {
        TokenKind::Word => Some(sqlparser::ast::Ident::new(token.text)),
        TokenKind::Quoted => {
            let inner = token.text.get(1..token.text.len().checked_sub(1)?)?;
            let quote = token.text.chars().next()?;
            Some(sqlparser::ast::Ident::with_quote(quote, inner.replace("\"\"", "\"")))
        }
        _ => None,
    }
}
