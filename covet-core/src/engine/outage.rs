//! What holds while the store does not answer.
//!
//! The rule: a session that cannot be read is none, so a route for users refuses; a limit does what its policy says, and
//! one in shadow, which refuses nobody, lets pass.

use super::plan::Plan;
use super::{Engine, Facts};
use crate::rate_limit::{self, OnStoreFailure};
use crate::store::{Outcome, Outcomes, Step, Store as _};
use crate::time::Timestamp;

impl Engine {
    /// What the limits of a route answer; `None` if it refuses.
    pub(super) fn outcomes_without_store(&self, plan: &Plan, facts: &Facts, now: Timestamp) -> Option<Outcomes> {
        if plan.user.is_some() {
            return None;
        }
        let mut outcomes = Outcomes::new();
        for step in self.steps(plan, facts, now) {
            // A session is not read.
            let Step::Charge { policy, .. } = step else { continue };
            outcomes.push(self.charge_without_store(policy, &step, now)?);
            if outcomes.last().is_some_and(Outcome::is_refusal) {
                break;
            }
        }
        Some(outcomes)
    }

    /// What one limit answers; `None` if it refuses.
    pub(super) fn charge_without_store(
        &self,
        policy: &rate_limit::Policy,
        step: &Step<'_>,
        now: Timestamp,
    ) -> Option<Outcome> {
        match policy.on_store_failure() {
            _ if !policy.refuses_at(now.seconds()) => Some(Outcome::Exempt),
            OnStoreFailure::Deny => None,
            OnStoreFailure::Allow => Some(Outcome::Exempt),
            OnStoreFailure::Local => {
                let mut outcomes = Outcomes::new();
                self.local.run_now(std::slice::from_ref(step), now, &mut outcomes).ok()?;
                outcomes.pop()
            }
        }
    }
}
