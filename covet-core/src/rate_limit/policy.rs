//! What a rate limit says in `security.toml`.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::units::{Count, Rate};

/// One rate limit of `[rate_limits]`.
///
/// There is no default for how often: a limit nobody chose is one nobody knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Unchecked")]
pub struct Policy {
    limits: Rates,
    scope: Scope,
    cost: Count<1, 1000>,
}

impl Policy {
    /// A limit whose cost fits each of its rates.
    ///
    /// # Errors
    ///
    /// [`PolicyError::CostNeverFits`] when a rate could never admit the cost.
    pub fn new(limits: Rates, scope: Scope, cost: Count<1, 1000>) -> Result<Self, PolicyError> {
        match limits.as_slice().iter().find(|rate| rate.count() < cost.get()) {
            Some(rate) => Err(PolicyError::CostNeverFits { cost: cost.get(), rate: *rate }),
            None => Ok(Self { limits, scope, cost }),
        }
    }

    /// How often; all must hold.
    #[must_use]
    pub fn limits(&self) -> &Rates {
        &self.limits
    }

    /// Whose requests are counted together.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// How much one request counts.
    #[must_use]
    pub const fn cost(&self) -> u32 {
        self.cost.get()
    }

    /// The longest of the windows, in milliseconds.
    #[must_use]
    pub fn longest_millis(&self) -> u64 {
        self.limits.as_slice().iter().map(|rate| rate.millis()).max().unwrap_or(0)
    }
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Those from one address. The default: it is known before anyone has signed in.
    #[default]
    Ip,
    /// Those of one account.
    User,
    /// Those of one session.
    Session,
    /// Those to one route.
    Route,
    /// All of them.
    Global,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ip => "ip",
            Self::User => "user",
            Self::Session => "session",
            Self::Route => "route",
            Self::Global => "global",
        })
    }
}

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

    /// The first of the rates, and the others.
    #[cfg(feature = "runtime")]
    pub(super) fn split_first(&self) -> (Rate, &[Rate]) {
        let (first, rest) = self.0.split_first().expect("there is at least one rate");
        (*first, rest)
    }
}

/// What is wrong with a rate limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// There are no rates, or too many.
    #[error("expected a list of 1 to {} rates, such as `[\"5/5m\", \"50/1d\"]`", Rates::MAX)]
    Rates,
    /// A request costs more than a rate ever admits, so all would be refused.
    #[error("a cost of {cost} never fits `{rate}`")]
    CostNeverFits {
        /// What a request costs.
        cost: u32,
        /// The rate it does not fit.
        rate: Rate,
    },
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

/// A limit as it is written, each value right by itself.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename = "Policy")]
struct Unchecked {
    /// How often, as count / window, such as `["5/5m", "50/1d"]`: at most so many in any window of the length. All
    /// must hold; at least one is required.
    limits: Rates,
    /// Whose requests are counted together: `ip`, `user`, `session`, `route` or `global`.
    #[serde(default)]
    scope: Scope,
    /// How much one request counts.
    #[serde(default = "one")]
    cost: Count<1, 1000>,
}

const fn one() -> Count<1, 1000> {
    Count::of(1)
}

impl TryFrom<Unchecked> for Policy {
    type Error = PolicyError;

    fn try_from(limit: Unchecked) -> Result<Self, PolicyError> {
        Self::new(limit.limits, limit.scope, limit.cost)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_by_address_and_counts_one_unless_said() {
        let policy: Policy = toml::from_str(r#"limits = ["5/5m", "50/1d"]"#).unwrap();
        assert_eq!((policy.scope(), policy.cost(), policy.longest_millis()), (Scope::Ip, 1, 86_400_000));
        let policy: Policy = toml::from_str("limits = [\"5/5m\"]\nscope = \"user\"\ncost = 5").unwrap();
        assert_eq!((policy.scope(), policy.cost()), (Scope::User, 5));
    }

    #[test]
    fn a_limit_without_a_rate_does_not_exist() {
        for (text, message) in [
            ("scope = \"ip\"", "missing field `limits`"),
            ("limits = []", "expected a list of 1 to 8 rates"),
            ("limits = [\"1/1s\",\"1/1s\",\"1/1s\",\"1/1s\",\"1/1s\",\"1/1s\",\"1/1s\",\"1/1s\",\"1/1s\"]", "1 to 8"),
            ("limits = [\"5 per minute\"]", "expected a rate"),
            ("limits = [\"5/5m\"]\nscope = \"planet\"", "unknown variant `planet`"),
            ("limits = [\"5/5m\"]\nburst = 3", "unknown field `burst`"),
            ("limits = [\"5/5m\"]\ncost = 0", "expected a whole number from 1 to 1000"),
            ("limits = [\"50/1d\", \"5/5m\"]\ncost = 6", "a cost of 6 never fits `5/5m`"),
        ] {
            let error = toml::from_str::<Policy>(text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
