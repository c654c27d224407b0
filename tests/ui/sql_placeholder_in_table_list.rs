use covet::safe_sql;

fn main() {
    let other = "users";
    let _ = safe_sql!("SELECT title FROM notes, {other}");
}
