//! 200 statements over one schema of 21 tables: ten kinds, on each of twenty tables.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// How many statements there are.
pub(crate) const COUNT: u32 = TABLES * KINDS.len() as u32;

const TABLES: u32 = 20;

/// A statement, with `TABLE` where the table stands.
struct Kind {
    sql: &'static str,
    binds: &'static [Bind],
    columns: &'static [Column],
    fetch: &'static str,
}

/// The name of a value and its type.
type Bind = (&'static str, &'static str);

/// The name of a column, what SQLite calls its type, whether it may be `NULL`.
type Column = (&'static str, &'static str, bool);

const ID: Bind = ("id", "i64");
const OWNER: Bind = ("owner", "i64");
const STARS: Bind = ("stars", "i64");
const UPDATED: Bind = ("updated", "i64");
const TITLE: Bind = ("title", "&str");
const BODY: Bind = ("body", "Option<&str>");

const KINDS: [Kind; 10] = [
    Kind {
        sql: "SELECT id, title, body, stars FROM TABLE WHERE id = {id} AND owner = {owner}",
        binds: &[ID, OWNER],
        columns: &[
            ("id", "Integer", false),
            ("title", "Text", false),
            ("body", "Text", true),
            ("stars", "Integer", false),
        ],
        fetch: "fetch_optional",
    },
    Kind {
        sql: "SELECT id, title, updated FROM TABLE WHERE owner = {owner} ORDER BY updated DESC, id LIMIT 20",
        binds: &[OWNER],
        columns: &[("id", "Integer", false), ("title", "Text", false), ("updated", "Integer", false)],
        fetch: "fetch_all",
    },
    Kind {
        sql: "SELECT t.id, t.title, o.name FROM TABLE t JOIN owners o ON o.id = t.owner \
              WHERE t.owner = {owner} AND t.stars > {stars} ORDER BY t.title",
        binds: &[OWNER, STARS],
        columns: &[("id", "Integer", false), ("title", "Text", false), ("name", "Text", false)],
        fetch: "fetch_all",
    },
    Kind {
        sql: "SELECT count(*) AS number FROM TABLE WHERE owner = {owner}",
        binds: &[OWNER],
        columns: &[("number", "Integer", false)],
        fetch: "fetch_one",
    },
    Kind {
        sql: "SELECT owner, sum(stars) AS total FROM TABLE WHERE updated > {updated} GROUP BY owner ORDER BY total DESC",
        binds: &[UPDATED],
        columns: &[("owner", "Integer", false), ("total", "Integer", false)],
        fetch: "fetch_all",
    },
    Kind {
        sql: "SELECT o.id, o.name, t.title FROM owners o LEFT JOIN TABLE t ON t.owner = o.id WHERE o.id = {owner}",
        binds: &[OWNER],
        columns: &[("id", "Integer", false), ("name", "Text", false), ("title", "Text", true)],
        fetch: "fetch_all",
    },
    Kind {
        sql: "INSERT INTO TABLE (owner, title, body, updated) VALUES ({owner}, {title}, {body}, {updated})",
        binds: &[OWNER, TITLE, BODY, UPDATED],
        columns: &[],
        fetch: "execute",
    },
    Kind {
        sql: "INSERT INTO TABLE (owner, title, updated) VALUES ({owner}, {title}, {updated}) RETURNING id, stars",
        binds: &[OWNER, TITLE, UPDATED],
        columns: &[("id", "Integer", false), ("stars", "Integer", false)],
        fetch: "fetch_one",
    },
    Kind {
        sql: "UPDATE TABLE SET title = {title}, body = {body}, updated = {updated} WHERE id = {id} AND owner = {owner}",
        binds: &[TITLE, BODY, UPDATED, ID, OWNER],
        columns: &[],
        fetch: "execute",
    },
    Kind {
        sql: "DELETE FROM TABLE WHERE id = {id} AND owner = {owner}",
        binds: &[ID, OWNER],
        columns: &[],
        fetch: "execute",
    },
];

/// How the statements are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Safe,
    Query,
    Plain,
}

/// The migration that makes the tables.
pub(crate) fn schema() -> String {
    let mut schema = "CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);\n".to_owned();
    for table in 0..TABLES {
        schema += &format!(
            "CREATE TABLE notes_{table} (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES owners (id), \
             title TEXT NOT NULL, body TEXT, stars INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL);\n\
             CREATE INDEX notes_{table}_owner ON notes_{table} (owner, updated);\n"
        );
    }
    schema
}

