use covet::safe_sql;

struct Note {
    id: i64,
}

async fn run(pool: &sqlx::SqlitePool) {
    let note: Note = safe_sql!(Note: "SELECT id FROM notes").fetch_one(pool).await.unwrap();
    drop(note.id);
}

fn main() {}
