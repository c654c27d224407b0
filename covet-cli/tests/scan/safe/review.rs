use rusqlite::Connection;
use sqlx::PgPool;

async fn number_pasted(db: &PgPool, id: i64) {
    sqlx::query(&format!("SELECT * FROM users WHERE id = {id}")).fetch_all(db).await;
}

async fn number_parsed(db: &PgPool, id: &str) {
    let id: u64 = id.parse().unwrap();
    sqlx::query(&format!("SELECT * FROM users WHERE id = {id}")).fetch_all(db).await;
}

async fn number_cast(db: &PgPool, page: &Page) {
    sqlx::query(&format!("SELECT * FROM users LIMIT {} OFFSET {}", page.size as u32, page.items.len())).fetch_all(db).await;
}

async fn uuid_pasted(db: &PgPool, id: uuid::Uuid) {
    sqlx::query(&format!("SELECT * FROM users WHERE id = '{id}'")).fetch_all(db).await;
}

async fn numbers_joined(db: &PgPool, ids: &[i64]) {
    let ids = ids.iter().map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    sqlx::query(&format!("SELECT * FROM users WHERE id IN ({ids})")).fetch_all(db).await;
}

pub async fn whole_text_as_parameter(db: &PgPool, sql: &str) {
    sqlx::query(sql).execute(db).await;
}

pub fn whole_text_by_method(conn: &Connection, sql: &str) {
    conn.execute_batch(sql).unwrap();
}

fn script_from_a_file(conn: &Connection) {
    let script = std::fs::read_to_string("schema.sql").unwrap();
    conn.execute_batch(&script).unwrap();
}

pub async fn type_of_elsewhere(db: &PgPool, sort: elsewhere::Column) {
    sqlx::query(&format!("SELECT * FROM users ORDER BY {sort}")).fetch_all(db).await;
}

fn quoted_by_a_function(conn: &Connection, name: &str) {
    conn.execute_batch(&format!("DROP TABLE {}", quote_identifier(name))).unwrap();
}

fn escaped_by_hand(conn: &Connection, key: &str) {
    conn.execute_batch(&format!("PRAGMA key = '{}'", key.replace('\'', "''"))).unwrap();
}

mod table_of_the_object {
    pub struct Store {
        table: String,
        conn: rusqlite::Connection,
    }

    impl Store {
        pub fn clear(&self) {
            self.conn.execute(&format!("DELETE FROM {}", self.table), []).unwrap();
        }
    }
}

async fn compared_without_quotes(db: &PgPool, entry: entries::Model) {
    let parent = elsewhere(&entry);
    sqlx::query(&format!("SELECT * FROM entries WHERE id = {} AND parent = {parent}", entry.id)).fetch_all(db).await;
}

pub async fn letters_were_checked(db: &PgPool, name: &str) -> Result<(), Error> {
    if !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(Error::Name);
    }
    sqlx::query(&format!("SET TRANSACTION SNAPSHOT '{name}'")).execute(db).await;
    Ok(())
}

pub async fn pattern_was_checked(db: &PgPool, name: &str) -> Result<(), Error> {
    if !NAME.is_match(name) {
        return Err(Error::Name);
    }
    sqlx::query(&format!("DROP TABLE {name}")).execute(db).await;
    Ok(())
}
