use covet::{Covet, public, rate_limit};
use rocket::get;

covet::policy!();

#[rate_limit(__covet_collected)]
#[public]
#[get("/")]
fn index() -> &'static str {
    "Notes"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index]);
}
