//! What a request chooses: a column from a list of the policy, and a direction. Anything else is 422 before the handler.

use covet_core::sql::identifier::{Identifier, Order, choose};
use rocket::form::{self, FromFormField, ValueField};
use rocket::http::impl_from_uri_param_identity;
use rocket::http::uri::fmt::{Formatter, Part, UriDisplay};
use rocket::request::FromParam;

/// The choice that a field of a form or query names.
///
/// # Errors
///
/// A name that is not on the list.
#[doc(hidden)]
pub fn from_field<'v, T: Identifier>(field: &ValueField<'v>) -> form::Result<'v, T> {
    choose(field.value).map_err(|error| form::Error::validation(error.to_string()).into())
}

/// Which end of a list comes first: `asc` or `desc` in a form, a query or a path; ascending where it is missing.
///
/// In a statement it is written `ORDER BY title {dir direction}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The first, smallest or oldest first.
    #[default]
    Asc,
    /// The last, largest or newest first.
    Desc,
}

/// A text that is no direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown direction, expected `asc` or `desc`")]
pub struct UnknownDirection;

impl Direction {
    /// Its name in a form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }
}

impl Order for Direction {
    fn is_descending(self) -> bool {
        self == Self::Desc
    }
}

impl std::str::FromStr for Direction {
    type Err = UnknownDirection;

    fn from_str(text: &str) -> Result<Self, UnknownDirection> {
        match text {
            "asc" => Ok(Self::Asc),
            "desc" => Ok(Self::Desc),
            _ => Err(UnknownDirection),
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'v> FromFormField<'v> for Direction {
    fn from_value(field: ValueField<'v>) -> form::Result<'v, Self> {
        field.value.parse().map_err(|error: UnknownDirection| form::Error::validation(error.to_string()).into())
    }

    fn default() -> Option<Self> {
        Some(Self::Asc)
    }
}

impl<'r> FromParam<'r> for Direction {
    type Error = UnknownDirection;

    fn from_param(text: &'r str) -> Result<Self, UnknownDirection> {
        text.parse()
    }
}

impl<P: Part> UriDisplay<P> for Direction {
    fn fmt(&self, f: &mut Formatter<'_, P>) -> std::fmt::Result {
        UriDisplay::fmt(self.as_str(), f)
    }
}

impl_from_uri_param_identity!(Direction);
