//! What a rate limit says in `security.toml`.

use serde::{Deserialize, Serialize};

use super::algorithm::{Algorithm, Burst, Refill};
use super::options::{Exempt, Fields, Mode, OnStoreFailure, Purpose, Tiers};
use super::rates::Rates;
use super::scope::{Scope, Scopes};
use crate::units::{Count, Date, Rate};

/// One rate limit of `[rate_limits]`.
///
/// There is no default for how often: a limit nobody chose is one nobody knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Written", into = "Written")]
pub struct Policy {
    written: Written,
    /// How the buckets refill, one for each rate; none for the other algorithms.
    refills: Box<[Refill]>,
}

impl Policy {
    /// A sliding window whose cost fits each of its rates.
    ///
    /// # Errors
    ///
    /// [`PolicyError::CostNeverFits`] when a rate could never admit the cost.
    pub fn new(limits: Rates, scope: Scope, cost: Cost) -> Result<Self, PolicyError> {
        Written { scope: scope.into(), cost, ..Written::of(limits) }.try_into()
    }

    /// The same counted in another way. `burst` is how many a token bucket holds; without it, as many as its rate has.
    ///
    /// # Errors
    ///
    /// Whatever makes the three contradict each other.
    pub fn counted_by(self, algorithm: Algorithm, burst: Option<Burst>) -> Result<Self, PolicyError> {
        Written { algorithm, burst, ..self.written }.try_into()
    }

    /// The same with other rates, for a tier or a part of the load.
    ///
    /// # Errors
    ///
    /// Whatever makes the rates contradict the rest.
    pub fn with_limits(&self, limits: Rates) -> Result<Self, PolicyError> {
        Written { limits, ..self.written.clone() }.try_into()
    }

    /// The same with another cost, for a route whose requests count more or less.
    ///
    /// # Errors
    ///
    /// [`PolicyError::CostNeverFits`] or [`PolicyError::CostOverBurst`] when a rate, or the tier that it names, could
    /// never admit the cost.
    pub fn with_cost(&self, cost: Cost) -> Result<Self, PolicyError> {
        Written { cost, ..self.written.clone() }.try_into()
    }

    /// The part of it that one of so many processes admits when each counts for itself: of every count, every tier's
    /// and the burst, rounded down, but at least 1.
    ///
    /// # Errors
    ///
    /// [`PolicyError::CostNeverFits`] or [`PolicyError::CostOverBurst`] when the part could never admit the cost.
    pub fn share(&self, processes: u32) -> Result<Self, PolicyError> {
        let written = self.written.clone();
        let of = |rates: &Rates| rates.share(processes);
        let tiers = written.tiers.iter().map(|(name, rates)| (name.clone(), of(rates))).collect();
        let burst = written.burst.map(|burst| Burst::new((burst.get() / processes.max(1)).max(1)));
        let burst = burst.transpose().expect("it is not more than before");
        Written { limits: of(&written.limits), tiers, burst, ..written }.try_into()
    }

    /// How often; all must hold.
    #[must_use]
    pub fn limits(&self) -> &Rates {
        &self.written.limits
    }

    /// Whose requests are counted together, each scope by itself.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        self.written.scope.as_slice()
    }

    /// How much one request counts.
    #[must_use]
    pub const fn cost(&self) -> u32 {
        self.written.cost.get()
    }

    /// How it is counted.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.written.algorithm
    }

    /// How many a token bucket holds, if not as many as its rate has.
    #[must_use]
    pub const fn burst(&self) -> Option<Burst> {
        self.written.burst
    }

    /// Whether it refuses at a time, in seconds since 1970, or only tells.
    #[must_use]
    pub fn refuses_at(&self, seconds: u64) -> bool {
        self.written.mode == Mode::Enforce || self.written.shadow_until.is_some_and(|until| until.begins() <= seconds)
    }

    /// What holds while its store does not answer.
    #[must_use]
    pub const fn on_store_failure(&self) -> OnStoreFailure {
        self.written.on_store_failure
    }

    /// The fields of a response that tell of it.
    #[must_use]
    pub fn headers(&self) -> &[Fields] {
        &self.written.headers
    }

    /// Other rates, by the role or permission that gives them.
    #[must_use]
    pub const fn tiers(&self) -> &Tiers {
        &self.written.tiers
    }

    /// Whom it does not count.
    #[must_use]
    pub const fn exempt(&self) -> &Exempt {
        &self.written.exempt
    }

    /// The longest of the windows, in milliseconds.
    #[must_use]
    pub fn longest_millis(&self) -> u64 {
        self.limits().as_slice().iter().map(|rate| rate.millis()).max().unwrap_or(0)
    }

    /// How the bucket of the rate at this place refills.
    #[cfg(feature = "runtime")]
    pub(super) fn refill(&self, at: usize) -> Refill {
        *self.refills.get(at).expect("a policy of token buckets has a refill for each rate")
    }
}

