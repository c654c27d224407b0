//! `routes![…]`: each route must be covered by a policy.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath, Path, Token};

use crate::mistake;
use crate::paths::private;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let elements = match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(input) {
        Ok(elements) => elements,
        Err(error) => return no_route(Ident::new("wrong", error.span())),
    };
    let private = private();
    let routes = elements.iter().map(|element| match path(element) {
        Some(path) => quote_spanned!(path.span()=> #private::route(#path {})),
        None => no_route(element),
    });
    quote!(<#private::Vec<#private::Route> as #private::From<_>>::from([#(#routes),*]))
}

/// The path of a route, also where an application's own macro hands it over.
fn path(element: &Expr) -> Option<&Path> {
    match element {
        Expr::Path(ExprPath { qself: None, path, .. }) => Some(path),
        Expr::Group(group) => path(&group.expr),
        _ => None,
    }
}

fn no_route(wrong: impl ToTokens) -> TokenStream {
    mistake::on(wrong, "routes", "expected the name of a route", "write `routes![index, notes::list]`")
        .into_compile_error()
}
