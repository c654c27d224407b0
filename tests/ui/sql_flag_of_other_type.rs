use covet::safe_sql;

fn main() {
    let live = Some(true);
    let _ = safe_sql!("SELECT id FROM notes {when live: WHERE live}");
}
