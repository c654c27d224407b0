use covet::safe_sql;

fn main() {
    let name = "x";
    let _ = safe_sql!("SELECT id FROM users WHERE name = " + name);
}
