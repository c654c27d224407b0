use covet::{Covet, rate_limit, require_mfa, require_permission, require_role};
use rocket::get;

covet::policy!();

#[rate_limit("logn")]
#[require_role("admn", "member")]
#[require_mfa(max_age = "soon")]
#[require_permission("read:notes", "read:users", "read:notes")]
#[get("/notes")]
fn notes() -> &'static str {
    "milk, bread"
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
