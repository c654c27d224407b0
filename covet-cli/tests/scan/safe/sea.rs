use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, EntityTrait, Statement};
use sea_query::{Alias, Expr, Query};

fn builder(name: &str) {
    Query::select().column(User::Id).from(User::Table).and_where(Expr::col(User::Name).eq(name));
}

fn pattern(name: &str) {
    Query::select().and_where(Expr::col(User::Name).like(format!("%{name}%")));
}

fn quoted_identifier(name: &str) {
    Query::select().column(Alias::new(name));
}

fn literal_cust(value: i32) {
    Expr::cust("now()");
    Expr::cust_with_values("age > ?", [value]);
}

async fn literal_statement(db: &DatabaseConnection, name: String) {
    let statement = Statement::from_sql_and_values(DatabaseBackend::Postgres, "SELECT * FROM users WHERE name = $1", [name.into()]);
    db.query_one(statement).await;
}

async fn unprepared_literal(db: &DatabaseConnection) {
    db.execute_unprepared("CREATE EXTENSION citext").await;
}

async fn entities(db: &DatabaseConnection, name: &str) {
    user::Entity::find().filter(user::Column::Name.contains(name)).all(db).await;
}
