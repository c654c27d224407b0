//! The command line of `cargo covet`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgAction, Args, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use covet_core::sql::Dialect;
use covet_sql::oracle;

use crate::breach::{self, BreachError};
use crate::report::{Selection, human, json, sarif};
use crate::scan::{self, Report, ScanError, Verdict};
use crate::sql::project::{self, Project};
use crate::sql::{self, SqlError, check, engine, prepare};

/// What ends with findings.
const FOUND: u8 = 1;

/// What could not be done.
const FAILED: u8 = 2;

/// Cargo calls its subcommands with their own name first.
#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo", disable_help_subcommand = true)]
struct Cargo {
    #[command(subcommand)]
    command: Called,
}

#[derive(Debug, Subcommand)]
enum Called {
    Covet(Covet),
}

/// What the compiler cannot see of a project's security.
#[derive(Debug, Args)]
#[command(version, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Covet {
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    color: ColorChoice,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Scan(Scan),
    Sql(Sql),
    Breach(Breach),
    /// Write the completions for a shell to the standard output
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Find SQL that is put together outside of `safe_sql!`
///
/// Follows the text given to sqlx, diesel, rusqlite, tokio-postgres, sea-query and mysql back through its function:
/// what is pasted into it and is not constant is denied, what cannot be told is for a person to review. What is known
/// to be safe says so in the line above: `// covet: trusted(reason = "names come from the schema")`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
struct Scan {
    /// Files and folders; what `.gitignore` leaves out is left out
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// One JSON object a line
    #[arg(long)]
    json: bool,

    /// Write SARIF 2.1.0 to a file, or with `-` to the standard output
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    sarif: Option<PathBuf>,

    /// The verdict from which on a finding fails the command
    #[arg(long, value_name = "VERDICT", default_value = "deny")]
    fail_on: Verdict,

    /// Tell findings in tests, too
    #[arg(long)]
    tests: bool,

    /// Tell nothing that needs review
    #[arg(long, action = ArgAction::SetTrue, conflicts_with = "fail_on")]
    deny_only: bool,
}

/// The file of stolen passwords that `[password.breach] source = "file"` asks
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
struct Breach {
    #[command(subcommand)]
    command: BreachCommand,
}

#[derive(Debug, Subcommand)]
enum BreachCommand {
    Build(BuildCorpus),
}

/// Make it from a list of lines `SHA1:COUNT` in the order of the digests
///
/// That is what the downloader of Have I Been Pwned writes. A password takes seven bytes: those found a hundred times or
/// more make some hundred megabytes.
#[derive(Debug, Args)]
struct BuildCorpus {
    /// The list; `-` is the standard input
    #[arg(value_name = "LIST")]
    from: PathBuf,

    /// The file to write
    #[arg(value_name = "FILE", default_value = "breaches")]
    to: PathBuf,

    /// Leave out what was found less often
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    min_count: u64,
}

/// The statements of a project: what they mean, and what PostgreSQL says of them
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
struct Sql {
    #[command(subcommand)]
    command: SqlCommand,
}

#[derive(Debug, Subcommand)]
enum SqlCommand {
    Check(Check),
    Prepare(Prepare),
    Oracle(Asked),
}

/// Print every statement with its verdict, its types, and what it reads and writes
///
/// Finds each `safe_sql!` of the sources and judges it as the compiler does, by the security.toml of its package.
/// Statements from elsewhere are judged with `--schema` and `--statements`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
struct Check {
    #[command(flatten)]
    target: Target,

    /// Who is asked beside the tables: `lock`, what PostgreSQL said before, and SQLite itself; `oracle`, PostgreSQL
    /// itself, too; `none`, nobody
    #[arg(long, value_name = "ENGINE", default_value = "lock")]
    engine: Engine,

    #[command(flatten)]
    asked: Asked,

    /// One JSON object a line
    #[arg(long)]
    json: bool,

    /// The verdict from which on a statement fails the command
    #[arg(long, value_name = "VERDICT", default_value = "error")]
    fail_on: check::Verdict,
}

/// Ask PostgreSQL about every statement, and keep what it says in `.covet/sql.lock`
///
/// The file belongs beside the code: with it a build knows what PostgreSQL says, and needs none. Statements and
/// migrations that are newer than it are judged without. Whatever path is named, it is written with all statements that
/// its security.toml is for.
#[derive(Debug, Args)]
struct Prepare {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    asked: Asked,
}

