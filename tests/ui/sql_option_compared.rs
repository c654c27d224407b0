use covet::safe_sql;

fn main() {
    let owner = Some(7_i64);
    let _ = safe_sql!("SELECT id FROM notes WHERE owner = {owner}");
}
