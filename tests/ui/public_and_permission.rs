use covet::{Covet, public, require_permission};
use rocket::get;

covet::policy!();

#[require_permission("read:notes")]
#[public]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
