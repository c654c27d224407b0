use covet::{Covet, require_mfa};
use rocket::get;

covet::policy!();

#[require_mfa(max_ago = "10m")]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
