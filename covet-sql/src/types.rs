//! What a type written in SQL means on each database, and which types may meet.

use sqlparser::ast::{ArrayElemTypeDef, DataType};

use crate::schema::{Dialect, Schema, SqlType};

/// Types of PostgreSQL that have no variant of their own in [`SqlType`].
const OTHERS: [&str; 78] = [
    "aclitem",
    "any",
    "anyarray",
    "anycompatible",
    "anyelement",
    "anyenum",
    "bit",
    "bit varying",
    "box",
    "bpchar",
    "char",
    "character",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "datemultirange",
    "daterange",
    "event_trigger",
    "gtsvector",
    "inet",
    "int2vector",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "internal",
    "jsonpath",
    "language_handler",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "pg_snapshot",
    "point",
    "polygon",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "tid",
    "time with time zone",
    "timetz",
    "trigger",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "unknown",
    "varbit",
    "void",
    "xid",
    "xid8",
    "xml",
    "pg_node_tree",
    "pg_ndistinct",
    "pg_dependencies",
    "pg_mcv_list",
];

/// What a type is on this database; `None` if there is no such type.
pub(crate) fn of(data_type: &DataType, schema: &Schema) -> Option<SqlType> {
    match schema.dialect {
        Dialect::Sqlite => declared_type(&data_type.to_string()),
        Dialect::Postgres => postgres(data_type, schema),
    }
}

/// The type that a column was declared with: the driver's names, then SQLite's rules of affinity
/// (<https://www.sqlite.org/datatype3.html>, 3.1). A column without a type, or of `ANY`, holds anything.
pub(crate) fn declared_type(declared: &str) -> Option<SqlType> {
    let name = declared.trim().to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    Some(match name.as_str() {
        "" | "any" => return None,
        "boolean" | "bool" => SqlType::Bool,
        "date" => SqlType::Date,
        "time" => SqlType::Time,
        "datetime" | "timestamp" => SqlType::Timestamp,
        "timestamptz" | "timestamp with time zone" => SqlType::TimestampTz,
        "uuid" => SqlType::Uuid,
        "json" => SqlType::Json,
        "jsonb" => SqlType::Jsonb,
        _ if has(&["int"]) => SqlType::BigInt,
        _ if has(&["char", "clob", "text"]) => SqlType::Text,
        _ if has(&["blob"]) => SqlType::Bytes,
        _ if has(&["real", "floa", "doub"]) => SqlType::Double,
        _ if has(&["numeric", "decimal"]) => SqlType::Numeric,
        _ => SqlType::Other(declared.trim().to_owned()),
    })
}

/// What `CAST(.. AS type)` gives on SQLite, which goes by the affinity alone.
pub(crate) fn cast(name: &str) -> Option<SqlType> {
    let name = name.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    match () {
        () if has(&["int"]) => Some(SqlType::BigInt),
        () if has(&["char", "clob", "text"]) => Some(SqlType::Text),
        () if name.is_empty() || has(&["blob"]) => Some(SqlType::Bytes),
        () if has(&["real", "floa", "doub"]) => Some(SqlType::Double),
        () => None,
    }
}

fn postgres(data_type: &DataType, schema: &Schema) -> Option<SqlType> {
    match data_type {
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(inner, _)
            | ArrayElemTypeDef::Qualified(inner, _)
            | ArrayElemTypeDef::AngleBracket(inner)
            | ArrayElemTypeDef::Parenthesis(inner)
            | ArrayElemTypeDef::ParenthesisNotNull(inner),
        ) => {
            // `int[][]` is the type `int[]`.
            Some(match postgres(inner, schema)? {
                array @ SqlType::Array(_) => array,
                inner => SqlType::Array(Box::new(inner)),
            })
        }
        DataType::Custom(name, _) => {
            let parts = crate::parse::parts(name)?;
            let last = parts.last()?;
            let key = schema.key(&last.value, last.quote_style.is_some());
            let qualifier = parts.len().checked_sub(2).and_then(|at| parts.get(at)).map(|ident| ident.value.as_str());
            match qualifier {
                None | Some("public") => named(&key, schema),
                Some("pg_catalog") => named(&key, schema).or(Some(SqlType::Other(key))),
                Some(qualifier) => made(&format!("{}.{key}", qualifier.to_ascii_lowercase()), schema),
            }
        }
        other => named(&without_modifiers(&other.to_string().to_ascii_lowercase()), schema),
    }
}

