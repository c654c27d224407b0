//! The attributes: the first one on a route collects all the others and emits one record and one guard argument.

mod expand;
mod parse;
mod validate;

use proc_macro2::TokenStream;
use syn::ItemFn;

pub(crate) use self::parse::Name;
use self::parse::{Here, Kind, Misplaced};
use crate::policy;

/// Expands the attribute `name(arguments)` on `item`.
pub(crate) fn expand(name: Name, arguments: TokenStream, item: TokenStream) -> TokenStream {
    if parse::is_trace(&arguments, &item) {
        return TokenStream::new();
    }
    let here = Here::above(&item);
    let function = syn::parse2::<ItemFn>(item.clone()).ok().filter(|function| function.sig.receiver().is_none());
    let Some(mut function) = function else {
        return with_errors(vec![Misplaced::NotAFunction.error(name, here)], parse::without_ours(item));
    };
    if expand::is_guarded(&function) {
        return with_errors(vec![Misplaced::Renamed.error(name, here)], item);
    }
    let mut parsed = parse::collect(name, here, arguments, &mut function.attrs);
    let misplaced = parse::route_attribute(&function).err();
    let errors = &mut parsed.errors;
    match &misplaced {
        // One route attribute is enough for all of them.
        Some(none @ Misplaced::NoRoute) => errors.push(none.error(name, here)),
        Some(misplaced) => {
            let attributes = parsed.attributes.iter();
            errors.extend(attributes.map(|attribute| misplaced.error(attribute.name, &attribute.tokens)));
        }
        None => {}
    }
    errors.extend(validate::contradictions(&parsed.attributes));
    let found = policy::find();
    match &found {
        Ok(found) => errors.extend(validate::names(&parsed.attributes, &found.document)),
        Err(none) => errors.extend(none.error_once(here.span())),
    }
    let mut tokens = match found {
        Ok(found) if errors.is_empty() => expand::guarded(&parsed.attributes, function, &found),
        _ => with_errors(parsed.errors, expand::in_name_only(function, misplaced.as_ref())),
    };
    tokens.extend(parsed.traces);
    tokens
}

/// The errors beside the user's item, so that ours are the only ones they see.
fn with_errors(mut errors: Vec<syn::Error>, item: TokenStream) -> TokenStream {
    errors.sort_by_key(|error| {
        let start = error.span().start();
        (start.line, start.column)
    });
    let mut tokens: TokenStream = errors.into_iter().map(|error| error.into_compile_error()).collect();
    tokens.extend(item);
    tokens
}

/// One attribute with what it says.
struct Attribute {
    name: Name,
    tokens: TokenStream,
    kind: Kind,
}
