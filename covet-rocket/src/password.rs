//! A password from a form or a JSON body.

use covet_core::password;
use rocket::form::{self, FromFormField, ValueField};
use serde::Deserialize;

/// A password as it was typed. It does not show itself, and is wiped from memory when it goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Password(password::Password);

impl Password {
    pub(crate) fn into_core(self) -> password::Password {
        self.0
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl<'r> FromFormField<'r> for Password {
    fn from_value(field: ValueField<'r>) -> form::Result<'r, Self> {
        Ok(Self::from(field.value.to_owned()))
    }
}
