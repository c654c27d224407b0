//! What `[[sql.columns]]` and `[[sql.scopes]]` demand of a text.

use covet_core::sql::lexer;
use covet_core::sql::policy::{GuardedColumn, TableScope};
use covet_core::sql::token::{Token, TokenKind};

use super::Complaint;
use crate::schema::Schema;
use crate::shape::{Mention, Shape};

/// Words behind which a table stands.
const BEFORE_TABLE: [&str; 5] = ["from", "join", "into", "update", "only"];

/// A text and what is known of it.
pub(super) struct Seen<'s> {
    pub(super) schema: &'s Schema,
    pub(super) text: &'s str,
    pub(super) shape: &'s Shape,
    /// What of it could not be followed.
    pub(super) unknown: Option<&'s str>,
}

impl Seen<'_> {
    /// That the text touches rows of the table that need not be those of the scope. What could not be followed has to be
    /// seen to keep to it, word by word.
    pub(super) fn unscoped(&self, scope: &TableScope) -> Option<Complaint> {
        let (table, column) = (self.table(scope.table.as_str()), scope.column.as_str());
        let mentions: Vec<&Mention> = self.shape.mentions.iter().filter(|mention| mention.table == table).collect();
        let fixes = |mention: &&Mention| mention.fixed.iter().any(|fixed| fixed.eq_ignore_ascii_case(column));
        let unfollowed = self.unknown.filter(|_| {
            let touched = self.shape.access.iter().any(|access| access.table == table);
            mentions.len() < self.named_as_table(&table).max(usize::from(touched))
        });
        if unfollowed.is_none() && mentions.iter().all(fixes) {
            return None;
        }
        let span =
            self.words().into_iter().find(|word| is_name(word, &table)).map_or(0..self.text.len(), |word| word.span);
        Some(Complaint::unscoped(&table, column, span, unfollowed))
    }

    /// Whether the text reads the column. One that could not be followed does where it names both.
    pub(super) fn reads(&self, guarded: &GuardedColumn) -> bool {
        let (table, column) = guarded.name.parts();
        let table = self.table(table);
        let read = self.shape.access.iter().any(|access| {
            let named = access.column.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(column));
            !access.write && named && access.table == table
        });
        read || self.unknown.is_some() && self.names(&table, column)
    }

    /// The table, as the database tells its name.
    fn table(&self, name: &str) -> String {
        self.schema
            .tables
            .get(&self.schema.key(name, false))
            .map_or_else(|| name.to_owned(), |table| table.name.clone())
    }

    fn words(&self) -> Vec<Token<'_>> {
        let tokens = lexer::lex(self.text).0.into_iter();
        tokens.filter(|token| token.kind != TokenKind::Comment).collect()
    }

    /// How often the table stands where a table is named.
    fn named_as_table(&self, table: &str) -> usize {
        let words = self.words();
        let pairs = words.iter().zip(words.iter().skip(1));
        pairs.filter(|(before, word)| before.is_any_word(&BEFORE_TABLE) && is_name(word, table)).count()
    }

    fn names(&self, table: &str, column: &str) -> bool {
        let words = self.words();
        let has = |name: &str| words.iter().any(|word| is_name(word, name));
        has(table) && (has(column) || words.iter().any(|word| word.is("*")))
    }
}

/// Whether this is the name, in quotes or not; of `auth.users` the last part.
fn is_name(token: &Token<'_>, name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or(name);
    let named = matches!(token.kind, TokenKind::Word | TokenKind::Quoted);
    named && token.text.trim_matches(['"', '`', '[', ']']).eq_ignore_ascii_case(name)
}
