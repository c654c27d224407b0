//! What a column takes from a program: the question that is put to the type of a value that is bound to it.
//!
//! The rule: what the database would refuse, and on SQLite also text where numbers are, which it would keep and never
//! find again. PostgreSQL writes every type into text, whole numbers into fractions and fractions into whole numbers, so
//! these pass.

use crate::schema::{Dialect, Schema, SqlType};
use crate::shape::{Param, Use};

/// A question about the type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The table, as a message names it.
    pub table: String,
    /// The column.
    pub column: String,
    /// Which types it takes, as the methods of `covet_core::sql::probe::Probe` are called; `None` where it takes all.
    pub takes: Option<&'static str>,
    /// Whether `NULL` cannot stand here.
    pub never_null: bool,
}

/// The questions about the value of a parameter, one for each column that it meets, by what each database says.
#[must_use]
pub fn questions(params: &[(&Schema, &Param)]) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for (schema, param) in params {
        for question in param.uses.iter().filter_map(|usage| question(schema, usage)) {
            let same = |known: &&mut Question| known.table == question.table && known.column == question.column;
            match questions.iter_mut().find(same) {
                None => questions.push(question),
                Some(known) => {
                    known.never_null |= question.never_null;
                    // PostgreSQL asks for more.
                    if known.takes.is_none() || schema.dialect == Dialect::Postgres {
                        known.takes = question.takes.or(known.takes);
                    }
                }
            }
        }
    }
    questions
}

fn question(schema: &Schema, usage: &Use) -> Option<Question> {
    let (table, column) = usage.column.as_ref()?;
    let known = schema.tables.get(table).or_else(|| schema.tables.get(&table.to_lowercase()))?;
    let of_column = known.columns.iter().find(|known| known.name.eq_ignore_ascii_case(column))?;
    let takes = of_column.ty.as_ref().and_then(|ty| match schema.dialect {
        Dialect::Sqlite => sqlite(ty),
        // A migration may have made casts and operators of its own.
        Dialect::Postgres if schema.open => None,
        Dialect::Postgres => postgres(ty, usage),
    });
    let never_null = usage.nullable == Some(false);
    let asks = takes.is_some() || never_null;
    asks.then(|| Question { table: known.name.clone(), column: of_column.name.clone(), takes, never_null })
}

/// SQLite takes everything; only text where numbers are is never what was meant. `NUMERIC` takes text, which is how
/// decimals without rounding are bound.
const fn sqlite(ty: &SqlType) -> Option<&'static str> {
    Some(match ty {
        SqlType::SmallInt | SqlType::Int | SqlType::BigInt => "integer_or_boolean",
        SqlType::Real | SqlType::Double => "number_or_boolean",
        SqlType::Bool => "boolean_or_integer",
        _ => return None,
    })
}

