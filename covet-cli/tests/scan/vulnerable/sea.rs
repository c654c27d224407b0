use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};
use sea_query::{Expr, Query};

fn expr_cust(name: &str) {
    Query::select().and_where(Expr::cust(format!("name = '{name}'")));
}

fn expr_cust_with_values(column: &str, value: i32) {
    Query::select().and_where(Expr::cust_with_values(format!("{column} = ?"), [value]));
}

async fn statement_from_string(db: &DatabaseConnection, name: String) {
    let statement = Statement::from_string(DatabaseBackend::Postgres, format!("SELECT * FROM users WHERE name = '{name}'"));
    db.execute(statement).await;
}

async fn statement_with_values(db: &DatabaseConnection, sort: &str) {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, format!("SELECT * FROM users WHERE id = $1 ORDER BY {sort}"), [1.into()]);
}

async fn execute_unprepared(db: &DatabaseConnection, table: &str) {
    db.execute_unprepared(&format!("DROP TABLE {table}")).await;
}

mod through_sea_orm {
    use sea_orm::sea_query::Expr;

    fn case(name: &str) {
        Expr::cust(&format!("name = '{}'", name));
    }
}
