//! Attributes named by a path, ours and Rocket's.

use super::*;

#[covet::rate_limit("api")]
#[covet::require_auth]
#[rocket::get("/")]
fn by_path() {}

#[::covet::require_auth]
#[::covet::rate_limit("api")]
#[::rocket::get("/")]
async fn by_absolute_path() {}

#[covet::require_auth]
#[covet::rate_limit("api")]
#[rocket::route(GET, uri = "/")]
fn by_route() {}

#[test]
fn attributes_may_be_paths() {
    assert_eq!(access(by_path {}), &SIGNED_IN);
    assert_eq!(access(by_absolute_path {}), &SIGNED_IN);
    assert_eq!(access(by_route {}), &SIGNED_IN);
    for limits in [limits(by_path {}), limits(by_absolute_path {}), limits(by_route {})] {
        assert_eq!(limits, ["api"]);
    }
}
