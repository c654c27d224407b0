use covet::safe_sql;

const STATEMENT: &str = "SELECT id FROM users";

fn main() {
    let _ = safe_sql!(STATEMENT);
}
