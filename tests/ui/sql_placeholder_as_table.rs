use covet::safe_sql;

fn main() {
    let table = "users";
    let _ = safe_sql!("SELECT name FROM {table}");
}
