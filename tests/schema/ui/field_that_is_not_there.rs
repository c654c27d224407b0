use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool) {
    let note = safe_sql!("SELECT id, body FROM notes").fetch_one(pool).await.unwrap();
    let body: String = note.body;
    drop((note.title, body));
}

fn main() {}
