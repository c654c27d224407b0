use covet::safe_sql;

fn main() {
    let id = 1;
    let _ = safe_sql!("SELECT name FROM users WHERE id = {id}; DELETE FROM users WHERE id = {id}");
}
