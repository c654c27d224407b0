//! Routes whose attributes, names and arguments come out of an application's own macro.

use covet::{rate_limit, require_permission};
use rocket::get;

use super::*;

macro_rules! page {
    ($visibility:vis $route:ident, $uri:literal, $limit:literal, $($permission:literal),+) => {
        #[rate_limit($limit)]
        #[require_permission($($permission),+)]
        #[get($uri)]
        $visibility fn $route() -> &'static str {
            $uri
        }
    };
}

page!(pub(super) notes, "/notes", "api", "read:notes");
page!(users, "/users", "pages", "read:users", "admin:audit");

macro_rules! mount {
    ($($route:path),*) => { covet::routes![$($route),*] };
}

#[test]
fn a_macro_may_write_routes() {
    let routes = mount![notes, self::users];
    assert_eq!(names(&routes), ["generated_by_a_macro::notes", "generated_by_a_macro::users"]);
    assert_eq!((limits(notes {}), limits(users {})), (vec!["api"], vec!["pages"]));
}
