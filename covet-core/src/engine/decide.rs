//! The decision on one request: all checks planned, one batch to the store, then the pure checks in fixed order.

use std::net::IpAddr;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Engine;
use super::plan::{Limit, Plan, User};
use super::seen::Seen;
use crate::audit::{Event, Kind};
use crate::causes::Causes;
use crate::denial::Denial;
use crate::http;
use crate::lockout::DeviceCookie;
use crate::rate_limit::Scope;
use crate::requirement::{Mfa, Requirement};
use crate::session::{Record, SessionId, Stage};
use crate::store::{Key, Outcome, Outcomes, Space, Step, Store as _, StoreError, Tag};
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
    /// What the client presents as a device that somebody was signed in on before.
    pub device: Option<DeviceCookie>,
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
    pub limits: SmallVec<[Seen; 2]>,
}

impl Decision {
    /// Adds a limit that was charged later.
    pub fn see(&mut self, seen: Seen) {
        see(&mut self.limits, seen);
    }

    fn unavailable() -> Box<Self> {
        Box::new(Self { outcome: Err(Denial::Unavailable), limits: SmallVec::new() })
    }
}

/// How far a decision got without waiting.
enum Begun {
    /// To its end.
    Admitted(Box<Decision>),
    /// Some steps are left to run, or a refusal to be told.
    Open(Result<Outcomes, StoreError>),
}

