use rusqlite::{Connection, params, params_from_iter};

fn bound(conn: &Connection, name: &str) {
    conn.execute("DELETE FROM users WHERE name = ?1", params![name]).unwrap();
}

fn statement_takes_parameters(conn: &Connection, name: String) {
    let mut statement = conn.prepare("SELECT id FROM users WHERE name = ?").unwrap();
    statement.execute([format!("{name}%")]).unwrap();
    statement.query_row([name], |row| row.get::<_, i64>(0)).unwrap();
}

fn marks(conn: &Connection, names: &[String]) {
    let marks = names.iter().map(|_| "?").collect::<Vec<_>>().join(",");
    let sql = format!("SELECT id FROM users WHERE name IN ({})", marks);
    conn.prepare(&sql).unwrap().query(params_from_iter(names)).unwrap();
}

fn helper_repeat_vars(count: usize) -> String {
    let mut vars = "?,".repeat(count);
    vars.pop();
    vars
}

fn marks_from_a_function(conn: &Connection, names: &[String]) {
    let sql = format!("SELECT id FROM users WHERE name IN ({})", helper_repeat_vars(names.len()));
    conn.prepare(&sql).unwrap();
}

fn constant_batch(conn: &Connection) {
    const SCHEMA: &str = "CREATE TABLE users (id INTEGER)";
    conn.execute_batch(SCHEMA).unwrap();
    conn.execute_batch(&format!("BEGIN; {SCHEMA}; COMMIT;")).unwrap();
}

fn closures_and_rows(conn: &Connection) {
    conn.query_row("SELECT name FROM users", [], |row| row.get::<_, String>(0)).map(|name| format!("hello {name}")).unwrap();
}

fn numbers_from_the_schema(conn: &Connection) {
    const VERSION: i32 = 3;
    conn.execute_batch(&format!("PRAGMA user_version = {VERSION}")).unwrap();
}

fn command_line_is_not_sql(tool: &Tool, name: &str) {
    tool.execute(&format!("open {name}"), ());
    tool.prepare(&format!("update the file {name}"));
}
