//! The packages that are compiled, and cargo.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use covet_benches::{Error, children_time};
use tempfile::TempDir;

use crate::route;
use crate::statement::{self, Form};

/// How cargo builds macros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Macros {
    /// Without optimisation, which is its default in a user's workspace.
    AsBuilt,
    /// With `opt-level = 1`.
    Optimised,
}

impl fmt::Display for Macros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsBuilt => "by default",
            Self::Optimised => "with opt-level = 1",
        })
    }
}

/// What a run of cargo took, with all that it started.
#[derive(Debug)]
pub(crate) struct Took {
    pub(crate) user: Duration,
    pub(crate) wall: Duration,
}

/// A workspace of the packages.
#[derive(Debug)]
pub(crate) struct Project {
    folder: TempDir,
    /// Beside the benchmark itself, so that the dependencies are built once.
    target: PathBuf,
}

/// All packages have the same dependencies with the same features: none is built twice.
const PACKAGES: [&str; 5] = ["safe", "query", "plain", "annotated", "by-hand"];

const ROCKET_AND_SQLX: &str = r#"rocket = { version = "0.5.2", default-features = false }
sqlx = { version = "0.9", default-features = false, features = ["runtime-tokio", "migrate", "macros", "sqlite-bundled"] }
"#;

impl Project {
    pub(crate) fn write(macros: Macros) -> Result<Self, Error> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the benchmarks lie in no repository")?;
        let folder = tempfile::tempdir()?;
        let executable = std::env::current_exe()?;
        let target =
            executable.ancestors().nth(2).ok_or("the benchmark lies in no target folder")?.join("compile-bench");
        let root = folder.path();
        let profile = match macros {
            Macros::AsBuilt => "",
            Macros::Optimised => "\n[profile.dev.build-override]\nopt-level = 1\n",
        };
        let members = format!("[workspace]\nresolver = \"3\"\nmembers = {PACKAGES:?}\nexclude = [\"bare\"]\n{profile}");
        fs::write(root.join("Cargo.toml"), members)?;
        fs::copy(repository.join("Cargo.lock"), root.join("Cargo.lock"))?;
        let covet = format!("{ROCKET_AND_SQLX}covet = {{ path = {:?} }}\n", repository.display().to_string());
        let project = Self { target: target.join(format!("{macros:?}")), folder };
        project.package("safe", &covet, &statement::program(Form::Safe))?;
        project.package("query", &covet, &statement::program(Form::Query))?;
        project.package("plain", &covet, &statement::program(Form::Plain))?;
        project.package("annotated", &covet, &route::annotated())?;
        project.package("by-hand", &covet, &route::by_hand())?;
        project.package("bare", &format!("{ROCKET_AND_SQLX}\n[workspace]\n"), &route::by_hand())?;
        let root = project.folder.path();
        fs::copy(repository.join("Cargo.lock"), root.join("bare/Cargo.lock"))?;
        let policy = "[application]\nname = \"Benchmark\"\n";
        fs::write(root.join("annotated/security.toml"), format!("{policy}{}", route::POLICY))?;
        let sql = "[sql]\ndialects = [\"sqlite\"]\nmigrations = \"migrations\"\n";
        fs::write(root.join("safe/security.toml"), format!("{policy}\n{sql}"))?;
        fs::create_dir(root.join("safe/migrations"))?;
        fs::write(root.join("safe/migrations/0001_notes.sql"), statement::schema())?;
        fs::create_dir(root.join("query/.sqlx"))?;
        for (name, text) in statement::prepared() {
            fs::write(root.join("query/.sqlx").join(name), text)?;
        }
        Ok(project)
    }

    fn package(&self, name: &str, dependencies: &str, program: &str) -> Result<(), Error> {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(folder.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"compile-bench-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        Ok(fs::write(folder.join("src/lib.rs"), program)?)
    }

    /// `cargo check` of a package whose source was touched.
    pub(crate) fn check(&self, package: &str, incremental: bool) -> Result<Took, Error> {
        let source = self.folder.path().join(package).join("src/lib.rs");
        fs::File::options().append(true).open(source)?.set_modified(std::time::SystemTime::now())?;
        self.run(self.folder.path(), "check", package, &self.target, incremental)
    }

    /// `cargo build` of a package and all it needs.
    pub(crate) fn build_from_nothing(&self, package: &str) -> Result<Took, Error> {
        let target = tempfile::tempdir_in(self.target.parent().unwrap_or(&self.target))?;
        let folder = if package == "bare" { self.folder.path().join(package) } else { self.folder.path().to_owned() };
        self.run(&folder, "build", package, target.path(), true)
    }

    fn run(&self, folder: &Path, what: &str, package: &str, target: &Path, incremental: bool) -> Result<Took, Error> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args([what, "--quiet", "--package", &format!("compile-bench-{package}")]).current_dir(folder);
        cargo.env("CARGO_TARGET_DIR", target).env("CARGO_INCREMENTAL", if incremental { "1" } else { "0" });
        cargo.env("SQLX_OFFLINE", "true").env_remove("DATABASE_URL").stdin(Stdio::null());
        let (user, wall) = (children_time(), Instant::now());
        let status = cargo.status()?;
        let took = Took { user: children_time().saturating_sub(user), wall: wall.elapsed() };
        if !status.success() {
            return Err(format!("`cargo {what}` of {package} fails").into());
        }
        Ok(took)
    }
}
