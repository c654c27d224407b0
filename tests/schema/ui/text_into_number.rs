use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool, owner: &str, stars: Option<String>) {
    safe_sql!("UPDATE notes SET stars = {stars} WHERE owner = {owner}").execute(pool).await.unwrap();
    let _ = safe_sql!("SELECT id FROM notes WHERE stars > {least}", least = "3".to_owned()).fetch_all(pool).await;
}

fn main() {}
