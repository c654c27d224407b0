use mysql::prelude::*;
use mysql::{Conn, params};

fn bound(conn: &mut Conn, name: &str) {
    conn.exec_first::<u64, _, _>("SELECT id FROM users WHERE name = ?", (name,)).unwrap();
    conn.exec_drop("DELETE FROM users WHERE name = :name", params! { "name" => name }).unwrap();
}

fn literal(conn: &mut Conn) {
    conn.query_drop("SET NAMES utf8mb4").unwrap();
    let ids: Vec<u64> = conn.query("SELECT id FROM users").unwrap();
}

fn mapped(conn: &mut Conn) {
    conn.query_map("SELECT id, name FROM users", |(id, name): (u64, String)| format!("{id} {name}")).unwrap();
}

fn marks(conn: &mut Conn, names: Vec<String>) {
    let marks = names.iter().map(|_| "?").collect::<Vec<_>>().join(",");
    conn.exec::<u64, _, _>(format!("SELECT id FROM users WHERE name IN ({marks})"), names).unwrap();
}

mod text_that_runs_itself {
    use mysql_async::prelude::*;

    async fn case(conn: &mut mysql_async::Conn, name: &str) {
        "DELETE FROM users WHERE name = ?".with((name,)).ignore(conn).await;
    }
}
