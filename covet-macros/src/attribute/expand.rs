//! Emits the function with a guard as its first argument, and the record of what the guard demands.

use covet_core::rate_limit::Cost;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{FnArg, ItemFn, LitInt, LitStr, Pat, PatType, parse_quote};

use super::parse::{AnyOf, Kind, Misplaced};
use super::validate::MaxAge;
use super::{Attribute, Name, limit};
use crate::paths::private;
use crate::policy::{Found, rebuild_on_change};

/// The argument that holds the guard.
const GUARD: &str = "__covet_guard";

/// The guarded route. Rocket runs request guards in the order of the arguments and before path, query and body, so
/// the first argument decides before anything of the request is read.
pub(super) fn guarded(attributes: &[Attribute], mut function: ItemFn, found: &Found) -> TokenStream {
    let private = private();
    let route = function.sig.ident.clone();
    // Rocket gives the type of a route a method of this name, which comes before the trait's.
    let into_route = quote!(Self::into_route(self));
    let covered = covered(&route, &requirement(attributes, &route, &private), &into_route, &private);
    let rebuild = rebuild_on_change(found);
    let guard = Ident::new(GUARD, Span::call_site());
    // In parentheses it can only be a type: one error less when Rocket's attribute was not imported and made none.
    function.sig.inputs.insert(0, parse_quote!(#guard: #private::Guard<(#route)>));
    quote! {
        #function
        #covered
        #rebuild
    }
}

/// Whether one of ours has guarded this function already.
pub(super) fn is_guarded(function: &ItemFn) -> bool {
    let Some(FnArg::Typed(PatType { pat, .. })) = function.sig.inputs.first() else { return false };
    matches!(&**pat, Pat::Ident(name) if name.ident == GUARD)
}

/// A function whose attributes are in error, with what `routes!` wants of it, so that it does not complain as well.
pub(super) fn in_name_only(function: ItemFn, misplaced: Option<&Misplaced>) -> TokenStream {
    let private = private();
    let (visibility, route) = (&function.vis, &function.sig.ident);
    let covered = covered(route, &requirement(&[], route, &private), &quote!(loop {}), &private);
    match misplaced {
        None | Some(Misplaced::BelowRoute) => quote!(#function #covered),
        Some(Misplaced::NoRoute) => quote! {
            #function
            #[allow(non_camel_case_types)]
            #visibility struct #route {}
            #covered
        },
        Some(Misplaced::Catcher | Misplaced::NotAFunction | Misplaced::Renamed) => function.into_token_stream(),
    }
}

/// Rocket makes a type of the route's name; the record hangs on it.
fn covered(route: &Ident, requirement: &TokenStream, into_route: &TokenStream, private: &TokenStream) -> TokenStream {
    quote! {
        #[doc(hidden)]
        #[automatically_derived]
        impl #private::Covered for #route {
            const REQUIREMENT: &'static #private::Requirement = {
                static REQUIREMENT: #private::Requirement = #requirement;
                &REQUIREMENT
            };

            fn into_route(self) -> #private::Route {
                #into_route
            }
        }
    }
}

fn requirement(attributes: &[Attribute], route: &Ident, private: &TokenStream) -> TokenStream {
    let limits = attributes.iter().filter_map(|attribute| match &attribute.kind {
        Kind::RateLimit { name, cost } => Some(charge(name, cost.as_ref(), private)),
        _ => None,
    });
    let public = attributes.iter().all(|attribute| matches!(attribute.name, Name::Public | Name::RateLimit));
    let access = if public { quote!(Access::Public) } else { user_access(attributes, private) };
    let name = route.unraw().to_string();
    quote! {
        #private::Requirement {
            route: #private::concat!(#private::module_path!(), "::", #name),
            limits: &[#(#limits),*],
            access: #private::#access,
        }
    }
}

fn charge(name: &LitStr, cost: Option<&LitInt>, private: &TokenStream) -> TokenStream {
    let cost = match cost.and_then(|literal| limit::cost(literal).ok()).map(Cost::get) {
        Some(cost) => quote!(Some(#private::Cost::of(#cost))),
        None => quote!(None),
    };
    quote!(#private::Charge { limit: #name, cost: #private::Option::#cost })
}

fn user_access(attributes: &[Attribute], private: &TokenStream) -> TokenStream {
    let mut mfa = quote!(NotRequired);
    let mut roles: Vec<&LitStr> = Vec::new();
    let mut permissions: Vec<TokenStream> = Vec::new();
    for attribute in attributes {
        match &attribute.kind {
            Kind::RequireMfa { max_age: None } => mfa = quote!(Required),
            Kind::RequireMfa { max_age: Some(max_age) } => {
                let seconds = max_age.value().parse::<MaxAge>().map_or(0, MaxAge::seconds);
                mfa = quote!(Within(#seconds));
            }
            Kind::RequireRole(names) => roles.extend(names),
            Kind::RequirePermission(clauses) => permissions.extend(clauses.iter().map(|clause| any(clause, private))),
            Kind::RateLimit { .. } | Kind::RequireAuth | Kind::Public | Kind::Unreadable => {}
        }
    }
    quote!(Access::User { mfa: #private::Mfa::#mfa, roles: &[#(#roles),*], permissions: &[#(#permissions),*] })
}

fn any(AnyOf(names): &AnyOf, private: &TokenStream) -> TokenStream {
    let span = names.first().map_or_else(Span::call_site, LitStr::span);
    quote_spanned!(span=> #private::Clause(&[#(#names),*]))
}
