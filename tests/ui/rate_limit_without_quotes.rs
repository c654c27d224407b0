use covet::{Covet, rate_limit};
use rocket::post;

covet::policy!();

#[rate_limit(login)]
#[post("/login")]
fn login() -> &'static str {
    "welcome"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![login]);
}
