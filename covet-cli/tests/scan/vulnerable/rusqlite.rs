use rusqlite::{Connection, params};

fn execute(conn: &Connection, name: &str) {
    conn.execute(&format!("DELETE FROM users WHERE name = '{name}'"), []).unwrap();
}

fn execute_batch(conn: &Connection, key: &str) {
    conn.execute_batch(&format!("PRAGMA key = '{key}';")).unwrap();
}

fn prepare(conn: &Connection, name: &str) {
    let mut statement = conn.prepare(&format!("SELECT id FROM users WHERE name = '{name}'")).unwrap();
    statement.query_map([], |row| row.get::<_, i64>(0));
}

fn prepare_cached(conn: &Connection, sort: &str) {
    conn.prepare_cached(&format!("SELECT id FROM users ORDER BY {sort}")).unwrap();
}

fn query_row(conn: &Connection, name: &str) {
    conn.query_row(&("SELECT id FROM users WHERE name = '".to_owned() + name + "'"), [], |row| row.get::<_, i64>(0));
}

fn opened_here(name: String) {
    let conn = Connection::open("app.db").unwrap();
    conn.execute(&format!("INSERT INTO users (name) VALUES ('{name}')"), params![]).unwrap();
}

fn in_a_transaction(conn: &mut Connection, name: String) {
    let tx = conn.transaction().unwrap();
    tx.execute(&format!("INSERT INTO users (name) VALUES ('{name}')"), []).unwrap();
}

fn read_from_a_row(conn: &Connection) {
    let mut statement = conn.prepare("SELECT name FROM sqlite_master").unwrap();
    let names = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for name in names {
        let name = name.unwrap();
        conn.execute(&format!("DROP TABLE {name}"), []).unwrap();
    }
}

mod behind_a_pool {
    fn case(pool: &r2d2::Pool<r2d2_sqlite::SqliteConnectionManager>, name: &str) {
        let db = pool.get().unwrap();
        db.execute(&format!("DELETE FROM users WHERE name = '{name}'"), []).unwrap();
    }
}

mod in_a_field {
    struct Store {
        conn: rusqlite::Connection,
    }

    impl Store {
        pub fn find(&self, name: &str) {
            self.conn.prepare(&format!("SELECT * FROM users WHERE name = '{name}'")).unwrap();
        }
    }
}

mod behind_tokio_rusqlite {
    async fn case(db: &tokio_rusqlite::Connection, name: String) {
        db.call(move |conn| {
            conn.execute(&format!("DELETE FROM users WHERE name = '{name}'"), [])
        })
        .await;
    }
}
