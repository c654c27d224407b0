//! The policy: what `security.toml` says, as values that cannot be wrong.
//!
//! The threat: a name mistyped, a limit of 0, a role that inherits itself, found in production. The rule: a policy is
//! read whole, and everything wrong with it is told at once, each with file, line, column, key, found and expected.
//!
//! ```
//! use covet_core::policy::Policy;
//!
//! let problems = Policy::parse("security.toml", "[application]\nname = 'Vault'\n[sesions]\n").unwrap_err();
//! let first = problems.to_string();
//! assert!(first.starts_with("security.toml:3:2: `sesions`: unknown key, expected one of `application`"));
//! assert!(first.ends_with("did you mean `sessions`?"));
//! ```
//!
//! At run time the same reader takes several [`Layer`]s, later ones over earlier ones; see [`Policy::read`].

mod check;
mod error;
mod layer;
mod read;
mod sections;
mod shape;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::error::{Position, Problem, Problems};
pub use self::layer::Layer;
use self::layer::Part;
use self::read::Merged;
pub use self::sections::{Application, Reason, Replicas, Role, RoutePattern, Title, Uncovered};
pub use crate::name::{LimitName, PermissionGlob, PermissionName, RoleName, nearest};
use crate::{audit, http, lockout, mfa, password, rate_limit, session, sql};

/// The name of the file that holds the policy.
pub const FILE_NAME: &str = "security.toml";

/// Everything `security.toml` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What this application is called, and how often it runs.
    pub application: Application,
    /// What one may be allowed to do: a name, and what it lets one do. The names are checked at compile time.
    #[serde(default)]
    pub permissions: BTreeMap<PermissionName, String>,
    /// Sets of permissions that accounts are given together.
    #[serde(default)]
    pub roles: BTreeMap<RoleName, Role>,
    /// How often something may be done.
    #[serde(default)]
    pub rate_limits: BTreeMap<LimitName, rate_limit::Policy>,
    /// What repeated wrong passwords lead to.
    #[serde(default)]
    pub lockout: lockout::Policy,
    /// What a password must be and how it is kept.
    #[serde(default)]
    pub password: password::Policy,
    /// The second factor.
    #[serde(default)]
    pub mfa: mfa::Policy,
    /// How long one stays signed in.
    #[serde(default)]
    pub sessions: session::Policy,
    /// How long events are kept.
    #[serde(default)]
    pub audit: audit::Policy,
    /// Client addresses, and where browsers are sent.
    #[serde(default)]
    pub http: http::Policy,
    /// What `safe_sql!` accepts.
    #[serde(default)]
    pub sql: sql::Policy,
    /// Routes that Covet does not guard, each with its reason.
    #[serde(default)]
    pub uncovered: Vec<Uncovered>,
}

impl Policy {
    /// The policy of one text; `name` is what errors call the file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        Document::parse(name, text).map(|document| document.policy)
    }

    /// The policy of a compiled-in base and the layers over it, which may change values but not names: the program was
    /// compiled against the names.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, each told of the layer that is at fault.
    pub fn read(base: Layer, over: Vec<Layer>) -> Result<Self, Problems> {
        let base = [base];
        let (base_names, base_policy) = {
            let base = Merged::new(&base);
            (check::Names::of(&base), base.read::<Self>().0)
        };
        let layers: Vec<Layer> = base.iter().cloned().chain(over).collect();
        let merged = Merged::new(&layers);
        let mut problems = check::new_names(&base_names, &merged);
        let policy = read_and_check(&merged, &mut problems);
        if let (Some(base), Some(policy)) = (&base_policy, &policy) {
            problems.extend(check::lost_keys(base, policy, &merged));
        }
        Problems::none_or(problems)?;
        policy.ok_or_else(Problems::unreadable)
    }

    /// The role and all that it inherits, each once.
    #[must_use]
    pub fn roles_of<'p>(&'p self, role: &'p str) -> Vec<&'p str> {
        let mut roles = vec![role];
        let mut at = 0;
        while let Some(name) = roles.get(at) {
            let inherited = self.roles.get(*name).into_iter().flat_map(|role| &role.inherits).map(RoleName::as_str);
            let new: Vec<_> = inherited.filter(|name| !roles.contains(name)).collect();
            roles.extend(new);
            at += 1;
        }
        roles
    }

    /// The permissions that a role grants, its own and inherited, in the order of their names.
    #[must_use]
    pub fn permissions_of(&self, role: &str) -> Vec<&PermissionName> {
        let roles: Vec<_> = self.roles_of(role).into_iter().filter_map(|name| self.roles.get(name)).collect();
        let globs = || roles.iter().flat_map(|role| &role.permissions);
        let granted = |name: &&PermissionName| globs().any(|glob| glob.matches(name.as_str()));
        self.permissions.keys().filter(granted).collect()
    }
}

/// A policy as a program carries it: made by the macro `policy!()`.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// What errors call the file.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The tables that the program's statements were compiled for; none where the policy names no migrations.
    pub tables: &'static [sql::drift::Table],
}

/// A policy with the places of its keys, for messages that point into the file.
#[derive(Debug)]
pub struct Document {
    /// The policy.
    pub policy: Policy,
    layer: Layer,
}

impl Document {
    /// Reads a text; `name` is what errors call the file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        let layers = match Layer::toml(name, text) {
            Ok(layer) => [layer],
            Err(problems) => return Err(Problems::of(problems)),
        };
        let mut problems = Vec::new();
        let policy = read_and_check(&Merged::new(&layers), &mut problems);
        Problems::none_or(problems)?;
        let [layer] = layers;
        Ok(Self { policy: policy.ok_or_else(Problems::unreadable)?, layer })
    }

    /// Where a key stands: `["rate_limits", "login"]`.
    #[must_use]
    pub fn position(&self, path: &[&str]) -> Option<Position> {
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        self.layer.position(&path, Part::Key)
    }
}

fn read_and_check(merged: &Merged<'_>, problems: &mut Vec<Problem>) -> Option<Policy> {
    let (policy, mistakes) = merged.read::<Policy>();
    problems.extend(mistakes);
    if let Some(policy) = &policy {
        problems.extend(check::references(policy, merged));
    }
    policy
}

#[cfg(test)]
mod tests;
