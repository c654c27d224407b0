use covet::{Covet, public, rate_limit};
use rocket::post;

covet::policy!();

#[public]
#[post("/login")]
#[rate_limit("login")]
fn login() -> &'static str {
    "welcome"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![login]);
}
