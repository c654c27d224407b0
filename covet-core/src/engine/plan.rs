//! A requirement with its names resolved: what a request meets.

use crate::keys::{BegunTag, Keys};
use crate::policy::{FILE_NAME, Policy, RoleName};
use crate::rate_limit::{self, Scope};
use crate::requirement::{Access, Clause, Mfa, Requirement};
use crate::store::Tag;

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

/// A rate limit of the policy.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) name: &'static str,
    pub(super) policy: rate_limit::Policy,
    /// The tag of its counter, as far as it is the same for every request.
    pub(super) tag: Tag,
    /// Where there is a counter for each address or session, the beginning of their tags.
    pub(super) begun: BegunTag,
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
            let tag = match limit.scope() {
                Scope::Route => keys.tag("limit of a route", &[name.as_bytes(), requirement.route.as_bytes()]),
                _ => keys.tag("limit", &[name.as_bytes()]),
            };
            let each = match limit.scope() {
                Scope::Session => "limit of a session",
                _ => "limit of an address",
            };
            let limit = Limit { name, policy: limit.clone(), tag, begun: keys.begin(each).part(&tag.0) };
            match limit.policy.scope() {
                Scope::Ip | Scope::Route | Scope::Global => plan.stranger_limits.push(limit),
                Scope::User | Scope::Session if plan.user.is_some() => plan.user_limits.push(limit),
                scope => return Err(refuse(format!("admits anyone, but its rate limit `{name}` counts by {scope}"))),
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
