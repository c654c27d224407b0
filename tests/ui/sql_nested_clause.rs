use covet::safe_sql;

fn main() {
    let (a, b) = (Some(1), Some(2));
    let _ = safe_sql!("SELECT id FROM notes WHERE live {? AND a = {a} {? AND b = {b}}}");
}
