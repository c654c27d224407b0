use covet::{Covet, rate_limit as limit, require_auth};
use rocket::get;

covet::policy!();

#[require_auth]
#[limit("search")]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
