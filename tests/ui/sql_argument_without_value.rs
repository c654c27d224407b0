use covet::safe_sql;

fn main() {
    let _ = safe_sql!("SELECT title FROM notes WHERE id = {id}", id = );
}
