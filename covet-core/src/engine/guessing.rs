//! What the engine needs to count attempts, made of the policy once.

use crate::lockout;
use crate::rate_limit::{self, Scope};
use crate::units::Count;

/// Made of `[lockout]`.
#[derive(Debug)]
pub(super) struct Guessing {
    /// How often one may fail from one network.
    pub(super) network: rate_limit::Policy,
}

impl Guessing {
    pub(super) fn new(policy: &lockout::Policy) -> Self {
        let limits = policy.network.limits.clone();
        let network = rate_limit::Policy::new(limits, Scope::Ip, Count::of(1)).expect("every rate admits a cost of 1");
        Self { network }
    }
}