/// The program: a function for each statement.
pub(crate) fn program(form: Form) -> String {
    let mut program = match form {
        Form::Safe => "use covet::safe_sql;\nuse sqlx::SqlitePool;\n",
        Form::Query => "use sqlx::{SqlitePool, query};\n",
        Form::Plain => "use sqlx::{Row, SqlitePool};\n",
    }
    .to_owned();
    for table in 0..TABLES {
        for (number, kind) in KINDS.iter().enumerate() {
            program += &kind.function(form, table, number);
        }
    }
    program
}

/// The files that `query!` reads where it has no database: their names and texts, as `cargo sqlx prepare` writes them.
pub(crate) fn prepared() -> impl Iterator<Item = (String, String)> {
    (0..TABLES).flat_map(|table| KINDS.iter().map(move |kind| kind.prepared(table)))
}

impl Kind {
    fn sql(&self, form: Form, table: u32) -> String {
        let sql = self.sql.replace("TABLE", &format!("notes_{table}"));
        let numbers = self.binds.iter().enumerate().filter(|_| form != Form::Safe);
        numbers.fold(sql, |sql, (at, (name, _))| sql.replace(&format!("{{{name}}}"), &format!("${}", at + 1)))
    }

    fn function(&self, form: Form, table: u32, number: usize) -> String {
        let (sql, fetch) = (self.sql(form, table), self.fetch);
        let parameters: String = self.binds.iter().fold(String::new(), |mut all, (name, ty)| {
            let _ = write!(all, ", {name}: {ty}");
            all
        });
        let names = || self.binds.iter().map(|(name, _)| *name);
        let statement = match form {
            Form::Safe => format!("safe_sql!(\"{sql}\")"),
            Form::Query => format!("query!(\"{sql}\"{})", names().map(|name| format!(", {name}")).collect::<String>()),
            Form::Plain => {
                format!("sqlx::query(\"{sql}\"){}", names().map(|name| format!(".bind({name})")).collect::<String>())
            }
        };
        let types: String = self.columns.iter().map(|(_, ty, nullable)| format!("{}, ", rust(ty, *nullable))).collect();
        let value = |name| match form {
            Form::Safe | Form::Query => format!("row.{name}, "),
            Form::Plain => format!("row.try_get(\"{name}\")?, "),
        };
        let row = format!("({})", self.columns.iter().map(|(name, ..)| value(name)).collect::<String>());
        let (answer, body) = match (fetch, form) {
            ("execute", _) => ("u64".to_owned(), "Ok(done.rows_affected())".to_owned()),
            ("fetch_one", _) => (format!("({types})"), format!("let row = done; Ok({row})")),
            ("fetch_all", Form::Plain) => {
                (format!("Vec<({types})>"), format!("done.into_iter().map(|row| Ok({row})).collect()"))
            }
            (_, Form::Plain) => (format!("Option<({types})>"), format!("done.map(|row| Ok({row})).transpose()")),
            ("fetch_all", _) => (format!("Vec<({types})>"), format!("Ok(done.into_iter().map(|row| {row}).collect())")),
            (_, _) => (format!("Option<({types})>"), format!("Ok(done.map(|row| {row}))")),
        };
        format!(
            "\npub async fn statement_{table}_{number}(pool: &SqlitePool{parameters}) -> Result<{answer}, sqlx::Error> {{\n    \
             let done = {statement}.{fetch}(pool).await?;\n    {body}\n}}\n"
        )
    }

    fn prepared(&self, table: u32) -> (String, String) {
        let sql = self.sql(Form::Query, table);
        let hash: String = Sha256::digest(sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let column = |(ordinal, (name, ty, _)): (usize, &Column)| {
            format!("{{\"name\": \"{name}\", \"ordinal\": {ordinal}, \"type_info\": \"{ty}\"}}")
        };
        let columns = self.columns.iter().enumerate().map(column).collect::<Vec<_>>().join(", ");
        let nullable = self.columns.iter().map(|(.., nullable)| nullable.to_string()).collect::<Vec<_>>().join(", ");
        let text = format!(
            "{{\"db_name\": \"SQLite\", \"query\": \"{sql}\", \"describe\": {{\"columns\": [{columns}], \
             \"parameters\": {{\"Right\": {}}}, \"nullable\": [{nullable}]}}, \"hash\": \"{hash}\"}}\n",
            self.binds.len()
        );
        (format!("query-{hash}.json"), text)
    }
}

/// The type of a column in the program.
fn rust(ty: &str, nullable: bool) -> String {
    let ty = if ty == "Text" { "String" } else { "i64" };
    if nullable { format!("Option<{ty}>") } else { ty.to_owned() }
}
