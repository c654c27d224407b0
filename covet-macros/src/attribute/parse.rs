//! Reads the attributes of a route; does not judge what they say.

use std::fmt;

use covet_core::policy::{FILE_NAME, nearest};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{End, Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, ItemConst, ItemFn, LitInt, LitStr, Meta, Token};

use super::Attribute;
use crate::mistake;

/// Rocket's route attributes.
const ROUTE_ATTRIBUTES: [&str; 8] = ["get", "post", "put", "delete", "patch", "head", "options", "route"];

/// The name of one of our attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    RateLimit,
    RequireAuth,
    RequireMfa,
    RequirePermission,
    RequireRole,
    Public,
}

/// What an attribute says.
pub(super) enum Kind {
    RateLimit {
        name: LitStr,
        cost: Option<LitInt>,
    },
    RequireAuth,
    RequireMfa {
        max_age: Option<LitStr>,
    },
    RequirePermission(Vec<AnyOf>),
    RequireRole(Vec<LitStr>),
    Public,
    /// Something that is not understood, of which an error tells.
    Unreadable,
}

/// Permissions of which one is enough.
pub(super) struct AnyOf(pub(super) Vec<LitStr>);

/// The attributes, and what is wrong with them.
pub(super) struct Collected {
    pub(super) attributes: Vec<Attribute>,
    pub(super) errors: Vec<syn::Error>,
    /// What remains of the attributes that were taken off: see [`trace`].
    pub(super) traces: TokenStream,
}

/// Takes all of our attributes off an item; `first` is the one being expanded, already off.
pub(super) fn collect(first: Name, here: Here, arguments: TokenStream, others: &mut Vec<syn::Attribute>) -> Collected {
    let mut collected = Collected { attributes: Vec::new(), errors: Vec::new(), traces: TokenStream::new() };
    collected.add(first, here.to_token_stream(), Ok(arguments));
    let mut below_route = false;
    others.retain(|attribute| {
        below_route |= is_route(attribute);
        let Some(name) = Name::of(attribute) else { return true };
        if below_route {
            collected.errors.push(Misplaced::BelowRoute.error(name, attribute));
        }
        let arguments = match &attribute.meta {
            Meta::Path(_) => Ok(TokenStream::new()),
            Meta::List(list) => Ok(list.tokens.clone()),
            Meta::NameValue(_) => Err(name.usage(attribute)),
        };
        collected.add(name, attribute.to_token_stream(), arguments);
        collected.traces.extend(trace(attribute));
        false
    });
    collected
}

impl Collected {
    fn add(&mut self, name: Name, tokens: TokenStream, arguments: syn::Result<TokenStream>) {
        let kind = arguments.and_then(|arguments| name.parse_arguments(arguments, &tokens)).unwrap_or_else(|error| {
            self.errors.push(error);
            Kind::Unreadable
        });
        self.attributes.push(Attribute { name, tokens, kind });
    }
}

/// The argument of a trace.
const TRACE: &str = "__covet_collected";

/// An attribute that was taken off, standing above nothing, so that the compiler still looks its name up: it tells of
/// one that was not imported, and does not call one that was an unused import.
fn trace(attribute: &syn::Attribute) -> TokenStream {
    let (path, trace) = (attribute.path(), Ident::new(TRACE, Span::call_site()));
    quote! {
        #[#path(#trace)]
        const _: () = ();
    }
}

pub(super) fn is_trace(arguments: &TokenStream, item: &TokenStream) -> bool {
    let above_nothing = || syn::parse2::<ItemConst>(item.clone()).is_ok_and(|item| item.ident == "_");
    syn::parse2::<Ident>(arguments.clone()).is_ok_and(|argument| argument == TRACE) && above_nothing()
}

/// All of the attribute being expanded: its own tokens are not given to us.
#[derive(Clone, Copy)]
pub(super) struct Here(Span);

impl Here {
    /// The attribute right above `item`; written by whoever wrote that, so errors do not blame a macro.
    pub(super) fn above(item: &TokenStream) -> Self {
        let author = item.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
        Self(Span::call_site().resolved_at(author))
    }

    pub(super) fn span(self) -> Span {
        self.0
    }
}

impl ToTokens for Here {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        Ident::new("attribute", self.0).to_tokens(tokens);
    }
}

