//! The decision on one request: all checks planned, one batch to the store, then the pure checks in fixed order.

use std::net::IpAddr;
use std::sync::Arc;

use super::plan::{Limit, Plan, User};
use super::{Access, Engine};
use crate::audit::{Event, Kind};
use crate::denial::Denial;
use crate::http;
use crate::rate_limit::{Answer, Scope};
use crate::requirement::{Clause, Mfa, Requirement};
use crate::session::{Record, SessionId, Stage};
use crate::store::{Key, Outcome, Space, Step, Tag};
use crate::time::Timestamp;

/// What is known of a request before anything is decided: plain data.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The client's address, by [`http::client_address`].
    pub client: Option<IpAddr>,
    /// The session that the client presents, whether or not there is one.
    pub session: Option<Presented>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

/// The key of a session as a cookie names it. It proves nothing until the store has an entry of that key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented {
    key: Key,
}

impl Presented {
    pub(crate) const fn key(&self) -> &Key {
        &self.key
    }
}

/// What was decided, and what a response may tell of the limits.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Whether the request may go on.
    pub outcome: Result<Grant, Denial>,
    /// The limits that were charged, or refused.
    pub limits: Vec<Seen>,
}

/// What an admitted request may use.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The live session, if the client has one: on a public route it may be absent, or await its second factor.
    pub session: Option<Arc<Record>>,
}

/// What a limit answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its name.
    pub name: &'static str,
    /// Its answer.
    pub answer: Answer,
}

impl Engine {
    /// The session that the value of a cookie names, if it can be one.
    #[must_use]
    pub fn presented(&self, cookie: &str) -> Option<Presented> {
        let (id, owner) = SessionId::parse(cookie)?;
        Some(self.present(&id, owner))
    }

    /// The key is keyed: with another secret key of the application, all sessions are gone. They would be found under
    /// owners that no account has any more, where nothing could end them.
    pub(crate) fn present(&self, id: &SessionId, owner: Tag) -> Presented {
        Presented { key: Key { space: Space::Session, owner, id: self.sessions.part(&id.tag().0).end() } }
    }

    /// Decides on a request to a route. A route that the engine was not built for is refused, as is every doubt.
    pub async fn decide(&self, requirement: &'static Requirement, facts: &Facts, now: Timestamp) -> Decision {
        let Some(plan) = self.plan(requirement) else {
            tracing::error!(route = requirement.route, "a route that was not there at ignition is refused");
            return Decision { outcome: Err(Denial::Unavailable), limits: Vec::new() };
        };
        let steps = self.steps(plan, facts);
        let outcomes = match self.store().run(&steps, now).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                tracing::error!(%error, "the store failed; the request is refused");
                Box::pin(self.log(&Event::new(Kind::StoreFailure, now).detail("route", requirement.route))).await;
                return Decision { outcome: Err(Denial::Unavailable), limits: Vec::new() };
            }
        };
        let decision = judge(plan, &outcomes, &self.access, now);
        if let Err(denial) = &decision.outcome {
            // Boxed, so that the many that are admitted need no room for what refusals tell.
            Box::pin(self.report(denial, &outcomes, requirement, facts, now)).await;
        }
        decision
    }

    /// The batch: limits of strangers, the session, limits of its owner. It stops at the first refusal, so an owner is
    /// charged only by their own session.
    fn steps<'p>(&'p self, plan: &'p Plan, facts: &Facts) -> Vec<Step<'p>> {
        let mut steps = Vec::with_capacity(plan.stranger_limits.len() + 1 + plan.user_limits.len());
        let charge = |limit: &'p Limit, key| Step::Charge { key, policy: &limit.policy, cost: limit.policy.cost() };
        steps.extend(plan.stranger_limits.iter().map(|limit| charge(limit, self.stranger_key(limit, facts))));
        if let Some(presented) = &facts.session {
            steps.push(Step::Session { key: *presented.key(), policy: &self.policy().sessions });
            steps.extend(plan.user_limits.iter().map(|limit| charge(limit, owner_key(limit, presented.key()))));
        }
        steps
    }

    fn stranger_key(&self, limit: &Limit, facts: &Facts) -> Key {
        let id = match limit.policy.scope() {
            Scope::Ip => match facts.client.map(|address| http::bucket(&self.policy().http, address)) {
                Some(IpAddr::V4(v4)) => limit.begun.part(&v4.octets()).end(),
                Some(IpAddr::V6(v6)) => limit.begun.part(&v6.octets()).end(),
                // Who has no address shares one counter with all who have none.
                None => limit.tag,
            },
            _ => limit.tag,
        };
        Key { space: Space::Limit, owner: Tag::NONE, id }
    }

    /// Tells of a refusal that whoever runs the application should know of.
    async fn report(
        &self,
        denial: &Denial,
        outcomes: &[Outcome],
        requirement: &'static Requirement,
        facts: &Facts,
        now: Timestamp,
    ) {
        let account = live_session(outcomes).map(|record| &record.user.id);
        let event = |kind| Event::new(kind, now).account(account).ip(facts.client).detail("route", requirement.route);
        match denial {
            Denial::Forbidden { missing } => {
                let owner = facts.session.map_or(Tag::NONE, |presented| presented.key().owner);
                let event = event(Kind::AuthzFail).detail("missing", missing);
                self.tell_seldom(event, owner, &[requirement.route, missing]).await;
            }
            Denial::RateLimited { limit, .. } => self.log(&event(Kind::ExcessRateLimit).detail("limit", limit)).await,
            Denial::Unauthenticated
            | Denial::SecondFactorPending
            | Denial::SecondFactorRequired { .. }
            | Denial::Unavailable => {}
        }
    }
}

