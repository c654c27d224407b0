use covet::{Covet, Limiter, Problem, public};
use rocket::get;

covet::policy!();

#[public]
#[get("/notes")]
async fn notes(limiter: Limiter<'_>) -> Result<(), Problem> {
    Ok(limiter.check::<policy::limits::Mails>("ada@example.org", 1).await?)
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes]);
}
