use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool) {
    let titles: Vec<String> = safe_sql!(String: "SELECT title FROM notes").fetch_all(pool).await.unwrap();
    drop(titles);
}

fn main() {}
