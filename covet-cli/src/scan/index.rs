//! What all files of a scan tell each other: what functions give back, what fields hold, what constants are.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Fields, ImplItem, Item, ReturnType, Signature, TraitItem};

use super::imports::Imports;
use super::kind::{self, Bounds};
use super::value::Kind;

/// Names of the whole scan. Two things of one name that differ tell nothing.
#[derive(Debug, Default)]
pub(super) struct Index {
    returns: BTreeMap<String, Kind>,
    fields: BTreeMap<(String, String), Kind>,
    /// Types whose values write only text of the program: enums without data.
    constants: BTreeSet<String>,
    /// Types around one value: what it is.
    around: BTreeMap<String, Kind>,
    methods: BTreeSet<(String, String)>,
    /// `static`s and `const`s that are made at run time, such as `LazyLock<String>`.
    made: BTreeSet<String>,
}

impl Index {
    pub(super) fn add(&mut self, items: &[Item], imports: &Imports) {
        for item in items {
            match item {
                Item::Fn(item) => self.function(&item.sig, imports, &Bounds::new()),
                Item::Impl(item) => {
                    let owner = type_name(&item.self_ty);
                    let known = kind::bounds(&item.generics, imports);
                    for function in item.items.iter().filter_map(|item| as_function(item)) {
                        self.function(&function.sig, imports, &known);
                        self.methods.extend(owner.clone().map(|owner| (owner, function.sig.ident.to_string())));
                    }
                }
                Item::Trait(item) => {
                    for function in item.items.iter() {
                        if let TraitItem::Fn(function) = function {
                            self.function(&function.sig, imports, &Bounds::new());
                            self.methods.insert((item.ident.to_string(), function.sig.ident.to_string()));
                        }
                    }
                }
                Item::Mod(module) => self.add(module.content.as_ref().map_or(&[], |(_, items)| items), imports),
                Item::Struct(item) => {
                    let name = item.ident.to_string();
                    let known = kind::bounds(&item.generics, imports);
                    self.structure(&name, &item.fields, imports, &known);
                }
                Item::Enum(item) => {
                    let name = item.ident.to_string();
                    if item.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit)) {
                        self.constants.insert(name);
                    }
                }
                Item::Static(item) if is_made(&item.ty) => {
                    self.made.insert(item.ident.to_string());
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, signature: &Signature, imports: &Imports, outer: &Bounds) {
        let mut known = outer.clone();
        known.extend(kind::bounds(&signature.generics, imports));
        let kind = match &signature.output {
            ReturnType::Default => Kind::Unknown,
            ReturnType::Type(_, ty) => kind::of(ty, imports, &known),
        };
        agree(&mut self.returns, signature.ident.to_string(), kind);
    }

    fn structure(&mut self, name: &str, fields: &Fields, imports: &Imports, known: &Bounds) {
        for (at, field) in fields.iter().enumerate() {
            let kind = kind::of(&field.ty, imports, known);
            let called = field.ident.as_ref().map_or_else(|| at.to_string(), ToString::to_string);
            if matches!(fields, Fields::Unnamed(_)) && fields.len() == 1 {
                agree(&mut self.around, name.to_owned(), kind.clone());
            }
            agree(&mut self.fields, (name.to_owned(), called), kind);
        }
    }

    /// What functions of this name give back, if they agree.
    pub(super) fn returned(&self, name: &str) -> Option<&Kind> {
        self.returns.get(name).filter(|kind| **kind != Kind::Unknown)
    }

    pub(super) fn field(&self, owner: &str, name: &str) -> Option<&Kind> {
        self.fields.get(&(owner.to_owned(), name.to_owned()))
    }

    /// What pasting a value of this type pastes.
    pub(super) fn written(&self, kind: &Kind) -> Kind {
        match kind {
            Kind::Named(name) if self.constants.contains(name) => Kind::Static,
            Kind::Named(name) => match self.around.get(name) {
                Some(inner @ (Kind::Static | Kind::Harmless)) => inner.clone(),
                _ => kind.clone(),
            },
            _ => kind.clone(),
        }
    }

    pub(super) fn has_method(&self, owner: &str, name: &str) -> bool {
        self.methods.contains(&(owner.to_owned(), name.to_owned()))
    }

    pub(super) fn is_made(&self, name: &str) -> bool {
        self.made.contains(name)
    }
}

/// Whether a `static` of this type gets its value when the program runs.
fn is_made(ty: &syn::Type) -> bool {
    let made = ["LazyLock", "OnceLock", "Lazy", "OnceCell", "Mutex", "RwLock", "ArcSwap", "ArcSwapOption"];
    type_name(ty).is_some_and(|name| made.contains(&name.as_str()))
}

fn agree<K: Ord>(map: &mut BTreeMap<K, Kind>, key: K, kind: Kind) {
    map.entry(key)
        .and_modify(|known| {
            if *known != kind {
                *known = Kind::Unknown
            }
        })
        .or_insert(kind);
}

fn as_function(item: &ImplItem) -> Option<&syn::ImplItemFn> {
    if let ImplItem::Fn(function) = item { Some(function) } else { None }
}

/// The name of the type of an `impl`.
pub(super) fn type_name(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        syn::Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}
