//! What extensions of PostgreSQL bring.

use super::Catalog;
use super::split::Piece;
use crate::schema::SqlType;

/// Extensions that make no tables but those that begin with their name, and their types.
const KNOWN: [(&str, &[&str]); 24] = [
    ("amcheck", &[]),
    ("btree_gin", &[]),
    ("btree_gist", &[]),
    ("citext", &["citext"]),
    ("cube", &["cube"]),
    ("dict_int", &[]),
    ("earthdistance", &["earth"]),
    ("fuzzystrmatch", &[]),
    ("hstore", &["hstore"]),
    ("intarray", &["query_int"]),
    ("isn", &["ean13", "isbn", "isbn13", "ismn", "ismn13", "issn", "issn13", "upc"]),
    ("lo", &["lo"]),
    ("ltree", &["ltree", "lquery", "ltxtquery"]),
    ("moddatetime", &[]),
    ("pg_stat_statements", &[]),
    ("pg_trgm", &[]),
    ("pgcrypto", &[]),
    ("pgrowlocks", &[]),
    ("plpgsql", &[]),
    ("tablefunc", &[]),
    ("unaccent", &[]),
    ("uuid-ossp", &[]),
    ("vector", &["vector", "halfvec", "sparsevec"]),
    ("xml2", &[]),
];

impl Catalog {
    pub(super) fn extension(&mut self, piece: &Piece<'_>) {
        let Some(rest) = piece.behind(&["extension"]) else { return };
        let name = rest.iter().find(|token| !token.is_any_word(&["if", "not", "exists"]));
        let name = name.map(|token| token.text.trim_matches('"').to_ascii_lowercase()).unwrap_or_default();
        match KNOWN.iter().find(|(known, _)| *known == name) {
            Some((_, types)) => {
                for ty in *types {
                    self.schema.types.insert((*ty).to_owned(), SqlType::Other((*ty).to_owned()));
                }
            }
            // It may make anything.
            None => self.schema.open = true,
        }
    }
}
