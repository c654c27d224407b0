use mysql::prelude::*;
use mysql::{Conn, Pool, params};

fn query(conn: &mut Conn, name: &str) {
    conn.query::<u64, _>(format!("SELECT id FROM users WHERE name = '{name}'")).unwrap();
}

fn query_drop(conn: &mut Conn, name: &str) {
    conn.query_drop(format!("DELETE FROM users WHERE name = '{name}'")).unwrap();
}

fn query_map(conn: &mut Conn, name: &str) {
    conn.query_map(format!("SELECT id FROM users WHERE name = '{name}'"), |id: u64| id).unwrap();
}

fn exec_first(conn: &mut Conn, sort: &str) {
    conn.exec_first::<u64, _, _>(format!("SELECT id FROM users WHERE age > ? ORDER BY {sort}"), (18,)).unwrap();
}

fn exec_drop_after_pool(pool: &Pool, table: &str) {
    let mut conn = pool.get_conn().unwrap();
    conn.exec_drop(format!("DELETE FROM {table} WHERE id = :id"), params! { "id" => 1 }).unwrap();
}

mod text_that_runs_itself {
    use mysql_async::prelude::*;

    async fn case(conn: &mut mysql_async::Conn, name: &str) {
        format!("DELETE FROM users WHERE name = '{name}'").ignore(conn).await;
    }
}
