use tokio_postgres::{Client, NoTls};

async fn query(client: &Client, name: &str) {
    client.query(&format!("SELECT * FROM users WHERE name = '{name}'"), &[]).await;
}

async fn query_one(client: &Client, name: &str) {
    client.query_one(format!("SELECT * FROM users WHERE name = '{}'", name).as_str(), &[]).await;
}

async fn query_opt(client: &Client, name: &str) {
    let sql = format!("SELECT * FROM users WHERE name = '{}'", name);
    client.query_opt(sql.as_str(), &[]).await;
}

async fn execute(client: &Client, name: &str) {
    client.execute(&*("DELETE FROM users WHERE name = '".to_string() + name + "'"), &[]).await;
}

async fn batch_execute(client: &Client, channel: &str) {
    client.batch_execute(&format!("LISTEN {channel}")).await;
}

async fn simple_query(client: &Client, name: &str) {
    client.simple_query(&format!("SELECT * FROM users WHERE name = '{name}'")).await;
}

async fn prepare(client: &Client, column: &str) {
    client.prepare(&format!("SELECT {column} FROM users")).await;
}

async fn copy_in(client: &Client, table: String) {
    client.copy_in(&format!("COPY {table} FROM STDIN")).await;
}

mod blocking {
    use postgres::{Client, NoTls};

    fn case(name: &str) {
        let mut client = Client::connect("host=localhost", NoTls).unwrap();
        client.query(&format!("SELECT * FROM users WHERE name = '{name}'"), &[]).unwrap();
    }
}

mod behind_deadpool {
    use deadpool_postgres::Pool;

    async fn case(pool: &Pool, name: &str) {
        let client = pool.get().await.unwrap();
        let statement = client.prepare_cached(&format!("SELECT * FROM users WHERE name = '{name}'")).await.unwrap();
    }
}
