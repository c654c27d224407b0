use covet::Covet;

covet::policy!();

mod notes {
    use covet::public;
    use rocket::get;

    #[public]
    #[get("/notes")]
    fn list() -> &'static str {
        "milk, bread"
    }
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![notes::list]);
}
