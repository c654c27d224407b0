//! The engine: the policy with everything it decides with. It is built once, at ignition, and refuses what it cannot
//! decide then; a request only meets [`Engine::decide`].

mod access;
mod decide;
mod limiter;
mod plan;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use self::access::Access;
pub use self::decide::{Decision, Facts, Grant, Presented, Seen, Told};
pub use self::limiter::LimitError;
use self::plan::Plan;
pub use self::plan::PlanError;
use crate::account::AccountId;
use crate::accounts::Accounts;
use crate::audit::{Event, Sink, TracingSink};
use crate::keys::{BegunTag, Keys};
use crate::password::Hasher;
use crate::policy::Policy;
use crate::requirement::Requirement;
use crate::store::{Store, Tag};
use crate::time::{Clock, Timestamp};

/// What an engine is made of beside the policy.
#[derive(Debug)]
pub struct Parts {
    /// Where limits and sessions are kept.
    pub store: Arc<dyn Store>,
    /// Where accounts are kept.
    pub accounts: Arc<dyn Accounts>,
    /// Keys derived from the secret of the application.
    pub keys: Keys,
    /// Who is told what happens, beside the log.
    pub sinks: Vec<Arc<dyn Sink>>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

/// The policy, ready to decide.
pub struct Engine {
    policy: Policy,
    access: Arc<Access>,
    plans: BTreeMap<usize, Plan>,
    hasher: Hasher,
    /// The beginning of the names of sessions.
    sessions: BegunTag,
    parts: Parts,
}

impl Engine {
    /// An engine for the routes with these requirements.
    ///
    /// # Errors
    ///
    /// Every requirement that the policy cannot meet.
    pub fn new(
        policy: Policy,
        requirements: impl IntoIterator<Item = &'static Requirement>,
        parts: Parts,
    ) -> Result<Self, Vec<PlanError>> {
        let mut plans = BTreeMap::new();
        let mut errors = Vec::new();
        for requirement in requirements {
            match Plan::new(requirement, &policy, &parts.keys) {
                Ok(plan) => drop(plans.insert(identity(requirement), plan)),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let (access, hasher) = (Arc::new(Access::of(&policy)), Hasher::new(&policy.password));
        let sessions = parts.keys.begin("session");
        Ok(Self { policy, access, plans, hasher, sessions, parts })
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Who holds which permission.
    #[must_use]
    pub const fn access(&self) -> &Arc<Access> {
        &self.access
    }

    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> &dyn Accounts {
        &*self.parts.accounts
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    /// The time now: read once a request, at the edge.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub(crate) const fn keys(&self) -> &Keys {
        &self.parts.keys
    }

    pub(crate) const fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// The tag that an account's entries are kept under.
    pub(crate) fn owner(&self, account: &AccountId) -> Tag {
        self.parts.keys.tag("account", &[account.as_str().as_bytes()])
    }

    /// Tells the log and every sink. They are told; they never answer: a sink that fails is told of in the log.
    pub(crate) async fn tell(&self, event: Event) {
        self.log(&event).await;
        for sink in &self.parts.sinks {
            if let Err(error) = sink.record(&event).await {
                tracing::error!(target: "covet::audit", %error, event = event.kind().as_str(), "an audit sink failed");
            }
        }
    }

    /// Tells only the log: for what strangers can cause at will, which must not fill a database.
    pub(crate) async fn log(&self, event: &Event) {
        if let Err(error) = TracingSink.record(event).await {
            tracing::error!(target: "covet::audit", %error, "the log failed");
        }
    }

    fn plan(&self, requirement: &'static Requirement) -> Option<&Plan> {
        self.plans.get(&identity(requirement))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("policy", &self.policy)
            .field("routes", &self.plans.len())
            .finish_non_exhaustive()
    }
}

/// A requirement is a static of its route, so its address is its name.
fn identity(requirement: &'static Requirement) -> usize {
    std::ptr::from_ref(requirement).addr()
}
