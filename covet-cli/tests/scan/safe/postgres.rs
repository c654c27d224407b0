use tokio_postgres::{Client, NoTls};

async fn bound(client: &Client, name: &str) {
    client.query("SELECT * FROM users WHERE name = $1", &[&name]).await;
    client.execute("DELETE FROM users WHERE name = $1", &[&name]).await;
}

async fn prepared(client: &Client, name: &str) {
    let statement = client.prepare("SELECT * FROM users WHERE name = $1").await.unwrap();
    client.query(&statement, &[&name]).await;
    client.query_one(&statement, &[&format!("{name}%")]).await;
}

async fn numbered(client: &Client, names: &[String]) {
    let mut sql = String::from("SELECT * FROM users WHERE name IN (");
    for i in 0..names.len() {
        if i > 0 {
            sql.push(',');
        }
        sql.push_str(&format!("${}", i + 1));
    }
    sql.push(')');
    client.query(&sql, &[]).await;
}

async fn constant_channel(client: &Client) {
    const CHANNEL: &str = "jobs";
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await;
}

async fn connection_string(host: &str, password: &str) {
    tokio_postgres::connect(&format!("host={host} password={password}"), NoTls).await;
}

async fn schema_from_a_file(client: &Client) {
    client.batch_execute(include_str!("schema.sql")).await;
}

mod behind_deadpool {
    async fn case(pool: &deadpool_postgres::Pool, name: &str) {
        let client = pool.get().await.unwrap();
        let statement = client.prepare_cached("SELECT * FROM users WHERE name = $1").await.unwrap();
        client.query(&statement, &[&name]).await;
    }
}
