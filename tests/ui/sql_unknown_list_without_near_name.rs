use covet::safe_sql;

fn main() {
    let sort = ();
    let _ = safe_sql!("SELECT id FROM notes ORDER BY {ident sort: colours}");
}
