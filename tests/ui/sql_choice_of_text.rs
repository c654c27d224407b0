use covet::safe_sql;

covet::policy!();

fn main() {
    let sort = String::from("title; DROP TABLE notes");
    let _ = safe_sql!("SELECT id FROM notes ORDER BY {ident sort: notes_sort}");
}
