//! Who holds which permission: the roles of the policy, resolved once.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::{Policy, RoleName};

/// What each role grants, its own and inherited.
#[derive(Debug)]
pub struct Access {
    roles: BTreeMap<String, Granted>,
}

#[derive(Debug)]
struct Granted {
    roles: BTreeSet<String>,
    permissions: BTreeSet<String>,
}

impl Access {
    /// Resolves the roles of a policy.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let resolve = |name: &RoleName| {
            let permissions = policy.permissions_of(name.as_str()).into_iter().map(|p| p.as_str().to_owned()).collect();
            let roles = policy.roles_of(name.as_str()).into_iter().map(str::to_owned).collect();
            (name.as_str().to_owned(), Granted { roles, permissions })
        };
        Self { roles: policy.roles.keys().map(resolve).collect() }
    }

    /// Whether whoever holds the roles holds the permission. A role that the policy does not know grants nothing.
    #[must_use]
    pub fn permits(&self, roles: &[String], permission: &str) -> bool {
        self.of_roles(roles).any(|granted| granted.permissions.contains(permission))
    }

    /// Whether whoever holds the roles holds `role`, itself or by one that inherits it.
    #[must_use]
    pub fn includes(&self, roles: &[String], role: &str) -> bool {
        self.of_roles(roles).any(|granted| granted.roles.contains(role))
    }

    fn of_roles<'a>(&'a self, roles: &'a [String]) -> impl Iterator<Item = &'a Granted> {
        roles.iter().filter_map(|role| self.roles.get(role))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_role_grants_what_it_has_and_inherits_and_nothing_else() {
        let policy = Policy::parse(
            "security.toml",
            "[application]\nname = 'V'\n[permissions]\n'a:x' = ''\n'b:x' = ''\n[roles.low]\npermissions = ['a:*']\n\
             [roles.high]\ninherits = ['low']\npermissions = ['b:x']",
        );
        let access = Access::of(&policy.unwrap());
        let roles = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let table: [(&[&str], [bool; 4]); 5] = [
            (&[], [false, false, false, false]),
            (&["low"], [true, false, true, false]),
            (&["high"], [true, true, true, true]),
            (&["low", "high"], [true, true, true, true]),
            (&["root", "HIGH"], [false, false, false, false]),
        ];
        for (names, expected) in table {
            let held = roles(names);
            let found = [
                access.permits(&held, "a:x"),
                access.permits(&held, "b:x"),
                access.includes(&held, "low"),
                access.includes(&held, "high"),
            ];
            assert_eq!(found, expected, "{names:?}");
        }
        assert!(!access.permits(&roles(&["high"]), "c:x"));
    }
}
