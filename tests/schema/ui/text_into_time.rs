use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool, since: &str) {
    let _ = safe_sql!("SELECT id FROM notes WHERE made > {since}").fetch_all(pool).await;
}

fn main() {}
