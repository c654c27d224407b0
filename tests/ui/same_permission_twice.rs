use covet::{Covet, require_permission};
use rocket::get;

covet::policy!();

#[require_permission("read:notes", "read:notes")]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
