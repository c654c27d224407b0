use covet::{Covet, rate_limit, require_auth};
use rocket::get;

covet::policy!();

#[rate_limit("export", cost = 9)]
#[require_auth]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
