//! The lists of `[sql.identifiers]` as types: an `enum` of the columns that a request may choose from.

use std::collections::BTreeMap;

use covet_core::policy::{Document, FILE_NAME};
use covet_core::sql::identifier::{Identifiers, list_number};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::mistake;
use crate::paths::private;
use crate::section::type_name;

/// The type of each list, and a mistake for each that can have none.
pub(crate) fn types(document: &Document) -> TokenStream {
    let mut types: BTreeMap<String, &str> = BTreeMap::new();
    let mut tokens = TokenStream::new();
    for (name, list) in &document.policy.sql.identifiers {
        let line = document.position(&["sql", "identifiers", name.as_str()]).map_or(1, |position| position.line);
        let named = named("list", name.as_str(), &mut types, line);
        match named.and_then(|named| Ok((named, variants(list, line)?))) {
            Ok((named, variants)) => tokens.extend(choices(&named, name.as_str(), list, &variants)),
            Err(error) => tokens.extend(error.into_compile_error()),
        }
    }
    tokens
}

/// What the columns are called.
fn variants(list: &Identifiers, line: usize) -> syn::Result<Vec<Ident>> {
    let mut known = BTreeMap::new();
    list.columns().map(|column| named("column", column, &mut known, line)).collect()
}

/// What the type of a name is called, unless another one is called so or nothing can be.
fn named<'n>(noun: &str, name: &'n str, known: &mut BTreeMap<String, &'n str>, line: usize) -> syn::Result<Ident> {
    let named = type_name(name);
    let error =
        |message| Err(mistake::at(Span::call_site(), "policy", message, format!("rename it: {FILE_NAME}:{line}")));
    // The only keyword that begins with a capital is `Self`.
    let Some(ident) = syn::parse_str::<Ident>(&named).ok() else {
        return error(format!("the {noun} `{name}` would be called `{named}`, which is no name in Rust"));
    };
    if let Some(other) = known.insert(named.clone(), name) {
        return error(format!("the {noun}s `{other}` and `{name}` would both be called `{named}`"));
    }
    Ok(Ident::new(&ident.to_string(), Span::call_site()))
}

fn choices(named: &Ident, name: &str, list: &Identifiers, variants: &[Ident]) -> TokenStream {
    let private = private();
    let (core, rocket) = (quote!(#private::covet_core::sql), quote!(#private::rocket));
    let columns: Vec<&str> = list.columns().collect();
    let docs = columns.iter().map(|column| format!("`{}.{column}`", list.table()));
    let doc = format!("A column of `{}`, from the list `{name}`.", list.table());
    let (default, number) = (variants.get(list.default()), list_number(name));
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum #named {
            #(#[doc = #docs] #variants),*
        }

        impl #named {
            /// Its name in the table.
            #[must_use]
            pub const fn as_str(self) -> &'static #private::str {
                match self {
                    #(Self::#variants => #columns),*
                }
            }
        }

        impl #private::Default for #named {
            fn default() -> Self {
                Self::#default
            }
        }

        impl #core::Identifier for #named {
            const LIST: &'static #private::str = #name;
            const COLUMNS: &'static [&'static #private::str] = &[#(#columns),*];
            const ALL: &'static [Self] = &[#(Self::#variants),*];

            fn index(self) -> #private::usize {
                self as #private::usize
            }
        }

        impl<Name> #core::dynamic::ChoiceOf<Name, #number> for #named {}

        impl #private::Display for #named {
            fn fmt(&self, f: &mut #private::Formatter<'_>) -> #private::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl #private::FromStr for #named {
            type Err = #core::UnknownIdentifier;

            fn from_str(text: &#private::str) -> #private::Result<Self, Self::Err> {
                #core::identifier::choose(text)
            }
        }

        impl<'v> #rocket::form::FromFormField<'v> for #named {
            fn from_value(field: #rocket::form::ValueField<'v>) -> #rocket::form::Result<'v, Self> {
                #private::choice::from_field(&field)
            }

            fn default() -> #private::Option<Self> {
                #private::Option::Some(#private::Default::default())
            }
        }

        impl<'r> #rocket::request::FromParam<'r> for #named {
            type Error = #core::UnknownIdentifier;

            fn from_param(text: &'r #private::str) -> #private::Result<Self, Self::Error> {
                #core::identifier::choose(text)
            }
        }

        impl<P: #rocket::http::uri::fmt::Part> #rocket::http::uri::fmt::UriDisplay<P> for #named {
            fn fmt(&self, f: &mut #rocket::http::uri::fmt::Formatter<'_, P>) -> #private::fmt::Result {
                #rocket::http::uri::fmt::UriDisplay::fmt(self.as_str(), f)
            }
        }

        #rocket::http::impl_from_uri_param_identity!(#named);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let document = Document::parse("security.toml", &format!("application.name = \"Notes\"\n{text}"));
        document.map_or_else(|problems| problems.to_string(), |document| types(&document).to_string())
    }

    #[test]
    fn a_list_is_an_enum_of_its_columns() {
        let tokens = told("[sql.identifiers.notes_sort]\ntable = 'notes'\ncolumns = ['updated', 'created_at']");
        assert!(tokens.contains("pub enum NotesSort"), "{tokens}");
        assert!(tokens.contains("Updated") && tokens.contains("CreatedAt"), "{tokens}");
    }

    #[test]
    fn what_has_no_name_in_rust_is_told_with_its_line() {
        for (columns, expected) in [
            ("['a_b', 'aB']", "would both be called `AB`"),
            ("['_1']", "no name in Rust"),
            ("['self']", "no name in Rust"),
            ("['_']", "no name in Rust"),
        ] {
            let told = told(&format!("[sql.identifiers.x]\ntable = 't'\ncolumns = {columns}"));
            assert!(told.contains(expected) && told.contains("security.toml:2"), "{columns}: {told}");
        }
        let told = told(
            "[sql.identifiers.x-y]\ntable = 't'\ncolumns = ['a']\n[sql.identifiers.x_y]\ntable = 't'\ncolumns = ['a']",
        );
        assert!(told.contains("would both be called `XY`") && told.contains("security.toml:5"), "{told}");
    }
}
