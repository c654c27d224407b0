//! A requirement with its names resolved: what a request meets.

use std::net::IpAddr;

use super::decide::Told;
use crate::keys::{BegunTag, Keys};
use crate::policy::{FILE_NAME, Policy, RoleName};
use crate::rate_limit::{self, Fields, Scope};
use crate::requirement::{Access, Clause, Mfa, Requirement};
use crate::store::{Tag, Tier};

/// What one route checks, in order.
#[derive(Debug)]
pub(super) struct Plan {
    /// Limits that are charged before anybody is known.
    pub(super) stranger_limits: Vec<Limit>,
    /// Limits that are charged to whoever the session belongs to.
    pub(super) user_limits: Vec<Limit>,
    /// Whom the route admits; `None` for anyone.
    pub(super) user: Option<User>,
}

/// What a route asks of whoever is signed in.
#[derive(Debug)]
pub(super) struct User {
    pub(super) mfa: Mfa,
    /// All of them, the roles first.
    pub(super) needs: Vec<Need>,
}

/// A role or a permission that is needed, resolved: who holds one of these roles has it.
#[derive(Debug)]
pub(super) struct Need {
    /// What a refusal says is missing.
    pub(super) name: &'static str,
    pub(super) roles: Vec<String>,
}

impl Need {
    fn new(name: &'static str, policy: &Policy, grants: impl Fn(&str) -> bool) -> Self {
        let roles = policy.roles.keys().map(RoleName::as_str).filter(|role| grants(role)).map(str::to_owned).collect();
        Self { name, roles }
    }

    pub(super) fn is_met_by(&self, held: &[String]) -> bool {
        held.iter().any(|role| self.roles.contains(role))
    }
}

/// A rate limit of the policy, in one of its scopes.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) name: &'static str,
    pub(super) policy: rate_limit::Policy,
    pub(super) scope: Scope,
    /// Whom it does not bind, and whom it binds otherwise.
    pub(super) tiers: Vec<Tier>,
    /// Where a response tells of it.
    pub(super) told: Told,
    /// The tag of its counter, as far as it is the same for every request.
    pub(super) tag: Tag,
    /// Where there is a counter for each address or session, the beginning of their tags.
    pub(super) begun: BegunTag,
}

impl Limit {
    pub(super) fn new(
        name: &'static str,
        limit: &rate_limit::Policy,
        scope: Scope,
        tiers: Vec<Tier>,
        route: &str,
        keys: &Keys,
    ) -> Self {
        let tag = match scope {
            Scope::Route => keys.tag("limit of a route", &[name.as_bytes(), route.as_bytes()]),
            _ => keys.tag("limit", &[name.as_bytes()]),
        };
        let each = match scope {
            Scope::Session => "limit of a session",
            Scope::Key => "limit of a key",
            _ => "limit of an address",
        };
        let has = |fields| limit.headers().contains(&fields);
        let told = Told { ietf: has(Fields::Ietf), x: has(Fields::X) };
        Self { name, policy: limit.clone(), scope, tiers, told, tag, begun: keys.begin(each).part(&tag.0) }
    }

    /// Whether it does not count who has this address.
    pub(super) fn spares(&self, client: Option<IpAddr>) -> bool {
        let networks = &self.policy.exempt().networks;
        client.is_some_and(|address| networks.iter().any(|network| network.contains(&address)))
    }
}

/// The tiers of a limit by the roles that give them: first who is exempt, then the more generous before the less.
fn tiers(limit: &rate_limit::Policy, policy: &Policy) -> Result<Vec<Tier>, rate_limit::PolicyError> {
    let roles_with = |grants: &dyn Fn(&str) -> bool| {
        policy.roles.keys().map(RoleName::as_str).filter(|role| grants(role)).map(str::to_owned).collect()
    };
    let exempt = &limit.exempt().roles;
    let spares = |role: &str| exempt.iter().any(|name| policy.roles_of(role).contains(&name.as_str()));
    let mut tiers = Vec::new();
    for (name, rates) in limit.tiers() {
        let gives = |role: &str| {
            let permissions = policy.permissions_of(role);
            policy.roles_of(role).contains(&name.as_str()) || permissions.iter().any(|held| held.as_str() == name)
        };
        tiers.push(Tier { roles: roles_with(&gives), policy: Some(limit.with_limits(rates.clone())?) });
    }
    tiers.sort_by(|a, b| generosity(b).total_cmp(&generosity(a)));
    let spared = Tier { roles: roles_with(&spares), policy: None };
    Ok(std::iter::once(spared).filter(|tier| !tier.roles.is_empty()).chain(tiers).collect())
}

/// How much a tier admits a second in the long run.
fn generosity(tier: &Tier) -> f64 {
    let rates = tier.policy.iter().flat_map(|policy| policy.limits().as_slice());
    let longest = rates.max_by_key(|rate| rate.seconds());
    longest.map_or(f64::INFINITY, |rate| f64::from(rate.count()) / rate.seconds() as f64)
}

/// A requirement that the policy cannot meet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the route `{route}` {what}")]
pub struct PlanError {
    route: &'static str,
    what: String,
}

impl Plan {
    pub(super) fn new(requirement: &'static Requirement, policy: &Policy, keys: &Keys) -> Result<Self, PlanError> {
        let refuse = |what: String| PlanError { route: requirement.route, what };
        let user = match &requirement.access {
            Access::Public => None,
            Access::User { mfa, roles, permissions } => {
                Some(User { mfa: *mfa, needs: needs(roles, permissions, policy).map_err(refuse)? })
            }
        };
        let mut plan = Self { stranger_limits: Vec::new(), user_limits: Vec::new(), user };
        for &name in requirement.limits {
            let Some(limit) = policy.rate_limits.get(name) else {
                return Err(refuse(format!("names the rate limit `{name}`, which {FILE_NAME} does not have")));
            };
            let tiers = tiers(limit, policy).map_err(|error| refuse(format!("has a rate limit `{name}`: {error}")))?;
            if limit.scopes().contains(&Scope::Key) {
                return Err(refuse(format!("has the rate limit `{name}`, which only a handler can count, by a key")));
            }
            for &scope in limit.scopes() {
                let tiers = if scope.needs_user() { tiers.clone() } else { Vec::new() };
                let limit = Limit::new(name, limit, scope, tiers, requirement.route, keys);
                match scope.needs_user() {
                    false => plan.stranger_limits.push(limit),
                    true if plan.user.is_some() => plan.user_limits.push(limit),
                    true => {
                        return Err(refuse(format!("admits anyone, but its rate limit `{name}` counts by {scope}")));
                    }
                }
            }
        }
        Ok(plan)
    }
}

/// Whom each role and each clause of permissions admits.
fn needs(roles: &[&'static str], permissions: &'static [Clause], policy: &Policy) -> Result<Vec<Need>, String> {
    let mut needs = Vec::new();
    for &name in roles {
        if !policy.roles.contains_key(name) {
            return Err(format!("names the role `{name}`, which {FILE_NAME} does not have"));
        }
        needs.push(Need::new(name, policy, |role| policy.roles_of(role).contains(&name)));
    }
    for Clause(names) in permissions {
        if let Some(name) = names.iter().find(|name| !policy.permissions.contains_key(**name)) {
            return Err(format!("names the permission `{name}`, which {FILE_NAME} does not have"));
        }
        let grants = |role: &str| policy.permissions_of(role).iter().any(|held| names.contains(&held.as_str()));
        needs.push(Need::new(names.first().copied().unwrap_or_default(), policy, grants));
    }
    Ok(needs)
}