/// `character varying(20)` without what stands in parentheses.
fn without_modifiers(name: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::new();
    for c in name.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn named(name: &str, schema: &Schema) -> Option<SqlType> {
    Some(match name {
        "smallint" | "int2" | "smallserial" | "serial2" => SqlType::SmallInt,
        "int" | "int4" | "integer" | "serial" | "serial4" => SqlType::Int,
        "bigint" | "int8" | "bigserial" | "serial8" => SqlType::BigInt,
        "real" | "float4" => SqlType::Real,
        "double precision" | "float8" | "float" => SqlType::Double,
        "numeric" | "decimal" | "dec" => SqlType::Numeric,
        "text" | "varchar" | "character varying" | "char varying" => SqlType::Text,
        "bytea" => SqlType::Bytes,
        "bool" | "boolean" => SqlType::Bool,
        "date" => SqlType::Date,
        "time" | "time without time zone" => SqlType::Time,
        "timestamp" | "timestamp without time zone" => SqlType::Timestamp,
        "timestamptz" | "timestamp with time zone" => SqlType::TimestampTz,
        "uuid" => SqlType::Uuid,
        "json" => SqlType::Json,
        "jsonb" => SqlType::Jsonb,
        _ if name == "interval" || name.starts_with("interval ") => SqlType::Interval,
        // An array by its internal name.
        _ if name.starts_with('_') && !schema.types.contains_key(name) && !schema.enums.contains_key(name) => {
            SqlType::Array(Box::new(named(name.get(1..)?, schema)?))
        }
        _ => return made(name, schema),
    })
}

fn made(name: &str, schema: &Schema) -> Option<SqlType> {
    if schema.enums.contains_key(name) {
        return Some(SqlType::Enum(name.to_owned()));
    }
    if let Some(ty) = schema.types.get(name) {
        return Some(ty.clone());
    }
    // Each table is the type of its rows, too.
    let known = OTHERS.contains(&name) || schema.tables.contains_key(name);
    known.then(|| SqlType::Other(name.to_owned()))
}

/// The type that PostgreSQL calls so.
pub(crate) fn told(name: &str, schema: &Schema) -> SqlType {
    match name.strip_suffix("[]") {
        Some(element) => SqlType::Array(Box::new(told(element, schema))),
        None => named(name, schema).unwrap_or_else(|| SqlType::Other(name.to_owned())),
    }
}

/// Types between which PostgreSQL has operators and casts; between two families it has none that applies by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Number,
    Text,
    Bytes,
    Bool,
    Moment,
    Interval,
    Uuid,
    Json,
}

/// The family of a type, if it is one of those about which there is no doubt.
pub(crate) const fn family(ty: &SqlType) -> Option<Family> {
    Some(match ty {
        SqlType::SmallInt | SqlType::Int | SqlType::BigInt | SqlType::Real | SqlType::Double | SqlType::Numeric => {
            Family::Number
        }
        SqlType::Text => Family::Text,
        SqlType::Bytes => Family::Bytes,
        SqlType::Bool => Family::Bool,
        SqlType::Date | SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz => Family::Moment,
        SqlType::Interval => Family::Interval,
        SqlType::Uuid => Family::Uuid,
        SqlType::Json | SqlType::Jsonb => Family::Json,
        SqlType::Array(_) | SqlType::Enum(_) | SqlType::Other(_) => return None,
    })
}

