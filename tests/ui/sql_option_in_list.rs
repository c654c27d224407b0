use covet::safe_sql;

fn main() {
    let ids = Some(vec![1_i64]);
    let _ = safe_sql!("SELECT id FROM notes WHERE id IN {ids}");
}
