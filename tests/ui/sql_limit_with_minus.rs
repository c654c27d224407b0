use covet::safe_sql;

fn main() {
    let (n, m) = (1_u32, 2_u32);
    let _ = safe_sql!("SELECT id FROM notes LIMIT {n} - {m}");
}
