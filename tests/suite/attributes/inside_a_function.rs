//! Routes that are made where they are mounted.

use super::*;

#[test]
fn handlers_may_stand_inside_a_function() {
    use covet::{public, rate_limit, require_auth};
    use rocket::get;

    #[public]
    #[rate_limit("pages")]
    #[get("/")]
    fn index() -> &'static str {
        "inside"
    }

    let open = access(index {});
    let routes = {
        #[require_auth]
        #[get("/inner")]
        fn index() {}

        assert_eq!(access(index {}), &SIGNED_IN);
        covet::routes![index]
    };
    assert_eq!((open, names(&routes)), (&Access::Public, vec!["inside_a_function::index"]));
}
