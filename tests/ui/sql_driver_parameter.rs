use covet::safe_sql;

fn main() {
    let _ = safe_sql!("SELECT name FROM users WHERE id = ?");
}
