//! What the names of a file stand for: its `use`s, and the libraries it speaks of.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, UseTree};

use super::library::{self, Library};
use super::manifest::Package;

/// The names of one file.
#[derive(Debug, Default)]
pub(super) struct Imports {
    names: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    renamed: BTreeMap<String, Library>,
    /// Modules of the file.
    modules: BTreeSet<String>,
    /// Libraries that a path of the file names.
    pub mentioned: BTreeSet<Library>,
}

impl Imports {
    pub(super) fn of(file: &syn::File, tokens: TokenStream, package: &Package) -> Self {
        let mut imports = Self { renamed: package.renamed.clone(), ..Self::default() };
        imports.items(&file.items);
        imports.mention(tokens);
        imports
    }

    /// All `use`s of the file are taken together: a name means the same in each of its modules, nearly always.
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Use(item) => self.tree(&item.tree, &mut Vec::new()),
                Item::Mod(module) => {
                    self.modules.insert(module.ident.to_string());
                    self.items(module.content.as_ref().map_or(&[], |(_, items)| items));
                }
                Item::Fn(item) => self.block(&item.block),
                _ => {}
            }
        }
    }

    pub(super) fn block(&mut self, block: &syn::Block) {
        for statement in &block.stmts {
            if let syn::Stmt::Item(Item::Use(item)) = statement {
                self.tree(&item.tree, &mut Vec::new());
            }
        }
    }

    fn tree(&mut self, tree: &UseTree, path: &mut Vec<String>) {
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.tree(&part.tree, path);
                path.pop();
            }
            UseTree::Name(name) => self.name(&name.ident, &name.ident, path),
            UseTree::Rename(name) => self.name(&name.rename, &name.ident, path),
            UseTree::Glob(_) => self.globs.push(path.clone()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, path)),
        }
    }

    fn name(&mut self, name: &syn::Ident, real: &syn::Ident, path: &[String]) {
        let real = Some(real.to_string()).filter(|real| real != "self");
        let full: Vec<_> = path.iter().cloned().chain(real).collect();
        let name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name.to_string() };
        self.names.insert(name, full);
    }

    fn mention(&mut self, tokens: TokenStream) {
        let mut trees = tokens.into_iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Group(group) => self.mention(group.stream()),
                TokenTree::Ident(ident) => {
                    let path = matches!(trees.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
                    let library = self.library_of(&ident.to_string());
                    self.mentioned.extend(library.filter(|_| path));
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn library_of(&self, segment: &str) -> Option<Library> {
        self.renamed.get(segment).copied().or_else(|| Library::of_segment(segment))
    }

    /// The path with its first name replaced by what that was imported as.
    fn resolve(&self, path: &[String]) -> Vec<String> {
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        match self.names.get(first) {
            Some(full) => full.iter().chain(rest).cloned().collect(),
            None => path.to_vec(),
        }
    }

    /// The library that the path leads into, and the names behind it.
    pub(super) fn library(&self, path: &[String]) -> Option<(Library, Vec<String>)> {
        let full = self.resolve(path);
        // `sqlx::postgres` is sqlx; `crate::postgres` is the project's own.
        let own = full
            .first()
            .is_some_and(|first| ["crate", "self", "super"].contains(&first.as_str()) || self.modules.contains(first));
        let at = full.iter().position(|segment| self.library_of(segment).is_some()).filter(|_| !own);
        if let Some((at, library)) = at.and_then(|at| Some((at, self.library_of(full.get(at)?)?))) {
            // `sqlx` alone is the library, not something in it.
            return Some((library, full.get(at + 1..)?.to_vec())).filter(|(_, rest)| !rest.is_empty());
        }
        // What a glob brings is not written down: only names that the library is known for.
        let unknown = !path.first().is_some_and(|first| self.names.contains_key(first));
        let known = path.first().is_some_and(|first| library::is_known(first));
        let glob = self.globs.iter().find_map(|glob| glob.iter().rev().find_map(|segment| self.library_of(segment)));
        glob.filter(|_| unknown && known).map(|library| (library, full))
    }
}
