//! Every mistake has its message, and every message is read before it is accepted.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

mod projects;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[test]
fn mistakes_do_not_compile() {
    assert!(Cases::built().as_expected, "see the differences above; TRYBUILD=overwrite accepts what they say now");
}

/// The cases of `tests/ui`, built as one package within the target folder, wherever that is.
struct Cases {
    /// The target folder of their own.
    target: PathBuf,
    /// Their package.
    package: PathBuf,
    as_expected: bool,
}

impl Cases {
    /// Builds them, once; and with them everything that other projects depend on.
    fn built() -> &'static Self {
        static CASES: LazyLock<Cases> = LazyLock::new(|| Cases::build().expect("cargo builds this package"));
        &CASES
    }

    fn build() -> Result<Self> {
        let metadata = ["metadata", "--no-deps", "--format-version=1", "--offline"];
        let metadata = Command::new(env!("CARGO")).args(metadata).output()?;
        let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout)?;
        let target = metadata
            .get("target_directory")
            .and_then(|folder| folder.as_str())
            .ok_or("cargo names no target folder")?;
        let target = Path::new(target).join("tests/trybuild");
        let package = target.join(env!("CARGO_PKG_NAME"));
        // The policy of the cases has to stand where their package does.
        std::fs::create_dir_all(&package)?;
        std::fs::copy("tests/ui/security.toml", package.join("security.toml"))?;
        let as_expected = std::panic::catch_unwind(|| trybuild::TestCases::new().compile_fail("tests/ui/*.rs")).is_ok();
        Ok(Self { target, package, as_expected })
    }
}
