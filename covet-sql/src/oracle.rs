//! PostgreSQL itself as the judge: in this process, on a server, or in a process beside this one.
//!
//! Against: a resolver that has to know every function and operator of PostgreSQL. The rule: what PostgreSQL says of a
//! statement on the tables of these very migrations is the verdict; where it cannot be asked, or lacks what a migration
//! needs, it says nothing.
//!
//! A process is asked line by line, in JSON, the tables first:
//!
//! ```text
//! {"migrations":[{"file":"1_a.sql","text":"CREATE TABLE a (id INT)"}]}
//! {"ready":{"version":"PostgreSQL 17.5"}}
//! {"sql":"SELECT id FROM a"}
//! {"answer":{"holds":{"params":[],"columns":[{"name":"id","type":"int4","not_null":false}]}}}
//! ```
//!
//! It ends when nobody can ask any more: with the process that started it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use covet_core::sql::lexer;
use serde::{Deserialize, Serialize};

use crate::lock::Answer;
use crate::source::Source;

/// How long tables may take: the first start unpacks the database.
const START: Duration = Duration::from_secs(120);

/// How long a statement may take.
const ASK: Duration = Duration::from_secs(20);

/// How long the end may take.
const END: Duration = Duration::from_secs(5);

/// Errors that may come of an extension that is not there: a function, a type, a table or a schema is unknown.
const OF_EXTENSIONS: [&str; 4] = ["42883", "42704", "42P01", "3F000"];

/// What sqlx makes before the first migration, and some migrations name.
pub const FIRST: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
                         installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, \
                         checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)";

/// Every type by its number: an array as `int8[]`, one that is not found without its schema as `app.kind`.
pub const TYPES: &str = "SELECT t.oid::int8, (CASE WHEN pg_catalog.pg_type_is_visible(t.oid) THEN '' ELSE n.nspname || '.' END) \
                         || coalesce(e.typname || '[]', t.typname) FROM pg_catalog.pg_type t \
                         JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
                         LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid";

/// Every column of a table by its table and number, and whether it is `NOT NULL`; those of views are none.
pub const COLUMNS: &str = "SELECT a.attrelid::int8, a.attnum::int8, a.attnotnull FROM pg_catalog.pg_attribute a \
                           JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
                           WHERE a.attnum > 0 AND c.relkind IN ('r', 'p', 'f')";

/// The names of all functions.
pub const FUNCTIONS: &str = "SELECT DISTINCT proname::text FROM pg_catalog.pg_proc";

/// Classes of errors that are a statement's: what it asks for, the values written in it, what it names, how it is put.
const OF_STATEMENTS: [&str; 4] = ["0A", "22", "3F", "42"];

/// Errors that a statement may have only while nobody says what types its parameters have.
const OF_PARAMETERS: [&str; 6] = ["42725", "42804", "42846", "42883", "42P08", "42P18"];

/// How messages begin that name the types that do not fit.
const TELLS_TYPES: [&str; 5] =
    ["function ", "operator does not exist: ", "column ", "cannot cast type ", "argument of "];

/// A database with the tables of a program.
pub trait Engine {
    /// Which one it is: `PostgreSQL 17.5`.
    fn version(&self) -> &str;

    /// What it says of a statement; none where that is not certain.
    ///
    /// # Errors
    ///
    /// [`EngineError`] when it cannot be asked any more.
    fn ask(&mut self, sql: &str) -> Result<Option<Answer>, EngineError>;
}

impl<E: Engine + ?Sized> Engine for Box<E> {
    fn version(&self) -> &str {
        (**self).version()
    }

    fn ask(&mut self, sql: &str) -> Result<Option<Answer>, EngineError> {
        (**self).ask(sql)
    }
}

/// The database cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(pub String);

/// What is asked, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ask {
    Migrations(Vec<Source>),
    Sql(String),
}

/// What is said, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Say {
    Ready { version: String },
    Answer(Answer),
    Unknown,
    Broken(String),
}

/// What is known of a database beside its tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Extensions that a migration makes and it does not have.
    pub missing: Vec<String>,
    /// The names of its functions.
    pub functions: HashSet<String>,
}