/// Answer about statements on the standard input, line by line, as JSON
///
/// First `{"migrations": [{"file": "1_a.sql", "text": "CREATE TABLE .."}]}`, then `{"sql": "SELECT .."}` each. It ends
/// with its input.
#[derive(Debug, Args)]
struct Asked {
    /// A server to ask, in a database that is made for it and dropped; else the embedded PostgreSQL
    ///
    /// The role must be allowed to make databases. What migrations do to the whole server, as `CREATE ROLE`, stays.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// Which statements, on which tables.
#[derive(Debug, Args)]
struct Target {
    /// Files and folders; what `.gitignore` leaves out is left out
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// One database of the policy alone
    #[arg(long, value_name = "DIALECT")]
    dialect: Option<Database>,

    /// The folder of migrations, or the file that makes all tables, for statements from elsewhere
    #[arg(long, value_name = "PATH", requires_all = ["statements", "dialect"], conflicts_with = "paths")]
    schema: Option<PathBuf>,

    /// Statements from elsewhere, an object `{"sql": ".."}` a line, with `file` and `line` where they are known; `-` is
    /// the standard input
    #[arg(long, value_name = "FILE", requires = "schema")]
    statements: Option<PathBuf>,

    /// Where their lock lies [default: .covet/sql.lock]
    #[arg(long, value_name = "FILE", requires = "schema")]
    lock: Option<PathBuf>,
}

/// A database, by the name that policies give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Oracle,
    Lock,
    None,
}

const EXIT_CODES: &str = "Exit codes: 0 nothing found, 1 something found, 2 the command could not be carried out.";

