use covet::safe_sql;

fn main() {
    let column = "owner";
    let _ = safe_sql!("SELECT count(*) FROM notes GROUP BY {column}");
}
