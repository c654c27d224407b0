use covet::safe_sql;

fn main() {
    let id = 7_i64;
    let _ = safe_sql!("SELECT id FROM notes WHERE id IN {id}");
}
