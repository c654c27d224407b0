//! Other attributes on a handler stay on it, wherever they stand.

use covet::{public, rate_limit, require_auth};
use rocket::get;

use super::*;

/// The first page.
#[public]
/// It is open.
#[rate_limit("pages")]
#[doc(alias = "home")]
#[get("/")]
/// It says little.
#[must_use]
fn documented() -> &'static str {
    "index"
}

#[cfg(test)]
#[require_auth]
#[cfg(not(any()))]
#[get("/")]
#[cfg_attr(all(), allow(clippy::missing_const_for_fn, reason = "a handler"))]
fn present() {}

#[require_auth]
#[cfg(any())]
#[get("/")]
fn absent(nothing: OfTheKind) {}

#[cfg_attr(all(), require_auth)]
#[cfg_attr(any(), public)]
#[cfg_attr(all(), rate_limit("api"), get("/"))]
fn conditional() {}

#[require_auth]
#[get("/?<page>")]
#[expect(unused_variables, reason = "it must reach the function")]
fn expecting(page: Option<u8>) {
    let unused = 1;
}

#[test]
fn other_attributes_stay() {
    assert_eq!((access(documented {}), limits(documented {})), (&Access::Public, vec!["pages"]));
    assert_eq!(access(present {}), &SIGNED_IN);
    assert_eq!((access(conditional {}), limits(conditional {})), (&SIGNED_IN, vec!["api"]));
    assert_eq!(access(expecting {}), &SIGNED_IN);
}
