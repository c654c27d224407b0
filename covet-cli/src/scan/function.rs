//! The functions of a file, and which of them only this file can call.

use syn::punctuated::Punctuated;
use syn::{
    Attribute, Block, FnArg, Generics, ImplItem, Item, Meta, Pat, Signature, Stmt, Token, TraitItem, TraitItemFn, Type,
    Visibility,
};

use super::imports::Imports;
use super::index::type_name;
use super::kind::{self, Bounds};

/// A function with a body.
pub(super) struct Function<'a> {
    pub name: String,
    /// The type it belongs to.
    pub owner: Option<String>,
    pub parameters: Vec<(&'a Pat, &'a Type)>,
    pub block: &'a Block,
    pub bounds: Bounds,
    /// Whether it takes `self`.
    pub method: bool,
    /// Whether all its calls stand in this file.
    pub private: bool,
    pub test: bool,
}

/// What surrounds a function.
#[derive(Clone, Copy)]
struct Around<'a> {
    owner: Option<&'a str>,
    generics: Option<&'a Generics>,
    test: bool,
    /// Whether others reach it through a trait.
    shared: bool,
}

/// Every function of the file, those inside functions too.
pub(super) fn functions<'a>(file: &'a syn::File, imports: &Imports, test: bool) -> Vec<Function<'a>> {
    let mut found = Vec::new();
    items(&file.items, imports, Around { owner: None, generics: None, test, shared: false }, &mut found);
    found
}

fn items<'a>(all: &'a [Item], imports: &Imports, around: Around<'_>, found: &mut Vec<Function<'a>>) {
    for item in all {
        match item {
            Item::Fn(item) => {
                let private = matches!(item.vis, Visibility::Inherited) && !is_called_from_outside(&item.attrs);
                function(&item.sig, &item.block, &item.attrs, private, imports, around, found);
            }
            Item::Mod(module) => {
                let around = Around { test: around.test || is_test(&module.attrs), ..around };
                items(module.content.as_ref().map_or(&[], |(_, items)| items), imports, around, found);
            }
            Item::Impl(item) => {
                let owner = type_name(&item.self_ty);
                let around = Around {
                    owner: owner.as_deref(),
                    generics: Some(&item.generics),
                    test: around.test || is_test(&item.attrs),
                    shared: item.trait_.is_some(),
                };
                for function_item in &item.items {
                    if let ImplItem::Fn(item) = function_item {
                        let private = matches!(item.vis, Visibility::Inherited) && !around.shared;
                        function(&item.sig, &item.block, &item.attrs, private, imports, around, found);
                    }
                }
            }
            Item::Trait(item) => {
                let owner = item.ident.to_string();
                let around = Around { owner: Some(&owner), generics: Some(&item.generics), shared: true, ..around };
                for member in &item.items {
                    if let TraitItem::Fn(TraitItemFn { sig, default: Some(block), attrs, .. }) = member {
                        function(sig, block, attrs, false, imports, around, found);
                    }
                }
            }
            _ => {}
        }
    }
}

fn function<'a>(
    signature: &'a Signature,
    block: &'a Block,
    attributes: &[Attribute],
    private: bool,
    imports: &Imports,
    around: Around<'_>,
    found: &mut Vec<Function<'a>>,
) {
    let test = around.test || is_test(attributes);
    let mut bounds = around.generics.map(|generics| kind::bounds(generics, imports)).unwrap_or_default();
    bounds.extend(kind::bounds(&signature.generics, imports));
    let parameters = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some((&*input.pat, &*input.ty)),
        FnArg::Receiver(_) => None,
    });
    found.push(Function {
        name: signature.ident.to_string(),
        owner: around.owner.map(ToOwned::to_owned),
        parameters: parameters.collect(),
        block,
        bounds,
        method: signature.inputs.iter().any(|input| matches!(input, FnArg::Receiver(_))),
        private: private && signature.ident != "main",
        test,
    });
    let inner = Around { owner: None, generics: None, test, shared: false };
    for statement in &block.stmts {
        if let Stmt::Item(item) = statement {
            items(std::slice::from_ref(item), imports, inner, found);
        }
    }
}

/// Attributes such as `#[get("/")]` hand a function to a framework.
fn is_called_from_outside(attributes: &[Attribute]) -> bool {
    let harmless =
        ["doc", "inline", "must_use", "allow", "expect", "warn", "deny", "cfg", "instrument", "cold", "deprecated"];
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last().map(|segment| segment.ident.to_string());
        !last.is_some_and(|last| harmless.contains(&last.as_str()))
    })
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]` and the like.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        match last.as_str() {
            "test" | "rstest" | "test_case" | "bench" | "quickcheck" => true,
            "cfg" => cfg_test(&attribute.meta),
            _ => false,
        }
    })
}

fn cfg_test(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if !list.path.is_ident("not") && !list.path.is_ident("any") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|inner| inner.iter().any(cfg_test)),
        _ => false,
    }
}
