use covet::safe_sql;

fn main() {
    let _ = safe_sql!(
        "DELETE FROM {table}"
        "ORDER BY {sort}; -- {note}"
        "SELECT 1"
    );
}
