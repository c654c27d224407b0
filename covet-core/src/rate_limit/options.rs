//! What else a limit says: whom it spares, how it is told, and what holds while its store is away.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Rates;
use crate::name::RoleName;
use crate::network::Network;

/// Whether a limit refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It does.
    #[default]
    Enforce,
    /// It counts and tells what it would have refused, and lets everything pass: to try a limit out.
    Shadow,
}

/// What a limit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Load, cost, fairness.
    #[default]
    Traffic,
    /// Guessing: sign-in, codes, resets. Such a limit never fails open.
    Auth,
}

/// What a limit does while its store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnStoreFailure {
    /// It refuses everything, with status 503. The default: doubt is a denial.
    #[default]
    Deny,
    /// It lets everything pass.
    Allow,
    /// It counts in the memory of this process, beginning with nothing counted, and admits its share: the limit divided
    /// by `application.replicas`.
    Local,
}

#[cfg(feature = "runtime")]
impl OnStoreFailure {
    /// Its name in `security.toml`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
            Self::Local => "local",
        }
    }
}

/// Which fields of a response tell of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fields {
    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11).
    Ietf,
    /// `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`, as many services have them.
    X,
}

/// Whom a limit does not count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Exempt {
    /// Who holds one of these roles, itself or by one that inherits it. For limits by user or session.
    pub roles: Vec<RoleName>,
    /// Addresses, as networks in CIDR notation: `10.0.0.0/8`.
    pub networks: Vec<Network>,
}

impl Exempt {
    /// Whether who has this address is not counted.
    #[must_use]
    pub fn spares(&self, client: Option<IpAddr>) -> bool {
        client.is_some_and(|address| self.networks.iter().any(|network| network.contains(&address)))
    }
}

/// Other rates for whoever holds a role or a permission, by its name.
pub type Tiers = BTreeMap<String, Rates>;
