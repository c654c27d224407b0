use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, Executor, Postgres, QueryBuilder, Row, Sqlite, SqlitePool};

async fn format_in_assert(db: &PgPool, name: &str) {
    sqlx::query(AssertSqlSafe(format!("SELECT * FROM users WHERE name = '{name}'"))).execute(db).await;
}

async fn format_positional(db: &PgPool, name: String) {
    sqlx::query(&format!("SELECT * FROM users WHERE name = '{}'", name)).fetch_all(db).await;
}

async fn format_named(db: &PgPool, name: String) {
    sqlx::query(&format!("SELECT * FROM users WHERE name = '{n}'", n = name)).fetch_all(db).await;
}

async fn format_by_index(db: &PgPool, name: String) {
    sqlx::query(&format!("SELECT * FROM users WHERE name = '{0}' OR nick = '{0}'", name)).fetch_all(db).await;
}

async fn format_in_variable(db: &PgPool, name: &str) {
    let sql = format!("SELECT * FROM users WHERE name = '{name}'");
    sqlx::query(&sql).fetch_all(db).await;
}

async fn query_as_of_format(db: &PgPool, mail: &str) {
    sqlx::query_as::<_, User>(&format!("SELECT * FROM users WHERE email = '{mail}'")).fetch_one(db).await;
}

async fn query_scalar_of_format(db: &PgPool, mail: &str) {
    sqlx::query_scalar::<Postgres, i64>(&format!("SELECT count(*) FROM users WHERE email = '{mail}'")).fetch_one(db).await;
}

async fn query_with_of_format(db: &PgPool, mail: &str, args: PgArguments) {
    sqlx::query_with(&format!("SELECT 1 FROM users WHERE email = '{mail}' AND x = $1"), args).fetch_one(db).await;
}

async fn raw_sql_of_format(db: &PgPool, role: &str) {
    sqlx::raw_sql(AssertSqlSafe(format!("SET ROLE {role}"))).execute(db).await;
}

async fn plus(db: &PgPool, name: &str) {
    let sql = "SELECT * FROM users WHERE name = '".to_string() + name + "'";
    sqlx::query(&sql).fetch_all(db).await;
}

async fn plus_assign(db: &PgPool, name: &str) {
    let mut sql = String::from("SELECT * FROM users WHERE name = '");
    sql += name;
    sql += "'";
    sqlx::query(&sql).fetch_all(db).await;
}

async fn push_str_in_branch(db: &PgPool, name: Option<&str>) {
    let mut sql = String::from("SELECT * FROM users WHERE true");
    if let Some(name) = name {
        sql.push_str(" AND name = '");
        sql.push_str(name);
        sql.push('\'');
    }
    sqlx::query(&sql).fetch_all(db).await;
}

async fn write_macro(db: &PgPool, name: &str) {
    let mut sql = String::new();
    write!(sql, "SELECT * FROM users WHERE name = '{name}'").unwrap();
    sqlx::query(&sql).fetch_all(db).await;
}

async fn order_by_parameter(db: &PgPool, sort: &str) {
    sqlx::query(&format!("SELECT * FROM users ORDER BY {sort}")).fetch_all(db).await;
}

async fn other_arm_of_match(db: &PgPool, dir: &str) {
    let dir = match dir {
        "up" => "ASC",
        other => other,
    };
    sqlx::query(&format!("SELECT * FROM users ORDER BY name {dir}")).fetch_all(db).await;
}

async fn list_joined(db: &PgPool, names: Vec<String>) {
    let list = names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(",");
    sqlx::query(&format!("SELECT * FROM users WHERE name IN ({list})")).fetch_all(db).await;
}

async fn conditions_pushed(db: &PgPool, name: &str) {
    let mut conditions = Vec::new();
    conditions.push("deleted_at IS NULL".to_string());
    conditions.push(format!("name = '{name}'"));
    let sql = format!("SELECT * FROM users WHERE {}", conditions.join(" AND "));
    sqlx::query(&sql).fetch_all(db).await;
}

