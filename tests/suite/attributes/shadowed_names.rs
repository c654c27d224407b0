//! A module that has its own idea of what `Result` is. (`std`, `Some` and `None` must be what Rocket's attributes think.)
#![expect(dead_code, non_camel_case_types, reason = "they only have to be in the way")]

use covet::{public, rate_limit, require_permission};
use rocket::get;

use super::{Access, Clause, Mfa, names};

struct Result;
struct Option;
struct Vec;
struct String;
struct Box;
struct Guard;
struct Route;
struct Requirement;
struct Charge;
struct Cost;
trait Covered {}
trait From {}
trait Into {}
type str = u64;
type u8 = u64;
type usize = u64;
mod core {}
mod alloc {}
mod covet_core {}
mod covet_rocket {}
covet::policy!();

#[rate_limit("api", cost = 2)]
#[require_permission(any("read:notes", "read:users"))]
#[get("/guarded")]
async fn guarded() -> &'static ::core::primitive::str {
    policy::EMBEDDED.name
}

#[public]
#[get("/open")]
fn open() {}

#[test]
fn generated_code_is_not_misled_by_names_around_it() {
    let routes = covet::routes![guarded, open];
    assert_eq!(names(&routes), ["shadowed_names::guarded", "shadowed_names::open"]);
    let permissions = &[Clause(&["read:notes", "read:users"])];
    assert_eq!(super::access(guarded {}), &Access::User { mfa: Mfa::NotRequired, roles: &[], permissions });
}