/// An item that is no function of its own, without our attributes and Rocket's, which would only repeat the error.
pub(super) fn without_ours(item: TokenStream) -> TokenStream {
    let parts = |input: ParseStream<'_>| Ok((input.call(syn::Attribute::parse_outer)?, input.parse::<TokenStream>()?));
    let Ok((attributes, rest)) = parts.parse2(item.clone()) else { return item };
    let (ours, others): (Vec<_>, Vec<_>) =
        attributes.into_iter().filter(|attribute| !is_route(attribute)).partition(|a| Name::of(a).is_some());
    let traces = ours.iter().map(trace);
    quote!(#(#others)* #rest #(#traces)*)
}

/// Why ours guards no route.
pub(super) enum Misplaced {
    /// It stands above: Rocket has already made the route.
    BelowRoute,
    /// There is none.
    NoRoute,
    /// It handles errors, and runs after all guards.
    Catcher,
    /// It is not even a function of its own.
    NotAFunction,
    /// It has a name we do not know, so another one has guarded the route without it.
    Renamed,
}

/// Whether the function still has its route attribute.
pub(super) fn route_attribute(function: &ItemFn) -> Result<(), Misplaced> {
    if function.attrs.iter().any(is_route) {
        return Ok(());
    }
    let catches =
        |attribute: &syn::Attribute| attribute.path().segments.last().is_some_and(|segment| segment.ident == "catch");
    Err(match () {
        () if function.attrs.iter().any(catches) => Misplaced::Catcher,
        () if stands_below_route() => Misplaced::BelowRoute,
        () => Misplaced::NoRoute,
    })
}

impl Misplaced {
    pub(super) fn error(&self, name: Name, tokens: impl ToTokens) -> syn::Error {
        let (message, help) = match self {
            Self::BelowRoute => (
                format!("`#[{name}]` must stand above the route attribute"),
                "move it up: attributes are applied from the top, and below, the route is made before its guard".into(),
            ),
            Self::NoRoute => (
                format!("`#[{name}]` guards a route, and this function has no route attribute below it"),
                format!("put `#[get(\"/…\")]`, `#[post(\"/…\")]`, … between `#[{name}]` and the function"),
            ),
            Self::Catcher => (
                format!("`#[{name}]` guards a route, and this is a catcher"),
                format!("delete `#[{name}]`: a catcher answers what was refused, so nothing may refuse it"),
            ),
            Self::NotAFunction => (
                format!("`#[{name}]` guards a route, which is a function of its own"),
                "put it above the route attribute of a function outside of any `impl` or `trait`".into(),
            ),
            Self::Renamed => (
                format!("`#[{name}]` goes by another name here, so the attributes of this route miss each other"),
                format!("write `#[{name}]` or `#[covet::{name}]`"),
            ),
        };
        mistake::on(tokens, "misplaced", message, help)
    }
}

/// Whether the source has a route attribute among the lines right above the attribute being expanded. The compiler
/// has taken it off the function by then, so this only chooses between two messages.
fn stands_below_route() -> bool {
    let here = Span::call_site();
    let text = here.local_file().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let above: Vec<&str> = text.lines().take(here.start().line.saturating_sub(1)).collect();
    let attributes = above.iter().rev().map(|line| line.trim()).take_while(|line| line.starts_with(['#', '/']));
    let path =
        |line: &str| line.strip_prefix("#[").map(|rest| rest.split(['(', ']', ' ']).next().unwrap_or("").to_owned());
    attributes
        .filter_map(path)
        .any(|path| path.rsplit("::").next().is_some_and(|name| ROUTE_ATTRIBUTES.contains(&name)))
}

fn is_route(attribute: &syn::Attribute) -> bool {
    let mut segments = attribute.path().segments.iter();
    let named = |ident: &Ident| ROUTE_ATTRIBUTES.iter().any(|name| ident == name);
    segments.next_back().is_some_and(|segment| named(&segment.ident)) && attribute.path().segments.len() <= 2
}

impl Name {
    const ALL: [(Self, &'static str); 6] = [
        (Self::RateLimit, "rate_limit"),
        (Self::RequireAuth, "require_auth"),
        (Self::RequireMfa, "require_mfa"),
        (Self::RequirePermission, "require_permission"),
        (Self::RequireRole, "require_role"),
        (Self::Public, "public"),
    ];

    /// The name of one of our attributes, by itself or as `covet::name`, whatever the crate is called.
    fn of(attribute: &syn::Attribute) -> Option<Self> {
        let segments = &attribute.path().segments;
        let last = segments.last()?;
        let ours = segments.len() <= 2;
        Self::ALL.iter().find(|(_, text)| ours && last.ident == text).map(|(name, _)| *name)
    }

    /// Tells how the attribute is written.
    fn usage(self, wrong: impl ToTokens) -> syn::Error {
        let (usage, help) = match self {
            Self::RateLimit => (
                "`#[rate_limit(\"NAME\")]` or `#[rate_limit(\"NAME\", cost = 5)]`",
                format!(
                    "NAME is one of `[rate_limits]` in {FILE_NAME}, and for several, write one attribute each; `cost` \
                     is how much one request counts"
                ),
            ),
            Self::RequireAuth => (
                "`#[require_auth]`",
                "it takes no arguments; `#[require_permission(\"…\")]` and `#[require_role(\"…\")]` demand more".into(),
            ),
            Self::RequireMfa => (
                "`#[require_mfa]` or `#[require_mfa(max_age = \"10m\")]`",
                "`max_age` is how long ago the second factor may have been given, in `s`, `m`, `h` or `d`".into(),
            ),
            Self::RequirePermission => (
                "`#[require_permission(\"NAME\", …)]` or `#[require_permission(any(\"NAME\", …))]`",
                format!(
                    "NAME is one of `[permissions]` in {FILE_NAME}; several are all required, of `any` one is enough"
                ),
            ),
            Self::RequireRole => (
                "`#[require_role(\"NAME\", …)]`",
                format!("NAME is one of `[roles]` in {FILE_NAME}; several are all required"),
            ),
            Self::Public => {
                ("`#[public]`", "it takes no arguments; `#[rate_limit(\"…\")]` may stand beside it".to_owned())
            }
        };
        mistake::on(wrong, "arguments", format!("expected {usage}"), help)
    }

    /// What the attribute says; an error points at the first wrong token or, if one is missing, at all of it.
    fn parse_arguments(self, arguments: TokenStream, attribute: &TokenStream) -> syn::Result<Kind> {
        let parse = |input: ParseStream<'_>| {
            let kind = match self {
                Self::RequireAuth => Kind::RequireAuth,
                Self::Public => Kind::Public,
                Self::RateLimit => {
                    let name = input.parse()?;
                    let more = input.peek(Token![,]) && !input.peek2(End);
                    let cost = more.then(|| input.parse::<Token![,]>().and_then(|_| value_of("cost", input)));
                    Kind::RateLimit { name, cost: cost.transpose()? }
                }
                Self::RequireMfa => {
                    let max_age = (!input.is_empty()).then(|| value_of("max_age", input));
                    Kind::RequireMfa { max_age: max_age.transpose()? }
                }
                Self::RequirePermission => Kind::RequirePermission(list(input)?),
                Self::RequireRole => Kind::RequireRole(list(input)?),
            };
            input.parse::<Option<Token![,]>>()?;
            if input.is_empty() { Ok(kind) } else { Err(input.error("unexpected")) }
        };
        parse.parse2(arguments).map_err(|error| {
            if mistake::is_one(&error) {
                return error;
            }
            let missing = error.to_string().starts_with("unexpected end of input");
            if missing { self.usage(attribute) } else { self.usage(Ident::new("wrong", error.span())) }
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(name, _)| name == self).map_or("", |(_, text)| text))
    }
}

/// What `key = …` says, where this is the only key there is.
fn value_of<T: Parse>(key: &str, input: ParseStream<'_>) -> syn::Result<T> {
    let found = input.call(Ident::parse_any)?;
    if found != key {
        let near = nearest(&found.to_string(), [key]).map(|near| {
            let message = format!("unknown argument `{found}`");
            mistake::at(found.span(), "arguments", message, format!("did you mean `{near}`?"))
        });
        return Err(near.unwrap_or_else(|| syn::Error::new(found.span(), "unknown argument")));
    }
    // What is missing stands nowhere, but behind its key.
    let go_on = || if input.is_empty() { Err(syn::Error::new(found.span(), "no value")) } else { Ok(()) };
    go_on()?;
    input.parse::<Token![=]>()?;
    go_on()?;
    input.parse()
}

/// At least one element, separated by commas.
fn list<T: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<T>> {
    let mut list = Punctuated::<T, Token![,]>::new();
    list.push_value(input.parse()?);
    while input.peek(Token![,]) {
        list.push_punct(input.parse()?);
        if input.is_empty() {
            break;
        }
        list.push_value(input.parse()?);
    }
    Ok(list.into_iter().collect())
}

impl Parse for AnyOf {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Ident) {
            let any: Ident = input.parse()?;
            if any != "any" {
                return Err(syn::Error::new(any.span(), "expected `any`"));
            }
            let names;
            syn::parenthesized!(names in input);
            let list = list(&names)?;
            return if names.is_empty() { Ok(Self(list)) } else { Err(names.error("unexpected")) };
        }
        Ok(Self(vec![input.parse()?]))
    }
}
