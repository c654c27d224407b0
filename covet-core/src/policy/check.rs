//! What must hold between the parts of a policy: names that are used are defined, roles do not inherit in a circle,
//! and a layer over the compiled-in policy brings no new names and takes none from the code.

use std::collections::BTreeSet;

use super::Policy;
use super::error::Problem;
use super::layer::Part;
use super::read::Merged;
use crate::name::nearest;
use crate::rate_limit::{OnStoreFailure, Scope};
use crate::sql::Dialect;

/// The tables whose keys are names that code may use.
const NAME_TABLES: [(&str, &str); 3] =
    [("permissions", "permission"), ("roles", "role"), ("rate_limits", "rate limit")];

/// The names of each of [`NAME_TABLES`].
pub(super) struct Names([BTreeSet<String>; NAME_TABLES.len()]);

impl Names {
    pub(super) fn of(merged: &Merged<'_>) -> Self {
        Self(NAME_TABLES.map(|(table, _)| merged.names(table).into_iter().map(str::to_owned).collect()))
    }
}

/// Names in the merged values that the base does not have.
pub(super) fn new_names(base: &Names, merged: &Merged<'_>) -> Vec<Problem> {
    let tables = NAME_TABLES.iter().zip(&base.0);
    let of_table = |(&(table, what), known): (&(&str, &str), &BTreeSet<String>)| {
        let new = merged.names(table).into_iter().filter(|name| !known.contains(*name)).map(str::to_owned);
        let problem = |name: String| {
            let message = format!(
                "the {what} `{name}` is not in the policy this program was compiled with; \
                 a layer over it may change values, not names"
            );
            merged.problem(&path([table, &name]), Part::Key, message, nearest(&name, known.iter().map(String::as_str)))
        };
        new.map(problem).collect::<Vec<_>>()
    };
    tables.flat_map(of_table).collect()
}

/// Limits that handlers count by a key, and would not find any more.
pub(super) fn lost_keys(base: &Policy, policy: &Policy, merged: &Merged<'_>) -> Vec<Problem> {
    let keyed = |policy: &Policy, name: &str| {
        policy.rate_limits.get(name).is_some_and(|limit| limit.scopes().contains(&Scope::Key))
    };
    let names = base.rate_limits.keys().map(|name| name.as_str());
    let lost = names.filter(|name| keyed(base, name) && !keyed(policy, name));
    let problem = |name: &str| {
        let message = "handlers of this program count by `key`; a layer over its policy cannot change that".to_owned();
        merged.problem(&path(["rate_limits", name, "scope"]), Part::Value, message, None)
    };
    lost.map(problem).collect()
}

/// Names that are used but not defined, roles that inherit in a circle, and tables that are described twice.
pub(super) fn references(policy: &Policy, merged: &Merged<'_>) -> Vec<Problem> {
    let (roles, permissions) = (merged.names("roles"), merged.names("permissions"));
    let mut problems = Vec::new();
    for (name, role) in &policy.roles {
        let at = |key: &str, index: usize| path(["roles", name.as_str(), key, &index.to_string()]);
        for (index, inherited) in role.inherits.iter().enumerate() {
            let (inherited, known) = (inherited.as_str(), roles.iter().copied());
            if !roles.contains(inherited) {
                let message = format!("unknown role `{inherited}`, expected a role of `[roles]`");
                problems.push(merged.problem(&at("inherits", index), Part::Value, message, nearest(inherited, known)));
            }
        }
        for (index, glob) in role.permissions.iter().enumerate() {
            if !permissions.iter().any(|permission| glob.matches(permission)) {
                let what = if glob.as_str().contains('*') { "matches no permission" } else { "unknown permission" };
                let message =
                    format!("{what}: `{glob}`, expected a permission of `[permissions]` or a pattern of some");
                let nearest = nearest(glob.as_str(), permissions.iter().copied());
                problems.push(merged.problem(&at("permissions", index), Part::Value, message, nearest));
            }
        }
        if let Some(circle) = circle(policy, name.as_str()) {
            let message = format!("inherits itself: {}", circle.join(" → "));
            problems.push(merged.problem(&path(["roles", name.as_str(), "inherits"]), Part::Key, message, None));
        }
    }
    for (name, limit) in &policy.rate_limits {
        if limit.on_store_failure() == OnStoreFailure::Local
            && let Err(error) = limit.share(policy.application.replicas.get())
        {
            let replicas = policy.application.replicas;
            let message = format!(
                "each of {replicas} `application.replicas` counts its share of the limit while the store is away, and {error}"
            );
            let at = path(["rate_limits", name.as_str(), "on_store_failure"]);
            problems.push(merged.problem(&at, Part::Value, message, None));
        }
        for (index, role) in limit.exempt().roles.iter().enumerate() {
            if !roles.contains(role.as_str()) {
                let message = format!("unknown role `{role}`, expected a role of `[roles]`");
                let at = path(["rate_limits", name.as_str(), "exempt", "roles", &index.to_string()]);
                let nearest = nearest(role.as_str(), roles.iter().copied());
                problems.push(merged.problem(&at, Part::Value, message, nearest));
            }
        }
        for tier in limit.tiers().keys().filter(|tier| !roles.contains(tier.as_str())) {
            if !permissions.contains(tier.as_str()) {
                let message = format!("unknown tier `{tier}`, expected a role of `[roles]` or a permission");
                let nearest = nearest(tier, roles.iter().chain(&permissions).copied());
                let at = path(["rate_limits", name.as_str(), "tiers", tier]);
                problems.push(merged.problem(&at, Part::Key, message, nearest));
            }
        }
    }
    problems.extend(described_twice(policy, merged));
    problems
}

/// Databases whose tables are said both by migrations and by a schema.
fn described_twice(policy: &Policy, merged: &Merged<'_>) -> Option<Problem> {
    let (migrations, schema) = (policy.sql.migrations.as_ref()?, policy.sql.schema.as_ref()?);
    let both = |dialect: &Dialect| migrations.of(*dialect).is_some() && schema.of(*dialect).is_some();
    let dialect = [Dialect::Sqlite, Dialect::Postgres].into_iter().find(both)?;
    let message = format!("`migrations` says what tables {dialect} has, too; which one counts?");
    Some(merged.problem(&path(["sql", "schema"]), Part::Key, message, None))
}

/// The way from a role around to itself; told once a circle, at its first name.
fn circle<'p>(policy: &'p Policy, start: &'p str) -> Option<Vec<&'p str>> {
    let mut ways = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        let Some(role) = way.last().and_then(|name| policy.roles.get(*name)) else { continue };
        for next in &role.inherits {
            let longer: Vec<_> = way.iter().copied().chain([next.as_str()]).collect();
            if next.as_str() == start {
                return (way.iter().min() == Some(&start)).then_some(longer);
            }
            if seen.insert(next.as_str()) {
                ways.push(longer);
            }
        }
    }
    None
}

fn path<const N: usize>(parts: [&str; N]) -> Vec<String> {
    parts.map(str::to_owned).to_vec()
}