/// How much one request counts.
pub type Cost = Count<1, 1000>;

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
    /// A request costs more than a token bucket ever holds, so all would be refused.
    #[error("a cost of {cost} never fits a `burst` of {burst}")]
    CostOverBurst {
        /// What a request costs.
        cost: u32,
        /// How many the bucket holds.
        burst: u32,
    },
    /// A window has no burst.
    #[error("only a token bucket has a `burst`: add `algorithm = \"token_bucket\"`, or remove `burst`")]
    BurstWithoutBucket,
    /// Which of the buckets would hold it?
    #[error("`burst` needs a single rate; give each rate its own limit")]
    BurstOfSeveral,
    /// Nobody, or somebody twice.
    #[error("expected one or several different scopes, such as `[\"user\", \"ip\"]`")]
    Scopes,
    /// Routes cannot know the key, and handlers do not count the others.
    #[error("the scope `key` stands alone: what a handler counts is no limit of a route")]
    KeyAndOthers,
    /// The policy would say what the handler says.
    #[error("the scope `key` has no `cost`: remove it, for the handler says how much it counts")]
    CostOfKey,
    /// An address has no role.
    #[error("`{0}` needs a limit by user or session: before anybody is known there is no role to go by")]
    RolesOfStrangers(&'static str),
    /// A tier contradicts the limit.
    #[error("in the tier `{0}`, {1}")]
    Tier(String, Box<PolicyError>),
    /// A date for what is enforced anyway.
    #[error("only a limit in shadow has an end of it: add `mode = \"shadow\"`, or remove `shadow_until`")]
    ShadowUntil,
    /// Guessing would be free while the store is away.
    #[error(
        "a limit against guessing never fails open: `on_store_failure` must be `deny` or `local` where \
         `purpose = \"auth\"`"
    )]
    AuthFailsOpen,
    /// A count over a time so long that fractions of it could not be kept exactly.
    #[error("a token bucket cannot count `{0}` exactly: take a shorter window, or a count that divides it")]
    BucketTooLarge(Rate),
}

/// A limit as it is written, each value right by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename = "Policy")]
struct Written {
    /// How often, as count / window, such as `["5/5m", "50/1d"]`: at most so many in any window of the length. All
    /// must hold; at least one is required.
    limits: Rates,
    /// Whose requests are counted together: `ip`, `user`, `session`, `route` or `global`, or a list of them, each of
    /// which is counted by itself; or `key`, for handlers that count by what they have read.
    #[serde(default)]
    scope: Scopes,
    /// How much one request counts.
    #[serde(default = "one")]
    cost: Cost,
    /// How requests are counted: `sliding_window`, `token_bucket` or `fixed_window`.
    #[serde(default)]
    algorithm: Algorithm,
    /// How many a token bucket holds, and so admits at once; as many as its rate has, unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    burst: Option<Burst>,
    /// `enforce`, or `shadow`: count and tell, but let everything pass.
    #[serde(default)]
    mode: Mode,
    /// The day, UTC, from which a limit in shadow is enforced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shadow_until: Option<Date>,
    /// `traffic`, or `auth`: against guessing, which never fails open.
    #[serde(default)]
    purpose: Purpose,
    /// While the store does not answer: `deny`, `allow` or `local`.
    #[serde(default)]
    on_store_failure: OnStoreFailure,
    /// Which fields of a response tell of the limit: `ietf`, `x`, both or none.
    #[serde(default = "ietf")]
    headers: Vec<Fields>,
    /// Whom it does not count.
    #[serde(default)]
    exempt: Exempt,
    /// Other rates for whoever holds a role or a permission, by its name; of several the most generous.
    #[serde(default)]
    tiers: Tiers,
}

const fn one() -> Cost {
    Cost::of(1)
}

fn ietf() -> Vec<Fields> {
    vec![Fields::Ietf]
}

impl Written {
    fn of(limits: Rates) -> Self {
        Self {
            limits,
            scope: Scopes::default(),
            cost: one(),
            algorithm: Algorithm::default(),
            burst: None,
            mode: Mode::default(),
            shadow_until: None,
            purpose: Purpose::default(),
            on_store_failure: OnStoreFailure::default(),
            headers: ietf(),
            exempt: Exempt::default(),
            tiers: Tiers::default(),
        }
    }

