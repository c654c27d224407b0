//! A requirement with its names resolved: what a request meets.

use super::outage::share;
use super::seen::Told;
use crate::keys::{BegunTag, Keys};
use crate::policy::{FILE_NAME, Policy, RoleName};
use crate::rate_limit::{self, Scope};
use crate::requirement::{Access, Charge, Clause, Mfa, Requirement};
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
    /// What this process admits by itself, if it counts while the store does not answer.
    pub(super) share: Option<rate_limit::Policy>,
    /// Where a response tells of it.
    pub(super) told: Told,
    /// The tag of its counter, as far as it is the same for every request.
    pub(super) tag: Tag,
    /// Where there is a counter for each address or session, the beginning of their tags.
    pub(super) begun: BegunTag,
}

impl Limit {
    fn new(
        name: &'static str,
        limit: &rate_limit::Policy,
        scope: Scope,
        tiers: Vec<Tier>,
        share: Option<rate_limit::Policy>,
        route: &str,
        keys: &Keys,
    ) -> Self {
        let tag = match scope {
            Scope::Route => keys.tag("limit of a route", &[name.as_bytes(), route.as_bytes()]),
            _ => keys.tag("limit", &[name.as_bytes()]),
        };
        let each = match scope {
            Scope::Session => "limit of a session",
            _ => "limit of an address",
        };
        let told = Told::of(limit);
        Self { name, policy: limit.clone(), scope, tiers, share, told, tag, begun: keys.begin(each).part(&tag.0) }
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

/// Every requirement that the policy cannot meet.
///
/// # Errors
///
/// A [`PlanError`] for each.
pub fn check(
    policy: &Policy,
    requirements: impl IntoIterator<Item = &'static Requirement>,
) -> Result<(), Vec<PlanError>> {
    let refused = requirements.into_iter().filter_map(|requirement| {
        lacking(requirement, policy).map(|what| PlanError { route: requirement.route, what })
    });
    let errors: Vec<_> = refused.collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// What the policy does not have for the route, if anything.
fn lacking(requirement: &Requirement, policy: &Policy) -> Option<String> {
    let unknown = |what: &str, name: &str| format!("names the {what} `{name}`, which {FILE_NAME} does not have");
    for &Charge { limit: name, cost } in requirement.limits {
        let Some(limit) = policy.rate_limits.get(name) else { return Some(unknown("rate limit", name)) };
        if limit.scopes().contains(&Scope::Key) {
            return Some(format!("has the rate limit `{name}`, which only a handler can count, by a key"));
        }
        let of_user = limit.scopes().iter().find(|scope| scope.needs_user());
        if let (Some(scope), Access::Public) = (of_user, &requirement.access) {
            return Some(format!("admits anyone, but its rate limit `{name}` counts by {scope}"));
        }
        let charged = cost.map_or_else(|| Ok(limit.clone()), |cost| limit.with_cost(cost));
        let limit = match charged.and_then(|limit| tiers(&limit, policy).map(|_| limit)) {
            Ok(limit) => limit,
            Err(error) => return Some(format!("cannot charge the rate limit `{name}`: {error}")),
        };
        if let Err(error) = share(&limit, policy) {
            let replicas = policy.application.replicas;
            return Some(format!(
                "cannot charge the rate limit `{name}` while the store is away: {error}, which is the share of each of \
                 {replicas} `application.replicas`"
            ));
        }
    }
    let Access::User { roles, permissions, .. } = &requirement.access else { return None };
    let role = roles.iter().find(|role| !policy.roles.contains_key(**role));
    let mut names = permissions.iter().flat_map(|Clause(names)| names.iter());
    let permission = names.find(|name| !policy.permissions.contains_key(**name));
    role.map(|role| unknown("role", role)).or_else(|| permission.map(|name| unknown("permission", name)))
}

impl Plan {
    /// What the route checks; `None` if the policy does not have a limit that it names, so that it is refused.
    pub(super) fn new(requirement: &'static Requirement, policy: &Policy, keys: &Keys) -> Option<Self> {
        let user = match &requirement.access {
            Access::Public => None,
            Access::User { mfa, roles, permissions } => {
                Some(User { mfa: *mfa, needs: needs(roles, permissions, policy) })
            }
        };
        let mut plan = Self { stranger_limits: Vec::new(), user_limits: Vec::new(), user };
        for &Charge { limit: name, cost } in requirement.limits {
            let limit = policy.rate_limits.get(name)?;
            let limit = cost.map_or_else(|| Ok(limit.clone()), |cost| limit.with_cost(cost)).ok()?;
            let (tiers, share) = (tiers(&limit, policy).ok()?, share(&limit, policy).ok()?);
            for &scope in limit.scopes() {
                let tiers = if scope.needs_user() { tiers.clone() } else { Vec::new() };
                let limit = Limit::new(name, &limit, scope, tiers, share.clone(), requirement.route, keys);
                if scope.needs_user() { plan.user_limits.push(limit) } else { plan.stranger_limits.push(limit) }
            }
        }
        Some(plan)
    }
}

/// Whom each role and each clause of permissions admits.
fn needs(roles: &[&'static str], permissions: &'static [Clause], policy: &Policy) -> Vec<Need> {
    let of_role = |&name: &&'static str| Need::new(name, policy, |role| policy.roles_of(role).contains(&name));
    let of_clause = |Clause(names): &Clause| {
        let grants = |role: &str| policy.permissions_of(role).iter().any(|held| names.contains(&held.as_str()));
        Need::new(names.first().copied().unwrap_or_default(), policy, grants)
    };
    roles.iter().map(of_role).chain(permissions.iter().map(of_clause)).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    const fn charge(limit: &'static str) -> Charge {
        Charge { limit, cost: None }
    }

    const PUBLIC: Requirement = Requirement { route: "open", limits: &[], access: Access::Public };
    const USER: Requirement = Requirement {
        route: "closed",
        limits: &[charge("pages"), charge("api")],
        access: Access::User { mfa: Mfa::NotRequired, roles: &["admin"], permissions: &[Clause(&["a:x", "b:x"])] },
    };

    static RIGHT: [Requirement; 3] = [PUBLIC, USER, Requirement { limits: &[charge("pages")], ..PUBLIC }];

    static WRONG: [(Requirement, &str); 5] = [
        (Requirement { limits: &[charge("pages"), charge("page")], ..PUBLIC }, "names the rate limit `page`"),
        (Requirement { limits: &[charge("api")], ..PUBLIC }, "admits anyone, but its rate limit `api` counts by user"),
        (
            Requirement { limits: &[charge("mine")], ..PUBLIC },
            "admits anyone, but its rate limit `mine` counts by session",
        ),
        (
            Requirement {
                access: Access::User { mfa: Mfa::NotRequired, roles: &["admin", "root"], permissions: &[] },
                ..USER
            },
            "names the role `root`",
        ),
        (
            Requirement {
                access: Access::User {
                    mfa: Mfa::NotRequired,
                    roles: &[],
                    permissions: &[Clause(&["a:x"]), Clause(&["b:x", "c:x"])],
                },
                ..USER
            },
            "names the permission `c:x`",
        ),
    ];

    #[test]
    fn a_requirement_that_the_policy_cannot_meet_is_refused_and_all_of_them_are_told() {
        let policy = Policy::parse(
            FILE_NAME,
            "[application]\nname = 'V'\n[permissions]\n'a:x' = ''\n'b:x' = ''\n[roles.admin]\n[rate_limits]\n\
             pages = { limits = ['1/1m'] }\napi = { limits = ['1/1m'], scope = 'user' }\n\
             mine = { limits = ['1/1m'], scope = 'session' }",
        );
        let policy = policy.unwrap();
        assert_eq!(check(&policy, &RIGHT), Ok(()));
        let errors = check(&policy, RIGHT.iter().chain(WRONG.iter().map(|(wrong, _)| wrong))).unwrap_err();
        assert_eq!(errors.len(), WRONG.len());
        for (error, (wrong, expected)) in errors.iter().zip(&WRONG) {
            assert_eq!(error.route, wrong.route);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
