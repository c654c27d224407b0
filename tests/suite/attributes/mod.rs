//! What must compile: every way in which a reasonable program writes its attributes, and what each comes to mean.

mod documentation_and_cfg;
mod every_order;
mod generated_by_a_macro;
mod handler_arguments;
mod inside_a_function;
mod lifetimes;
mod limiters;
mod meanings;
mod modules;
mod no_prelude;
mod paths;
mod raw_names;
mod responders;
mod shadowed_names;
mod strict_lints;

use covet::__private::{Access, Clause, Mfa};
use covet::Covered;
use rocket::Route;

covet::policy!();

/// What a route demands; the route is the value that Rocket makes of its name.
fn access<R: Covered>(_: R) -> &'static Access {
    &R::REQUIREMENT.access
}

/// The limits that a route charges.
fn limits<R: Covered>(_: R) -> Vec<&'static str> {
    R::REQUIREMENT.limits.iter().map(|charge| charge.limit).collect()
}

/// What a route says that one request counts, for each of its limits.
fn costs<R: Covered>(_: R) -> Vec<Option<u32>> {
    R::REQUIREMENT.limits.iter().map(|charge| charge.cost.map(|cost| cost.get())).collect()
}

/// The names by which routes are known, below this module.
fn names(routes: &[Route]) -> Vec<&str> {
    let prefix = concat!(module_path!(), "::");
    routes.iter().map(|route| route.name.as_deref().unwrap().strip_prefix(prefix).unwrap()).collect()
}

const SIGNED_IN: Access = Access::User { mfa: Mfa::NotRequired, roles: &[], permissions: &[] };
