//! `cargo-covet-oracle`: PostgreSQL, embedded, which says of statements whether they hold.
//!
//! It answers line by line, in JSON, as [`covet_sql::oracle`] describes, and ends when its input does. The database is a
//! new one in a temporary folder, and hears nothing from outside of this process.

mod stubs;

use std::collections::HashMap;
use std::process::ExitCode;

use covet_sql::catalog::split;
use covet_sql::lock::{Answer, Column};
use covet_sql::oracle::{self, Engine, EngineError, Known};
use covet_sql::{Dialect, Source};
use pglite_oxide::{BackendMessage, DatabaseError, ExecProtocolOptions, Pglite, PgliteError, extensions};

fn main() -> ExitCode {
    match oracle::serve(std::io::stdin().lock(), std::io::stdout().lock(), Embedded::open) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo-covet-oracle: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A PostgreSQL in this process, with the tables of a program.
struct Embedded {
    database: Pglite,
    version: String,
    known: Known,
    types: HashMap<i32, String>,
    columns: HashMap<(i32, i16), bool>,
}

impl Embedded {
    fn open(sources: Vec<Source>) -> Result<Self, EngineError> {
        let database = Pglite::temporary().map_err(told)?;
        let mut new = Self {
            database,
            version: String::new(),
            known: Known::default(),
            types: HashMap::new(),
            columns: HashMap::new(),
        };
        new.run(oracle::FIRST).map_err(told)?;
        for source in &sources {
            new.migrate(source)?;
        }
        // A migration may have set what a statement of the application does not see.
        new.run("RESET ALL").map_err(told)?;
        new.read().map_err(told)?;
        Ok(new)
    }

    /// Runs a migration whole, or statement by statement where it makes an extension.
    fn migrate(&mut self, source: &Source) -> Result<(), EngineError> {
        let text = split::upward(&source.text);
        let (pieces, _) = split::pieces(&text, Dialect::Postgres);
        let broken = |error: anyhow::Error| EngineError(format!("{}: {error}", source.file));
        if !pieces.iter().any(|piece| extension(piece.text).is_some()) {
            return self.run(&text).map_err(broken);
        }
        for piece in pieces {
            match extension(piece.text) {
                Some(extension) => self.extend(extension),
                None => self.run(piece.text).map_err(broken)?,
            }
        }
        Ok(())
    }

    /// Makes an extension: one that is bundled, or functions that take and give what those of the extension do.
    fn extend(&mut self, Extension { name, schema }: Extension) {
        let mut made = match (name.as_str(), extensions::by_sql_name(&name)) {
            ("plpgsql", _) => true,
            (_, Some(bundled)) => self.database.enable_extension(bundled).is_ok(),
            (_, None) => schema.is_none() && stubs::of(&name).is_some_and(|functions| self.run(&functions).is_ok()),
        };
        if let Some(schema) = schema.filter(|_| made) {
            made = self.run(&format!("ALTER EXTENSION \"{name}\" SET SCHEMA \"{schema}\"")).is_ok();
        }
        if !made {
            self.known.missing.push(name);
        }
    }

    fn run(&mut self, sql: &str) -> anyhow::Result<()> {
        self.database.exec(sql, None).map(drop)
    }

    /// Reads the version, the types and the columns.
    fn read(&mut self) -> anyhow::Result<()> {
        self.version = self.rows("SHOW server_version")?.into_iter().flatten().next().unwrap_or_default();
        self.version.insert_str(0, "PostgreSQL ");
        self.known.functions = self.rows(oracle::FUNCTIONS)?.into_iter().flatten().collect();
        for row in self.rows(oracle::TYPES)? {
            if let [oid, name] = row.as_slice() {
                self.types.insert(oid.parse()?, name.clone());
            }
        }
        for row in self.rows(oracle::COLUMNS)? {
            if let [table, column, not_null] = row.as_slice() {
                self.columns.insert((table.parse()?, column.parse()?), not_null == "t");
            }
        }
        Ok(())
    }

    /// The rows of a query, as text.
    fn rows(&mut self, sql: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let message = message(b'Q', &[sql.as_bytes(), &[0]]);
        let result = self.database.exec_protocol(&message, ExecProtocolOptions::no_sync())?;
        let row = |message: BackendMessage| match message {
            BackendMessage::DataRow(row) => Some(row.fields.into_iter().map(Option::unwrap_or_default).collect()),
            _ => None,
        };
        Ok(result.messages.into_iter().filter_map(row).collect())
    }

    fn describe(&mut self, sql: &str) -> anyhow::Result<Answer> {
        let parse = message(b'P', &[&[0], sql.as_bytes(), &[0, 0, 0]]);
        let describe = message(b'D', &[b"S\0"]);
        let sync = message(b'S', &[]);
        let ask = [parse, describe, sync].concat();
        let said = self.database.exec_protocol(&ask, ExecProtocolOptions::no_sync())?;
        let (mut params, mut columns) = (Vec::new(), Vec::new());
        for message in said.messages {
            match message {
                BackendMessage::ParameterDescription(said) => {
                    params = said.data_type_ids.into_iter().map(|oid| self.type_name(oid)).collect();
                }
                BackendMessage::RowDescription(said) => {
                    for field in said.fields {
                        columns.push(Column {
                            ty: self.type_name(field.data_type_id),
                            not_null: self.columns.get(&(field.table_id, field.column_id)).copied(),
                            name: field.name,
                        });
                    }
                }
                _ => {}
            }
        }
        Ok(Answer::Holds { params, columns })
    }

    /// The answer, after a statement that writes was planned as well.
    fn planned(&mut self, sql: &str, holds: Answer) -> anyhow::Result<Answer> {
        let params = if let Answer::Holds { params, .. } = &holds { params.len() } else { 0 };
        let Some([prepare, explain, forget]) = oracle::plan(sql, params) else { return Ok(holds) };
        // It is one statement, as it was prepared before. What cannot be prepared so says nothing.
        if self.run(&prepare).is_err() {
            return Ok(holds);
        }
        let explained = self.run(&explain);
        self.run(&forget)?;
        let of_plan = |said: &&DatabaseError| said.code.as_ref().is_some_and(|code| oracle::is_of_plan(code));
        let said = explained.as_ref().err().and_then(database_error).filter(of_plan);
        Ok(said.map_or(holds, |said| fails(said, None)))
    }

    fn type_name(&self, oid: i32) -> String {
        self.types.get(&oid).cloned().unwrap_or_else(|| "unknown".into())
    }
}

impl Engine for Embedded {
    fn version(&self) -> &str {
        &self.version
    }

    fn ask(&mut self, sql: &str) -> Result<Option<Answer>, EngineError> {
        // The protocol ends a text there.
        if sql.contains('\0') {
            return Ok(None);
        }
        let answer = match self.describe(sql).and_then(|holds| self.planned(sql, holds)) {
            Ok(answer) => answer,
            Err(error) => match database_error(&error) {
                // It is built without.
                Some(said) if said.message.starts_with("unsupported ") => return Ok(None),
                Some(said) => fails(said, said.position.as_ref().and_then(|at| oracle::offset(sql, at.parse().ok()?))),
                None => return Err(told(error)),
            },
        };
        Ok(self.known.certain(sql, answer))
    }
}

fn fails(said: &DatabaseError, offset: Option<usize>) -> Answer {
    Answer::Fails { code: said.code.clone().unwrap_or_default(), offset, message: said.message.clone() }
}

/// An extension that a statement makes.
#[derive(Debug, PartialEq, Eq)]
struct Extension {
    name: String,
    schema: Option<String>,
}

/// `CREATE EXTENSION [IF NOT EXISTS] name [[WITH] SCHEMA schema]`.
fn extension(sql: &str) -> Option<Extension> {
    let words = sql.split_whitespace().map(str::to_ascii_lowercase);
    let words: Vec<String> = words.filter(|word| !["if", "not", "exists", "with"].contains(&word.as_str())).collect();
    let plain = |name: &String| name.trim_matches(['"', ';']).to_owned();
    match words.as_slice() {
        [create, extension, name, rest @ ..] if create == "create" && extension == "extension" => {
            let at = rest.iter().position(|word| word == "schema");
            let schema = at.and_then(|at| rest.get(at + 1)).map(plain);
            Some(Extension { name: plain(name), schema: schema.filter(|schema| schema != "public") })
        }
        _ => None,
    }
}

/// A message of the protocol.
fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&[kind], length.to_be_bytes().as_slice(), &body].concat()
}

fn database_error(error: &anyhow::Error) -> Option<&DatabaseError> {
    let rich = error.downcast_ref::<PgliteError>().map(PgliteError::database_error);
    rich.or_else(|| error.downcast_ref())
}

fn told(error: anyhow::Error) -> EngineError {
    EngineError(format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_found_with_its_schema() {
        let made = |sql| extension(sql).map(|made| (made.name, made.schema));
        assert_eq!(made("CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\""), Some(("uuid-ossp".into(), None)));
        assert_eq!(made("create extension citext with schema public"), Some(("citext".into(), None)));
        assert_eq!(made("CREATE EXTENSION citext SCHEMA app;"), Some(("citext".into(), Some("app".into()))));
        assert_eq!(made("CREATE TABLE extension (id INT)"), None);
    }
}
