//! What holds while the store does not answer.
//!
//! The rule: a session that cannot be read is none, so a route for users refuses; a limit does what its policy says, and
//! one in shadow, which refuses nobody, lets pass. A limit that counts here admits the share of one process, so that all
//! of them together admit no more than the whole; unless that is less than one each. Who is known to be refused by the
//! store is refused until their limit has room again, whatever it does then.

use std::collections::BTreeMap;

use super::plan::Plan;
use super::{Engine, Facts};
use crate::metric;
use crate::policy::Policy;
use crate::rate_limit::{self, OnStoreFailure, PolicyError, Scope};
use crate::store::{Key, MemoryStore, Outcome, Outcomes, Step, Store as _};
use crate::time::Timestamp;

/// What limits count with that count here.
pub(super) struct Local {
    pub(super) store: MemoryStore,
    /// The shares of limits that handlers count.
    keyed: BTreeMap<String, rate_limit::Policy>,
}

/// The share of one process of a limit that counts here; `None` of another.
pub(super) fn share(limit: &rate_limit::Policy, policy: &Policy) -> Result<Option<rate_limit::Policy>, PolicyError> {
    match limit.on_store_failure() {
        OnStoreFailure::Local => limit.share(policy.application.replicas.get()).map(Some),
        OnStoreFailure::Deny | OnStoreFailure::Allow => Ok(None),
    }
}

impl Local {
    pub(super) fn of(policy: &Policy) -> Self {
        let keyed = policy.rate_limits.iter().filter(|(_, limit)| limit.scopes().contains(&Scope::Key));
        let keyed = keyed.filter_map(|(name, limit)| Some((name.as_str().to_owned(), share(limit, policy).ok()??)));
        Self { store: MemoryStore::default(), keyed: keyed.collect() }
    }

    /// The share of a limit that handlers count, if it counts here.
    pub(super) fn keyed(&self, name: &str) -> Option<&rate_limit::Policy> {
        self.keyed.get(name)
    }

    /// Forgets what has ended.
    pub(super) async fn sweep(&self, now: Timestamp) {
        self.store.forget_ended(now).await;
    }
}

impl Engine {
    /// What the limits of a route answer; `None` if it refuses.
    pub(super) fn outcomes_without_store(&self, plan: &Plan, facts: &Facts, now: Timestamp) -> Option<Outcomes> {
        if plan.user.is_some() {
            metric::without_store("deny");
            return None;
        }
        let mut outcomes = Outcomes::new();
        // A session is not read, and a route for anyone has no other limits.
        for limit in plan.stranger_limits.iter().filter(|limit| !limit.policy.exempt().spares(facts.client)) {
            let (key, cost) = (self.stranger_key(limit, facts), limit.policy.cost());
            outcomes.push(self.charge_without_store(&limit.policy, limit.share.as_ref(), key, cost, now)?);
            if outcomes.last().is_some_and(Outcome::is_refusal) {
                break;
            }
        }
        Some(outcomes)
    }

    /// What one limit answers; `None` if it refuses.
    pub(super) fn charge_without_store(
        &self,
        limit: &rate_limit::Policy,
        share: Option<&rate_limit::Policy>,
        key: Key,
        cost: u32,
        now: Timestamp,
    ) -> Option<Outcome> {
        let plan = if limit.refuses_at(now.seconds()) { limit.on_store_failure() } else { OnStoreFailure::Allow };
        metric::without_store(plan.name());
        match plan {
            OnStoreFailure::Deny => None,
            OnStoreFailure::Allow => Some(Outcome::Exempt),
            OnStoreFailure::Local => {
                let step = Step::Charge { key, policy: share?, tiers: &[], cost, shadow: false };
                let mut outcomes = Outcomes::new();
                self.local.store.run_now(&[step], now, &mut outcomes).ok()?;
                outcomes.pop()
            }
        }
    }
}
