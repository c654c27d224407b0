use covet::safe_sql;

struct Title(String);

async fn run(pool: &sqlx::SqlitePool) {
    let title: Title = safe_sql!("SELECT title FROM notes").scalar::<Title>().fetch_one(pool).await.unwrap();
    drop(title.0);
}

fn main() {}
