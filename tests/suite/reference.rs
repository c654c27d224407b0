//! `security.toml` at the root is the manual: it is right, it is whole, and editors can check it.

use std::collections::BTreeSet;
use std::path::Path;

use covet_core::policy::Policy;
use covet_core::{audit, http, lockout, mfa, password, session, sql};
use serde_json::Value;

const REFERENCE: &str = include_str!("../../security.toml");

fn reference() -> Policy {
    Policy::parse("security.toml", REFERENCE).unwrap_or_else(|problems| panic!("{problems}"))
}

fn schema() -> Value {
    schemars::schema_for!(Policy).to_value()
}

#[test]
fn every_value_shown_is_the_default_it_claims_to_be() {
    let policy = reference();
    assert_eq!(policy.lockout, lockout::Policy::default());
    assert_eq!(policy.mfa, mfa::Policy::default());
    assert_eq!(policy.sessions, session::Policy::default());
    assert_eq!(policy.audit, audit::Policy::default());
    assert_eq!(policy.http, http::Policy::default());
    // What speaks of Vault's own tables.
    let sql::Policy { migrations, identifiers, columns, scopes, .. } = policy.sql.clone();
    let default = sql::Policy::default();
    assert_eq!(policy.sql, sql::Policy { migrations, identifiers, columns, scopes, ..default });
    let context_words = vec!["vault".to_owned()];
    assert_eq!(policy.password, password::Policy { context_words, ..password::Policy::default() });
}

#[test]
fn every_key_of_the_language_is_shown() {
    let schema = schema();
    let mut keys = BTreeSet::new();
    keys_of(&schema, &schema, &mut keys);
    assert!(keys.contains("idle_timeout") && keys.contains("trusted_proxies") && keys.contains("inherits"), "{keys:?}");
    let shown = |key: &String| {
        let lines = REFERENCE.lines().map(|line| line.trim_start_matches(['#', ' ']));
        lines.into_iter().any(|line| {
            let table = line.trim_matches(['[', ']']);
            line.split_once(" = ").is_some_and(|(name, _)| name == key)
                || line.starts_with('[') && table.split('.').any(|part| part == key)
        })
    };
    let missing: Vec<_> = keys.iter().filter(|key| !shown(key)).collect();
    assert!(missing.is_empty(), "security.toml does not show {missing:?}");
}

#[test]
fn a_wrong_type_at_any_key_is_told_in_the_words_of_the_file() {
    for (key, wrong) in keys_and_wrong_values() {
        let told = Policy::parse("security.toml", &format!("{key} = {wrong}")).expect_err(&key).to_string();
        let line = told.lines().find(|line| line.contains("found")).unwrap_or_else(|| panic!("{key}: {told}"));
        for jargon in ["sequence", "a map", "struct", "enum", "string", "variant", "integer", "u32"] {
            assert!(!line.contains(jargon), "{line}");
        }
    }
}

/// Each table and each key of the reference, with a value that it cannot have.
fn keys_and_wrong_values() -> Vec<(String, &'static str)> {
    let mut keys = Vec::new();
    let mut table = "";
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | ':' | '"'));
    for line in REFERENCE.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            table = line.trim_matches(['[', ']']);
            keys.push((table.to_owned(), "7"));
        } else if let Some((key, value)) = line.split_once(" = ").filter(|(key, _)| is_key(key)) {
            let wrong = if value.starts_with(['"', '[']) { "7" } else { "'text'" };
            keys.push((format!("{table}.{key}"), wrong));
        }
    }
    keys
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("security.schema.json");
    let made = format!("{:#}\n", schema());
    if std::env::var_os("COVET_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "security.schema.json is out of date: run the tests once with COVET_BLESS=1");
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = schema();
    assert_eq!(schema["additionalProperties"], Value::Bool(false), "unknown sections");
    assert_eq!(schema["required"], serde_json::json!(["application"]));
    let lockout =
        &schema["$defs"][schema["properties"]["lockout"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap()];
    assert_eq!(lockout["additionalProperties"], Value::Bool(false), "unknown keys");
    assert_eq!(lockout["properties"]["max_attempts"]["maximum"], 1000);
}

/// All property names of a schema, followed through its references.
fn keys_of(root: &Value, node: &Value, keys: &mut BTreeSet<String>) {
    match node {
        Value::Object(object) => {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                keys_of(root, root.pointer(reference.trim_start_matches('#')).unwrap(), keys);
            }
            if let Some(Value::Object(properties)) = object.get("properties") {
                keys.extend(properties.keys().cloned());
                properties.values().for_each(|value| keys_of(root, value, keys));
            }
            if let Some(Value::Object(patterns)) = object.get("patternProperties") {
                patterns.values().for_each(|value| keys_of(root, value, keys));
            }
            let below = ["additionalProperties", "items", "allOf", "anyOf", "oneOf"];
            below.iter().filter_map(|key| object.get(*key)).for_each(|value| keys_of(root, value, keys));
        }
        Value::Array(array) => array.iter().for_each(|value| keys_of(root, value, keys)),
        _ => {}
    }
}
