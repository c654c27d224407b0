use covet::{Covet, public, require_auth};
use rocket::get;

covet::policy!();

#[public]
#[get("/")]
fn index() -> &'static str {
    title()
}

#[require_auth]
fn title() -> &'static str {
    "Notes"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index]);
}
