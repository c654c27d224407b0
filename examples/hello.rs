//! The smallest application: one route for everybody, one behind a limit.

use covet::{Covet, public, rate_limit};
use rocket::{get, launch};

covet::policy!();

#[public]
#[get("/")]
fn index() -> &'static str {
    "Hello. /limited may be asked for 300 times a minute."
}

#[rate_limit("pages")]
#[get("/limited")]
fn limited() -> &'static str {
    "Within the limit."
}

#[launch]
fn rocket() -> _ {
    rocket::build().attach(Covet::fairing(policy::EMBEDDED)).mount("/", covet::routes![index, limited])
}
