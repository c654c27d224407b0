use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool) {
    let _ = safe_sql!("SELECT id, title FROM notes").value().fetch_all(pool).await;
}

fn main() {}
