use covet::safe_sql;

fn main() {
    let (a, b) = ("a", "b");
    let _ = safe_sql!("SELECT id FROM notes WHERE title LIKE '%{a}%{b}%'");
}
