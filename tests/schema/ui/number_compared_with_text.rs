use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool, title: i64, live: i32) {
    let _ = safe_sql!("SELECT id FROM notes WHERE title = {title} AND live = {live}").fetch_all(pool).await;
}

fn main() {}
