use covet::{Covet, User, require_auth};
use rocket::get;

covet::policy!();

#[require_auth]
#[get("/notes")]
fn notes(user: &User) -> &'static str {
    if user.may::<policy::permissions::WriteNote>() { "write" } else { "read" }
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
