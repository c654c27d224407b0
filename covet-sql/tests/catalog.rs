//! What migrations make, and what opens where they cannot be followed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]

use covet_sql::{Column, Dialect, Origin, Schema, Source, SqlType, Table, Verdict, catalog, resolve};

fn build(dialect: Dialect, texts: &[&str]) -> Schema {
    let source = |(at, text): (usize, &&str)| Source { file: format!("migrations/{at}.sql"), text: (*text).to_owned() };
    catalog::build(&texts.iter().enumerate().map(source).collect::<Vec<_>>(), dialect)
}

fn postgres(text: &str) -> Schema {
    build(Dialect::Postgres, &[text])
}

fn sqlite(text: &str) -> Schema {
    build(Dialect::Sqlite, &[text])
}

fn names(table: &Table) -> Vec<&str> {
    table.columns.iter().map(|column| column.name.as_str()).collect()
}

fn column<'s>(schema: &'s Schema, table: &str, name: &str) -> &'s Column {
    schema.tables[table].columns.iter().find(|column| column.name == name).unwrap()
}

fn ok(sql: &str, schema: &Schema) -> bool {
    matches!(resolve(sql, schema), Verdict::Ok(_))
}

fn refused(sql: &str, schema: &Schema) -> bool {
    matches!(resolve(sql, schema), Verdict::Error(_))
}

#[test]
fn columns_are_added_dropped_renamed_and_retyped() {
    let schema = build(
        Dialect::Postgres,
        &[
            "CREATE TABLE t (a INT NOT NULL, b TEXT, c INT);\n\nCREATE TABLE u (x INT);",
            "ALTER TABLE t DROP COLUMN c, ADD COLUMN d UUID NOT NULL DEFAULT gen_random_uuid();
             ALTER TABLE t RENAME b TO text; ALTER TABLE t ALTER COLUMN a TYPE BIGINT;
             ALTER TABLE t ALTER COLUMN a DROP NOT NULL, ALTER COLUMN text SET NOT NULL, ALTER text SET DEFAULT '';
             ALTER TABLE u RENAME TO v; ALTER TABLE v ADD COLUMN IF NOT EXISTS x TEXT;",
        ],
    );
    let t = &schema.tables["t"];
    assert_eq!(names(t), ["a", "text", "d"]);
    assert_eq!(t.origin, Origin { file: "migrations/0.sql".into(), line: 1 });
    assert_eq!(schema.tables["v"].origin.line, 3);
    let is = |name: &str, ty: SqlType, nullable: bool, has_default: bool| {
        let column = column(&schema, "t", name);
        assert_eq!(
            (&column.ty, column.nullable, column.has_default),
            (&Some(ty), Some(nullable), has_default),
            "{name}"
        );
    };
    is("a", SqlType::BigInt, true, false);
    is("text", SqlType::Text, false, true);
    is("d", SqlType::Uuid, false, true);
    assert!(!schema.tables.contains_key("u"));
    assert_eq!(column(&schema, "v", "x").ty, Some(SqlType::Int));
}

