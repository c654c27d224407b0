use covet::safe_sql;

async fn run(transaction: &mut sqlx::Transaction<'_, sqlx::Sqlite>) {
    let id = 1;
    safe_sql!("DELETE FROM notes WHERE id = {id}").execute(transaction).await.unwrap();
}

fn main() {}
