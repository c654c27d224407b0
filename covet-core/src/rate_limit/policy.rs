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
    algorithm: Algorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    burst: Option<Burst>,
    /// How the buckets refill, one for each rate; none for the other algorithms.
    #[serde(skip)]
    refills: Box<[Refill]>,
}

impl Policy {
    /// A sliding window whose cost fits each of its rates.
    ///
    /// # Errors
    ///
    /// [`PolicyError::CostNeverFits`] when a rate could never admit the cost.
    pub fn new(limits: Rates, scope: Scope, cost: Count<1, 1000>) -> Result<Self, PolicyError> {
        Self { limits, scope, cost, algorithm: Algorithm::default(), burst: None, refills: Box::default() }.checked()
    }

    /// The same counted in another way. `burst` is how many a token bucket holds; without it, as many as its rate has.
    ///
    /// # Errors
    ///
    /// Whatever makes the three contradict each other.
    pub fn counted_by(self, algorithm: Algorithm, burst: Option<Burst>) -> Result<Self, PolicyError> {
        Self { algorithm, burst, ..self }.checked()
    }

    fn checked(mut self) -> Result<Self, PolicyError> {
        let rates = self.limits.as_slice();
        if self.burst.is_some() && self.algorithm != Algorithm::TokenBucket {
            return Err(PolicyError::BurstWithoutBucket);
        }
        if self.burst.is_some() && rates.len() > 1 {
            return Err(PolicyError::BurstOfSeveral);
        }
        let capacity = |rate: &Rate| self.burst.map_or(rate.count(), |burst| burst.get());
        if let Some(rate) = rates.iter().find(|rate| capacity(rate) < self.cost.get()) {
            return Err(PolicyError::CostNeverFits { cost: self.cost.get(), rate: *rate });
        }
        self.refills = match self.algorithm {
            Algorithm::TokenBucket => {
                let refill = |rate: &Rate| Refill::new(*rate, capacity(rate)).ok_or(PolicyError::BucketTooLarge(*rate));
                rates.iter().map(refill).collect::<Result<_, _>>()?
            }
            Algorithm::SlidingWindow | Algorithm::FixedWindow => Box::default(),
        };
        Ok(self)
    }

    /// How many a token bucket holds, if not as many as its rate has.
    #[must_use]
    pub const fn burst(&self) -> Option<Burst> {
        self.burst
    }

    /// How it is counted.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
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

    /// How the bucket of the rate at this place refills.
    #[cfg(feature = "runtime")]
    pub(super) fn refill(&self, at: usize) -> Refill {
        *self.refills.get(at).expect("a policy of token buckets has a refill for each rate")
    }
}

/// How many a token bucket holds.
pub type Burst = Count<1, { Rate::MAX_COUNT }>;

/// How requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// At most the count in any window of the length, wherever it begins. For counts over 32 it may refuse up to 1/32
    /// of the count too early, never too late.
    #[default]
    SlidingWindow,
    /// `burst` at once, then evenly as many as the rate says: in any time `t` at most `burst + count * t / window`.
    TokenBucket,
    /// At most the count from one full window of the clock to the next: up to twice the count about the turn.
    FixedWindow,
}

/// How a token bucket refills, in whole numbers: [`Refill::parts`] each millisecond, of which a token is
/// [`Refill::token_parts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refill {
    capacity: u32,
    parts: u32,
    token_parts: u64,
}

impl Refill {
    /// What a double holds exactly, as scripts that have no other numbers must.
    const MAX: u64 = 1 << 53;

    fn new(rate: Rate, capacity: u32) -> Option<Self> {
        let divisor = gcd(rate.count().into(), rate.millis());
        let parts = u32::try_from(u64::from(rate.count()) / divisor).ok()?;
        let token_parts = rate.millis() / divisor;
        // Twice, for a full bucket and the cost of one more request are added up.
        let fits = u64::from(capacity).checked_mul(token_parts)?.checked_mul(2)? < Self::MAX;
        fits.then_some(Self { capacity, parts, token_parts })
    }
}

#[cfg(feature = "runtime")]
impl Refill {
    pub(super) const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How many parts come back in a millisecond.
    pub(super) fn parts(&self) -> u64 {
        self.parts.into()
    }

    /// How many parts a token is.
    pub(super) const fn token_parts(&self) -> u64 {
        self.token_parts
    }

    /// How many parts a full bucket has.
    pub(super) fn capacity_parts(&self) -> u64 {
        self.token_parts * u64::from(self.capacity)
    }
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
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
    /// A window has no burst.
    #[error("only a token bucket has a `burst`: add `algorithm = \"token_bucket\"`, or remove `burst`")]
    BurstWithoutBucket,
    /// Which of the buckets would hold it?
    #[error("`burst` needs a single rate; give each rate its own limit")]
    BurstOfSeveral,
    /// A count over a time so long that fractions of it could not be kept exactly.
    #[error("a token bucket cannot count `{0}` exactly: take a shorter window, or a count that divides it")]
    BucketTooLarge(Rate),
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
    /// How requests are counted: `sliding_window`, `token_bucket` or `fixed_window`.
    #[serde(default)]
    algorithm: Algorithm,
    /// How many a token bucket holds, and so admits at once; as many as its rate has, unless said.
    burst: Option<Burst>,
}

const fn one() -> Count<1, 1000> {
    Count::of(1)
}

impl TryFrom<Unchecked> for Policy {
    type Error = PolicyError;

    fn try_from(limit: Unchecked) -> Result<Self, PolicyError> {
        Self::new(limit.limits, limit.scope, limit.cost)?.counted_by(limit.algorithm, limit.burst)
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
            ("limits = [\"5/5m\"]\nburst = 3", "only a token bucket has a `burst`"),
            ("limits = [\"5/1s\", \"9/1m\"]\nburst = 3\nalgorithm = \"token_bucket\"", "needs a single rate"),
            ("limits = [\"5/1s\"]\nburst = 3\ncost = 4\nalgorithm = \"token_bucket\"", "a cost of 4 never fits"),
            ("limits = [\"99999999/365d\"]\nalgorithm = \"token_bucket\"", "cannot count `99999999/365d` exactly"),
            ("limits = [\"5/5m\"]\nalgorithm = \"leaky\"", "unknown variant `leaky`"),
            ("limits = [\"5/5m\"]\ncost = 0", "expected a whole number from 1 to 1000"),
            ("limits = [\"50/1d\", \"5/5m\"]\ncost = 6", "a cost of 6 never fits `5/5m`"),
        ] {
            let error = toml::from_str::<Policy>(text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
