//! What a program reads rows as: the columns of a statement as fields of a record.
//!
//! The rule: a field has the type that the drivers of all its databases read, PostgreSQL deciding its width. A column of
//! which that is not known has no field, so that the row stays as the driver gives it.
//!
//! ```
//! use covet_sql::record::{Holds, fields};
//! use covet_sql::{Dialect, Output, SqlType};
//!
//! let column = Output { name: "id".into(), ty: Some(SqlType::BigInt), nullable: Some(false), origin: None };
//! let fields = fields(&[(Dialect::Sqlite, &[column])]).unwrap();
//! assert_eq!((fields[0].name.as_deref(), &fields[0].holds), (Some("id"), &Holds::I64));
//! ```

use crate::schema::{Dialect, SqlType};
use crate::shape::Output;

/// A column as a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, without what it says of the type; none where no field can be called so.
    pub name: Option<String>,
    /// What it holds.
    pub holds: Holds,
    /// Whether it may be `NULL`, or that is not known.
    pub nullable: bool,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// `i16`.
    I16,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `String`.
    Text,
    /// `Vec<u8>`.
    Bytes,
    /// `bool`.
    Bool,
    /// The type that the name of the column says: `AS "kind: Kind"`.
    Own(String),
}

/// The columns of a statement as fields, by what each database says; `None` if the type of one is not known.
#[must_use]
pub fn fields(columns: &[(Dialect, &[Output])]) -> Option<Vec<Field>> {
    let ((_, first), others) = columns.split_first()?;
    if first.is_empty() || others.iter().any(|(_, columns)| columns.len() != first.len()) {
        return None;
    }
    let of = |at| columns.iter().filter_map(move |(dialect, columns)| Some((*dialect, columns.get(at)?)));
    (0..first.len()).map(|at| field(&of(at).collect::<Vec<_>>())).collect()
}

/// One column, as each database tells it.
fn field(columns: &[(Dialect, &Output)]) -> Option<Field> {
    let (_, first) = columns.first()?;
    // The databases call what has no name differently.
    let label = columns.iter().all(|(_, column)| column.name == first.name).then(|| Label::of(&first.name)).flatten();
    let holds = match label.and_then(|label| label.holds) {
        Some(own) => Holds::Own(own.to_owned()),
        None => holds(columns)?,
    };
    let nullable = columns.iter().any(|(_, column)| column.nullable != Some(false));
    Some(Field {
        name: label.map(|label| label.name.to_owned()),
        holds,
        nullable: label.and_then(|label| label.nullable).unwrap_or(nullable),
    })
}

/// The type that every driver reads.
fn holds(columns: &[(Dialect, &Output)]) -> Option<Holds> {
    let mut all = columns.iter().map(|(dialect, column)| of_type(*dialect, column));
    all.next()?.and_then(|first| all.try_fold(first, |known, next| both(known, next?)))
}

fn of_type(dialect: Dialect, column: &Output) -> Option<Holds> {
    let sqlite = dialect == Dialect::Sqlite;
    Some(match column.ty.as_ref()? {
        SqlType::SmallInt | SqlType::Int | SqlType::BigInt if sqlite => Holds::I64,
        SqlType::SmallInt => Holds::I16,
        SqlType::Int => Holds::I32,
        SqlType::BigInt => Holds::I64,
        // What SQLite computes may be whole, and is then read as nothing else.
        SqlType::Real | SqlType::Double if sqlite && column.origin.is_none() => return None,
        SqlType::Real if !sqlite => Holds::F32,
        SqlType::Real | SqlType::Double => Holds::F64,
        SqlType::Text => Holds::Text,
        SqlType::Bytes => Holds::Bytes,
        SqlType::Bool => Holds::Bool,
        _ => return None,
    })
}

/// What two drivers both read. SQLite has one width of each number, and keeps truth as a number.
fn both(one: Holds, other: Holds) -> Option<Holds> {
    Some(match (one, other) {
        (one, other) if one == other => one,
        (Holds::I64, narrow @ (Holds::I16 | Holds::I32 | Holds::Bool))
        | (narrow @ (Holds::I16 | Holds::I32 | Holds::Bool), Holds::I64) => narrow,
        (Holds::F64, Holds::F32) | (Holds::F32, Holds::F64) => Holds::F32,
        _ => return None,
    })
}

/// What the name of a column says: `id`, `id!`, `id?`, `kind: Kind`, `kind!: Kind`.
#[derive(Debug, Clone, Copy)]
struct Label<'n> {
    name: &'n str,
    nullable: Option<bool>,
    holds: Option<&'n str>,
}

impl<'n> Label<'n> {
    fn of(label: &'n str) -> Option<Self> {
        let (name, holds) = match label.split_once(':') {
            Some((name, holds)) => (name.trim_end(), Some(holds.trim()).filter(|holds| *holds != "_")),
            None => (label, None),
        };
        let (name, nullable) = match (name.strip_suffix('!'), name.strip_suffix('?')) {
            (Some(name), _) => (name, Some(false)),
            (_, Some(name)) => (name, Some(true)),
            _ => (name, None),
        };
        can_be_a_field(name).then_some(Self { name, nullable, holds })
    }
}

