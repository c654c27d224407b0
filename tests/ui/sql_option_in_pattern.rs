use covet::safe_sql;

fn main() {
    let q = Some("a");
    let _ = safe_sql!("SELECT id FROM notes WHERE title LIKE '%{q}%'");
}
