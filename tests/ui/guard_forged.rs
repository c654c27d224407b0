use covet::{Covet, require_role};
use rocket::get;

covet::policy!();

#[require_role("admin")]
#[get("/users")]
fn users() -> &'static str {
    "alice, bob"
}

#[covet::public]
#[get("/")]
fn index() -> &'static str {
    users(covet::__private::Guard(std::marker::PhantomData))
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index, users]);
}
