//! `policy!()`: the policy as a module.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::mistake;
use crate::paths::{covet, private};
use crate::policy;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    if !input.is_empty() {
        let help = "the policy is the first security.toml from the package's folder upwards";
        return mistake::on(input, "arguments", "`policy!()` takes no arguments", help).into_compile_error();
    }
    match policy::find() {
        Ok(found) => module(&found),
        // The constant keeps the rest of the program from complaining as well.
        Err(none) => {
            let error = none.error_once(Span::call_site()).map(syn::Error::into_compile_error);
            let covet = covet();
            quote! {
                #error
                #[doc(hidden)]
                pub mod policy {
                    pub const EMBEDDED: #covet::Embedded = #covet::Embedded { name: "", text: "" };
                }
            }
        }
    }
}

fn module(found: &policy::Found) -> TokenStream {
    let (covet, private) = (covet(), private());
    let path = found.path.display().to_string();
    let mut types: BTreeMap<String, &str> = BTreeMap::new();
    let mut errors = TokenStream::new();
    for permission in found.document.policy.permissions.keys() {
        if let Some(other) = types.insert(type_name(permission.as_str()), permission.as_str()) {
            let message =
                format!("the permissions `{other}` and `{permission}` would both be the type `{}`", type_name(other));
            let error = mistake::at(Span::call_site(), "policy", message, "rename one of them in security.toml");
            errors.extend(error.into_compile_error());
        }
    }
    let permissions = types.iter().map(|(name, permission)| {
        let name = Ident::new(name, Span::call_site());
        let doc = format!("The permission `{permission}`.");
        quote! {
            #[doc = #doc]
            #[derive(Debug, Clone, Copy)]
            pub struct #name;
            impl #covet::Permission for #name {
                const NAME: &'static #private::str = #permission;
            }
        }
    });
    quote! {
        #errors
        /// The policy this program was compiled with.
        #[allow(dead_code)]
        pub mod policy {
            /// The text of `security.toml`.
            pub const EMBEDDED: #covet::Embedded =
                #covet::Embedded { name: "security.toml", text: #private::include_str!(#path) };

            /// A type for each permission.
            pub mod permissions {
                #(#permissions)*
            }
        }
    }
}

/// `write:notes` as `WriteNotes`.
fn type_name(permission: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    permission.split([':', '-', '_']).map(capital).collect()
}
