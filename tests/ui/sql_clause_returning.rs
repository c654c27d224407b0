use covet::safe_sql;

fn main() {
    let back = true;
    let _ = safe_sql!("DELETE FROM notes WHERE id = 1 {when back: RETURNING id}");
}
