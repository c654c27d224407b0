use covet::{Covet, require_role};
use rocket::get;

covet::policy!();

#[require_role("member")]
#[require_role("admin", "member")]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
