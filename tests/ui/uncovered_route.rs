use covet::{Covet, public};
use rocket::get;

covet::policy!();

#[public]
#[get("/")]
fn index() -> &'static str {
    "Notes"
}

#[get("/admin")]
fn admin() -> &'static str {
    "Users"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index, admin]);
}
