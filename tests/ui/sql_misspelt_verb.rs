use covet::safe_sql;

fn main() {
    let _ = safe_sql!("SELCT name FROM users");
}
