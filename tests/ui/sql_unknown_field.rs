use covet::safe_sql;

struct User {
    id: i64,
}

fn main() {
    let user = User { id: 1 };
    let _ = safe_sql!("SELECT title FROM notes WHERE owner = {user.ident}");
}
