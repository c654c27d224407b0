use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, Executor, Postgres, QueryBuilder, Row, SqlitePool};
use uuid::Uuid;

const COLUMNS: &str = "id, name, email";
static TABLE: &str = "users";
const ALLOWED: [&str; 2] = ["name", "age"];

async fn literal(db: &PgPool, name: &str) {
    sqlx::query("SELECT * FROM users WHERE name = $1").bind(name).fetch_all(db).await;
}

async fn constant_in_format(db: &PgPool, name: &str) {
    sqlx::query(&format!("SELECT {COLUMNS} FROM {TABLE} WHERE name = $1")).bind(name).fetch_all(db).await;
}

async fn local_constant(db: &PgPool) {
    let table = "users";
    let sql = format!("SELECT {} FROM {table}", COLUMNS);
    sqlx::query(&sql).fetch_all(db).await;
}

async fn concat_macro(db: &PgPool) {
    sqlx::query(concat!("SELECT id ", "FROM users")).fetch_all(db).await;
}

async fn included_file(db: &PgPool) {
    sqlx::query(include_str!("all.sql")).fetch_all(db).await;
    sqlx::raw_sql(include_str!("schema.sql")).execute(db).await;
}

async fn match_of_literals(db: &PgPool, sort: &str) {
    let column = match sort {
        "age" => "age",
        _ => "name",
    };
    sqlx::query(&format!("SELECT * FROM users ORDER BY {column}")).fetch_all(db).await;
}

async fn if_of_literals(db: &PgPool, up: bool) {
    let direction = if up { "ASC" } else { "DESC" };
    sqlx::query(&format!("SELECT * FROM users ORDER BY name {direction}")).fetch_all(db).await;
}

async fn arm_names_the_value(db: &PgPool, dir: &str) {
    let sql = match dir {
        "ASC" | "DESC" => format!("SELECT * FROM users ORDER BY name {dir}"),
        _ => "SELECT * FROM users".to_string(),
    };
    sqlx::query(&sql).fetch_all(db).await;
}

async fn pushed_conditions(db: &PgPool, name: Option<&str>) {
    let mut sql = String::from("SELECT * FROM users WHERE true");
    if name.is_some() {
        sql.push_str(" AND name = $1");
    }
    sql += " ORDER BY name";
    sqlx::query(&sql).bind(name).fetch_all(db).await;
}

async fn joined_conditions(db: &PgPool, name: Option<&str>) {
    let mut conditions = vec!["deleted_at IS NULL"];
    if name.is_some() {
        conditions.push("name = $1");
    }
    let sql = format!("SELECT * FROM users WHERE {}", conditions.join(" AND "));
    sqlx::query(&sql).bind(name).fetch_all(db).await;
}

async fn conditions_with_numbers(db: &PgPool, name: Option<String>) {
    let mut conditions = Vec::new();
    let mut next = 1;
    if let Some(name) = &name {
        conditions.push(format!("name = ${next}"));
        next += 1;
    }
    conditions.push(format!("age > ${}", next));
    let sql = format!("SELECT * FROM users WHERE {}", conditions.join(" AND "));
    sqlx::query(&sql).bind(name).fetch_all(db).await;
}

async fn placeholders_mapped(db: &PgPool, ids: &[i64]) {
    let marks = ids.iter().map(|_| "?").collect::<Vec<_>>().join(", ");
    sqlx::query(&format!("SELECT * FROM users WHERE id IN ({marks})")).fetch_all(db).await;
}

async fn placeholders_numbered(db: &PgPool, names: &[String]) {
    let marks: Vec<String> = names.iter().enumerate().map(|(i, _)| format!("${}", i + 1)).collect();
    sqlx::query(&format!("SELECT * FROM users WHERE name IN ({})", marks.join(","))).fetch_all(db).await;
}

async fn placeholders_of_a_range(db: &PgPool, names: &[String]) {
    let marks = (1..=names.len()).map(|i| format!("${i}")).collect::<Vec<_>>().join(",");
    sqlx::query(&format!("SELECT * FROM users WHERE name IN ({marks})")).fetch_all(db).await;
}

