use covet::{Covet, public, require_auth};
use rocket::get;

covet::policy!();

#[public]
#[require_auth]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
