use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool) {
    safe_sql!("SELECT title FROM notes").execute(pool).await.unwrap();
}

fn main() {}
