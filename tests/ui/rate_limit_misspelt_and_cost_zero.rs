use covet::{Covet, rate_limit};
use rocket::get;

covet::policy!();

#[rate_limit("logn", cost = 0)]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
