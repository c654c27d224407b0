use covet::safe_sql;

fn main() {
    let dir = "DESC";
    let _ = safe_sql!("SELECT id FROM notes ORDER BY id {dir dir}");
}