/// Runs the command with these arguments, the first of which is the program's name.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let mut arguments: Vec<_> = arguments.into_iter().collect();
    // Called by itself, without Cargo.
    if arguments.get(1).is_none_or(|first| first != "covet") {
        arguments.insert(1.min(arguments.len()), "covet".into());
    }
    let Called::Covet(covet) = match Cargo::try_parse_from(arguments) {
        Ok(Cargo { command }) => command,
        Err(error) => {
            // A closed pipe is no reason to fail.
            let _printed = error.print();
            return ExitCode::from(if error.use_stderr() { FAILED } else { 0 });
        }
    };
    choice(covet.color).write_global();
    let done = match covet.command {
        Command::Scan(scan) => run_scan(&scan),
        Command::Sql(Sql { command: SqlCommand::Check(check) }) => run_check(&check),
        Command::Sql(Sql { command: SqlCommand::Prepare(prepare) }) => run_prepare(&prepare),
        Command::Sql(Sql { command: SqlCommand::Oracle(asked) }) => run_oracle(&asked),
        Command::Breach(Breach { command: BreachCommand::Build(build) }) => run_build(&build),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut completed(), "cargo-covet", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        let _printed = writeln!(anstream::stderr(), "cargo covet: {error}");
        ExitCode::from(FAILED)
    })
}

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Scan(#[from] ScanError),
    #[error("{0}")]
    Sql(#[from] SqlError),
    #[error("{0}")]
    Breach(#[from] BreachError),
    #[error("`{}` cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("the standard output cannot be written: {0}")]
    Output(#[from] io::Error),
}

fn run_build(corpus: &BuildCorpus) -> Result<ExitCode, Failure> {
    let built = breach::build(&corpus.from, &corpus.to, corpus.min_count)?;
    let (written, left_out) = (built.written, built.left_out);
    writeln!(anstream::stdout(), "{}: {written} passwords, {left_out} left out", corpus.to.display())?;
    Ok(ExitCode::SUCCESS)
}

fn run_scan(scan: &Scan) -> Result<ExitCode, Failure> {
    let report = scan::scan(&scan.paths)?;
    let selection = Selection { tests: scan.tests, review: !scan.deny_only };
    match tell(scan, &report, selection) {
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        told => told?,
    }
    let failed = selection.worst(&report).is_some_and(|worst| worst >= scan.fail_on);
    Ok(ExitCode::from(if failed { FOUND } else { 0 }))
}

fn tell(scan: &Scan, report: &Report, selection: Selection) -> Result<(), Failure> {
    if scan.json {
        return Ok(json::write(&mut io::stdout().lock(), report, selection)?);
    }
    let Some(path) = &scan.sarif else {
        return Ok(human::write(&mut anstream::stdout().lock(), report, selection)?);
    };
    let log = format!("{:#}\n", sarif::log(report, selection));
    if path.as_os_str() == "-" {
        return Ok(io::stdout().write_all(log.as_bytes())?);
    }
    std::fs::write(path, log).map_err(|source| Failure::Write { path: path.clone(), source })?;
    Ok(human::write(&mut anstream::stdout().lock(), report, selection)?)
}

impl Target {
    /// The projects by their paths, as `find` finds them, or the statements from elsewhere.
    fn projects(&self, find: Find) -> Result<Vec<Project>, SqlError> {
        let dialect = self.dialect.map(Database::dialect);
        match (&self.schema, &self.statements, dialect) {
            (Some(schema), Some(statements), Some(dialect)) => {
                Ok(vec![project::elsewhere(schema, statements, dialect, self.lock.clone())?])
            }
            _ => find(&self.paths, dialect),
        }
    }
}

/// What finds projects.
type Find = fn(&[PathBuf], Option<Dialect>) -> Result<Vec<Project>, SqlError>;

impl Database {
    const fn dialect(self) -> Dialect {
        match self {
            Self::Sqlite => Dialect::Sqlite,
            Self::Postgres => Dialect::Postgres,
        }
    }
}

fn run_check(check: &Check) -> Result<ExitCode, Failure> {
    let projects = check.target.projects(project::beneath)?;
    let (mut judged, mut unread) = (Vec::new(), Vec::new());
    for project in &projects {
        let lock = match (check.engine, project.postgres()) {
            (Engine::Oracle, Some(sources)) => {
                let mut engine =
                    engine::open(check.asked.database_url.as_deref(), sources.texts()).map_err(SqlError::from)?;
                Arc::new(prepare::ask(project, &mut *engine)?.entries.into_iter().collect())
            }
            (Engine::Lock, _) => project.locked(),
            (Engine::Oracle | Engine::None, _) => Arc::default(),
        };
        judged.extend(check::check(project, &lock, check.engine != Engine::None).map_err(SqlError::from)?);
        unread.extend(&project.found.unread);
    }
    let told = match check.json {
        true => sql::report::json(&mut io::stdout().lock(), &judged),
        false => {
            let mut out = anstream::stdout().lock();
            sql::report::human(&mut out, &judged).and_then(|()| sql::report::summary(&mut out, &judged, &unread))
        }
    };
    match told {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        told => told?,
    }
    let failed = judged.iter().any(|judgement| judgement.verdict >= check.fail_on.max(check::Verdict::Unknown));
    Ok(ExitCode::from(if failed { FOUND } else { 0 }))
}

fn run_prepare(prepare: &Prepare) -> Result<ExitCode, Failure> {
    let mut out = anstream::stdout().lock();
    let projects = prepare.target.projects(project::whole)?;
    for project in &projects {
        let Some(sources) = project.postgres() else { continue };
        let mut engine =
            engine::open(prepare.asked.database_url.as_deref(), sources.texts()).map_err(SqlError::from)?;
        let prepared = prepare::ask(project, &mut *engine)?;
        let (version, all) = (prepared.version.clone(), prepared.entries.len());
        let (refused, uncertain) = (prepared.refused, prepared.uncertain);
        prepare::write(&project.lock, prepared)?;
        let uncertain =
            if uncertain > 0 { format!(", {uncertain} left out as it lacks an extension") } else { String::new() };
        let path = scan::shown(&project.lock);
        writeln!(out, "{path}: {version} was asked about {all}, and refuses {refused}{uncertain}")?;
    }
    if !projects.iter().any(|project| project.postgres().is_some()) {
        writeln!(out, "no security.toml says what tables there are on PostgreSQL: nothing was asked")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_oracle(asked: &Asked) -> Result<ExitCode, Failure> {
    let open = |sources: Vec<covet_sql::Source>| engine::open(asked.database_url.as_deref(), &sources);
    oracle::serve(io::stdin().lock(), io::stdout().lock(), open)?;
    Ok(ExitCode::SUCCESS)
}

/// The command as shells know it: without `cargo`.
fn completed() -> clap::Command {
    let cargo = Cargo::command();
    let covet = cargo.find_subcommand("covet").cloned().unwrap_or(cargo);
    covet.name("cargo-covet").bin_name("cargo-covet")
}

fn choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cargo::command().debug_assert();
        completed().debug_assert();
    }

    #[test]
    fn verdicts_are_options_by_the_names_reports_give_them() {
        for verdict in [Verdict::Deny, Verdict::Review] {
            assert_eq!(Verdict::from_str(verdict.name(), false), Ok(verdict));
        }
    }
}