fn owner_key(limit: &Limit, session: &Key) -> Key {
    let id = match limit.policy.scope() {
        Scope::Session => limit.begun.part(&session.id.0).end(),
        _ => limit.tag,
    };
    Key { space: Space::Limit, owner: session.owner, id }
}

fn live_session(outcomes: &[Outcome]) -> Option<&Arc<Record>> {
    outcomes.iter().find_map(|outcome| if let Outcome::Session(answer) = outcome { answer.live() } else { None })
}

/// What the answers of the store mean for the route: pure.
fn judge(plan: &Plan, outcomes: &[Outcome], access: &Access, now: Timestamp) -> Decision {
    let names = plan.stranger_limits.iter().chain(&plan.user_limits).map(|limit| limit.name);
    let answers =
        outcomes.iter().filter_map(|outcome| if let Outcome::Charge(answer) = outcome { Some(*answer) } else { None });
    let limits: Vec<Seen> = names.zip(answers).map(|(name, answer)| Seen { name, answer }).collect();
    let refused = limits.iter().find(|seen| seen.answer.is_refused());
    let outcome = match (refused, &plan.user) {
        (Some(seen), _) => Err(Denial::RateLimited { limit: seen.name, answer: seen.answer }),
        (None, None) => Ok(Grant { session: live_session(outcomes).cloned() }),
        (None, Some(user)) => admit(user, live_session(outcomes), access, now),
    };
    Decision { outcome, limits }
}

fn admit(user: &User, session: Option<&Arc<Record>>, access: &Access, now: Timestamp) -> Result<Grant, Denial> {
    let record = session.ok_or(Denial::Unauthenticated)?;
    match record.stage {
        Stage::Full => {}
        Stage::PendingMfa => return Err(Denial::SecondFactorPending),
    }
    let (needed, max_age) = match user.mfa {
        Mfa::NotRequired => (false, None),
        Mfa::Required => (true, None),
        Mfa::Within(seconds) => (true, Some(seconds)),
    };
    let fresh = |at: Timestamp| max_age.is_none_or(|seconds| now.millis_since(at) <= seconds * 1000);
    if needed && !record.mfa.is_some_and(fresh) {
        return Err(Denial::SecondFactorRequired { enrolled: record.mfa_enrolled, max_age });
    }
    let roles = &record.user.roles;
    let lacking_role = user.roles.iter().find(|role| !access.includes(roles, role));
    let permitted = |Clause(names): &&Clause| names.iter().any(|name| access.permits(roles, name));
    let lacking = || user.permissions.iter().find(|clause| !permitted(clause)).and_then(|Clause(names)| names.first());
    match lacking_role.or_else(lacking) {
        Some(missing) => Err(Denial::Forbidden { missing }),
        None => Ok(Grant { session: Some(Arc::clone(record)) }),
    }
}