#[test]
fn a_bad_statement_does_not_stop_the_rest() {
    let schema = postgres("CREATE TABLE a (x INT); CREATE GIBBERISH; SELECT 1 FROM; CREATE TABLE b (y INT)");
    assert_eq!(schema.tables.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert!(!schema.open && schema.tables.values().all(|table| !table.open));
}

#[test]
fn what_cannot_be_followed_opens_what_it_touches() {
    let schema = postgres(
        "CREATE TABLE a (x INT NOT NULL); CREATE TABLE b (y INT NOT NULL);
         ALTER TABLE a ADD COLUMN z INT SOMETHING NEW;
         CREATE TABLE c (z INT STRANGELY WRITTEN (;",
    );
    assert!(schema.tables["a"].open && schema.tables["c"].open && !schema.tables["b"].open);
    assert!(!refused("SELECT q FROM a", &schema) && refused("SELECT q FROM b", &schema));
    assert!(!refused("INSERT INTO a DEFAULT VALUES", &schema) && refused("INSERT INTO b DEFAULT VALUES", &schema));
    assert!(refused("SELECT 1 FROM nothere", &schema));
}

#[test]
fn code_in_the_database_opens_what_it_may_change() {
    let table = "CREATE TABLE a (x INT NOT NULL); CREATE TABLE b (y INT NOT NULL);";
    let of = |text: &str| postgres(&format!("{table}{text}"));

    let schema = of("DO $$ BEGIN ALTER TABLE a ADD COLUMN z INT; EXCEPTION WHEN others THEN NULL; END $$;");
    assert!(schema.tables["a"].open && !schema.tables["b"].open && !schema.open);

    let schema = of("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD z INT', 'a'); END $$;");
    assert!(schema.open && schema.tables.values().all(|table| table.open));

    let made = "CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE d (); END $$;";
    assert!(!of(made).open, "a function changes nothing before it is called");
    assert!(of(&format!("{made} SELECT make();")).open);

    let schema = of("SELECT create_hypertable('a', 'x');");
    assert!(schema.tables["a"].open && !schema.tables["b"].open);

    assert!(of("CREATE EXTENSION postgis;").open);
    let schema = of("CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"; CREATE EXTENSION citext;");
    assert!(!schema.open && ok("SELECT x::text::citext FROM a", &schema));
}

#[test]
fn quotes_comments_and_dollars_do_not_divide_statements() {
    let schema = postgres(
        "CREATE TABLE a (x TEXT DEFAULT 'a;b', /* ; /* ; */ */ y TEXT DEFAULT E'\\';', -- ;\n z TEXT);
         CREATE FUNCTION f() RETURNS INT LANGUAGE sql AS $x$ SELECT 1; CREATE TABLE never (); $x$;
         CREATE FUNCTION g() RETURNS INT LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;
         CREATE TABLE b (x INT);",
    );
    assert_eq!(schema.tables.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(names(&schema.tables["a"]), ["x", "y", "z"]);

    let schema = sqlite(
        "CREATE TABLE [a b] (x); CREATE TRIGGER t AFTER INSERT ON [a b] BEGIN
           UPDATE [a b] SET x = CASE WHEN 1 THEN 2 END; DELETE FROM [a b]; END; CREATE TABLE c (y);",
    );
    assert_eq!(schema.tables.keys().collect::<Vec<_>>(), ["a b", "c"]);
}

#[test]
fn an_unclosed_quote_hides_what_follows_so_that_all_is_open() {
    let schema = postgres("CREATE TABLE a (x INT); INSERT INTO a VALUES ('; CREATE TABLE b (y INT);");
    assert!(schema.open && schema.tables["a"].open);
}

#[test]
fn what_takes_a_migration_back_is_not_read() {
    let down = Source { file: "m/1_init.down.sql".into(), text: "DROP TABLE a;".into() };
    let up = Source { file: "m/1_init.up.sql".into(), text: "CREATE TABLE a (x INT);".into() };
    assert!(catalog::build(&[down, up], Dialect::Postgres).tables.contains_key("a"));
    let schema = postgres("-- migrate:up\nCREATE TABLE a (x INT);\n-- migrate:down\nDROP TABLE a;");
    assert!(schema.tables.contains_key("a"));
}

#[test]
fn a_dump_with_commands_and_data_is_read() {
    let schema = postgres(
        "\\restrict x\nSELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.a (\n    x integer NOT NULL\n);\n\
         COPY public.a (x) FROM stdin;\n1; it's\n\\.\nCREATE TABLE public.b (y character varying(20));\n\
         ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (x);\n",
    );
    assert_eq!(schema.tables.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(schema.tables["a"].key, ["x"]);
    assert_eq!(schema.tables["b"].origin.line, 9);
}

#[test]
fn enums_and_domains_are_types() {
    let schema = postgres(
        "CREATE TYPE mood AS ENUM ('good', 'bad'); ALTER TYPE mood ADD VALUE 'so so' BEFORE 'bad';
         CREATE DOMAIN positive AS INT CHECK (VALUE > 0); CREATE DOMAIN word AS TEXT DEFAULT 'x';
         CREATE TYPE pair AS (a INT, b INT);
         CREATE TABLE t (m mood NOT NULL, ms mood[], n positive NOT NULL, w word NOT NULL, p pair);
         ALTER TYPE mood RENAME TO feeling;",
    );
    assert_eq!(schema.enums["feeling"].len(), 3);
    let ty = |name: &str| column(&schema, "t", name).ty.clone().unwrap();
    assert_eq!(ty("m"), SqlType::Enum("feeling".into()));
    assert_eq!(ty("ms"), SqlType::Array(Box::new(SqlType::Enum("feeling".into()))));
    assert_eq!((ty("n"), ty("w")), (SqlType::Int, SqlType::Text));
    assert_eq!(ty("p"), SqlType::Other("pair".into()));
    assert!(!column(&schema, "t", "n").has_default, "a check gives no value");
    assert!(column(&schema, "t", "w").has_default, "a domain may");
}

#[test]
fn keys_identities_and_computed_columns() {
    let schema = postgres(
        "CREATE TABLE t (a BIGSERIAL PRIMARY KEY, b INT GENERATED ALWAYS AS IDENTITY, c INT GENERATED BY DEFAULT AS IDENTITY,
         d INT GENERATED ALWAYS AS (a + 1) STORED, e INT);",
    );
    let is = |name: &str| {
        let column = column(&schema, "t", name);
        (column.nullable, column.has_default, column.generated)
    };
    assert_eq!(is("a"), (Some(false), true, false));
    assert_eq!(is("b"), (Some(false), true, true));
    assert_eq!(is("c"), (Some(false), true, false));
    assert_eq!(is("d"), (Some(true), true, true));
    assert_eq!(is("e"), (Some(true), false, false));
    assert_eq!(schema.tables["t"].key, ["a"]);
}

#[test]
fn the_row_id_of_sqlite_is_its_one_integer_key() {
    let schema = sqlite(
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY); CREATE TABLE c (id TEXT PRIMARY KEY);
         CREATE TABLE d (id INTEGER, x, PRIMARY KEY (id)); CREATE TABLE e (id INTEGER PRIMARY KEY) WITHOUT ROWID;
         CREATE TABLE f (id TEXT PRIMARY KEY) STRICT; CREATE TABLE g (a INTEGER, b INTEGER, PRIMARY KEY (a, b));",
    );
    let id = |table: &str| {
        let column = &schema.tables[table].columns[0];
        (column.nullable, column.has_default)
    };
    assert_eq!(id("a"), (Some(false), true));
    assert_eq!(id("b"), (Some(true), false));
    assert_eq!(id("c"), (Some(true), false));
    assert_eq!(id("d"), (Some(false), true));
    assert_eq!(id("e"), (Some(false), false));
    assert_eq!(id("f"), (Some(false), false));
    assert_eq!(id("g"), (Some(true), false));
}

#[test]
fn a_declared_type_of_sqlite_is_read_as_drivers_read_it() {
    let schema = sqlite(
        "CREATE TABLE t (a INTEGER, b VARCHAR(20), c BLOB, d DOUBLE, e BOOLEAN, f DATETIME, g, h DATE, i NUMERIC(3, 1))",
    );
    let types: Vec<_> = schema.tables["t"].columns.iter().map(|column| column.ty.clone()).collect();
    use SqlType::{BigInt, Bool, Bytes, Date, Double, Numeric, Text, Timestamp};
    let expected = [BigInt, Text, Bytes, Double, Bool, Timestamp].map(Some);
    assert_eq!(types[..6], expected);
    assert_eq!(types[6..], [None, Some(Date), Some(Numeric)]);
}

#[test]
fn a_view_has_the_columns_of_its_query() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let schema = build(
            dialect,
            &["CREATE TABLE t (a INT NOT NULL, b TEXT); CREATE TABLE u (a INT, c TEXT NOT NULL);
               CREATE VIEW v AS SELECT t.a, u.c AS d FROM t LEFT JOIN u ON u.a = t.a;
               CREATE VIEW w (x) AS SELECT count(*) FROM v; CREATE VIEW broken AS SELECT nothere FROM t;
               CREATE VIEW plain AS SELECT a, b FROM t;"],
        );
        assert_eq!(names(&schema.tables["v"]), ["a", "d"]);
        assert_eq!(column(&schema, "v", "a").nullable, Some(false));
        assert_eq!(column(&schema, "v", "d").nullable, Some(true), "an outer join");
        assert_eq!((names(&schema.tables["w"]), schema.tables["w"].view), (vec!["x"], true));
        assert!(schema.tables["broken"].open);
        assert_eq!(schema.tables["plain"].view, dialect == Dialect::Sqlite, "PostgreSQL writes through it");
    }
}

#[test]
fn a_trigger_may_fill_in_and_write_where_a_view_cannot_be_written() {
    let schema = postgres(
        "CREATE TABLE t (a INT NOT NULL); CREATE VIEW v AS SELECT count(*) AS n FROM t; CREATE TABLE u (a INT NOT NULL);
         CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
         CREATE TRIGGER g INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();
         CREATE TRIGGER h AFTER INSERT ON u FOR EACH ROW EXECUTE FUNCTION f();",
    );
    assert!(ok("INSERT INTO t DEFAULT VALUES", &schema));
    assert!(ok("INSERT INTO v (n) VALUES (1)", &schema));
    assert!(refused("INSERT INTO u DEFAULT VALUES", &schema));
}

#[test]
fn names_in_quotes_keep_their_case_on_postgres_alone() {
    let text = "CREATE TABLE \"Users\" (\"userId\" INT, Name TEXT)";
    let schema = postgres(text);
    assert!(ok("SELECT \"userId\", NAME FROM \"Users\"", &schema));
    assert!(refused("SELECT userId FROM \"Users\"", &schema) && refused("SELECT name FROM users", &schema));
    let schema = sqlite(text);
    assert!(ok("SELECT USERID, \"name\" FROM users", &schema));
}

#[test]
fn a_schema_is_a_part_of_the_name_outside_of_the_default() {
    let schema = postgres(
        "CREATE SCHEMA app; CREATE TABLE app.t (a INT); SET search_path TO app; CREATE TABLE u (b INT);
         SET search_path TO public; CREATE TABLE w (c INT); CREATE TABLE public.x (d INT);",
    );
    assert_eq!(schema.tables.keys().collect::<Vec<_>>(), ["app.t", "app.u", "w", "x"]);
    assert!(ok("SELECT a FROM app.t", &schema) && refused("SELECT 1 FROM app.nothere", &schema));
    assert!(ok("SELECT b FROM u", &schema), "the search path of the application is not known");
}

#[test]
fn a_table_goes_to_another_schema_and_a_query_may_make_one() {
    let schema = postgres(
        "CREATE TABLE t (a INT); ALTER TABLE t SET SCHEMA app; SELECT a INTO u FROM app.t; CREATE SCHEMA s CREATE TABLE x (y INT);",
    );
    assert!(schema.tables.contains_key("app.t") && schema.tables["u"].open && schema.open);
}

#[test]
fn types_are_not_judged_where_a_migration_makes_operators_and_casts() {
    let text = "CREATE TABLE t (a INT, b TEXT);";
    let cast = "CREATE CAST (text AS integer) WITH INOUT AS IMPLICIT;";
    assert!(refused("SELECT a FROM t WHERE a = b", &postgres(text)));
    assert!(!refused("SELECT a FROM t WHERE a = b", &postgres(&format!("{text}{cast}"))));
}

#[test]
fn dropping_takes_what_depends_on_it_when_told_to() {
    let schema = postgres(
        "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v;
         CREATE TABLE u (b INT); DROP TABLE t CASCADE; DROP TABLE IF EXISTS nothere;",
    );
    assert_eq!(schema.tables.keys().collect::<Vec<_>>(), ["u"]);
}

#[test]
fn a_child_has_the_columns_of_its_parent() {
    let schema = postgres(
        "CREATE TABLE e (id INT NOT NULL, at DATE NOT NULL) PARTITION BY RANGE (at);
         CREATE TABLE e1 PARTITION OF e FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
         CREATE TABLE base (a INT); CREATE TABLE child (b INT) INHERITS (base);
         ALTER TABLE base ADD COLUMN c INT; ALTER TABLE e DROP COLUMN id;",
    );
    assert_eq!(names(&schema.tables["child"]), ["a", "b", "c"]);
    assert_eq!(names(&schema.tables["e1"]), ["at"]);
}

#[test]
fn a_full_text_table_is_open_as_it_has_columns_that_it_does_not_name() {
    let schema =
        sqlite("CREATE VIRTUAL TABLE IF NOT EXISTS s USING fts5(title, body UNINDEXED, content='', tokenize = 'x')");
    assert_eq!(names(&schema.tables["s"]), ["title", "body"]);
    assert!(!refused("SELECT rank, title FROM s WHERE s MATCH $1", &schema));
}

#[test]
fn a_table_from_a_query_has_its_columns() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let schema =
            build(dialect, &["CREATE TABLE t (a INT NOT NULL); CREATE TABLE u AS SELECT a, a + 1 AS b FROM t"]);
        assert_eq!(names(&schema.tables["u"]), ["a", "b"]);
        assert_eq!(column(&schema, "u", "a").nullable, Some(true), "no constraint comes along");
    }
}

#[test]
fn a_conflict_is_on_what_is_unique() {
    const TABLE: &str = "CREATE TABLE t (id INT PRIMARY KEY, a INT UNIQUE, b INT, c INT, UNIQUE (c, b));";
    let conflict = |columns: &str| format!("INSERT INTO t (id) VALUES ($1) ON CONFLICT ({columns}) DO NOTHING");
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let schema = build(dialect, &[TABLE, "CREATE UNIQUE INDEX i ON t (id, a DESC) WHERE b > 0;"]);
        for unique in ["id", "a", "b, c", "c, b", "id, a"] {
            assert!(ok(&conflict(unique), &schema), "{unique}");
        }
        for shared in ["b", "c", "a, b", "id, b", "b, c, a"] {
            assert!(refused(&conflict(shared), &schema), "{shared}");
        }
    }
}

