//! Which database libraries a package depends on: what `Cargo.toml` beside or above its files says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::library::Library;

/// The libraries of a package, and the names its code calls them by where that is not their own.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Package {
    pub libraries: BTreeSet<Library>,
    pub renamed: BTreeMap<String, Library>,
}

/// The manifests read so far, by folder.
#[derive(Debug, Default)]
pub(super) struct Manifests {
    known: BTreeMap<PathBuf, Option<Package>>,
}

impl Manifests {
    /// The package that a file belongs to: that of the nearest manifest above it.
    pub(super) fn package(&mut self, file: &Path) -> Package {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        file.ancestors().skip(1).find_map(|folder| self.read(folder)).unwrap_or_default()
    }

    fn read(&mut self, folder: &Path) -> Option<Package> {
        if let Some(known) = self.known.get(folder) {
            return known.clone();
        }
        let package = std::fs::read_to_string(folder.join("Cargo.toml")).ok().and_then(|text| package(&text));
        self.known.insert(folder.to_owned(), package.clone());
        package
    }
}

/// What the manifest says, or nothing if it is that of a workspace only.
fn package(text: &str) -> Option<Package> {
    let manifest: toml::Table = text.parse().ok()?;
    manifest.get("package")?;
    let mut package = Package::default();
    dependencies(&manifest, &mut package);
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    for target in targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table) {
        dependencies(target, &mut package);
    }
    Some(package)
}

fn dependencies(table: &toml::Table, package: &mut Package) {
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    for section in sections.iter().filter_map(|name| table.get(*name)?.as_table()) {
        for (name, value) in section {
            let real = value.get("package").and_then(toml::Value::as_str).unwrap_or(name);
            let libraries = Library::of_package(real);
            package.libraries.extend(libraries);
            if let ([library], true) = (libraries, real != name) {
                package.renamed.insert(name.replace('-', "_"), *library);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_under_every_name_and_for_every_target() {
        let text = "[package]\nname='a'\n[dependencies]\ndb = { package = 'sqlx', version = '0.8' }\n\
            [dev-dependencies]\ntokio-postgres = '0.7'\n[target.'cfg(unix)'.dependencies]\nrusqlite = '0.39'\nserde = '1'";
        let found = package(text).unwrap_or_default();
        assert_eq!(found.libraries, BTreeSet::from([Library::Sqlx, Library::Rusqlite, Library::Postgres]));
        assert_eq!(found.renamed, BTreeMap::from([("db".into(), Library::Sqlx)]));
    }

    #[test]
    fn a_workspace_alone_is_no_package() {
        assert_eq!(package("[workspace]\nmembers = ['a']"), None);
        assert_eq!(package("not a manifest"), None);
    }
}
