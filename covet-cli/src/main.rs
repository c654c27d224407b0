//! `cargo covet`.

use std::process::ExitCode;

fn main() -> ExitCode {
    covet_cli::cli::run(std::env::args_os())
}
