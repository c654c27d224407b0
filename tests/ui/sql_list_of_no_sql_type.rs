use covet::safe_sql;

struct Secret;

async fn run(pool: &sqlx::SqlitePool) {
    let ids = vec![Secret];
    safe_sql!("DELETE FROM notes WHERE id IN {ids}").execute(pool).await.unwrap();
}

fn main() {}
