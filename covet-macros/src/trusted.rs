//! `trusted!`: the one way to run SQL that the compiler cannot see, closed unless the owner of the policy opens it.

use covet_core::sql::policy::Trusted;
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, LitStr, Result, Token};

use crate::{mistake, paths, policy};

/// The code of what is wrong with it.
const TRUSTED: &str = "sql::trusted";

/// `reason = "..", text`.
struct Input {
    reason: LitStr,
    text: Expr,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let help = "write `trusted!(reason = \"..\", text)`";
        let expected = |input: ParseStream<'_>| mistake::at(input.span(), TRUSTED, "a reason is expected first", help);
        if !(input.peek(Ident::peek_any) && input.peek2(Token![=])) {
            return Err(expected(input));
        }
        let name = Ident::parse_any(input)?;
        if name != "reason" {
            return Err(mistake::at(name.span(), TRUSTED, format!("unknown argument `{name}`"), help));
        }
        input.parse::<Token![=]>()?;
        let reason: LitStr = input.parse().map_err(|_| expected(input))?;
        if input.parse::<Token![,]>().is_err() || input.is_empty() {
            return Err(mistake::at(input.span(), TRUSTED, "the text is expected behind the reason", help));
        }
        let text = input.parse()?;
        let _ = input.parse::<Option<Token![,]>>()?;
        Ok(Self { reason, text })
    }
}

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let policy = policy::sql_policy();
    let judged = syn::parse2::<Input>(input).and_then(|input| judge(input, policy.trusted));
    match judged {
        Ok(text) => {
            let private = paths::private();
            quote!(#private::sqlx::AssertSqlSafe(#text))
        }
        Err(error) => {
            let error = error.into_compile_error();
            quote!({ #error })
        }
    }
}

fn judge(input: Input, trusted: Trusted) -> Result<Expr> {
    if input.reason.value().split_whitespace().nth(1).is_none() {
        let help = "say in a sentence why nothing a client sends can be in this text";
        return Err(mistake::at(input.reason.span(), TRUSTED, "this is no reason", help));
    }
    match trusted {
        Trusted::Allow => Ok(input.text),
        Trusted::Deny => {
            let help = "use `safe_sql!`, whose optional parts and choices need no such text; or set `trusted = \"allow\"` in `[sql]`";
            Err(mistake::on(&input.text, TRUSTED, "the policy trusts no SQL that it cannot see", help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(input: TokenStream, trusted: Trusted) -> String {
        let judged = syn::parse2::<Input>(input).and_then(|input| judge(input, trusted));
        judged.map_or_else(|error| error.to_string(), |text| quote!(#text).to_string())
    }

    #[test]
    fn text_is_trusted_only_with_a_reason_and_where_the_policy_allows_it() {
        let input = || quote!(reason = "made of constants", text());
        assert_eq!(told(input(), Trusted::Allow), "text ()");
        assert!(told(input(), Trusted::Deny).contains("trusts no SQL"));
        for bad in [
            quote!(),
            quote!(text),
            quote!(why = "a b", x),
            quote!(reason = 1, x),
            quote!(reason = "a b"),
            quote!(reason = "because", x),
        ] {
            assert!(told(bad.clone(), Trusted::Allow).contains("covet::sql::trusted"), "{bad}");
        }
    }
}