/// What an admitted request may use.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The live session, if the client has one: on a public route it may be absent, or await its second factor.
    pub session: Option<Arc<Record>>,
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

    /// Decides on a request to a route, in a box, for it is handed on from one to the next. A route that the engine was
    /// not built for is refused, as is every doubt.
    pub async fn decide(&self, requirement: &'static Requirement, facts: &Facts, now: Timestamp) -> Box<Decision> {
        match self.begin(requirement, facts, now) {
            Begun::Admitted(decision) => decision,
            // Boxed, so that the many that are admitted at once need no room for what waits.
            Begun::Open(outcomes) => Box::pin(self.finish(requirement, facts, now, outcomes)).await,
        }
    }

    /// Decides as far as that needs no waiting.
    fn begin(&self, requirement: &'static Requirement, facts: &Facts, now: Timestamp) -> Begun {
        let mut outcomes = Outcomes::new();
        let Some(plan) = self.plan(requirement) else { return Begun::Open(Ok(outcomes)) };
        match self.store.run_now(&self.steps(plan, facts, now), now, &mut outcomes) {
            Ok(true) => {
                let decision = judge(plan, facts, &outcomes, now);
                let quiet = decision.outcome.is_ok() && !outcomes.iter().any(Outcome::would_refuse);
                if quiet { Begun::Admitted(decision) } else { Begun::Open(Ok(outcomes)) }
            }
            Ok(false) => Begun::Open(Ok(outcomes)),
            Err(error) => Begun::Open(Err(error)),
        }
    }

    /// Runs the steps that have no outcome yet, and tells of a refusal.
    async fn finish(
        &self,
        requirement: &'static Requirement,
        facts: &Facts,
        now: Timestamp,
        begun: Result<Outcomes, StoreError>,
    ) -> Box<Decision> {
        let Some(plan) = self.plan(requirement) else {
            tracing::error!(route = requirement.route, "a route that was not there at ignition is refused");
            return Decision::unavailable();
        };
        let outcomes = match begun {
            Ok(outcomes) => self.run_rest(&self.steps(plan, facts, now), outcomes, now).await,
            Err(error) => Err(error),
        };
        let outcomes = match outcomes {
            Ok(outcomes) => outcomes,
            Err(error) => {
                tracing::debug!(error = %Causes(&error), route = requirement.route, "a request is decided without the store");
                let outcomes = self.outcomes_without_store(plan, facts, now);
                let Some(outcomes) = outcomes else { return Decision::unavailable() };
                outcomes
            }
        };
        let decision = judge(plan, facts, &outcomes, now);
        if let Err(denial) = &decision.outcome {
            self.report(denial, &outcomes, requirement, facts, now).await;
        }
        for (limit, outcome) in charged(plan, facts, &outcomes).filter(|(_, outcome)| outcome.would_refuse()) {
            let account = live_session(&outcomes).map(|record| &record.user.id);
            let event = Event::new(Kind::ExcessRateLimit, now).account(account).ip(facts.client);
            let event = event.detail("route", requirement.route).detail("limit", limit.name).detail("mode", "shadow");
            self.log(&event).await;
            debug_assert!(!outcome.is_refusal(), "a limit in shadow refuses nobody");
        }
        decision
    }

    async fn run_rest(
        &self,
        steps: &[Step<'_>],
        mut outcomes: Outcomes,
        now: Timestamp,
    ) -> Result<Outcomes, StoreError> {
        let rest = steps.get(outcomes.len()..).unwrap_or_default();
        if !rest.is_empty() && !outcomes.last().is_some_and(Outcome::is_refusal) {
            outcomes.extend(self.store().run(rest, now).await?);
        }
        Ok(outcomes)
    }

    /// The batch: limits of strangers, the session, limits of its owner. It stops at the first refusal, so an owner is
    /// charged only by their own session.
    fn steps<'p>(&'p self, plan: &'p Plan, facts: &Facts, now: Timestamp) -> SmallVec<[Step<'p>; 4]> {
        let mut steps = SmallVec::new();
        let charge = |limit: &'p Limit, key| {
            let (policy, tiers, cost) = (&limit.policy, limit.tiers.as_slice(), limit.policy.cost());
            Step::Charge { key, policy, tiers, cost, shadow: !limit.policy.refuses_at(now.seconds()) }
        };
        let bound = |limit: &&Limit| !limit.policy.exempt().spares(facts.client);
        steps.extend(
            plan.stranger_limits.iter().filter(bound).map(|limit| charge(limit, self.stranger_key(limit, facts))),
        );
        if let Some(presented) = &facts.session {
            steps.push(Step::Session { key: *presented.key(), policy: &self.policy().sessions });
            let limits = plan.user_limits.iter().filter(bound);
            steps.extend(limits.map(|limit| charge(limit, owner_key(limit, presented.key()))));
        }
        steps
    }

    pub(super) fn stranger_key(&self, limit: &Limit, facts: &Facts) -> Key {
        let id = match limit.scope {
            Scope::Ip => match facts.client.map(|address| http::bucket(&self.policy().http, address)) {
                Some(IpAddr::V4(v4)) => limit.begun.part(&v4.octets()).end(),
                Some(IpAddr::V6(v6)) => limit.begun.part(&v6.octets()).end(),
                // Who has no address shares one counter with all who have none.
                None => limit.begun.end(),
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
    let id = match limit.scope {
        Scope::Session => limit.begun.part(&session.id.0).end(),
        _ => limit.tag,
    };
    Key { space: Space::Limit, owner: session.owner, id }
}

fn live_session(outcomes: &[Outcome]) -> Option<&Arc<Record>> {
    outcomes.iter().find_map(Outcome::session)
}

/// The limits that were charged, each with what became of it.
fn charged<'a>(
    plan: &'a Plan,
    facts: &Facts,
    outcomes: &'a [Outcome],
) -> impl Iterator<Item = (&'a Limit, &'a Outcome)> {
    let client = facts.client;
    let limits =
        plan.stranger_limits.iter().chain(&plan.user_limits).filter(move |limit| !limit.policy.exempt().spares(client));
    limits.zip(outcomes.iter().filter(|outcome| !matches!(outcome, Outcome::Session(_))))
}

/// What the answers of the store mean for the route: pure.
fn judge(plan: &Plan, facts: &Facts, outcomes: &[Outcome], now: Timestamp) -> Box<Decision> {
    let (mut limits, mut refused) = (SmallVec::<[Seen; 2]>::new(), None);
    for (limit, outcome) in charged(plan, facts, outcomes) {
        let Outcome::Charge(answer) = outcome else { continue };
        if answer.is_refused() {
            refused = Some(Denial::RateLimited { limit: limit.name, answer: *answer });
        }
        see(&mut limits, Seen { name: limit.name, answer: *answer, fields: limit.told });
    }
    let outcome = match (refused, &plan.user) {
        (Some(denial), _) => Err(denial),
        (None, None) => Ok(Grant { session: live_session(outcomes).cloned() }),
        (None, Some(user)) => admit(user, live_session(outcomes), now),
    };
    Box::new(Decision { outcome, limits })
}

/// Of a limit with several scopes the tightest is told.
fn see(limits: &mut SmallVec<[Seen; 2]>, new: Seen) {
    match limits.iter_mut().find(|seen| seen.name == new.name) {
        Some(seen) => seen.answer = seen.answer.tighter(new.answer),
        None => limits.push(new),
    }
}

fn admit(user: &User, session: Option<&Arc<Record>>, now: Timestamp) -> Result<Grant, Denial> {
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
    match user.needs.iter().find(|need| !need.is_met_by(&record.user.roles)) {
        Some(need) => Err(Denial::Forbidden { missing: need.name }),
        None => Ok(Grant { session: Some(Arc::clone(record)) }),
    }
}
