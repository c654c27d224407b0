use covet::{Covet, public, require_role};
use rocket::get;

covet::policy!();

#[require_role("admin")]
#[get("/users")]
fn users() -> &'static str {
    "alice, bob"
}

#[public]
#[get("/")]
fn index() -> &'static str {
    users()
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index, users]);
}
