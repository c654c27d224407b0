use covet::safe_sql;

fn main() {
    let sort = "title";
    let _ = safe_sql!("SELECT title FROM notes ORDER BY {sort} DESC LIMIT 10");
}