async fn string_leaked(db: &PgPool, name: &str) {
    let sql: &'static str = format!("SELECT * FROM users WHERE name = '{name}'").leak();
    sqlx::query(sql).fetch_all(db).await;
}

async fn box_leaked(db: &PgPool, name: &str) {
    let sql: &'static str = Box::leak(format!("SELECT * FROM users WHERE name = '{name}'").into_boxed_str());
    sqlx::query(sql).fetch_all(db).await;
}

async fn whole_text_leaked(db: &PgPool, sql: String) {
    let sql: &'static str = sql.leak();
    sqlx::query(sql).fetch_all(db).await;
}

async fn builder_made_of_format(db: &PgPool, name: &str) {
    let mut builder = QueryBuilder::<Postgres>::new(format!("SELECT * FROM users WHERE name = '{name}'"));
    builder.build().fetch_all(db).await;
}

async fn builder_pushed(db: &PgPool, name: &str) {
    let mut builder: QueryBuilder<Postgres> = QueryBuilder::new("SELECT * FROM users WHERE name = '");
    builder.push(name).push("'");
    builder.build().fetch_all(db).await;
}

fn builder_as_parameter(builder: &mut QueryBuilder<'_, Sqlite>, sort: String) {
    builder.push(" ORDER BY ").push(sort);
}

async fn builder_in_a_chain(db: &PgPool, id: i64, name: &str) {
    let mut builder = QueryBuilder::<Postgres>::new("SELECT * FROM users WHERE id = ");
    builder.push_bind(id).push(" AND name = ").push(name);
    builder.build().fetch_all(db).await;
}

async fn separated_pushed(db: &PgPool, names: Vec<String>) {
    let mut builder = QueryBuilder::<Postgres>::new("SELECT * FROM users WHERE name IN (");
    let mut separated = builder.separated(", ");
    for name in &names {
        separated.push(format!("'{name}'"));
    }
    separated.push_unseparated(")");
    builder.build().fetch_all(db).await;
}

async fn push_values_without_bind(db: &PgPool, names: Vec<String>) {
    let mut builder = QueryBuilder::<Postgres>::new("INSERT INTO users (name) ");
    builder.push_values(names, |mut row, name: String| {
        row.push(name);
    });
    builder.build().execute(db).await;
}

async fn executor_with_a_string(db: &PgPool, table: &str) {
    db.execute(format!("TRUNCATE {table}").as_str()).await;
}

async fn executor_fetches_a_string(db: &SqlitePool, name: &str) {
    let rows = db.fetch_all(&*format!("SELECT * FROM users WHERE name = '{name}'")).await;
}

async fn second_order(db: &PgPool, row: PgRow) {
    let name: String = row.get("name");
    sqlx::query(&format!("SELECT * FROM orders WHERE customer = '{name}'")).fetch_all(db).await;
}

async fn statement_from_a_row(db: &PgPool, row: &PgRow) {
    sqlx::query(row.get("statement")).fetch_all(db).await;
}

async fn field_of_a_form(db: &PgPool, form: Form<Search>) {
    sqlx::query(&format!("SELECT * FROM notes WHERE title LIKE '%{}%'", form.title)).fetch_all(db).await;
}

async fn unknown_in_quotes(db: &PgPool, user: &Session) {
    sqlx::query(&format!("SELECT * FROM notes WHERE owner = '{}'", user.name)).fetch_all(db).await;
}

mod wrapper_of_assert {
    use sqlx::AssertSqlSafe;

    fn q(sql: impl Into<String>) -> Query {
        sqlx::query(AssertSqlSafe(sql.into()))
    }

    async fn caller(db: &Pool, name: &str) {
        q(format!("SELECT * FROM users WHERE name = '{name}'")).execute(db).await;
    }
}

mod builder_function {
    fn by_name(name: &str) -> String {
        format!("SELECT * FROM users WHERE name = '{name}'")
    }