impl Known {
    /// What such a database says, where the application's would say the same.
    #[must_use]
    pub fn certain(&self, sql: &str, answer: Answer) -> Option<Answer> {
        match &answer {
            Answer::Holds { .. } => Some(answer),
            Answer::Fails { code, message, .. } => self.is_certain(sql, code, message).then_some(answer),
        }
    }

    fn is_certain(&self, sql: &str, code: &str, message: &str) -> bool {
        let class = code.get(..2).unwrap_or_default();
        // Not the weather of a server, nor what its roles may do.
        let of_statement = OF_STATEMENTS.contains(&class) && code != "42501" || is_of_plan(code);
        let of_extension = !self.missing.is_empty() && OF_EXTENSIONS.contains(&code);
        let of_parameter = sql.contains('$') && OF_PARAMETERS.contains(&code) && self.is_guessed(code, message);
        of_statement && !of_extension && !of_parameter
    }

    /// Whether another type of a parameter, which a driver tells and we do not, could make it right. What is not known
    /// of a parameter PostgreSQL takes for text.
    fn is_guessed(&self, code: &str, message: &str) -> bool {
        let called = message.strip_prefix("function ").and_then(|rest| rest.split('(').next());
        let name = called.map(|called| called.rsplit('.').next().unwrap_or(called).trim_matches('"'));
        if name.is_some_and(|name| !self.functions.contains(name)) {
            return false;
        }
        let mut words = message.split(|c: char| !c.is_alphanumeric());
        ["42725", "42P08", "42P18"].contains(&code)
            || !TELLS_TYPES.iter().any(|begin| message.starts_with(begin))
            || words.any(|word| word == "text" || word == "unknown")
    }
}

/// What PostgreSQL finds only when it plans a statement that writes: no key for `ON CONFLICT`, a view that can only be
/// read, a column that it computes.
const OF_PLANS: [&str; 4] = ["42P10", "42809", "55000", "428C9"];

/// What makes PostgreSQL plan a statement that it has prepared and that has so many parameters, and what forgets it; none
/// of one that writes nothing.
#[must_use]
pub fn plan(sql: &str, params: usize) -> Option<[String; 3]> {
    let (tokens, _) = lexer::lex(sql);
    let writes = tokens.iter().any(|token| token.is_any_word(&["insert", "update", "delete", "merge"]));
    let nulls = vec!["NULL"; params].join(", ");
    let arguments = if params == 0 { nulls } else { format!("({nulls})") };
    writes.then(|| {
        [
            // A line of its own behind it, as it may end in a comment.
            format!("PREPARE covet AS {sql}\n"),
            format!("EXPLAIN EXECUTE covet{arguments}"),
            "DEALLOCATE covet".to_owned(),
        ]
    })
}

/// Whether an error of a plan is the statement's, whatever its values are.
#[must_use]
pub fn is_of_plan(code: &str) -> bool {
    OF_PLANS.contains(&code)
}

/// The byte of the character that PostgreSQL counts from 1.
#[must_use]
pub fn offset(sql: &str, position: usize) -> Option<usize> {
    sql.char_indices().nth(position.checked_sub(1)?).map(|(at, _)| at)
}

/// Answers what is asked until nobody asks any more. `open` makes the engine for tables.
///
/// # Errors
///
/// Those of the streams.
pub fn serve<E: Engine>(
    input: impl BufRead,
    mut output: impl Write,
    mut open: impl FnMut(Vec<Source>) -> Result<E, EngineError>,
) -> io::Result<()> {
    let mut engine: Option<E> = None;
    for line in input.lines() {
        let say = match serde_json::from_str(&line?) {
            Ok(Ask::Migrations(sources)) => {
                engine = None;
                open(sources).map(|opened| Say::Ready { version: engine.insert(opened).version().to_owned() })
            }
            Ok(Ask::Sql(sql)) => match &mut engine {
                Some(engine) => engine.ask(&sql).map(|answer| answer.map_or(Say::Unknown, Say::Answer)),
                None => Err(EngineError("the migrations come first".into())),
            },
            Err(error) => Err(EngineError(error.to_string())),
        };
        let say = say.unwrap_or_else(|EngineError(why)| Say::Broken(why));
        serde_json::to_writer(&mut output, &say)?;
        writeln!(output)?;
        output.flush()?;
    }
    Ok(())
}

