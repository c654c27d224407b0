use covet::safe_sql;

fn main() {
    let id = 1;
    let _ = safe_sql!("SELECT id FROM notes WHERE id = {id} OR 1 = 1");
}
