//! How often.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::PolicyError;
use crate::units::Rate;

/// One to eight rates, all of which must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Rates(Box<[Rate]>);

impl Rates {
    /// The most rates one limit can have.
    pub const MAX: usize = 8;

    /// Rates that must all hold.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Rates`] when there are none or more than [`Rates::MAX`].
    pub fn new(rates: impl Into<Box<[Rate]>>) -> Result<Self, PolicyError> {
        let rates = rates.into();
        if (1..=Self::MAX).contains(&rates.len()) { Ok(Self(rates)) } else { Err(PolicyError::Rates) }
    }

    /// The rates, at least one.
    #[must_use]
    pub fn as_slice(&self) -> &[Rate] {
        &self.0
    }

    /// The part of one of so many processes.
    pub(super) fn share(&self, processes: u32) -> Self {
        Self(self.0.iter().map(|rate| rate.share(processes)).collect())
    }

    /// The first of the rates, and the others.
    #[cfg(feature = "runtime")]
    pub(super) fn split_first(&self) -> (Rate, &[Rate]) {
        let (first, rest) = self.0.split_first().expect("there is at least one rate");
        (*first, rest)
    }
}

impl<'de> Deserialize<'de> for Rates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Rates {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rates".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let rate = generator.subschema_for::<Rate>();
        schemars::json_schema!({ "type": "array", "items": rate, "minItems": 1, "maxItems": Self::MAX })
    }
}
