use covet::safe_sql;

fn main() {
    let _ = safe_sql!("SELECT id FROM notes WHERE title LIKE '%{q}%' OR title = {q}", q = String::from("a"));
}
