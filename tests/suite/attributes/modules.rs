//! Routes of any visibility, across modules, some of one name.
#![expect(unreachable_pub, reason = "every visibility is tried")]

use super::*;

pub mod notes {
    use covet::require_permission;
    use rocket::{get, post};

    #[require_permission("read:notes")]
    #[get("/notes")]
    pub fn list() {}

    #[require_permission("write:notes")]
    #[post("/notes")]
    pub(crate) fn create() {}

    pub(super) mod archive {
        #[covet::require_role("member")]
        #[rocket::get("/archive")]
        pub(in super::super) fn list() {}
    }

    pub(super) fn routes() -> Vec<rocket::Route> {
        covet::routes![self::list, archive::list]
    }
}

#[covet::public]
#[rocket::get("/")]
fn list() {}

#[test]
fn routes_take_paths_and_name_them_by_module() {
    let routes = covet::routes![list, notes::list, notes::create, self::notes::archive::list, super::modules::list];
    let expected = ["list", "notes::list", "notes::create", "notes::archive::list", "list"];
    assert_eq!(names(&routes), expected.map(|name| format!("modules::{name}")));
    assert_eq!(names(&notes::routes()), ["modules::notes::list", "modules::notes::archive::list"]);
}

#[test]
fn there_may_be_no_routes() {
    assert!(covet::routes![].is_empty());
    let rocket =
        crate::support::App::new().bare().mount("/", covet::routes![]).mount("/", covet::routes![list, notes::list]);
    assert_eq!(rocket.routes().count(), 2);
}

#[test]
fn routes_of_one_name_keep_their_own_demands() {
    assert_eq!(access(list {}), &Access::Public);
    let expected = Access::User { mfa: Mfa::NotRequired, roles: &[], permissions: &[Clause(&["read:notes"])] };
    assert_eq!(access(notes::list {}), &expected);
}