/// Whether Rust takes the name, be it as `r#name`.
fn can_be_a_field(name: &str) -> bool {
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let goes_on = chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    begins && goes_on && !matches!(name, "_" | "self" | "Self" | "super" | "crate")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    fn column(name: &str, ty: SqlType) -> Output {
        Output { name: name.into(), ty: Some(ty), nullable: Some(false), origin: Some(("t".into(), name.into())) }
    }

    fn one(columns: &[(Dialect, Output)]) -> Option<Field> {
        let columns: Vec<_> =
            columns.iter().map(|(dialect, column)| (*dialect, std::slice::from_ref(column))).collect();
        fields(&columns).map(|mut fields| fields.remove(0))
    }

    #[test]
    fn postgres_decides_the_width_of_what_both_read() {
        for (sqlite, postgres, holds) in [
            (SqlType::BigInt, SqlType::SmallInt, Some(Holds::I16)),
            (SqlType::BigInt, SqlType::Int, Some(Holds::I32)),
            (SqlType::BigInt, SqlType::BigInt, Some(Holds::I64)),
            (SqlType::BigInt, SqlType::Bool, Some(Holds::Bool)),
            (SqlType::Bool, SqlType::Bool, Some(Holds::Bool)),
            (SqlType::Double, SqlType::Real, Some(Holds::F32)),
            (SqlType::Double, SqlType::Double, Some(Holds::F64)),
            (SqlType::Text, SqlType::Text, Some(Holds::Text)),
            (SqlType::Bytes, SqlType::Bytes, Some(Holds::Bytes)),
            (SqlType::Double, SqlType::Int, None),
            (SqlType::Text, SqlType::Uuid, None),
            (SqlType::Timestamp, SqlType::TimestampTz, None),
            (SqlType::Numeric, SqlType::Numeric, None),
        ] {
            let columns =
                [(Dialect::Sqlite, column("a", sqlite.clone())), (Dialect::Postgres, column("a", postgres.clone()))];
            assert_eq!(one(&columns).map(|field| field.holds), holds, "{sqlite:?} and {postgres:?}");
            let [first, second] = columns;
            assert_eq!(one(&[second, first]).map(|field| field.holds), holds, "{postgres:?} and {sqlite:?}");
        }
    }

    #[test]
    fn on_sqlite_alone_numbers_are_wide() {
        let on_sqlite = |ty| one(&[(Dialect::Sqlite, column("a", ty))]).map(|field| field.holds);
        assert_eq!(on_sqlite(SqlType::Int), Some(Holds::I64));
        assert_eq!(on_sqlite(SqlType::Real), Some(Holds::F64));
        let computed = Output { origin: None, ..column("a", SqlType::Double) };
        assert_eq!(one(&[(Dialect::Sqlite, computed.clone())]), None);
        assert_eq!(one(&[(Dialect::Postgres, computed)]).map(|field| field.holds), Some(Holds::F64));
    }

    #[test]
    fn what_may_be_null_on_one_database_or_is_not_known_is_nullable() {
        for (sqlite, postgres, nullable) in [
            (Some(false), Some(false), false),
            (Some(false), Some(true), true),
            (None, Some(false), true),
            (Some(false), None, true),
        ] {
            let of = |nullable| Output { nullable, ..column("a", SqlType::Text) };
            let field = one(&[(Dialect::Sqlite, of(sqlite)), (Dialect::Postgres, of(postgres))]).unwrap();
            assert_eq!(field.nullable, nullable, "{sqlite:?} and {postgres:?}");
        }
    }

    #[test]
    fn a_name_may_say_what_is_known_better() {
        let read = |name: &str, nullable| {
            let column = Output { nullable, ..column(name, SqlType::Text) };
            let field = one(&[(Dialect::Sqlite, column)]).unwrap();
            (field.name, field.holds, field.nullable)
        };
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(read("a", None), (named("a"), Holds::Text, true));
        assert_eq!(read("a!", Some(true)), (named("a"), Holds::Text, false));
        assert_eq!(read("a?", Some(false)), (named("a"), Holds::Text, true));
        assert_eq!(read("a: Kind", Some(false)), (named("a"), Holds::Own("Kind".into()), false));
        assert_eq!(read("a!: my::Kind", None), (named("a"), Holds::Own("my::Kind".into()), false));
        assert_eq!(read("a: _", Some(false)), (named("a"), Holds::Text, false));
    }

    #[test]
    fn a_type_of_ones_own_needs_no_other() {
        let of = |ty| Output { ty, ..column("a: Kind", SqlType::Text) };
        let known = one(&[(Dialect::Sqlite, of(None)), (Dialect::Postgres, of(Some(SqlType::Uuid)))]).unwrap();
        assert_eq!(known.holds, Holds::Own("Kind".into()));
    }

    #[test]
    fn what_cannot_be_a_name_is_none() {
        for name in ["count(*)", "?column?", "", "1", "a b", "self", "_", "a!=b", "a!!", "ä"] {
            assert_eq!(one(&[(Dialect::Sqlite, column(name, SqlType::Text))]).unwrap().name, None, "{name}");
        }
        for name in ["type", "createdAt", "_a", "a1"] {
            let field = one(&[(Dialect::Sqlite, column(name, SqlType::Text))]).unwrap();
            assert_eq!(field.name.as_deref(), Some(name));
        }
        let differ = [
            (Dialect::Sqlite, column("max(id)", SqlType::BigInt)),
            (Dialect::Postgres, column("max", SqlType::BigInt)),
        ];
        assert_eq!(one(&differ).unwrap().name, None);
    }

    #[test]
    fn there_is_no_record_of_what_is_not_known_whole() {
        assert_eq!(fields(&[]), None);
        assert_eq!(fields(&[(Dialect::Sqlite, &[])]), None);
        let (a, b) = (column("a", SqlType::Text), Output { ty: None, ..column("b", SqlType::Text) });
        assert_eq!(fields(&[(Dialect::Sqlite, &[a.clone(), b])]), None);
        assert_eq!(
            fields(&[(Dialect::Sqlite, std::slice::from_ref(&a)), (Dialect::Postgres, &[a.clone(), a.clone()])]),
            None
        );
    }
}
