//! `policy!()`: the policy as a module.

use std::collections::BTreeMap;

use covet_core::policy::{Document, FILE_NAME};
use covet_core::rate_limit::Scope;
use covet_core::sql::{Dialect, drift};
use covet_sql::Misnamed;
use covet_sql::judge::Side;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::identifiers;
use crate::mistake;
use crate::paths::{covet, private};
use crate::policy::{self, Sql};
use crate::section::{Section, type_name};

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
                    pub const EMBEDDED: #covet::Embedded = #covet::Embedded { name: "", text: "", tables: &[] };
                }
            }
        }
    }
}

fn module(found: &policy::Found) -> TokenStream {
    let (covet, private) = (covet(), private());
    let sql = policy::sql();
    let (schema, tables) = (schema(&sql), tables(&sql));
    let path = found.path.display().to_string();
    let Document { policy, .. } = &found.document;
    let permissions = policy.permissions.keys().map(|name| name.as_str());
    let permissions = types(Section::Permissions, permissions, &quote!(#covet::Permission), &found.document);
    let by_key = policy.rate_limits.iter().filter(|(_, limit)| limit.scopes().contains(&Scope::Key));
    let limits = by_key.map(|(name, _)| name.as_str());
    let limits = types(Section::RateLimits, limits, &quote!(#covet::Limit), &found.document);
    let identifiers = identifiers::types(&found.document);
    quote! {
        #schema

        /// The policy this program was compiled with.
        #[allow(dead_code)]
        pub mod policy {
            /// The text of `security.toml`.
            pub const EMBEDDED: #covet::Embedded =
                #covet::Embedded { name: "security.toml", text: #private::include_str!(#path), tables: &[#tables] };

            /// A type for each permission.
            pub mod permissions {
                #permissions
            }

            /// A type for each rate limit with `scope = "key"`.
            pub mod limits {
                #limits
            }

            /// A type for each list of columns in `[sql.identifiers]`.
            pub mod identifiers {
                #identifiers
            }
        }
    }
}

/// What is wrong with the tables, or with what the policy says of them; and the files that say what there are.
fn schema(sql: &Sql) -> TokenStream {
    let broken = sql.broken.iter().filter_map(|broken| broken.error_once(Span::call_site()));
    let mut tokens: TokenStream = broken.map(syn::Error::into_compile_error).collect();
    let Some(judge) = &sql.judge else { return tokens };
    for Misnamed { path, message, help } in judge.misnamed() {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let message = format!("{FILE_NAME}:{}: {message}", sql.line(&path));
        tokens.extend(mistake::at(Span::call_site(), "policy", message, help).into_compile_error());
    }
    tokens.extend(policy::rebuild_on_migration(judge));
    tokens
}

/// The application's tables on SQLite, which it is launched with.
fn tables(sql: &Sql) -> TokenStream {
    let private = private();
    let (drift, text) = (quote!(#private::covet_core::sql::drift), quote!(#private::Cow::Borrowed));
    let side = sql.judge.iter().flat_map(|judge| judge.sides()).find(|side| side.dialect() == Dialect::Sqlite);
    let tables = side.into_iter().flat_map(Side::tables).map(|table| {
        let columns = table.columns.iter().map(|drift::Column { name, declared, not_null }| {
            quote!(#drift::Column { name: #text(#name), declared: #text(#declared), not_null: #not_null })
        });
        let name = &table.name;
        quote!(#drift::Table { name: #text(#name), columns: #text(&[#(#columns),*]) },)
    });
    tables.collect()
}

/// A type for each name, which knows the name by the trait; and a mistake for each that can have none.
fn types<'p>(
    section: Section,
    names: impl Iterator<Item = &'p str>,
    of_trait: &TokenStream,
    document: &Document,
) -> TokenStream {
    let private = private();
    let mut types: BTreeMap<String, &str> = BTreeMap::new();
    let mut tokens = TokenStream::new();
    for name in names {
        match named(section, name, &types, document) {
            Ok(named) => drop(types.insert(named, name)),
            Err(error) => tokens.extend(error.into_compile_error()),
        }
    }
    for (named, name) in types {
        let ident = Ident::new(&named, Span::call_site());
        let doc = format!("The {} `{name}`.", section.noun());
        tokens.extend(quote! {
            #[doc = #doc]
            #[derive(Debug, Clone, Copy)]
            pub struct #ident;
            impl #of_trait for #ident {
                const NAME: &'static #private::str = #name;
            }
        });
    }
    tokens
}

/// What the type of a name is called, unless another one is called so or nothing can be.
fn named(section: Section, name: &str, types: &BTreeMap<String, &str>, document: &Document) -> syn::Result<String> {
    let (named, noun) = (type_name(name), section.noun());
    let line = |name| document.position(&[section.key(), name]).map_or(1, |position| position.line);
    let error = |message, help: String| Err(mistake::at(Span::call_site(), "policy", message, help));
    // The only keyword that begins with a capital (the Rust Reference, "Keywords").
    if named == "Self" {
        let message = format!("the {noun} `{name}` would be the type `Self`, which is a keyword of Rust");
        return error(message, format!("rename it in {FILE_NAME}:{}, for instance `self-service`", line(name)));
    }
    if let Some(&other) = types.get(&named) {
        let message = format!("the {noun}s `{other}` and `{name}` would both be the type `{named}`");
        return error(message, format!("rename one of them: {FILE_NAME}:{} and {}", line(other), line(name)));
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(permission: &str, known: &[&str]) -> Result<String, String> {
        let lines: String = known.iter().chain([&permission]).map(|name| format!("\"{name}\" = \"\"\n")).collect();
        let text = format!("application.name = \"Notes\"\n[permissions]\n{lines}");
        let document = Document::parse("security.toml", &text).map_err(|problems| problems.to_string())?;
        let types = known.iter().map(|name| (type_name(name), *name)).collect();
        named(Section::Permissions, permission, &types, &document).map_err(|error| error.to_string())
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
