use covet::safe_sql;

fn main() {
    let _ = safe_sql!("INSERT INTO notes (title) VALUES ({title})", titel = "x");
}
