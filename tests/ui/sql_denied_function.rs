use covet::safe_sql;

fn main() {
    let path = "x";
    let _ = safe_sql!("SELECT pg_read_file({path})");
}
