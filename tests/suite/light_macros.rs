//! Every user of Covet waits for its macros to be built: they are kept light.

use std::process::Command;

/// What belongs to the running program, and to none of its macros.
const HEAVY: [&str; 9] =
    ["tokio", "rocket", "redis", "sqlx", "sqlx-core", "libsqlite3-sys", "argon2", "schemars", "hyper"];

/// How many packages may be built for them, their own included.
const MOST: usize = 32;

#[test]
fn macros_build_on_little() {
    let tree =
        ["tree", "--package=covet-macros", "--edges=normal,build", "--prefix=none", "--format={p}", "--no-dedupe"];
    let output = Command::new(env!("CARGO")).args(tree).args(["--offline", "--locked"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut packages: Vec<&str> = text.lines().collect();
    packages.sort_unstable();
    packages.dedup();
    let names = || packages.iter().filter_map(|package| package.split(' ').next());
    assert!(names().any(|name| name == "covet-core"), "{packages:#?}");
    let heavy: Vec<_> = names().filter(|name| HEAVY.contains(name)).collect();
    assert!(heavy.is_empty(), "the macros depend on {heavy:?}");
    assert!(packages.len() <= MOST, "the macros depend on {} packages: {packages:#?}", packages.len());
}
