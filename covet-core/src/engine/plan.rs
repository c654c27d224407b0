//! A requirement with its names resolved: what a request meets.

use crate::keys::{BegunTag, Keys};
use crate::policy::{FILE_NAME, Policy};
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
    pub(super) roles: &'static [&'static str],
    pub(super) permissions: &'static [Clause],
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
    for &name in requirement.limits {
        let Some(limit) = policy.rate_limits.get(name) else { return Some(unknown("rate limit", name)) };
        match (limit.scope(), &requirement.access) {
            (scope @ (Scope::User | Scope::Session), Access::Public) => {
                return Some(format!("admits anyone, but its rate limit `{name}` counts by {scope}"));
            }
            (Scope::User | Scope::Session | Scope::Ip | Scope::Route | Scope::Global, _) => {}
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
            Access::User { mfa, roles, permissions } => Some(User { mfa: *mfa, roles, permissions }),
        };
        let mut plan = Self { stranger_limits: Vec::new(), user_limits: Vec::new(), user };
        for &name in requirement.limits {
            let limit = policy.rate_limits.get(name)?;
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
                Scope::User | Scope::Session => plan.user_limits.push(limit),
            }
        }
        Some(plan)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    const PUBLIC: Requirement = Requirement { route: "open", limits: &[], access: Access::Public };
    const USER: Requirement = Requirement {
        route: "closed",
        limits: &["pages", "api"],
        access: Access::User { mfa: Mfa::NotRequired, roles: &["admin"], permissions: &[Clause(&["a:x", "b:x"])] },
    };

    static RIGHT: [Requirement; 3] = [PUBLIC, USER, Requirement { limits: &["pages"], ..PUBLIC }];

    static WRONG: [(Requirement, &str); 5] = [
        (Requirement { limits: &["pages", "page"], ..PUBLIC }, "names the rate limit `page`"),
        (Requirement { limits: &["api"], ..PUBLIC }, "admits anyone, but its rate limit `api` counts by user"),
        (Requirement { limits: &["mine"], ..PUBLIC }, "admits anyone, but its rate limit `mine` counts by session"),
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
