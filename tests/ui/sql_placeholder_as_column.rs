use covet::safe_sql;

fn main() {
    let (column, title) = ("title", "Milk");
    let _ = safe_sql!("UPDATE notes SET {column} = {title} WHERE id = 1");
}
