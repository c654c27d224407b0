//! The command line of `cargo covet`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, ColorChoice, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::report::{Selection, human, json, sarif};
use crate::scan::{self, Report, ScanError, Verdict};

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
    #[error("`{}` cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("the standard output cannot be written: {0}")]
    Output(#[from] io::Error),
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
    use clap::ValueEnum;

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
