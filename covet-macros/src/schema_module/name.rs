//! How names of tables and columns are written: in Rust, and in a statement.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span};

/// What stands in the module of a table besides its columns.
pub(super) const IN_TABLE: [&str; 5] = ["Table", "select", "count", "update", "delete"];

/// What stands in the module of the schema besides its tables.
pub(super) const IN_SCHEMA: [&str; 1] = ["__tables"];

/// Names that are taken.
pub(super) struct Names(BTreeSet<String>);

impl Names {
    pub(super) fn new(taken: &[&str]) -> Self {
        Self(taken.iter().map(|&name| name.to_owned()).collect())
    }

    /// What a name is called in Rust: the same, with `_` for what cannot stand there and behind what is taken.
    pub(super) fn ident(&mut self, name: &str) -> Ident {
        let letter = |c: char| if c == '_' || c.is_ascii_alphanumeric() { c } else { '_' };
        let mut named: String = name.chars().map(letter).collect();
        if named.starts_with(|first: char| first.is_ascii_digit()) {
            named.insert(0, '_');
        }
        // These can be no names, not even raw ones; nor can `_` alone.
        while matches!(named.as_str(), "" | "_" | "self" | "Self" | "super" | "crate") || self.0.contains(&named) {
            named.push('_');
        }
        self.0.insert(named.clone());
        match syn::parse_str::<Ident>(&named) {
            Ok(_) => Ident::new(&named, Span::call_site()),
            Err(_) => Ident::new_raw(&named, Span::call_site()),
        }
    }
}

/// A name as it stands in a statement of either database: quoted where it must be.
pub(super) fn written(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Whether a name needs no quotes: PostgreSQL folds capitals, and a keyword is none.
pub(super) fn is_plain(name: &str) -> bool {
    let letter = |byte: u8| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let begins = !name.starts_with(|first: char| first.is_ascii_digit()) && !name.is_empty();
    begins && name.bytes().all(letter) && !KEYWORDS.split_whitespace().any(|word| word == name)
}

/// All keywords of SQLite (<https://www.sqlite.org/lang_keywords.html>), and those of PostgreSQL that are reserved
/// (its manual, appendix C).
const KEYWORDS: &str = "
    abort action add after all alter always analyse analyze and any array as asc asymmetric attach authorization
    autoincrement before begin between binary both by cascade case cast check collate collation column commit
    concurrently conflict constraint create cross current current_catalog current_date current_role current_schema
    current_time current_timestamp current_user database default deferrable deferred delete desc detach distinct do
    drop each else end escape except exclude exclusive exists explain fail false fetch filter first following for
    foreign freeze from full generated glob grant group groups having if ignore ilike immediate in index indexed
    initially inner insert instead intersect into is isnull join key last lateral leading left like limit localtime
    localtimestamp match materialized natural no not nothing notnull null nulls of offset on only or order others
    outer over overlaps partition placing plan pragma preceding primary query raise range recursive references
    regexp reindex release rename replace restrict returning right rollback row rows savepoint select session_user
    set similar some symmetric system_user table tablesample temp temporary then ties to trailing transaction
    trigger true unbounded union unique update user using vacuum values variadic verbose view virtual when where
    window with within without
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_one_of_its_own_in_rust() {
        let mut names = Names::new(&IN_TABLE);
        for (name, expected) in [
            ("title", "title"),
            ("type", "r#type"),
            ("self", "self_"),
            ("count", "count_"),
            ("count_", "count__"),
            ("Table", "Table_"),
            ("first name", "first_name"),
            ("first-name", "first_name_"),
            ("2nd", "_2nd"),
            ("é", "__"),
            ("", "___"),
        ] {
            assert_eq!(names.ident(name).to_string(), expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_quoted_where_it_must_be() {
        for (name, expected) in [
            ("title", "title"),
            ("_2", "_2"),
            ("Title", "\"Title\""),
            ("group", "\"group\""),
            ("user", "\"user\""),
            ("2nd", "\"2nd\""),
            ("a\"; DROP TABLE notes; --", "\"a\"\"; DROP TABLE notes; --\""),
            ("é", "\"é\""),
        ] {
            assert_eq!(written(name), expected);
        }
    }
}
