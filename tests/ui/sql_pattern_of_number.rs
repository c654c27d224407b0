use covet::safe_sql;

fn main() {
    let q = 7;
    let _ = safe_sql!("SELECT id FROM notes WHERE title LIKE '%{q}%'");
}
