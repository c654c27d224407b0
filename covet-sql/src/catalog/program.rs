//! Code in the database: functions, triggers, rules and `DO`. It is not run; what it may change is open.

use covet_core::sql::token::{Token, TokenKind};

use super::Catalog;
use super::split::{self, Piece};
use crate::schema::{Origin, SqlType};

/// Functions that many migrations call and that change no table.
const HARMLESS: [&str; 12] = [
    "setval",
    "set_config",
    "nextval",
    "pg_notify",
    "now",
    "coalesce",
    "max",
    "count",
    "min",
    "sum",
    "pg_sleep",
    "current_setting",
];

impl Catalog {
    /// `CREATE FUNCTION`: it changes nothing before it is called.
    pub(super) fn function(&mut self, piece: &Piece<'_>) {
        let Some(rest) = piece.behind(&["function", "procedure"]) else { return };
        let Some((idents, _)) = split::dotted(rest) else { return };
        let name = idents.last().map(|ident| ident.value.to_ascii_lowercase()).unwrap_or_default();
        let text = piece.text.to_ascii_lowercase();
        if ["create", "alter", "drop", "execute"].iter().any(|word| text.contains(word)) {
            self.programs.insert(name);
        }
        // A function of one row can be written as if it were a column of it.
        let arguments = rest.iter().skip_while(|token| !token.is("(")).take_while(|token| !token.is(")"));
        for name in arguments.filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted)) {
            if let Some(table) = self.schema.tables.get_mut(&name.text.trim_matches('"').to_ascii_lowercase()) {
                table.open = true;
            }
        }
    }

    /// `CREATE TRIGGER`: it may fill in what a statement leaves out, and write where a view cannot be written.
    pub(super) fn trigger(&mut self, piece: &Piece<'_>) {
        // A trigger of SQLite cannot change the row that is written, so that it matters for views alone.
        let matters = piece.tokens.iter().any(|token| match self.postgres() {
            true => token.is_any_word(&["before", "instead"]),
            false => token.is_word("instead"),
        });
        self.fills(piece, matters);
    }

    /// `CREATE RULE .. ON INSERT TO t DO INSTEAD ..`.
    pub(super) fn rule(&mut self, piece: &Piece<'_>) {
        self.fills(piece, true);
    }

    fn fills(&mut self, piece: &Piece<'_>, matters: bool) {
        let word = if piece.object().is_some_and(|token| token.is_word("rule")) { "to" } else { "on" };
        let Some(rest) = piece.behind(&[word]).filter(|_| matters) else { return };
        let Some((idents, _)) = split::dotted(rest) else { return self.lose() };
        let (key, _) = self.name_of(&idents.iter().collect::<Vec<_>>());
        self.filled.insert(key);
    }

    /// `DO $$ .. $$`: the statements in its body may run, or not.
    pub(super) fn program(&mut self, piece: &Piece<'_>, origin: &Origin) {
        let body = piece.tokens.iter().find(|token| token.kind == TokenKind::String);
        let Some(body) = body.and_then(|token| inner(token.text)) else { return self.lose() };
        let (pieces, whole) = split::pieces(body, self.schema.dialect);
        if !whole {
            return self.lose();
        }
        for piece in &pieces {
            self.maybe(piece, origin);
        }
    }

    /// A statement that may run.
    fn maybe(&mut self, piece: &Piece<'_>, origin: &Origin) {
        let tokens = &piece.tokens;
        if tokens.iter().any(|token| token.is_any_word(&["execute", "call"])) {
            return self.lose();
        }
        let verb = |token: &Token<'_>| token.is_any_word(&["create", "alter", "drop", "perform", "select"]);
        let starts: Vec<usize> = tokens.iter().enumerate().filter(|(_, token)| verb(token)).map(|(at, _)| at).collect();
        for start in starts {
            let Some(rest) = tokens.get(start..) else { continue };
            let statement = Piece { text: piece.text, start: piece.start, tokens: rest.to_vec() };
            match rest.first() {
                Some(first) if first.is_any_word(&["perform", "select"]) => self.calls(&statement),
                Some(_) => self.touched(&statement, origin),
                None => {}
            }
        }
    }

    /// Opens what a statement names that may have run.
    fn touched(&mut self, piece: &Piece<'_>, origin: &Origin) {
        let Some(object) = piece.object().map(|token| token.text.to_ascii_lowercase()) else { return };
        let words: &[&str] = match object.as_str() {
            "table" | "view" | "materialized" | "foreign" => &["table", "view"],
            "type" | "domain" => &["type", "domain"],
            "extension" => return self.extension(piece),
            "schema" => return self.lose(),
            "trigger" => return self.trigger(piece),
            "rule" => return self.rule(piece),
            "function" | "procedure" => return self.function(piece),
            "index" => return self.index(piece),
            _ => return,
        };
        let Some(rest) = piece.behind(words) else { return };
        let skip = rest.iter().take_while(|token| token.is_any_word(&["if", "not", "exists", "only"])).count();
        let name = rest.get(skip..).and_then(split::dotted);
        let Some((idents, _)) = name else { return self.lose() };
        let (key, _) = self.name_of(&idents.iter().collect::<Vec<_>>());
        if words.contains(&"type") {
            self.schema.enums.remove(&key);
            self.schema.types.insert(key.clone(), SqlType::Other(key));
        } else {
            self.open(&key, Some(origin));
            // `RENAME TO` may have given it another name.
            if let Some(renamed) = piece.behind(&["to"]).and_then(split::dotted)
                && piece.tokens.iter().any(|token| token.is_word("rename"))
            {
                let (key, _) = self.name_of(&renamed.0.iter().collect::<Vec<_>>());
                self.open(&key, Some(origin));
            }
        }
    }

    /// A query in a migration: the functions that it calls may change what is there.
    pub(super) fn calls(&mut self, piece: &Piece<'_>) {
        let tokens = &piece.tokens;
        for (at, token) in tokens.iter().enumerate() {
            let called = token.kind == TokenKind::Word && tokens.get(at + 1).is_some_and(|next| next.is("("));
            if !called {
                continue;
            }
            let name = token.text.to_ascii_lowercase();
            if self.programs.contains(&name) {
                return self.lose();
            }
            if HARMLESS.contains(&name.as_str()) {
                continue;
            }
            // `create_hypertable('t', ..)`, `AddGeometryColumn('t', ..)`.
            let arguments = tokens.iter().skip(at + 2).take_while(|token| !token.is(")"));
            let named: Vec<String> = arguments
                .filter(|token| token.kind == TokenKind::String)
                .map(|token| token.text.trim_matches('\'').to_ascii_lowercase())
                .filter(|name| self.schema.tables.contains_key(name))
                .collect();
            for key in named {
                self.open(&key, None);
            }
        }
    }
}

/// The text in `$tag$ .. $tag$` or in quotes.
fn inner(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('$') {
        let length = rest.find('$')? + 2;
        return text.get(length..text.len().checked_sub(length)?);
    }
    text.strip_prefix('\'')?.strip_suffix('\'')
}
