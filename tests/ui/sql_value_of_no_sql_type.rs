use covet::safe_sql;

struct Secret;

async fn run(pool: &sqlx::SqlitePool) {
    let secret = Secret;
    safe_sql!("DELETE FROM notes WHERE title = {secret}").execute(pool).await.unwrap();
}

fn main() {}
