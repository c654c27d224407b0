use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool, title: Option<&str>, live: Option<bool>) {
    safe_sql!("INSERT INTO notes (owner, title) VALUES (1, {title})").execute(pool).await.unwrap();
    // A part that is left out where it is `None`, a function that replaces it, and a default.
    safe_sql!("UPDATE notes SET title = coalesce({title}, title) WHERE id = 1").execute(pool).await.unwrap();
    safe_sql!("INSERT INTO notes (owner, title, live) VALUES (1, 'a', {live})").execute(pool).await.unwrap();
}

fn main() {}
