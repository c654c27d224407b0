use covet::safe_sql;

fn main() {
    let id = 1_i64;
    let _ = safe_sql!("INSERT OR IGNORE INTO notes (id) VALUES ({id})");
}
