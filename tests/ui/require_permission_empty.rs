use covet::{Covet, rate_limit, require_permission};
use rocket::get;

covet::policy!();

#[rate_limit("search")]
#[require_permission()]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
