use covet::safe_sql;

fn main() {
    let id = 1;
    let _ = safe_sql!("SELECT title FROM notes WHERE id = {id}", id);
    let _ = safe_sql!("SELECT title FROM notes WHERE id = {id}", id + 1);
}
