use covet::safe_sql;

async fn run(pool: &sqlx::SqlitePool) {
    let note = safe_sql!(r#"SELECT id AS "id: 7 days" FROM notes"#).fetch_one(pool).await.unwrap();
    drop(note);
}

fn main() {}
