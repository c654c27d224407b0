//! Which names can stand in a program as they are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use syn::Ident;

/// How many names are kept: an editor's process serves several packages.
const KEPT: usize = 10_000;

/// Whether this is an identifier: a keyword is none. The parser is slow, and a program has the same names again and again.
pub(super) fn is_identifier(name: &str) -> bool {
    static KNOWN: Mutex<Option<HashMap<String, bool>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(is) = known.get(name) {
        return *is;
    }
    if known.len() == KEPT {
        known.clear();
    }
    let is = syn::parse_str::<Ident>(name).is_ok();
    known.insert(name.to_owned(), is);
    is
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_what_is_no_name_are_no_identifiers_however_often_they_are_asked_for() {
        for _ in 0..2 {
            for name in ["id", "r", "_a", "größe", "union"] {
                assert!(is_identifier(name), "{name}");
            }
            for name in ["type", "self", "Self", "_", "", "1a", "a b", "a.b"] {
                assert!(!is_identifier(name), "{name}");
            }
        }
    }
}
