use covet::safe_sql;

fn main() {
    let q = "x";
    let _ = safe_sql!(
        "SELECT id FROM notes"
        "WHERE title = '%{q}%'"
    );
}
