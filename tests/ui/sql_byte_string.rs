use covet::safe_sql;

fn main() {
    let _ = safe_sql!(b"SELECT id FROM users");
}