    /// What must hold of each tier, too; how its buckets refill.
    fn refills(&self, limits: &Rates) -> Result<Box<[Refill]>, PolicyError> {
        let rates = limits.as_slice();
        if self.burst.is_some() && rates.len() > 1 {
            return Err(PolicyError::BurstOfSeveral);
        }
        let cost = self.cost.get();
        if let Some(burst) = self.burst.map(Burst::get).filter(|burst| *burst < cost) {
            return Err(PolicyError::CostOverBurst { cost, burst });
        }
        let capacity = |rate: &Rate| self.burst.map_or(rate.count(), Burst::get);
        if let Some(rate) = rates.iter().find(|rate| capacity(rate) < cost) {
            return Err(PolicyError::CostNeverFits { cost, rate: *rate });
        }
        match self.algorithm {
            Algorithm::TokenBucket => {
                let refill = |rate: &Rate| Refill::new(*rate, capacity(rate)).ok_or(PolicyError::BucketTooLarge(*rate));
                rates.iter().map(refill).collect()
            }
            Algorithm::SlidingWindow | Algorithm::FixedWindow => Ok(Box::default()),
        }
    }
}

impl TryFrom<Written> for Policy {
    type Error = PolicyError;

    fn try_from(written: Written) -> Result<Self, PolicyError> {
        if written.burst.is_some() && written.algorithm != Algorithm::TokenBucket {
            return Err(PolicyError::BurstWithoutBucket);
        }
        if written.shadow_until.is_some() && written.mode != Mode::Shadow {
            return Err(PolicyError::ShadowUntil);
        }
        if written.purpose == Purpose::Auth && written.on_store_failure == OnStoreFailure::Allow {
            return Err(PolicyError::AuthFailsOpen);
        }
        if written.scope.as_slice().contains(&Scope::Key) && written.scope.as_slice().len() > 1 {
            return Err(PolicyError::KeyAndOthers);
        }
        if written.scope.as_slice() == [Scope::Key] && written.cost != one() {
            return Err(PolicyError::CostOfKey);
        }
        let of_users = written.scope.as_slice().iter().any(|scope| scope.needs_user());
        if !of_users && !written.tiers.is_empty() {
            return Err(PolicyError::RolesOfStrangers("tiers"));
        }
        if !of_users && !written.exempt.roles.is_empty() {
            return Err(PolicyError::RolesOfStrangers("exempt.roles"));
        }
        for (name, limits) in &written.tiers {
            written.refills(limits).map_err(|error| PolicyError::Tier(name.clone(), Box::new(error)))?;
        }
        let refills = written.refills(&written.limits)?;
        Ok(Self { written, refills })
    }
}

