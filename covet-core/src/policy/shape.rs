//! What each key of the policy takes: a table, a list or a text.
//!
//! Serde would say `a map`, `a sequence` and `struct Policy`, and would take a list for a table. Here the words are those
//! of the file, with an example that could be written there. Numbers, durations and the like say by themselves what they
//! expect.

use figment::Error;
use figment::error::Kind;
use figment::value::{Dict, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Table,
    List,
    Text,
}

use Shape::{List, Table, Text};

/// Each key, with `*` for any name or any element, its shape and an example.
const KEYS: [(&str, Shape, &str); 87] = [
    ("application", Table, r#"{ name = "Vault" }"#),
    ("application.name", Text, r#""Vault""#),
    ("permissions", Table, r#"{ "read:notes" = "See one's own notes" }"#),
    ("permissions.*", Text, r#""See one's own notes""#),
    ("roles", Table, r#"{ admin = { permissions = ["*"] } }"#),
    ("roles.*", Table, r#"{ permissions = ["*"] }"#),
    ("roles.*.inherits", List, r#"["member"]"#),
    ("roles.*.inherits.*", Text, r#""member""#),
    ("roles.*.permissions", List, r#"["read:notes"]"#),
    ("roles.*.permissions.*", Text, r#""read:notes""#),
    ("rate_limits", Table, r#"{ login = { limits = ["5/5m"] } }"#),
    ("rate_limits.*", Table, r#"{ limits = ["5/5m"] }"#),
    ("rate_limits.*.limits", List, r#"["5/5m"]"#),
    ("rate_limits.*.algorithm", Text, r#""sliding_window""#),
    ("rate_limits.*.mode", Text, r#""enforce""#),
    ("rate_limits.*.purpose", Text, r#""auth""#),
    ("rate_limits.*.on_store_failure", Text, r#""deny""#),
    ("rate_limits.*.headers", List, r#"["ietf"]"#),
    ("rate_limits.*.headers.*", Text, r#""ietf""#),
    ("rate_limits.*.exempt", Table, r#"{ networks = ["10.0.0.0/8"] }"#),
    ("rate_limits.*.exempt.networks", List, r#"["10.0.0.0/8"]"#),
    ("rate_limits.*.exempt.networks.*", Text, r#""10.0.0.0/8""#),
    ("rate_limits.*.exempt.roles", List, r#"["admin"]"#),
    ("rate_limits.*.exempt.roles.*", Text, r#""admin""#),
    ("rate_limits.*.tiers", Table, r#"{ admin = ["1000/1m"] }"#),
    ("rate_limits.*.tiers.*", List, r#"["1000/1m"]"#),
    ("audit", Table, r#"{ retention = "90d" }"#),
    ("lockout", Table, "{ max_attempts = 5 }"),
    ("lockout.delay", Table, r#"{ max = "1h" }"#),
    ("lockout.global", Table, "{ min_attempts = 100 }"),
    ("lockout.network", Table, r#"{ limits = ["100/1h"] }"#),
    ("lockout.network.limits", List, r#"["100/1h"]"#),
    ("password", Table, "{ min_length = 15 }"),
    ("password.context_words", List, r#"["vault"]"#),
    ("password.context_words.*", Text, r#""vault""#),
    ("password.min_strength", Text, r#""weak""#),
    ("password.composition", Table, "{ digit = true }"),
    ("password.breach", Table, r#"{ source = "api" }"#),
    ("password.breach.source", Text, r#""api""#),
    ("password.breach.url", Text, r#""https://api.pwnedpasswords.com/range/""#),
    ("password.breach.file", Text, r#""breaches""#),
    ("password.breach.on_failure", Text, r#""allow""#),
    ("password.hash", Table, r#"{ memory = "19MiB" }"#),
    ("mfa", Table, "{ max_attempts = 5 }"),
    ("mfa.totp", Table, "{ digits = 6 }"),
    ("mfa.totp.algorithm", Text, r#""SHA1""#),
    ("sessions", Table, r#"{ idle_timeout = "30m" }"#),
    ("sessions.store", Text, r#""database""#),
    ("sessions.cookie", Table, r#"{ same_site = "lax" }"#),
    ("sessions.cookie.name", Text, r#""session""#),
    ("sessions.cookie.same_site", Text, r#""lax""#),
    ("http", Table, r#"{ sign_in = "/login" }"#),
    ("http.trusted_proxies", List, r#"["10.0.0.0/8"]"#),
    ("http.trusted_proxies.*", Text, r#""10.0.0.0/8""#),
    ("http.sign_in", Text, r#""/login""#),
    ("http.second_factor", Text, r#""/mfa""#),
    ("sql", Table, r#"{ dialects = ["sqlite"] }"#),
    ("sql.dialects", List, r#"["sqlite"]"#),
    ("sql.dialects.*", Text, r#""sqlite""#),
    ("sql.statements", List, r#"["select"]"#),
    ("sql.statements.*", Text, r#""select""#),
    ("sql.migrations.sqlite", Text, r#""migrations/sqlite""#),
    ("sql.migrations.postgres", Text, r#""migrations/postgres""#),
    ("sql.schema.sqlite", Text, r#""schema.sql""#),
    ("sql.schema.postgres", Text, r#""schema.sql""#),
    ("sql.functions", List, r#"["slugify"]"#),
    ("sql.functions.*", Text, r#""slugify""#),
    ("sql.trusted", Text, r#""deny""#),
    ("sql.identifiers", Table, r#"{ notes_sort = { table = "notes", columns = ["title"] } }"#),
    ("sql.identifiers.*", Table, r#"{ table = "notes", columns = ["title"] }"#),
    ("sql.identifiers.*.table", Text, r#""notes""#),
    ("sql.identifiers.*.columns", List, r#"["title"]"#),
    ("sql.identifiers.*.columns.*", Text, r#""title""#),
    ("sql.identifiers.*.default", Text, r#""title""#),
    ("sql.columns", List, r#"[{ name = "users.password_hash", readable_in = ["crate::auth"] }]"#),
    ("sql.columns.*", Table, r#"{ name = "users.password_hash", readable_in = ["crate::auth"] }"#),
    ("sql.columns.*.name", Text, r#""users.password_hash""#),
    ("sql.columns.*.readable_in", List, r#"["crate::auth"]"#),
    ("sql.columns.*.readable_in.*", Text, r#""crate::auth""#),
    ("sql.scopes", List, r#"[{ table = "notes", column = "owner" }]"#),
    ("sql.scopes.*", Table, r#"{ table = "notes", column = "owner" }"#),
    ("sql.scopes.*.table", Text, r#""notes""#),
    ("sql.scopes.*.column", Text, r#""owner""#),
    ("uncovered", List, r#"[{ path = "/static/**", reason = "public files" }]"#),
    ("uncovered.*", Table, r#"{ path = "/static/**", reason = "public files" }"#),
    ("uncovered.*.path", Text, r#""/static/**""#),
    ("uncovered.*.reason", Text, r#""public files""#),
];

/// The names of the sections.
#[cfg(feature = "runtime")]
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(key, ..)| *key).filter(|key| !key.contains('.'))
}

/// The first value that has not the shape of its key, as an error at its path.
pub(super) fn mismatch(values: &Dict) -> Option<Error> {
    in_table(values, &mut Vec::new())
}

fn in_table(table: &Dict, path: &mut Vec<String>) -> Option<Error> {
    table.iter().find_map(|(key, value)| at(key.clone(), value, path))
}

fn at(key: String, value: &Value, path: &mut Vec<String>) -> Option<Error> {
    path.push(key);
    let error = wrong(value, path).or_else(|| match value {
        Value::Dict(_, table) => in_table(table, path),
        Value::Array(_, list) => list.iter().enumerate().find_map(|(index, value)| at(index.to_string(), value, path)),
        _ => None,
    });
    path.pop();
    error
}

fn wrong(value: &Value, path: &[String]) -> Option<Error> {
    let (shape, example) = key(path)?;
    let (fits, expected) = match shape {
        Table => (matches!(value, Value::Dict(..)), "a table"),
        List => (matches!(value, Value::Array(..)), "a list"),
        Text => (matches!(value, Value::String(..) | Value::Char(..)), "a text in quotes"),
    };
    let mut error = Error::from(Kind::InvalidType(value.to_actual(), format!("{expected}, such as `{example}`")));
    error.path = path.to_vec();
    (!fits).then_some(error)
}

/// A value that could be written at this key.
pub(super) fn example(path: &[String]) -> Option<&'static str> {
    key(path).map(|(_, example)| example)
}

fn key(path: &[String]) -> Option<(Shape, &'static str)> {
    let is = |key: &str| {
        let mut parts = key.split('.').zip(path);
        key.split('.').count() == path.len() && parts.all(|(part, name)| part == "*" || part == name)
    };
    KEYS.iter().find(|(key, ..)| is(key)).map(|(_, shape, example)| (*shape, *example))
}

#[cfg(test)]
mod tests {
    use super::super::Policy;
    use super::*;

    /// The key, with `*` for a name; an element stands in a list.
    fn assignment(key: &str, value: &str) -> String {
        let is_list = |list: &str| KEYS.iter().any(|(key, shape, _)| *key == list && *shape == List);
        if let Some((list, rest)) = key.split_once(".*.").filter(|(list, _)| is_list(list)) {
            return match rest.strip_suffix(".*") {
                Some(rest) => format!("{list} = [{{ {rest} = [{value}] }}]"),
                None => format!("{list} = [{{ {rest} = {value} }}]"),
            };
        }
        let (list, element) = key.rsplit_once(".*").map_or((key, None), |(list, rest)| (list, Some(rest)));
        match element.filter(|_| is_list(list)) {
            Some("") => format!("{} = [{value}]", list.replace('*', "a")),
            Some(_) | None => format!("{} = {value}", key.replace('*', "a")),
        }
    }

    fn problems(assignment: &str) -> String {
        let application = if assignment.starts_with("application") { "" } else { "application.name = 'Vault'" };
        let read = Policy::parse("security.toml", &format!("{assignment}\n{application}"));
        read.map_or_else(|problems| problems.to_string(), |_| String::new())
    }

    #[test]
    fn an_example_is_what_its_key_takes() {
        for (key, _, example) in KEYS {
            let told = problems(&assignment(key, example));
            assert!(!told.contains("found") && !told.contains("unknown key"), "{key} = {example}: {told}");
        }
    }

    #[test]
    fn another_shape_is_told_in_the_words_of_the_file() {
        for (key, shape, example) in KEYS {
            for wrong in ["true", "7", "-1", "1.5", "'text'", "[]", "[true]", "['text']", "{}", "{ x = 1 }"] {
                let told = problems(&assignment(key, wrong));
                let fits = match shape {
                    Table => wrong.starts_with('{'),
                    List => wrong.starts_with('['),
                    Text => wrong.starts_with('\''),
                };
                let expected = format!(", such as `{example}`");
                assert!(fits || told.contains(&expected), "{key} = {wrong}: {told}");
                for jargon in ["sequence", "a map", "struct", "enum", "string", "variant", "unit", "u32", "i64", "bool"]
                {
                    assert!(!told.contains(jargon), "{key} = {wrong}: {told}");
                }
            }
        }
    }

    #[test]
    fn a_list_is_no_table() {
        let told = problems("lockout = [7, '5m', '15m']");
        let expected = "found a list, expected a table, such as `{ max_attempts = 5 }`";
        assert_eq!(told, format!("security.toml:1:11: `lockout`: {expected}"));
    }

    #[test]
    fn what_stands_where_a_list_should_is_told_with_its_place() {
        let told = problems("[rate_limits.login]\nlimits = '5/5m'\n[application]\nname = 'Vault'");
        let expected = "found `\"5/5m\"`, expected a list, such as `[\"5/5m\"]`";
        assert!(told.contains(&format!("security.toml:2:10: `rate_limits.login.limits`: {expected}")), "{told}");
    }
}