#[test]
fn a_conflict_is_not_judged_where_there_may_be_more_that_is_unique() {
    let table = "CREATE TABLE t (id INT PRIMARY KEY, b INT);";
    let conflict = "INSERT INTO t (id) VALUES ($1) ON CONFLICT (b) DO NOTHING";
    assert!(refused(conflict, &postgres(table)));
    for more in [
        "CREATE UNIQUE INDEX i ON t (b);",
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY t USING btree (b int4_ops ASC NULLS LAST);",
        "CREATE UNIQUE INDEX i ON t ((b + 1));",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (b);",
        "ALTER TABLE t DROP CONSTRAINT t_pkey;",
        "ALTER TABLE t DROP COLUMN b, ADD COLUMN b INT UNIQUE;",
        "ALTER TABLE t ADD COLUMN c INT UNIQUE; ALTER TABLE t DROP COLUMN b; ALTER TABLE t RENAME COLUMN c TO b;",
        "DO $$ BEGIN IF true THEN CREATE UNIQUE INDEX i ON t (b); END IF; END $$;",
        "CREATE TABLE p (id INT, b INT UNIQUE) PARTITION BY LIST (b); ALTER TABLE p ATTACH PARTITION t DEFAULT;",
        "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING;",
        "ALTER TABLE t RENAME TO u; CREATE TABLE t (LIKE u INCLUDING ALL);",
        "ALTER TABLE t RENAME TO u; CREATE TABLE t PARTITION OF u DEFAULT;",
        "CREATE UNIQUE INDEX i ON elsewhere.t (b);",
    ] {
        assert!(!refused(conflict, &postgres(&format!("{table}{more}"))), "{more}");
    }
}

#[test]
fn a_view_that_checks_what_is_written_has_its_columns() {
    for check in ["WITH CHECK OPTION", "WITH LOCAL CHECK OPTION", "WITH CASCADED CHECK OPTION"] {
        let schema = postgres(&format!("CREATE TABLE t (a INT, b INT); CREATE VIEW v AS SELECT a FROM t {check}"));
        assert!(ok("UPDATE v SET a = $1", &schema) && refused("SELECT b FROM v", &schema), "{check}");
    }
}
