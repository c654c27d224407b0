//! Values that do not fit their columns, as the compiler tells of them.

use std::path::Path;
use std::process::Command;

#[test]
fn values_that_do_not_fit_do_not_compile() -> Result<(), Box<dyn std::error::Error>> {
    let metadata = ["metadata", "--no-deps", "--format-version=1", "--offline"];
    let metadata = String::from_utf8(Command::new(env!("CARGO")).args(metadata).output()?.stdout)?;
    let target = metadata.split("\"target_directory\":\"").nth(1).and_then(|rest| rest.split('"').next());
    // The policy of the cases has to stand where their package does.
    let package = Path::new(target.ok_or("cargo names no target folder")?).join("tests/trybuild/covet-schema-tests");
    for folder in ["sqlite", "postgres"] {
        std::fs::create_dir_all(package.join(folder))?;
        let file = format!("{folder}/0001_notes.sql");
        std::fs::copy(&file, package.join(&file))?;
    }
    std::fs::copy("security.toml", package.join("security.toml"))?;
    trybuild::TestCases::new().compile_fail("ui/*.rs");
    Ok(())
}
