use covet::{Covet, public};
use rocket::get;

covet::policy!("config/security.toml");

#[public]
#[get("/")]
fn index() -> &'static str {
    "Notes"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index]);
}