async fn placeholders_repeated(db: &PgPool, names: &[String]) {
    let marks = vec!["?"; names.len()].join(",");
    let other = std::iter::repeat("?").take(names.len()).collect::<Vec<_>>().join(",");
    let third = "?,".repeat(names.len());
    let sql = format!("SELECT * FROM users WHERE name IN ({marks}) OR nick IN ({other}) OR x IN ({})", third.trim_end_matches(','));
    sqlx::query(&sql).fetch_all(db).await;
}

async fn columns_mapped(db: &PgPool) {
    let set = ALLOWED.iter().map(|column| format!("{column} = ?")).collect::<Vec<_>>().join(", ");
    sqlx::query(&format!("UPDATE users SET {set}")).execute(db).await;
}

async fn allow_list_returns(db: &PgPool, sort: &str) -> Result<(), Error> {
    if !ALLOWED.contains(&sort) {
        return Err(Error::Column);
    }
    sqlx::query(&format!("SELECT * FROM users ORDER BY {sort}")).fetch_all(db).await;
    Ok(())
}

async fn allow_list_in_a_branch(db: &PgPool, form: Form<Sorting>) {
    if ["name", "age"].contains(&form.sort.as_str()) {
        sqlx::query(&format!("SELECT * FROM users ORDER BY {}", form.sort)).fetch_all(db).await;
    }
}

async fn allow_list_by_matches(db: &PgPool, sort: &str) {
    if !matches!(sort, "name" | "age") {
        bail!("odd column");
    }
    sqlx::query(&format!("SELECT * FROM users ORDER BY {sort}")).fetch_all(db).await;
}

async fn allow_list_by_equality(db: &PgPool, sort: String) {
    if sort == "name" || sort == "age" {
        sqlx::query(&format!("SELECT * FROM users ORDER BY {sort}")).fetch_all(db).await;
    }
}

async fn allow_list_found(db: &PgPool, sort: &str) {
    let column = ALLOWED.iter().find(|column| **column == sort).unwrap_or(&"name");
    sqlx::query(&format!("SELECT * FROM users ORDER BY {column}")).fetch_all(db).await;
}

async fn allow_list_filtered(db: &PgPool, sort: Option<&str>) {
    let column = sort.filter(|column| ALLOWED.contains(column)).unwrap_or("name");
    sqlx::query(&format!("SELECT * FROM users ORDER BY {column}")).fetch_all(db).await;
}

async fn builder_binds(db: &PgPool, name: &str) {
    let mut builder = QueryBuilder::<Postgres>::new("SELECT * FROM users WHERE name = ");
    builder.push_bind(name).push(" ORDER BY ").push(TABLE);
    builder.build().fetch_all(db).await;
}

async fn builder_values(db: &PgPool, users: Vec<User>) {
    let mut builder: QueryBuilder<Postgres> = QueryBuilder::new("INSERT INTO users (name, age) ");
    builder.push_values(users, |mut row, user| {
        row.push_bind(user.name).push_bind(user.age).push("now()");
    });
    builder.build().execute(db).await;
}

async fn separated_binds(db: &PgPool, names: Vec<String>) {
    let mut builder = QueryBuilder::<Postgres>::new("SELECT * FROM users WHERE name IN (");
    let mut separated = builder.separated(", ");
    for name in &names {
        separated.push_bind(name);
    }
    separated.push_unseparated(")");
    builder.build().fetch_all(db).await;
}

async fn asserted_constant(db: &PgPool) {
    sqlx::query(AssertSqlSafe(format!("SELECT count(*) FROM {TABLE}"))).fetch_one(db).await;
}

fn static_parameter(table: &'static str) -> String {
    let sql = format!("SELECT * FROM {table}");
    sqlx::query(&sql);
    sql
}

async fn executor_with_a_literal(db: &PgPool) {
    db.execute("VACUUM").await;
    sqlx::query("SELECT 1").execute(db).await;
    db.fetch_one(sqlx::query("SELECT 1")).await;
}

async fn vectors_push_what_they_like(db: &PgPool, name: &str) {
    let mut names = Vec::new();
    names.push(format!("'{name}'"));
    sqlx::query("SELECT * FROM users WHERE name = ANY($1)").bind(&names).fetch_all(db).await;
}

