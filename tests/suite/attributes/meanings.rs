//! What each attribute comes to mean, with every form of its arguments.

use covet::{public, rate_limit, require_auth, require_mfa, require_permission, require_role};
use rocket::get;

use super::*;

#[public]
#[get("/")]
pub(super) fn open() {}

#[rate_limit("login")]
#[rate_limit("pages")]
#[get("/")]
pub(super) fn limited() {}

#[rate_limit("login", cost = 5)]
#[rate_limit("pages")]
#[rate_limit("register", cost = 0x0A)]
#[get("/")]
fn costly() {}

#[public]
#[rate_limit("pages")]
#[get("/")]
fn open_and_limited() {}

#[require_auth]
#[get("/")]
fn signed_in() {}

#[require_auth()]
#[get("/")]
fn signed_in_with_parentheses() {}

#[require_mfa]
#[get("/")]
fn second_factor() {}

#[require_mfa(max_age = "10m")]
#[get("/")]
fn recent_second_factor() {}

#[require_role("admin")]
#[require_role("member")]
#[get("/")]
fn both_roles() {}

#[require_permission("read:notes", "write:notes")]
#[get("/")]
fn both_permissions() {}

#[require_permission(any("read:notes", "read:users"))]
#[require_permission("admin:audit")]
#[get("/")]
fn one_of_two_and_another() {}

#[rustfmt::skip]
#[rate_limit("api",)]
#[rate_limit("pages", cost = 2,)]
#[require_mfa(max_age = "1h",)]
#[require_role("member",)]
#[require_permission("write:notes", any("read:notes", "read:users",),)]
#[get("/")]
fn trailing_commas() {}

#[test]
fn limits_are_all_charged() {
    assert_eq!(limits(open {}), [""; 0]);
    assert_eq!(limits(limited {}), ["login", "pages"]);
    assert_eq!(limits(open_and_limited {}), ["pages"]);
}

#[test]
fn a_limit_costs_what_the_route_says_or_else_the_policy() {
    assert_eq!(limits(costly {}), ["login", "pages", "register"]);
    assert_eq!(costs(costly {}), [Some(5), None, Some(10)]);
}

#[test]
fn without_a_demand_anyone_is_admitted() {
    for access in [access(open {}), access(limited {}), access(open_and_limited {})] {
        assert_eq!(access, &Access::Public);
    }
}

#[test]
fn every_demand_needs_a_user() {
    let user = |mfa, roles, permissions| Access::User { mfa, roles, permissions };
    assert_eq!(access(signed_in {}), &SIGNED_IN);
    assert_eq!(access(signed_in_with_parentheses {}), &SIGNED_IN);
    assert_eq!(access(second_factor {}), &user(Mfa::Required, &[], &[]));
    assert_eq!(access(recent_second_factor {}), &user(Mfa::Within(600), &[], &[]));
    assert_eq!(access(both_roles {}), &user(Mfa::NotRequired, &["admin", "member"], &[]));
}

#[test]
fn permissions_are_all_required_and_of_any_one() {
    let user = |permissions| Access::User { mfa: Mfa::NotRequired, roles: &[], permissions };
    assert_eq!(access(both_permissions {}), &user(&[Clause(&["read:notes"]), Clause(&["write:notes"])]));
    let clauses = &[Clause(&["read:notes", "read:users"]), Clause(&["admin:audit"])];
    assert_eq!(access(one_of_two_and_another {}), &user(clauses));
}

#[test]
fn trailing_commas_change_nothing() {
    assert_eq!(limits(trailing_commas {}), ["api", "pages"]);
    assert_eq!(costs(trailing_commas {}), [None, Some(2)]);
    let permissions = &[Clause(&["write:notes"]), Clause(&["read:notes", "read:users"])];
    let expected = Access::User { mfa: Mfa::Within(3600), roles: &["member"], permissions };
    assert_eq!(access(trailing_commas {}), &expected);
}

#[test]
fn a_limit_by_key_is_a_type_of_its_name() {
    use covet::Limit;
    assert_eq!(policy::limits::Writing::NAME, "writing");
}

#[test]
fn a_permission_is_a_type_of_its_name() {
    use covet::Permission;
    assert_eq!(policy::permissions::WriteNotes::NAME, "write:notes");
    assert_eq!(policy::EMBEDDED.text, include_str!("../../../security.toml"));
}
