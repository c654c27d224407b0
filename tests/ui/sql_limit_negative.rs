use covet::safe_sql;

fn main() {
    let n = -1_i64;
    let _ = safe_sql!("SELECT id FROM notes LIMIT {n}");
}