/// A process that answers: `cargo-covet-oracle`, or `cargo-covet` with a server.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// None once it is to end.
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    version: String,
}

impl Process {
    /// Starts the program, with these tables.
    ///
    /// # Errors
    ///
    /// [`EngineError`] when it does not start, or a migration fails.
    pub fn start(program: &OsStr, sources: &[Source]) -> Result<Self, EngineError> {
        let failed = |error| EngineError(format!("`{}` does not start: {error}", program.display()));
        let mut command = Command::new(program);
        command.args(["sql", "oracle"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        let (send, lines) = channel();
        // It ends with the process, whose last line is followed by an end.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let mut process = Self { child, input: Some(input), lines, version: String::new() };
        match process.say(&Ask::Migrations(sources.to_vec()), START)? {
            Say::Ready { version } => process.version = version,
            _ => return Err(EngineError("it answers what was not asked".into())),
        }
        Ok(process)
    }

    fn say(&mut self, ask: &Ask, most: Duration) -> Result<Say, EngineError> {
        let mut line = serde_json::to_vec(ask).map_err(|error| EngineError(error.to_string()))?;
        line.push(b'\n');
        let gone = || EngineError("PostgreSQL ended".into());
        let input = self.input.as_mut().ok_or_else(gone)?;
        input.write_all(&line).and_then(|()| input.flush()).map_err(|_| gone())?;
        let line = self.lines.recv_timeout(most).map_err(|why| match why {
            RecvTimeoutError::Timeout => EngineError("PostgreSQL does not answer".into()),
            RecvTimeoutError::Disconnected => gone(),
        })?;
        match serde_json::from_str(&line).map_err(|error| EngineError(error.to_string()))? {
            Say::Broken(why) => Err(EngineError(why)),
            say => Ok(say),
        }
    }
}

impl Engine for Process {
    fn version(&self) -> &str {
        &self.version
    }

    fn ask(&mut self, sql: &str) -> Result<Option<Answer>, EngineError> {
        match self.say(&Ask::Sql(sql.to_owned()), ASK)? {
            Say::Answer(answer) => Ok(Some(answer)),
            Say::Unknown => Ok(None),
            Say::Ready { .. } | Say::Broken(_) => Err(EngineError("it answers what was not asked".into())),
        }
    }
}

impl Drop for Process {
    /// Lets it end, and take its database with it.
    fn drop(&mut self) {
        self.input = None;
        // Nothing comes any more; what there was to say has been read.
        if self.lines.recv_timeout(END) == Err(RecvTimeoutError::Timeout) {
            let _killed = self.child.kill();
        }
        let _ended = self.child.wait();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;
    use crate::lock::Column;

    /// Knows one table and one statement.
    struct One;

    impl Engine for One {
        fn version(&self) -> &str {
            "PostgreSQL 0"
        }

        fn ask(&mut self, sql: &str) -> Result<Option<Answer>, EngineError> {
            match sql {
                "SELECT id FROM a" => {
                    let column = Column { name: "id".into(), ty: "int4".into(), not_null: Some(false) };
                    Ok(Some(Answer::Holds { params: Vec::new(), columns: vec![column] }))
                }
                "SELECT f()" => Ok(None),
                _ => Err(EngineError("gone".into())),
            }
        }
    }

    #[test]
    fn each_line_is_answered_by_one() {
        let ask = [
            r#"{"sql":"SELECT id FROM a"}"#,
            r#"{"migrations":[{"file":"1_a.sql","text":"bad"}]}"#,
            r#"{"migrations":[{"file":"1_a.sql","text":"CREATE TABLE a (id INT)"}]}"#,
            r#"{"sql":"SELECT id FROM a"}"#,
            r#"{"sql":"SELECT f()"}"#,
            r#"{"sql":"SELECT 1"}"#,
            "no json",
        ];
        let mut said = Vec::new();
        let open = |sources: Vec<Source>| match sources.iter().any(|source| source.text == "bad") {
            true => Err(EngineError("1_a.sql: bad".into())),
            false => Ok(One),
        };
        serve(ask.join("\n").as_bytes(), &mut said, open).unwrap();
        let said = String::from_utf8(said).unwrap();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(
            lines.split_last().unwrap().1,
            [
                r#"{"broken":"the migrations come first"}"#,
                r#"{"broken":"1_a.sql: bad"}"#,
                r#"{"ready":{"version":"PostgreSQL 0"}}"#,
                r#"{"answer":{"holds":{"params":[],"columns":[{"name":"id","type":"int4","not_null":false}]}}}"#,
                r#""unknown""#,
                r#"{"broken":"gone"}"#,
            ]
        );
        assert!(lines.last().unwrap().starts_with(r#"{"broken":"expected"#));
    }

    /// Whether an error counts, in a database that has a function `f` and lacks these extensions.
    fn counts(sql: &str, code: &str, message: &str, missing: &[&str]) -> bool {
        let missing = missing.iter().map(|name| (*name).to_owned()).collect();
        let known = Known { missing, functions: HashSet::from(["f".to_owned()]) };
        let fails = Answer::Fails { code: code.into(), offset: None, message: message.into() };
        known.certain(sql, fails).is_some()
    }

    #[test]
    fn what_an_extension_may_have_is_not_known_to_be_wrong_without_it() {
        let message = "function g(integer) does not exist";
        assert!(!counts("SELECT g(1)", "42883", message, &["postgis"]));
        assert!(counts("SELECT g(1)", "42883", message, &[]));
        assert!(counts("SELECT a", "42703", "", &["postgis"]), "a column is of no extension");
        let holds = Answer::Holds { params: Vec::new(), columns: Vec::new() };
        assert_eq!(Known::default().certain("SELECT 1", holds.clone()), Some(holds));
    }

    #[test]
    fn what_a_type_of_a_parameter_could_make_right_is_not_known_to_be_wrong() {
        for (code, message) in [
            ("42P18", "could not determine data type of parameter $1"),
            ("42725", "operator is not unique: unknown + unknown"),
            ("42804", "column \"n\" is of type integer but expression is of type text"),
            ("42883", "operator does not exist: integer + text"),
            ("42883", "function f(unknown) does not exist"),
            ("42883", "Funktion g(integer) existiert nicht"),
        ] {
            assert!(!counts("SELECT $1", code, message, &[]), "{message}");
            assert!(counts("SELECT 1", code, message, &[]), "{message}");
        }
        for (code, message) in [
            ("42883", "function g(unknown) does not exist"),
            ("42883", "function app.g(text) does not exist"),
            ("42883", "operator does not exist: integer = uuid"),
            ("42703", "column \"text\" does not exist"),
        ] {
            assert!(counts("SELECT $1", code, message, &[]), "{message}");
        }
    }

    #[test]
    fn what_ails_the_server_is_not_the_statements_fault() {
        for code in ["57014", "53200", "42501", "XX000", "40P01", ""] {
            assert!(!counts("SELECT 1", code, "", &[]), "{code}");
        }
        assert!(counts("SELECT 1", "55000", "", &[]) && counts("SELECT 'x'::int", "22P02", "", &[]));
    }

    #[test]
    fn what_writes_is_planned() {
        assert_eq!(plan("SELECT 1 -- insert", 0), None);
        let [prepare, explain, _] = plan("DELETE FROM a WHERE id = $1 -- all", 1).unwrap();
        assert_eq!(
            (prepare.as_str(), explain.as_str()),
            ("PREPARE covet AS DELETE FROM a WHERE id = $1 -- all\n", "EXPLAIN EXECUTE covet(NULL)")
        );
        assert_eq!(plan("INSERT INTO a DEFAULT VALUES", 0).unwrap()[1], "EXPLAIN EXECUTE covet");
    }

    #[test]
    fn a_position_counts_characters() {
        assert_eq!(offset("SELECT 'ä', b", 13), Some(13));
        assert_eq!((offset("ab", 0), offset("ab", 1), offset("ab", 3)), (None, Some(0), None));
    }

    #[test]
    fn a_program_that_is_none_or_says_nothing_is_told() {
        let error = |program: &str| Process::start(program.as_ref(), &[]).unwrap_err().to_string();
        assert!(error("/no/such/program").starts_with("`/no/such/program` does not start"));
        #[cfg(unix)]
        assert_eq!(error("true"), "PostgreSQL ended");
    }
}
