use covet::safe_sql;

fn main() {
    let dir = covet::Direction::Asc;
    let _ = safe_sql!("SELECT id FROM notes WHERE title {dir dir}");
}
