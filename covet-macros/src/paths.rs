//! The one place that knows how generated code names the runtime.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The crate `covet`, under whatever name the package at hand knows it.
pub(crate) fn covet() -> TokenStream {
    match crate_name("covet") {
        Ok(FoundCrate::Name(name)) => {
            let name = Ident::new(&name, Span::call_site());
            quote!(::#name)
        }
        // The package of `covet` itself, whose examples and tests use it by its name; or a manifest that cannot be
        // read, where the compiler's own error about the missing crate is the right one.
        Ok(FoundCrate::Itself) | Err(_) => quote!(::covet),
    }
}

/// What generated code calls; hidden from users.
pub(crate) fn private() -> TokenStream {
    let covet = covet();
    quote!(#covet::__private)
}
