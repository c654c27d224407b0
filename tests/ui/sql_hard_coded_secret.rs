use covet::safe_sql;

fn main() {
    let _ = safe_sql!("SELECT id FROM users WHERE password = 'hunter2'");
}
