//! `policy!()`: the policy as a module.

use std::collections::BTreeMap;

use covet_core::policy::{Document, FILE_NAME};
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
        match named(permission.as_str(), &types, &found.document) {
            Ok(name) => drop(types.insert(name, permission.as_str())),
            Err(error) => errors.extend(error.into_compile_error()),
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

/// The name of the permission's type, unless another one has it or nothing can.
fn named(permission: &str, types: &BTreeMap<String, &str>, document: &Document) -> syn::Result<String> {
    let name = type_name(permission);
    let line = |permission| document.position(&["permissions", permission]).map_or(1, |position| position.line);
    let error = |message, help: String| Err(mistake::at(Span::call_site(), "policy", message, help));
    // The only keyword that begins with a capital (the Rust Reference, "Keywords").
    if name == "Self" {
        let message = format!("the permission `{permission}` would be the type `Self`, which is a keyword of Rust");
        return error(message, format!("rename it in {FILE_NAME}:{}, for instance `self:read`", line(permission)));
    }
    if let Some(&other) = types.get(&name) {
        let message = format!("the permissions `{other}` and `{permission}` would both be the type `{name}`");
        return error(message, format!("rename one of them: {FILE_NAME}:{} and {}", line(other), line(permission)));
    }
    Ok(name)
}

/// `write:notes` as `WriteNotes`.
fn type_name(permission: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    permission.split([':', '-', '_']).map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(permission: &str, known: &[&str]) -> Result<String, String> {
        let lines: String = known.iter().chain([&permission]).map(|name| format!("\"{name}\" = \"\"\n")).collect();
        let text = format!("application.name = \"Notes\"\n[permissions]\n{lines}");
        let document = Document::parse("security.toml", &text).map_err(|problems| problems.to_string())?;
        let types = known.iter().map(|name| (type_name(name), *name)).collect();
        named(permission, &types, &document).map_err(|error| error.to_string())
    }

    #[test]
    fn a_permission_has_a_type_that_rust_can_name() {
        for (permission, expected) in [
            ("write:notes", "WriteNotes"),
            ("admin:audit:v2", "AdminAuditV2"),
            ("a-b_c:2d", "ABC2d"),
            ("a__b", "AB"),
            ("self:edit", "SelfEdit"),
            ("crate", "Crate"),
            ("super", "Super"),
            ("type", "Type"),
            ("debug", "Debug"),
        ] {
            assert_eq!(type_of(permission, &[]).as_deref(), Ok(expected));
            let name: syn::Result<Ident> = syn::parse_str(expected);
            assert!(name.is_ok(), "{expected}");
        }
    }

    #[test]
    fn a_permission_without_a_type_of_its_own_is_told_with_its_line() {
        for permission in ["self", "self-", "self_"] {
            let told = type_of(permission, &["read"]);
            assert!(
                told.as_ref().is_err_and(|told| told.contains("`Self`") && told.contains("security.toml:4")),
                "{told:?}"
            );
        }
        for (known, permission) in [("write:data", "write_data"), ("write-data", "write:data"), ("ab", "ab-")] {
            let told = type_of(permission, &[known]);
            let both = format!("the permissions `{known}` and `{permission}` would both be the type");
            assert!(told.as_ref().is_err_and(|told| told.contains(&both) && told.contains("toml:3 and 4")), "{told:?}");
        }
    }
}
