use covet::safe_sql;

fn main() {
    let _ = safe_sql!(String: "DELETE FROM notes WHERE id = 1");
}
