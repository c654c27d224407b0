use covet::safe_sql;

fn main() {
    let sort = "title";
    let _ = safe_sql!("SELECT title FROM notes ORDER BY CAST({sort} AS text), ({sort}), id");
}
