use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool) {
    safe_sql!("UPDATE notes SET title = 'x' WHERE id = 1").fetch_all(pool).await.unwrap();
}

fn main() {}
