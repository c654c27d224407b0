use covet::safe_sql;

fn main() {
    let title = Some("a");
    let _ = safe_sql!("SELECT id FROM notes {? WHERE title = {title} AND (live} {? OR title = {title})}");
}