impl From<Policy> for Written {
    fn from(policy: Policy) -> Self {
        policy.written
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_by_address_and_counts_one_unless_said() {
        let policy: Policy = toml::from_str(r#"limits = ["5/5m", "50/1d"]"#).unwrap();
        assert_eq!((policy.scopes(), policy.cost(), policy.longest_millis()), (&[Scope::Ip][..], 1, 86_400_000));
        let policy: Policy = toml::from_str("limits = [\"5/5m\"]\nscope = \"user\"\ncost = 5").unwrap();
        assert_eq!((policy.scopes(), policy.cost()), (&[Scope::User][..], 5));
    }

    #[test]
    fn a_cost_must_fit_every_rate_every_tier_and_the_burst() {
        let table = [
            ("limits = ['5/5m', '50/1d']", 5, None),
            ("limits = ['5/5m', '50/1d']", 6, Some("a cost of 6 never fits `5/5m`")),
            ("limits = ['9/1d']\nscope = 'user'\ntiers = { low = ['9/1d', '5/1h'] }", 5, None),
            (
                "limits = ['9/1d']\nscope = 'user'\ntiers = { low = ['9/1d', '5/1h'] }",
                6,
                Some("in the tier `low`, a cost of 6 never fits `5/1h`"),
            ),
            ("limits = ['5/5m']\nalgorithm = 'token_bucket'\nburst = 8", 8, None),
            (
                "limits = ['50/5m']\nalgorithm = 'token_bucket'\nburst = 8",
                9,
                Some("a cost of 9 never fits a `burst` of 8"),
            ),
        ];
        for (text, cost, refused) in table {
            let policy = toml::from_str::<Policy>(text).unwrap().with_cost(Cost::new(cost).unwrap());
            let told = policy.as_ref().err().map(ToString::to_string);
            assert_eq!(told.as_deref(), refused, "{text}");
            assert!(policy.is_err() || policy.unwrap().cost() == cost);
        }
    }

    #[test]
    fn the_share_of_a_process_is_a_part_of_every_count_rounded_down_but_at_least_one() {
        let text =
            "limits = ['10/1h']\nscope = 'user'\nalgorithm = 'token_bucket'\nburst = 9\ntiers = { pro = ['100/1h'] }";
        let policy: Policy = toml::from_str(text).unwrap();
        for (processes, [count, burst, tier]) in [(1, [10, 9, 100]), (3, [3, 3, 33]), (4, [2, 2, 25]), (11, [1, 1, 9])]
        {
            let share = policy.share(processes).unwrap();
            let rate = |rates: &Rates| rates.as_slice().iter().map(|rate| rate.count()).collect::<Vec<_>>();
            assert_eq!(rate(share.limits()), [count], "{processes}");
            assert_eq!((share.burst().unwrap().get(), rate(share.tiers().get("pro").unwrap())), (burst, vec![tier]));
            assert_eq!((share.scopes(), share.algorithm()), (policy.scopes(), policy.algorithm()));
        }
        assert_eq!(policy.share(1).unwrap(), policy);
        let dear = policy.with_cost(Cost::of(3)).unwrap();
        assert!(dear.share(3).is_ok());
        assert!(dear.share(4).unwrap_err().to_string().ends_with("a cost of 3 never fits a `burst` of 2"));
    }

    #[test]
    fn a_limit_in_shadow_refuses_from_its_day_on() {
        let policy: Policy = toml::from_str("limits = [\"5/5m\"]\nmode = \"shadow\"").unwrap();
        assert!(!policy.refuses_at(u64::MAX));
        let text = "limits = [\"5/5m\"]\nmode = \"shadow\"\nshadow_until = \"2027-01-31\"";
        let policy: Policy = toml::from_str(text).unwrap();
        assert!(!policy.refuses_at(1_801_353_599) && policy.refuses_at(1_801_353_600));
        assert!(toml::from_str::<Policy>("limits = [\"5/5m\"]").unwrap().refuses_at(0));
    }

    #[cfg(feature = "runtime")]
    #[test]
    fn a_policy_reads_back_as_it_is_written() {
        let text = "limits = [\"5/5m\"]\nscope = [\"user\", \"ip\"]\nalgorithm = \"token_bucket\"\nburst = 9\n\
                    headers = [\"ietf\", \"x\"]\ntiers = { pro = [\"9/5m\"] }\nexempt = { networks = [\"10.0.0.0/8\"] }";
        let policy: Policy = toml::from_str(text).unwrap();
        let written = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&written).unwrap(), policy);
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
            (
                "limits = [\"5/1s\"]\nburst = 3\ncost = 4\nalgorithm = \"token_bucket\"",
                "a cost of 4 never fits a `burst` of 3",
            ),
            ("limits = [\"99999999/365d\"]\nalgorithm = \"token_bucket\"", "cannot count `99999999/365d` exactly"),
            ("limits = [\"5/5m\"]\nalgorithm = \"leaky\"", "unknown variant `leaky`"),
            ("limits = [\"5/5m\"]\nscope = []", "one or several different scopes"),
            ("limits = [\"5/5m\"]\nscope = [\"ip\", \"ip\"]", "one or several different scopes"),
            ("limits = [\"5/5m\"]\nscope = [\"ip\", \"key\"]", "the scope `key` stands alone"),
            ("limits = [\"5/5m\"]\nscope = \"key\"\ncost = 2", "the scope `key` has no `cost`"),
            ("limits = [\"5/5m\"]\nscope = 7", "a scope such as \"ip\", or a list of them"),
            ("limits = [\"5/5m\"]\ntiers = { pro = [\"9/5m\"] }", "`tiers` needs a limit by user or session"),
            ("limits = [\"5/5m\"]\nexempt = { roles = [\"pro\"] }", "`exempt.roles` needs a limit by user"),
            (
                "limits = [\"5/5m\"]\nscope = \"user\"\ncost = 5\ntiers = { pro = [\"4/5m\"] }",
                "in the tier `pro`, a cost of 5 never fits `4/5m`",
            ),
            ("limits = [\"5/5m\"]\nshadow_until = \"2027-01-31\"", "only a limit in shadow has an end of it"),
            ("limits = [\"5/5m\"]\nmode = \"shadow\"\nshadow_until = \"2027-02-30\"", "expected a day"),
            ("limits = [\"5/5m\"]\npurpose = \"auth\"\non_store_failure = \"allow\"", "never fails open"),
            ("limits = [\"5/5m\"]\nexempt = { networks = [\"ten\"] }", "expected a network such as"),
            ("limits = [\"5/5m\"]\ncost = 0", "expected a whole number from 1 to 1000"),
            ("limits = [\"50/1d\", \"5/5m\"]\ncost = 6", "a cost of 6 never fits `5/5m`"),
        ] {
            let error = toml::from_str::<Policy>(text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
