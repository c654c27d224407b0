//! Every user of Covet waits for its macros to be built: they are kept light.

use std::process::Command;

/// What belongs to the running program, and to none of its macros. SQLite itself is none of it: it judges statements in
/// the compiler, and its C code is that of the program, built once.
const HEAVY: [&str; 8] = ["tokio", "rocket", "redis", "sqlx", "sqlx-core", "argon2", "schemars", "hyper"];

/// What only the judge of statements needs.
const ORACLE: &str = "libsqlite3-sys";

/// How many packages may be built for them, their own included.
const MOST: usize = 40;

#[test]
fn macros_build_on_little() {
    let with_oracle = packages(&["--features=sqlite-oracle"]);
    let without = packages(&[]);
    assert!(with_oracle.iter().any(|name| name == ORACLE), "{with_oracle:#?}");
    assert!(!without.iter().any(|name| name == ORACLE), "{without:#?}");
    for packages in [with_oracle, without] {
        assert!(packages.iter().any(|name| name == "covet-core"), "{packages:#?}");
        let heavy: Vec<_> = packages.iter().filter(|name| HEAVY.contains(&name.as_str())).collect();
        assert!(heavy.is_empty(), "the macros depend on {heavy:?}");
        assert!(packages.len() <= MOST, "the macros depend on {} packages: {packages:#?}", packages.len());
    }
}

/// The names of what is built for the macros.
fn packages(features: &[&str]) -> Vec<String> {
    let tree =
        ["tree", "--package=covet-macros", "--edges=normal,build", "--prefix=none", "--format={p}", "--no-dedupe"];
    let output =
        Command::new(env!("CARGO")).args(tree).args(features).args(["--offline", "--locked"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut packages: Vec<&str> = text.lines().collect();
    packages.sort_unstable();
    packages.dedup();
    packages.iter().filter_map(|package| package.split(' ').next()).map(str::to_owned).collect()
}