const fn postgres(ty: &SqlType, usage: &Use) -> Option<&'static str> {
    Some(match ty {
        SqlType::SmallInt | SqlType::Int | SqlType::BigInt => "integer",
        SqlType::Real | SqlType::Double | SqlType::Numeric => "number",
        // Whatever is written to it becomes text.
        SqlType::Text if usage.compared => "text",
        SqlType::Bytes => "bytes",
        SqlType::Bool => "boolean",
        SqlType::Date | SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz | SqlType::Interval => "time",
        SqlType::Uuid | SqlType::Json | SqlType::Jsonb | SqlType::Enum(_) => "other",
        SqlType::Text | SqlType::Array(_) | SqlType::Other(_) => return None,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;
    use crate::catalog;
    use crate::resolve::{Verdict, resolve};
    use crate::source::{Source, Sources};

    const TABLES: &str = "CREATE TABLE notes (id BIGINT PRIMARY KEY DEFAULT 0, owner BIGINT, title TEXT NOT NULL, \
                          live BOOLEAN NOT NULL DEFAULT true, price NUMERIC, made TIMESTAMP, score REAL);
                          CREATE TABLE users (id BIGINT PRIMARY KEY, age INTEGER NOT NULL)";

    fn schema(dialect: Dialect) -> Schema {
        let sources = Sources::of(vec![Source { file: "1.sql".into(), text: TABLES.into() }]);
        catalog::build(sources.texts(), dialect)
    }

    /// What is asked about each value: `table.column takes`, and `!` where `NULL` cannot stand.
    fn asked(dialects: &[Dialect], sql: &str) -> Vec<Vec<String>> {
        let judged: Vec<_> = dialects
            .iter()
            .map(|dialect| match (schema(*dialect), resolve(sql, &schema(*dialect))) {
                (schema, Verdict::Ok(shape)) => (schema, shape),
                (_, other) => panic!("{other:?}"),
            })
            .collect();
        let of = |at: usize| {
            let params: Vec<_> = judged.iter().map(|(schema, shape)| (schema, &shape.params[at])).collect();
            let told = |q: Question| {
                let null = if q.never_null { "!" } else { "" };
                format!("{}.{} {}{null}", q.table, q.column, q.takes.unwrap_or("any"))
            };
            questions(&params).into_iter().map(told).collect()
        };
        (0..judged.first().unwrap().1.params.len()).map(of).collect()
    }

    const SQLITE: &[Dialect] = &[Dialect::Sqlite];
    const POSTGRES: &[Dialect] = &[Dialect::Postgres];

    #[test]
    fn each_column_asks_for_what_its_database_takes() {
        let sql = "SELECT id FROM notes WHERE owner = $1 AND title = $2 AND live = $3 AND price > $4 AND made < $5";
        assert_eq!(
            asked(SQLITE, sql),
            [vec!["notes.owner integer_or_boolean"], vec![], vec!["notes.live boolean_or_integer"], vec![], vec![]]
        );
        let strict = [
            vec!["notes.owner integer"],
            vec!["notes.title text"],
            vec!["notes.live boolean"],
            vec!["notes.price number"],
            vec!["notes.made time"],
        ];
        assert_eq!(asked(POSTGRES, sql), strict);
        assert_eq!(asked(&[Dialect::Sqlite, Dialect::Postgres], sql), strict);
        assert_eq!(asked(&[Dialect::Postgres, Dialect::Sqlite], sql), strict);
    }

    #[test]
    fn what_is_written_must_be_there_unless_something_fills_it() {
        let sql = "INSERT INTO notes (owner, title, live) VALUES ($1, $2, $3)";
        assert_eq!(
            asked(POSTGRES, sql),
            [vec!["notes.owner integer"], vec!["notes.title any!"], vec!["notes.live boolean"]]
        );
        assert_eq!(
            asked(SQLITE, "UPDATE notes SET title = $1 WHERE id = $2"),
            [vec!["notes.title any!"], vec!["notes.id integer_or_boolean"]]
        );
        // A default, a trigger, or the number of the row.
        assert_eq!(
            asked(SQLITE, "INSERT INTO notes (live, title) VALUES ($1, 'a')"),
            [vec!["notes.live boolean_or_integer"]]
        );
        assert_eq!(asked(SQLITE, "INSERT OR IGNORE INTO notes (title) VALUES ($1)"), [Vec::<String>::new()]);
        assert_eq!(
            asked(POSTGRES, "UPDATE notes SET title = coalesce($1, title) WHERE id = 1"),
            [Vec::<String>::new()]
        );
    }

    #[test]
    fn a_value_that_meets_two_columns_is_asked_for_both() {
        let sql = "SELECT n.id FROM notes n JOIN users u ON u.id = n.owner WHERE u.age = $1 OR n.score = $1";
        assert_eq!(asked(POSTGRES, sql), [["users.age integer", "notes.score number"]]);
    }

    #[test]
    fn a_cast_is_not_a_column() {
        let sql = "SELECT id FROM notes WHERE owner = CAST($1 AS BIGINT)";
        assert_eq!(asked(POSTGRES, sql), [Vec::<String>::new()]);
        assert_eq!(asked(SQLITE, sql), [Vec::<String>::new()]);
    }

    #[test]
    fn nothing_is_asked_where_casts_may_have_been_made() {
        let sql = "SELECT id FROM notes WHERE owner = $1";
        let Verdict::Ok(shape) = resolve(sql, &schema(Dialect::Postgres)) else { panic!() };
        let open = Schema { open: true, ..schema(Dialect::Postgres) };
        assert_eq!(questions(&[(&open, &shape.params[0])]), []);
    }
}
