//! The small sections of the policy that belong to no subsystem: the application, roles, uncovered routes.

use serde::{Deserialize, Serialize};

use crate::name::{PermissionGlob, RoleName, checked_text};
use crate::units::Count;

checked_text!(
    /// The name of the application as people read it.
    Title,
    "a name of 1 to 64 characters without `:` or control characters, such as `Vault`",
    "^[^:]{1,64}$",
    |text| {
        let plain = !text.chars().any(|c| c.is_control() || c == ':');
        plain && text.trim() == text && (1..=64).contains(&text.chars().count())
    }
);

checked_text!(
    /// A text that says why.
    Reason,
    "a reason of at least one word",
    "\\S",
    |text| !text.trim().is_empty()
);

checked_text!(
    /// Routes by their path: `*` stands for one segment, a last `**` for any number.
    RoutePattern,
    "a path pattern such as `/static/**`, `/docs/*` or `/favicon.ico`",
    "^/",
    |text| {
        let Some(segments) = text.strip_prefix('/') else { return false };
        let whole = |segment: &str| matches!(segment, "*" | "**") || !segment.contains(['*', '<', '>', '?', '#', ' ']);
        let inner_rest = segments.split('/').rev().skip(1).any(|segment| segment == "**");
        segments.split('/').all(whole) && !inner_rest && !segments.contains("//")
    }
);

impl RoutePattern {
    /// Whether every path that the route's URI stands for (`/static/<path..>`) is one of those meant.
    #[must_use]
    pub fn covers(&self, route: &str) -> bool {
        let mut pattern = self.as_str().split('/').skip(1);
        let mut route = route.split(['?', '#']).next().unwrap_or_default().split('/').skip(1);
        loop {
            match (pattern.next(), route.next()) {
                (Some("**"), _) | (None, None) => return true,
                (Some("*"), Some(segment)) if !segment.ends_with("..>") => {}
                (Some(expected), Some(segment)) if expected == segment && !segment.starts_with('<') => {}
                _ => return false,
            }
        }
    }
}

/// `[application]`: what this application is called, and how often it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The name that people see: the issuer in their authenticator application. Required.
    pub name: Title,
    /// How many processes share the store: what each of them may admit while it is away is a limit divided by this.
    #[serde(default = "one")]
    pub replicas: Replicas,
}

/// How many processes share the store.
pub type Replicas = Count<1, 1000>;

const fn one() -> Replicas {
    Replicas::of(1)
}

/// `[roles.NAME]`: a set of permissions that accounts are given together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Role {
    /// Roles whose permissions this one has too; no role may inherit itself, however far around.
    pub inherits: Vec<RoleName>,
    /// Names of `[permissions]`, or patterns of them: `read:*`. A pattern that matches none is an error.
    pub permissions: Vec<PermissionGlob>,
}

/// `[[uncovered]]`: routes that Covet does not guard. Every other route must be, or the application does not launch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Uncovered {
    /// Which routes: `/static/**`.
    pub path: RoutePattern,
    /// Why they need no guard.
    pub reason: Reason,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_route_pattern_covers_only_routes_that_lie_wholly_within_it() {
        let table = [
            ("/static/**", "/static/<path..>", true),
            ("/static/**", "/static/a/b?x", true),
            ("/static/**", "/<path..>", false),
            ("/static/**", "/staticx/a", false),
            ("/static/*", "/static/<name>", true),
            ("/static/*", "/static/<path..>", false),
            ("/static/*", "/static/a/b", false),
            ("/favicon.ico", "/favicon.ico", true),
            ("/favicon.ico", "/<file>", false),
            ("/**", "/anything", true),
        ];
        for (pattern, route, expected) in table {
            assert_eq!(pattern.parse::<RoutePattern>().unwrap().covers(route), expected, "{pattern} on {route}");
        }
        for pattern in ["", "static", "/a/**/b", "/a*", "/<a>"] {
            pattern.parse::<RoutePattern>().unwrap_err();
        }
    }
}