async fn formatted_bind(db: &PgPool, name: &str) {
    let pattern = format!("%{name}%");
    sqlx::query("SELECT * FROM users WHERE name LIKE $1").bind(pattern).fetch_all(db).await;
    sqlx::query("SELECT * FROM users WHERE name LIKE $1").bind(format!("%{name}%")).fetch_all(db).await;
}

async fn macro_query(db: &PgPool, name: &str) {
    sqlx::query!("SELECT * FROM users WHERE name = $1", name).fetch_all(db).await;
}

async fn safe_sql_macro(db: &Db, name: &str) {
    safe_sql!("SELECT * FROM users WHERE name = {name}").fetch_all(db).await;
}

mod enum_with_text {
    enum Sort {
        Name,
        Age,
    }

    impl Sort {
        fn column(&self) -> &'static str {
            match self {
                Self::Name => "name",
                Self::Age => "age",
            }
        }
    }

    pub async fn case(db: &sqlx::PgPool, sort: Sort) {
        sqlx::query(&format!("SELECT * FROM users ORDER BY {}", sort.column())).fetch_all(db).await;
    }
}

mod enum_displayed {
    pub enum Direction {
        Asc,
        Desc,
    }

    pub async fn case(db: &sqlx::PgPool, direction: Direction) {
        sqlx::query(&format!("SELECT * FROM users ORDER BY name {direction}")).fetch_all(db).await;
    }
}

mod private_function_with_constants {
    async fn count(db: &sqlx::PgPool, table: &str) -> i64 {
        sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(db).await
    }

    pub async fn all(db: &sqlx::PgPool) -> i64 {
        count(db, "users").await + count(db, "notes").await
    }
}

mod private_wrapper_with_constants {
    fn q(sql: &str) -> Query {
        sqlx::query(AssertSqlSafe(sql.to_owned()))
    }

    async fn caller(db: &Pool) {
        q("SELECT 1").execute(db).await;
    }
}

mod text_from_a_function {
    fn columns() -> &'static str {
        "id, name"
    }

    fn select(table: &str) -> String {
        format!("SELECT {} FROM {table}", columns())
    }

    async fn caller(db: &Pool) {
        sqlx::query(&select("users")).execute(db).await;
    }
}

mod associated_constants {
    pub trait Table {
        const NAME: &'static str;
    }

    pub async fn count<T: Table>(db: &sqlx::PgPool) {
        sqlx::query(&format!("SELECT count(*) FROM {}", T::NAME)).fetch_one(db).await;
    }
}

mod made_once {
    static SQL: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| format!("SELECT {} FROM users", "id"));

    pub fn case() {
        let name = "users";
        let sql: &'static str = "SELECT 1";
        sqlx::query(sql);
    }
}

async fn field_of_static_text(db: &PgPool, spec: Spec) {
    sqlx::query(&format!("SELECT * FROM {}", spec.table)).fetch_all(db).await;
}

struct Spec {
    table: &'static str,
}

async fn iterates_constants(db: &PgPool) {
    for table in ["users", "notes"] {
        sqlx::query(&format!("TRUNCATE {table}")).execute(db).await;
    }
}

async fn iterates_pairs(db: &PgPool) {
    for (table, column) in [("users", "name"), ("notes", "title")] {
        sqlx::query(&format!("UPDATE {table} SET {column} = ''")).execute(db).await;
    }
}

async fn shadowed_by_a_constant(db: &PgPool, column: &str) {
    let column = if column == "age" { "age" } else { "name" };
    sqlx::query(&format!("SELECT {column} FROM users")).fetch_all(db).await;
}

async fn optional_part(db: &PgPool, limit: Option<i64>) {
    let tail = limit.map(|_| " LIMIT $1").unwrap_or_default();
    sqlx::query(&format!("SELECT * FROM users{tail}")).bind(limit).fetch_all(db).await;
}

async fn written_constant(db: &PgPool) {
    let mut sql = String::new();
    write!(&mut sql, "SELECT {COLUMNS} FROM users").unwrap();
    sqlx::query(&sql).fetch_all(db).await;
}

async fn folded(db: &PgPool, names: Vec<String>) {
    let sql = names.iter().fold(String::from("SELECT * FROM users WHERE false"), |sql, _| sql + " OR name = ?");
    sqlx::query(&sql).fetch_all(db).await;
}
