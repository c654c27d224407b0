//! Who may read a column, and whose rows a statement may touch.
//!
//! **Threat.** A hash of a password leaves in a `SELECT *`; a statement that takes a note by its number alone shows that
//! of somebody else.
//!
//! **Rule.** A statement that reads a guarded column compiles in the modules that may; one on a scoped table compiles
//! where every mention of the table demands a value for the column of the scope.

use serde::{Deserialize, Serialize};

use crate::name::checked_text;
use crate::sql::identifier::{PlainName, is_plain};

/// The table `[[sql.columns]]`: a column that only some modules may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuardedColumn {
    /// The column. Required.
    pub name: ColumnName,
    /// The modules whose statements may read it, with all below them. Required; an empty list is nobody.
    pub readable_in: Vec<ModulePath>,
}

/// The table `[[sql.scopes]]`: a table whose rows belong to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TableScope {
    /// The table. Required.
    pub table: PlainName,
    /// The column that says to whom a row belongs: every statement on the table demands a bound value for it. Required.
    pub column: PlainName,
}

checked_text!(
    /// A column, with its table before it.
    ColumnName,
    "a table and its column, such as `users.password_hash`",
    "^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*){1,2}$",
    |text| matches!(text.split('.').count(), 2 | 3) && text.split('.').all(is_plain)
);

checked_text!(
    /// A module of the program, from `crate` on.
    ModulePath,
    "a module, such as `crate::auth`",
    "^crate(::[A-Za-z_][A-Za-z0-9_]*)*$",
    |text| text.len() <= 512 && text.split("::").next() == Some("crate") && text.split("::").all(is_plain)
);

impl ColumnName {
    /// The table and the column.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.as_str().rsplit_once('.').unwrap_or((self.as_str(), ""))
    }
}

/// Whether the module, as `module_path!()` tells it, is one of these or below one of them. Asked while a program is
/// compiled.
#[must_use]
pub const fn permits(module: &str, readable_in: &[&str]) -> bool {
    let mut rest = readable_in;
    while let [first, others @ ..] = rest {
        if is_below(module.as_bytes(), first.as_bytes()) {
            return true;
        }
        rest = others;
    }
    false
}

/// `my_program::auth::login` is below `crate::auth`; `my_program::author` is not.
const fn is_below(module: &[u8], path: &[u8]) -> bool {
    let (mut module, mut path) = (behind_root(module), behind_root(path));
    while let ([a, more @ ..], [b, rest @ ..]) = (module, path) {
        if *a != *b {
            return false;
        }
        (module, path) = (more, rest);
    }
    path.is_empty() && matches!(module, [] | [b':', ..])
}

/// What stands behind the name of the crate.
const fn behind_root(mut path: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = path {
        if *first == b':' {
            return path;
        }
        path = rest;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_and_what_is_below_it_may_read() {
        for (module, paths, expected) in [
            ("vault", &["crate"][..], true),
            ("vault::auth", &["crate"], true),
            ("vault::auth", &["crate::auth"], true),
            ("vault::auth::login", &["crate::notes", "crate::auth"], true),
            ("vault", &["crate::auth"], false),
            ("vault::author", &["crate::auth"], false),
            ("vault::aut", &["crate::auth"], false),
            ("vault::notes::auth", &["crate::auth"], false),
            ("auth", &["crate::auth"], false),
            ("vault::auth", &[], false),
        ] {
            assert_eq!(permits(module, paths), expected, "{module} {paths:?}");
        }
        // The compiler can ask, too.
        const { assert!(permits("vault::auth", &["crate::auth"])) };
    }

    #[test]
    fn columns_have_a_table_and_modules_begin_at_the_crate() {
        assert_eq!("users.hash".parse::<ColumnName>().as_ref().map(ColumnName::parts), Ok(("users", "hash")));
        assert_eq!("auth.users.hash".parse::<ColumnName>().as_ref().map(ColumnName::parts), Ok(("auth.users", "hash")));
        assert!(
            ["", "hash", "users.", ".hash", "a.b.c.d", "users.ha sh"].iter().all(|n| n.parse::<ColumnName>().is_err())
        );
        assert!(["crate", "crate::auth", "crate::a::b"].iter().all(|path| path.parse::<ModulePath>().is_ok()));
        assert!(
            ["", "auth", "crate::", "crate::a b", "crate:a", "self::a"]
                .iter()
                .all(|p| p.parse::<ModulePath>().is_err())
        );
    }
}
