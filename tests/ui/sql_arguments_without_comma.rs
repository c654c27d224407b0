use covet::safe_sql;

fn main() {
    let _ = safe_sql!("SELECT title FROM notes WHERE id = {id} AND owner = {owner}", id = 1 owner = 2);
}
