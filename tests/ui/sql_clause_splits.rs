use covet::safe_sql;

fn main() {
    let (some, ids) = (true, [1_i64]);
    let _ = safe_sql!("SELECT id FROM notes WHERE id {when some: NOT} IN {ids}");
}
