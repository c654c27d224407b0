use covet::safe_sql;

covet::policy!();

fn main() {
    let sort = policy::identifiers::UsersSort::Name;
    let _ = safe_sql!("SELECT id FROM notes ORDER BY {ident sort: notes_sort}");
}