/// Whether a value of one type surely cannot be written to a column of the other on PostgreSQL.
pub(crate) fn unassignable(from: &SqlType, to: &SqlType) -> bool {
    match (from, to) {
        (SqlType::Array(from), SqlType::Array(to)) => unassignable(from, to),
        // An array has a cast to text alone.
        (SqlType::Array(_), to) => family(to).is_some_and(|to| to != Family::Text),
        (from, SqlType::Array(_)) => family(from).is_some(),
        (SqlType::Enum(from), SqlType::Enum(to)) => from != to,
        (SqlType::Enum(_), to) => family(to).is_some_and(|to| to != Family::Text),
        (from, SqlType::Enum(_)) => family(from).is_some(),
        (from, to) => match (family(from), family(to)) {
            // Every type is written to text as text; `time` and `interval` go into each other.
            (_, Some(Family::Text)) => false,
            (Some(Family::Interval | Family::Moment), Some(Family::Interval | Family::Moment)) => false,
            (Some(from), Some(to)) => from != to,
            _ => false,
        },
    }
}

/// Whether PostgreSQL surely has no `=`, `<` .. between values of these types.
pub(crate) fn incomparable(left: &SqlType, right: &SqlType) -> bool {
    match (left, right) {
        (SqlType::Array(left), SqlType::Array(right)) => incomparable(left, right),
        (SqlType::Array(_), other) | (other, SqlType::Array(_)) => family(other).is_some(),
        (SqlType::Enum(left), SqlType::Enum(right)) => left != right,
        (SqlType::Enum(_), other) | (other, SqlType::Enum(_)) => family(other).is_some(),
        (left, right) => match (family(left), family(right)) {
            // `time` can be compared with `interval`.
            (Some(Family::Interval | Family::Moment), Some(Family::Interval | Family::Moment)) => false,
            (Some(left), Some(right)) => left != right,
            _ => false,
        },
    }
}

/// Why the text `literal` surely is no value of the type, as PostgreSQL would find when it reads the statement.
pub(crate) fn unreadable(literal: &str, ty: &SqlType, schema: &Schema) -> bool {
    let text = literal.trim();
    let lower = text.to_ascii_lowercase();
    match ty {
        SqlType::SmallInt | SqlType::Int | SqlType::BigInt => !text.contains(|c: char| c.is_ascii_digit()),
        SqlType::Real | SqlType::Double | SqlType::Numeric => {
            let word = lower.trim_start_matches(['+', '-']);
            !text.contains(|c: char| c.is_ascii_digit()) && !["nan", "inf", "infinity"].contains(&word)
        }
        SqlType::Bool => {
            let begins = |word: &str, least: usize| lower.len() >= least && word.starts_with(&lower);
            let word = ["true", "false", "yes", "no"].iter().any(|word| begins(word, 1));
            !(word || begins("on", 2) || begins("off", 2) || lower == "1" || lower == "0")
        }
        SqlType::Uuid => text.chars().filter(char::is_ascii_hexdigit).count() != 32,
        SqlType::Enum(name) => {
            schema.enums.get(name).is_some_and(|labels| !labels.iter().any(|label| label == literal))
        }
        SqlType::Array(_) => !text.starts_with(['{', '[']),
        SqlType::Json | SqlType::Jsonb => {
            let value = |c: char| c.is_ascii_digit() || matches!(c, '{' | '[' | '"' | '-' | 't' | 'f' | 'n');
            !text.starts_with(value)
        }
        SqlType::Date | SqlType::Timestamp | SqlType::TimestampTz => {
            const WORDS: [&str; 6] = ["now", "today", "tomorrow", "yesterday", "epoch", "infinity"];
            !text.contains(|c: char| c.is_ascii_digit()) && !WORDS.iter().any(|word| lower.contains(word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_type_is_what_the_driver_and_the_affinity_make_of_it() {
        for (declared, ty) in [
            ("INTEGER", Some(SqlType::BigInt)),
            ("int8", Some(SqlType::BigInt)),
            ("VARCHAR(30)", Some(SqlType::Text)),
            ("BLOB", Some(SqlType::Bytes)),
            ("double precision", Some(SqlType::Double)),
            ("DECIMAL(10, 2)", Some(SqlType::Numeric)),
            ("BOOLEAN", Some(SqlType::Bool)),
            ("DATETIME", Some(SqlType::Timestamp)),
            ("Money", Some(SqlType::Other("Money".into()))),
            ("", None),
            ("ANY", None),
        ] {
            assert_eq!(declared_type(declared), ty, "{declared}");
        }
    }
}
