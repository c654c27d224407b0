use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Text};

fn sql_query_of_format(conn: &mut PgConnection, name: &str) {
    sql_query(format!("SELECT * FROM users WHERE name = '{}'", name)).load::<User>(conn);
}

fn sql_query_by_path(conn: &mut PgConnection, name: &str) {
    diesel::sql_query(format!("SELECT * FROM users WHERE name = '{name}'")).execute(conn);
}

fn dsl_sql(conn: &mut PgConnection, name: &str) {
    users::table.filter(sql::<Bool>(&format!("name = '{name}'"))).load::<User>(conn);
}

fn dsl_sql_by_path(conn: &mut PgConnection, column: String) {
    users::table.order(diesel::dsl::sql::<Text>(&format!("{column} DESC"))).load::<User>(conn);
}

fn batch_execute(conn: &mut PgConnection, schema: &str) {
    conn.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
}

fn batch_execute_quoted(conn: &mut SqliteConnection, path: &str) {
    conn.batch_execute(&format!("ATTACH DATABASE '{path}' AS other")).unwrap();
}

fn old_execute(conn: &PgConnection, table: &str) {
    conn.execute(&format!("DELETE FROM {table}")).unwrap();
}

fn appended(conn: &mut PgConnection, name: &str) {
    let mut query = String::from("SELECT * FROM users");
    query.push_str(" WHERE name = '");
    query.push_str(name);
    query.push_str("'");
    sql_query(query).load::<User>(conn);
}
