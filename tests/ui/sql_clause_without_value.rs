use covet::safe_sql;

fn main() {
    let _ = safe_sql!("SELECT id FROM notes WHERE owner = 1 {? AND live}");
}
