use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool, q: &str) {
    let _ = safe_sql!("SELECT id FROM notes WHERE title = {q} OR stars = {q}").fetch_all(pool).await;
}

fn main() {}
