//! Any number of attributes, in any order, say the same.

use covet::{rate_limit, require_auth, require_mfa, require_permission, require_role};
use rocket::get;

use super::*;

/// A route of the same attributes in each order given.
macro_rules! orders {
    ($($route:ident: $($attribute:meta),*;)*) => {
        $(
            $(#[$attribute])*
            #[get("/")]
            fn $route() -> &'static str {
                "in order"
            }
        )*

        #[test]
        fn every_order_means_the_same() {
            let mut expected = covet::routes![$($route),*].into_iter();
            $(
                assert_eq!(expected.next().unwrap().name.unwrap(), concat!(module_path!(), "::", stringify!($route)));
                assert_eq!(limits($route {}), ["api"]);
                assert_eq!(access($route {}), &ALL);
            )*
        }
    };
}

const ALL: Access = Access::User { mfa: Mfa::Required, roles: &["member"], permissions: &[Clause(&["read:notes"])] };

orders! {
    abcde: rate_limit("api"), require_auth, require_mfa, require_permission("read:notes"), require_role("member");
    edcba: require_role("member"), require_permission("read:notes"), require_mfa, require_auth, rate_limit("api");
    bcdea: require_auth, require_mfa, require_permission("read:notes"), require_role("member"), rate_limit("api");
    cdeab: require_mfa, require_permission("read:notes"), require_role("member"), rate_limit("api"), require_auth;
    deabc: require_permission("read:notes"), require_role("member"), rate_limit("api"), require_auth, require_mfa;
    aecdb: rate_limit("api"), require_role("member"), require_mfa, require_permission("read:notes"), require_auth;
}
