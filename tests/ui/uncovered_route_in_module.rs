use covet::Covet;

covet::policy!();

mod notes {
    use covet::require_permission;
    use rocket::{get, post};

    #[require_permission("read:notes")]
    #[get("/notes")]
    pub fn list() -> &'static str {
        "milk, bread"
    }

    #[post("/notes")]
    pub fn create() -> &'static str {
        "created"
    }
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes::list, notes::create]);
}