    async fn caller(db: &sqlx::PgPool, form: &Form) {
        let text: String = form.text.clone();
        sqlx::query(&by_name(&text)).fetch_all(db).await;
    }
}

mod method_wrapper {
    struct Repository {
        pool: sqlx::PgPool,
    }

    impl Repository {
        async fn run(&self, sql: &str) {
            sqlx::query(sql).execute(&self.pool).await;
        }

        pub async fn remove(&self, table: &str) {
            self.run(&format!("DELETE FROM {table}")).await;
        }
    }
}

mod private_with_one_bad_caller {
    async fn count(db: &sqlx::PgPool, table: &str) {
        sqlx::query(&format!("SELECT count(*) FROM {table}")).fetch_one(db).await;
    }

    pub async fn all(db: &sqlx::PgPool, input: String) {
        count(db, "users").await;
        count(db, &input).await;
    }
}

mod renamed_imports {
    use sqlx::query as run;

    async fn case(db: &Pool, name: &str) {
        run(&format!("SELECT * FROM users WHERE name = '{name}'")).execute(db).await;
    }
}

mod glob_import {
    use sqlx::*;

    async fn case(db: &Pool, name: &str) {
        query(&format!("SELECT * FROM users WHERE name = '{name}'")).execute(db).await;
    }
}

mod handed_on_by_rocket {
    use rocket_db_pools::sqlx;

    #[get("/?<q>")]
    async fn search(mut db: Connection<Logs>, q: &str) -> Option<String> {
        sqlx::query(&format!("SELECT content FROM logs WHERE content LIKE '%{q}%'")).fetch_one(&mut **db).await.ok()
    }
}

async fn template_replaced(db: &PgPool, name: &str) {
    let sql = "SELECT * FROM users WHERE name = '{}'".replace("{}", name);
    sqlx::query(&sql).fetch_all(db).await;
}

async fn array_concatenated(db: &PgPool, name: &str) {
    let sql = ["SELECT * FROM users WHERE name = '", name, "'"].concat();
    sqlx::query(&sql).fetch_all(db).await;
}

async fn in_a_closure(db: &PgPool, names: Vec<String>) {
    let jobs = names.iter().map(|name| async move {
        sqlx::query(&format!("DELETE FROM users WHERE name = '{}'", name)).execute(db).await
    });
    join_all(jobs).await;
}

async fn in_a_macro(db: &PgPool, name: &str) {
    let user = tokio::try_join!(sqlx::query(&format!("SELECT * FROM users WHERE name = '{name}'")).fetch_one(db));
}

async fn checked_but_not_left(db: &PgPool, sort: &str) {
    if !["name", "age"].contains(&sort) {
        log::warn!("odd column");
    }
    sqlx::query(&format!("SELECT * FROM users ORDER BY {sort}")).fetch_all(db).await;
}

async fn shadowed_later(db: &PgPool, name: &str) {
    let column = "name";
    let column = name;
    sqlx::query(&format!("SELECT {column} FROM users")).fetch_all(db).await;
}

async fn number_beside_text(db: &PgPool, id: i64, name: &str) {
    sqlx::query(&format!("UPDATE users SET name = '{name}' WHERE id = {id}")).execute(db).await;
}

async fn made_in_a_loop(db: &PgPool, pairs: HashMap<String, String>) {
    let mut sql = String::from("SELECT * FROM users WHERE true");
    for (column, value) in &pairs {
        sql.push_str(&format!(" AND {column} = '{value}'"));
    }
    sqlx::query(&sql).fetch_all(db).await;
}

async fn folded(db: &PgPool, names: Vec<String>) {
    let sql = names.iter().fold(String::from("SELECT * FROM users WHERE name = ''"), |mut sql, name| {
        sql.push_str(&format!(" OR name = '{name}'"));
        sql
    });
    sqlx::query(&sql).fetch_all(db).await;
}
