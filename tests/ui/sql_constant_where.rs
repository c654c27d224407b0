use covet::safe_sql;

fn main() {
    let _ = safe_sql!("UPDATE notes SET live = false WHERE 1 = 1");
}
