//! An application that allows no warning of any kind gets none from what the macros write.
#![deny(warnings, unused, missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications)]
#![deny(nonstandard_style, rust_2018_idioms, let_underscore, keyword_idents, unnameable_types)]
#![deny(single_use_lifetimes, elided_lifetimes_in_paths, explicit_outlives_requirements, unused_lifetimes)]
#![deny(
    unused_results,
    unused_import_braces,
    variant_size_differences,
    trivial_casts,
    absolute_paths_not_starting_with_crate
)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![forbid(unsafe_code)]

use covet::{public, rate_limit, require_auth, require_mfa, require_permission, require_role};
use rocket::{get, post};

use super::names;

covet::policy!();

/// Whoever asks.
#[public]
#[rate_limit("pages")]
#[get("/")]
const fn open() -> &'static str {
    policy::EMBEDDED.name
}

/// A member with everything.
#[require_mfa(max_age = "10m")]
#[require_role("member")]
#[require_auth]
#[require_permission("read:notes", any("read:users", "write:notes"))]
#[rate_limit("api")]
#[post("/<word>")]
async fn guarded(word: &str) -> String {
    std::future::ready(()).await;
    word.to_owned()
}

#[test]
fn expansions_give_no_warnings() {
    let routes = covet::routes![open, guarded];
    assert_eq!(names(&routes), ["strict_lints::open", "strict_lints::guarded"]);
}
