use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Text};

fn sql_query_literal(conn: &mut PgConnection, name: &str) {
    sql_query("SELECT * FROM users WHERE name = $1").bind::<Text, _>(name).load::<User>(conn);
}

fn typed_query(conn: &mut PgConnection, name: &str) {
    users::table.filter(users::name.eq(name)).load::<User>(conn);
    diesel::insert_into(users::table).values(&new).execute(conn);
}

fn like_pattern(conn: &mut PgConnection, name: &str) {
    users::table.filter(users::name.like(format!("%{name}%"))).load::<User>(conn);
}

fn dsl_sql_literal(conn: &mut PgConnection) {
    users::table.select(sql::<Integer>("count(*)")).first::<i32>(conn);
}

fn batch_literal(conn: &mut PgConnection) {
    conn.batch_execute("CREATE TABLE a (id INT); CREATE TABLE b (id INT);").unwrap();
    conn.batch_execute(include_str!("schema.sql")).unwrap();
}

fn constant_tables(conn: &mut PgConnection) {
    for table in ["users", "notes"] {
        sql_query(format!("TRUNCATE {table}")).execute(conn);
    }
}

fn joined_literals(conn: &mut PgConnection, only: bool) {
    let mut parts = vec!["SELECT * FROM users"];
    if only {
        parts.push("WHERE active");
    }
    sql_query(parts.join(" ")).load::<User>(conn);
}

mod connection_as_parameter {
    use diesel::prelude::*;

    struct Folder;

    impl Folder {
        async fn delete(&self, conn: &DbConn) {
            diesel::delete(folders::table.filter(folders::id.eq(1))).execute(conn);
        }

        pub async fn all(&self, conn: &DbConn) {
            self.delete(conn).await;
        }
    }
}
