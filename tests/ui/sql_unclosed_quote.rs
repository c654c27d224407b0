use covet::safe_sql;

fn main() {
    let _ = safe_sql!(
        "SELECT id FROM users WHERE name = 'O'Brien'\
         AND active"
    );
}
