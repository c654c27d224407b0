use covet::{Covet, public};
use rocket::get;

covet::policy!();

struct Pages;

impl Pages {
    #[public]
    #[get("/notes")]
    fn list(&self) -> &'static str {
        "milk, bread"
    }
}

#[public]
#[get("/")]
fn index() -> &'static str {
    "Notes"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index]);
}
