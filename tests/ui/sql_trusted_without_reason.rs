fn main() {
    let _ = sqlx::query::<sqlx::Sqlite>(covet::trusted!(format!("SELECT {}", 1)));
}
