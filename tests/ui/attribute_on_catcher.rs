use covet::{Covet, public, rate_limit};
use rocket::{catch, catchers, get};

covet::policy!();

#[public]
#[get("/")]
fn index() -> &'static str {
    "Notes"
}

#[rate_limit("login")]
#[catch(404)]
fn not_found() -> &'static str {
    "There is no such page."
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let rocket = rocket::build().attach(covet).mount("/", covet::routes![index]);
    let _ = rocket.register("/", catchers![not_found]);
}
