//! The sections of the policy whose names stand in code, and what their names are called there.

use covet_core::policy::{LimitName, PermissionName, Policy, RoleName};

/// A section of the policy whose names code uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    RateLimits,
    Permissions,
    Roles,
}

impl Section {
    pub(crate) const ALL: [Self; 3] = [Self::RateLimits, Self::Permissions, Self::Roles];

    /// Its key in the policy.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::RateLimits => "rate_limits",
            Self::Permissions => "permissions",
            Self::Roles => "roles",
        }
    }

    /// What one of its names stands for.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::RateLimits => "rate limit",
            Self::Permissions => "permission",
            Self::Roles => "role",
        }
    }

    /// What a name must be, if this text is none.
    pub(crate) fn expects(self, name: &str) -> Result<(), &'static str> {
        match self {
            Self::RateLimits => name.parse::<LimitName>().map(drop).map_err(|_| LimitName::EXPECTED),
            Self::Permissions => name.parse::<PermissionName>().map(drop).map_err(|_| PermissionName::EXPECTED),
            Self::Roles => name.parse::<RoleName>().map(drop).map_err(|_| RoleName::EXPECTED),
        }
    }

    /// The names it has.
    pub(crate) fn names(self, policy: &Policy) -> Vec<&str> {
        match self {
            Self::RateLimits => policy.rate_limits.keys().map(|name| name.as_str()).collect(),
            Self::Permissions => policy.permissions.keys().map(|name| name.as_str()).collect(),
            Self::Roles => policy.roles.keys().map(|name| name.as_str()).collect(),
        }
    }
}

/// `write:notes` as `WriteNotes`.
pub(crate) fn type_name(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split([':', '-', '_']).map(capital).collect()
}
