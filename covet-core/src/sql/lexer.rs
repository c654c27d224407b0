//! Splits a statement with `{placeholders}` into pieces, as SQLite and PostgreSQL would.
//!
//! Where the two differ, the text is read so that nothing can hide: `[..]` is an identifier as on SQLite unless it
//! stands where PostgreSQL has a subscript, backslashes escape only in `E'..'`, and `/* */` nests. [`placement`](super::placement) refuses what is left.

use std::ops::Range;

use super::mistake::{Mistake, Reason};
use super::token::{Token, TokenKind, choice_kind, clause_opening, continues_word, is_path};

/// The pieces of `sql` without the space between them, and what could not be read.
#[must_use]
pub fn lex(sql: &str) -> (Vec<Token<'_>>, Vec<Mistake>) {
    let mut lexer = Lexer { sql, at: 0, subscripts: 0, clauses: Vec::new(), tokens: Vec::new(), mistakes: Vec::new() };
    lexer.run();
    lexer.mistakes.extend(lexer.clauses.into_iter().map(|open| Mistake::new(Reason::UnclosedClause, open)));
    (lexer.tokens, lexer.mistakes)
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    subscripts: usize,
    /// Where the clauses were opened that are not yet closed.
    clauses: Vec<Range<usize>>,
    tokens: Vec<Token<'a>>,
    mistakes: Vec<Mistake>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            if c.is_ascii_whitespace() || c == '\u{b}' {
                self.at += c.len_utf8();
                continue;
            }
            let start = self.at;
            let kind = self.token(c);
            // A piece is never empty, so that the loop ends.
            self.at = self.at.max(start + c.len_utf8());
            let text = self.sql.get(start..self.at).unwrap_or_default();
            self.tokens.push(Token { kind, text, span: start..self.at });
        }
    }

    fn token(&mut self, first: char) -> TokenKind {
        let second = self.peek(1);
        match (first, second) {
            ('-', Some('-')) => self.line_comment(),
            ('/', Some('*')) => self.block_comment(),
            ('\'', _) => self.quoted('\'', false, TokenKind::String),
            ('E' | 'e', Some('\'')) => {
                self.at += 1;
                self.quoted('\'', true, TokenKind::String)
            }
            ('"' | '`', _) => self.quoted(first, false, TokenKind::Quoted),
            ('[', _) => self.bracket(),
            (']', _) => {
                self.subscripts = self.subscripts.saturating_sub(1);
                self.advance(1, TokenKind::Punctuation)
            }
            // No database has braces outside of quotes, so in a clause `}` can only be its end.
            ('}', _) if !self.clauses.is_empty() => {
                self.clauses.pop();
                self.advance(1, TokenKind::ClauseClose)
            }
            ('{', Some('{')) | ('}', Some('}')) => self.advance(2, TokenKind::Brace),
            ('{', _) => self.placeholder(),
            ('}', _) => {
                self.mistake(Reason::UnmatchedBrace, 1);
                self.advance(1, TokenKind::Brace)
            }
            ('$', _) => self.dollar(),
            ('?', _) => self.parameter(|c| c.is_ascii_digit()),
            // `@@` is an operator of PostgreSQL whatever follows; no parameter begins with it.
            (':', Some(':')) | ('@', Some('@')) => self.advance(2, TokenKind::Punctuation),
            // In a subscript `:` divides the bounds of a slice.
            (':', Some(c)) if continues_word(c) && self.subscripts == 0 => self.parameter(continues_word),
            ('@', Some(c)) if continues_word(c) => self.parameter(continues_word),
            ('.', Some(c)) if c.is_ascii_digit() && !self.follows_operand() => self.number(),
            (c, _) if c.is_ascii_digit() => self.number(),
            // The databases would take a no-break space for a letter.
            (c, _) if c.is_whitespace() => {
                self.mistake(Reason::InvisibleCharacter(c), c.len_utf8());
                self.advance(c.len_utf8(), TokenKind::Punctuation)
            }
            (c, _) if continues_word(c) => self.word(),
            _ => self.advance(first.len_utf8(), TokenKind::Punctuation),
        }
    }

    fn line_comment(&mut self) -> TokenKind {
        let rest = self.rest();
        self.advance(rest.find('\n').unwrap_or(rest.len()), TokenKind::Comment)
    }

    /// PostgreSQL counts what nests, SQLite does not; it does not matter, since no comment reaches the driver.
    fn block_comment(&mut self) -> TokenKind {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('*')) => {
                    depth += 1;
                    self.at += 2;
                }
                ('*', Some('/')) => {
                    depth = depth.saturating_sub(1);
                    self.at += 2;
                }
                _ => self.at += c.len_utf8(),
            }
            if depth == 0 {
                return TokenKind::Comment;
            }
        }
        self.mistakes.push(Mistake::new(Reason::UnclosedComment, start..start + 2));
        TokenKind::Comment
    }

    fn quoted(&mut self, quote: char, backslash: bool, kind: TokenKind) -> TokenKind {
        let start = self.at;
        self.at += quote.len_utf8();
        while let Some(c) = self.peek(0) {
            let escaped = (backslash && c == '\\') || (c == quote && self.peek(1) == Some(quote));
            self.at += c.len_utf8();
            if escaped {
                self.at += self.peek(0).map_or(0, char::len_utf8);
            } else if c == quote {
                return kind;
            }
        }
        self.mistakes.push(Mistake::new(Reason::UnclosedQuote, start..start + quote.len_utf8()));
        kind
    }

    /// `[name]` of SQLite, or the subscript of PostgreSQL behind a value or `ARRAY`.
    fn bracket(&mut self) -> TokenKind {
        let touches = self.tokens.last().is_some_and(|last| last.span.end == self.at && last.is_operand());
        let array = self.tokens.last().is_some_and(|last| last.is_word("array"));
        // Left out or not, the clause before would decide what this is.
        if self.tokens.last().is_some_and(|last| matches!(last.kind, TokenKind::ClauseOpen | TokenKind::ClauseClose)) {
            self.mistake(Reason::AmbiguousQuote, 1);
        }
        if self.subscripts > 0 || touches || array {
            self.subscripts += 1;
            return self.advance(1, TokenKind::Punctuation);
        }
        match self.rest().find(']') {
            Some(end) => self.advance(end + 1, TokenKind::Quoted),
            None => {
                self.mistake(Reason::UnclosedQuote, 1);
                self.advance(self.rest().len(), TokenKind::Quoted)
            }
        }
    }

    fn placeholder(&mut self) -> TokenKind {
        let rest = self.rest();
        if let Some(length) = clause_opening(rest) {
            return self.open_clause(length);
        }
        let Some(end) = rest.find('}') else {
            self.mistake(Reason::UnclosedPlaceholder, 1);
            return self.advance(1, TokenKind::Brace);
        };
        let text = rest.get(..=end).unwrap_or_default();
        let inner = text.trim_matches(['{', '}']).trim();
        let choice = choice_kind(inner);
        if choice.is_none() && !is_path(inner) {
            self.mistake(Reason::PlaceholderSyntax(text.to_owned()), text.len());
        }
        let meant = || match inner.split_whitespace().next() {
            Some("ident") if inner != "ident" => TokenKind::Identifier,
            Some("dir") if inner != "dir" => TokenKind::Direction,
            _ => TokenKind::Placeholder,
        };
        self.advance(text.len(), choice.unwrap_or_else(meant))
    }

    fn open_clause(&mut self, length: usize) -> TokenKind {
        if !self.clauses.is_empty() {
            self.mistake(Reason::NestedClause, length);
        }
        self.clauses.push(self.at..self.at + length);
        self.advance(length, TokenKind::ClauseOpen)
    }

    /// `$tag$..$tag$` of PostgreSQL, or a parameter.
    fn dollar(&mut self) -> TokenKind {
        let rest = self.rest();
        let inner = rest.get(1..).unwrap_or_default();
        let length = inner.find(|c: char| !continues_word(c) || c == '$').unwrap_or(inner.len());
        let tag = inner.get(..length).unwrap_or_default();
        let closes = inner.get(length..).is_some_and(|rest| rest.starts_with('$'));
        if !closes || tag.starts_with(|c: char| c.is_ascii_digit()) {
            return self.parameter(|c| continues_word(c) && c != '$');
        }
        let delimiter = rest.get(..length + 2).unwrap_or_default();
        match rest.get(delimiter.len()..).and_then(|body| body.find(delimiter)) {
            Some(body) => self.advance(body + 2 * delimiter.len(), TokenKind::String),
            None => {
                self.mistake(Reason::UnclosedQuote, delimiter.len());
                self.advance(rest.len(), TokenKind::String)
            }
        }
    }

    fn parameter(&mut self, continues: impl Fn(char) -> bool) -> TokenKind {
        self.at += 1;
        self.take_while(continues);
        TokenKind::Parameter
    }

    fn number(&mut self) -> TokenKind {
        let start = self.at;
        loop {
            self.take_while(|c| continues_word(c) && c != '$');
            let text = self.sql.get(start..self.at).unwrap_or_default();
            let exponent = text.ends_with(['e', 'E']) && !text.starts_with("0x") && !text.starts_with("0X");
            match self.peek(0) {
                Some('.') => self.at += 1,
                Some('+' | '-') if exponent && self.peek(1).is_some_and(|c| c.is_ascii_digit()) => self.at += 1,
                _ => return TokenKind::Number,
            }
        }
    }

    fn word(&mut self) -> TokenKind {
        self.take_while(continues_word);
        TokenKind::Word
    }

    fn follows_operand(&self) -> bool {
        self.tokens.last().is_some_and(|last| last.span.end == self.at && last.is_operand())
    }

    fn take_while(&mut self, continues: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !continues(c)).unwrap_or(rest.len());
    }

    fn advance(&mut self, bytes: usize, kind: TokenKind) -> TokenKind {
        self.at += bytes;
        kind
    }

    /// A mistake in the next `length` bytes.
    fn mistake(&mut self, reason: Reason, length: usize) {
        self.mistakes.push(Mistake::new(reason, self.at..self.at + length));
    }

    fn rest(&self) -> &'a str {
        self.sql.get(self.at..).unwrap_or_default()
    }

    fn peek(&self, skip: usize) -> Option<char> {
        self.rest().chars().nth(skip)
    }
}
