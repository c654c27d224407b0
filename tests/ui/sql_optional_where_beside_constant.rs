use covet::safe_sql;

fn main() {
    let id = Some(1);
    let _ = safe_sql!("DELETE FROM notes WHERE 1 = 1 {? AND id = {id}}");
}
