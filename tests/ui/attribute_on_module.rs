use covet::{Covet, public, require_role};
use rocket::get;

covet::policy!();

#[require_role("admin")]
mod admin {
    use rocket::get;

    #[covet::public]
    #[get("/admin")]
    pub fn index() -> &'static str {
        "Users"
    }
}

#[public]
#[get("/")]
fn index() -> &'static str {
    "Notes"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index, admin::index]);
}
