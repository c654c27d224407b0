//! How a mistake is told: a code to look it up by, what is wrong, and what to do about it.
//!
//! ```text
//! error: [covet::unknown_name] unknown rate limit `logn`
//!          = help: did you mean `login` (security.toml:12)?
//! ```

use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;
use syn::Error;

/// A mistake at one token.
pub(crate) fn at(span: Span, code: &str, message: impl Display, help: impl Display) -> Error {
    Error::new(span, text(code, message, help))
}

/// A mistake of all these tokens.
pub(crate) fn on(tokens: impl ToTokens, code: &str, message: impl Display, help: impl Display) -> Error {
    Error::new_spanned(tokens, text(code, message, help))
}

/// Whether an error is such a mistake, and not one of the parser's.
pub(crate) fn is_one(error: &Error) -> bool {
    error.to_string().starts_with(PREFIX)
}

const PREFIX: &str = "[covet::";

fn text(code: &str, message: impl Display, help: impl Display) -> String {
    format!("{PREFIX}{code}] {message}\n  = help: {help}")
}
