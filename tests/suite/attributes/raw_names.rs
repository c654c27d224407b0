//! Handlers and arguments named by keywords.

use covet::{rate_limit, require_auth};
use rocket::get;

use super::*;

#[require_auth]
#[rate_limit("api")]
#[get("/<id>")]
fn r#type(id: u8) -> String {
    id.to_string()
}

#[test]
fn a_keyword_may_name_a_route() {
    assert_eq!(names(&covet::routes![r#type]), ["raw_names::type"]);
}
