use covet::{Covet, public, rate_limit};
use rocket::get;

covet::policy!();

#[public]
#[rate_limit("login")]
struct Index;

#[public]
#[get("/")]
fn index() -> &'static str {
    let Index = Index;
    "Notes"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index]);
}
