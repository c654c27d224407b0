//! The Rust files of a scan, in one order everywhere.

use std::path::{Path, PathBuf};

use super::ScanError;

/// The `.rs` files beneath the paths: without what `.gitignore` leaves out, and without build folders.
pub(crate) fn files(roots: &[PathBuf]) -> Result<Vec<PathBuf>, ScanError> {
    let mut found = Vec::new();
    for root in roots {
        if !root.exists() {
            return Err(ScanError::Missing(root.clone()));
        }
        let walk =
            ignore::WalkBuilder::new(root).require_git(false).filter_entry(|entry| !is_build(entry.path())).build();
        for entry in walk {
            let entry = entry.map_err(|error| ScanError::Walk(error.to_string()))?;
            let file = entry.file_type().is_some_and(|kind| kind.is_file());
            if file && entry.path().extension().is_some_and(|extension| extension == "rs") {
                found.push(entry.into_path());
            }
        }
    }
    found.sort_by_key(|path| shown(path));
    found.dedup_by_key(|path| shown(path));
    Ok(found)
}

/// `target` beside a manifest, or what Cargo marked as its own.
fn is_build(path: &Path) -> bool {
    path.is_dir()
        && (path.join("CACHEDIR.TAG").is_file()
            || (path.ends_with("target") && path.parent().is_some_and(|folder| folder.join("Cargo.toml").is_file())))
}

/// The path as reports write it: `/` between folders, no `./` before.
pub(crate) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("./").map_or(text.clone(), ToOwned::to_owned)
}

/// Whether the file holds tests, by where it lies.
pub(super) fn is_test(path: &Path) -> bool {
    let folder = path.iter().any(|part| part == "tests" || part == "benches");
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    folder || ["tests", "test"].contains(&stem.as_str()) || stem.ends_with("_test") || stem.ends_with("_tests")
}
