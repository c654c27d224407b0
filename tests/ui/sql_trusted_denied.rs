fn main() {
    let _ = sqlx::query::<sqlx::Sqlite>(covet::trusted!(reason = "the name is a constant", format!("SELECT {}", 1)));
}
