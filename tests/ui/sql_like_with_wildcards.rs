use covet::safe_sql;

fn main() {
    let q = String::from("%");
    let _ = safe_sql!("SELECT id FROM notes WHERE title LIKE {q}");
}
