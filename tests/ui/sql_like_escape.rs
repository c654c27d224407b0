use covet::safe_sql;

fn main() {
    let q = "a";
    let _ = safe_sql!(r"SELECT id FROM notes WHERE title LIKE '%{q}%' ESCAPE '\'");
}
