//! No ordinary statement is refused. A refusal here is a bug, whatever else it would have caught.

use crate::sql::{self, Class, Dialect, Policy};

const GOOD: &[&str] = &[
    "SELECT 1",
    "select id, email from users where id = {id}",
    "SELECT * FROM users WHERE email = {form.email} AND active;",
    "SELECT * FROM users WHERE id IN ({a}, {b}, {c.0})",
    "SELECT count(*) FROM notes WHERE owner = {self.user.id}",
    "SELECT DISTINCT owner FROM notes ORDER BY owner DESC NULLS LAST LIMIT {limit} OFFSET {offset}",
    "SELECT u.name, n.title FROM users u LEFT JOIN notes n ON n.owner = u.id WHERE u.id = {id}",
    "SELECT title FROM notes WHERE title LIKE '%' || {q} || '%' ESCAPE '!'",
    "SELECT title FROM notes WHERE title LIKE 'draft%'",
    "SELECT name, rank() OVER (PARTITION BY team ORDER BY score DESC) AS place FROM players",
    "SELECT sum(x) OVER w FROM t WINDOW w AS (ORDER BY id ROWS BETWEEN 1 PRECEDING AND {n} FOLLOWING)",
    "SELECT sum(x) FILTER (WHERE x > {min}) FROM t GROUP BY y HAVING count(*) > {n}",
    "SELECT CASE WHEN age >= {age} THEN 'adult' ELSE 'minor' END AS kind FROM users",
    "SELECT id FROM t ORDER BY CASE WHEN kind = {kind} THEN 0 ELSE 1 END, id",
    "SELECT id FROM t ORDER BY name = {name} DESC, id",
    "SELECT id FROM t ORDER BY embedding <-> {vector} LIMIT 10",
    "SELECT id FROM t ORDER BY {vector} <-> embedding LIMIT 10",
    "SELECT id FROM t ORDER BY coalesce(name, {fallback}), name COLLATE NOCASE",
    "SELECT a FROM t ORDER BY CASE WHEN {x} = 1 THEN a END, CASE {x} WHEN 1 THEN b ELSE {y} END LIMIT {n}",
    "SELECT a FROM t ORDER BY a = {x}, {x} = a, {x}::text = a, a = {x}::text, ({x}) = a, ({x})::int - a DESC",
    "SELECT a FROM t ORDER BY similarity(a, {q}) DESC, word_similarity({q}, a), GREATEST({x}, a), ({x} + a)",
    "SELECT a FROM t ORDER BY {v}::vector <-> embedding, embedding <=> {v}, embedding <-> {v}::vector LIMIT {n}",
    "SELECT a FROM t ORDER BY CAST({x} AS int) - a, CAST(a || {x} AS text), CAST({x} AS text) || a COLLATE \"C\"",
    "SELECT a FROM t ORDER BY created AT TIME ZONE {zone}, a LIKE {x} ESCAPE {y}, a IS NOT DISTINCT FROM {x}",
    "SELECT a FROM t ORDER BY {x}::timestamp with time zone - created, {x}::date BETWEEN lo AND hi, {x}::int IN (a, b)",
    "SELECT a FROM t ORDER BY a OPERATOR(public.<->) {v}, a BETWEEN SYMMETRIC {x} AND {y}, data -> {key}, a[{i}]",
    "SELECT a FROM t ORDER BY a NOT LIKE {x}, NOT a = {x}, a COLLATE \"C\" < {x} COLLATE \"C\", (a, {x}) < (b, {y})",
    "SELECT a FROM t ORDER BY (SELECT max(b) FROM u WHERE u.c = {x}), (a <-> {v}), ABS(a - {x}) LIMIT {m}, {n}",
    "SELECT a FROM t ORDER BY a OFFSET {m} ROWS FETCH FIRST {n} ROWS ONLY",
    "SELECT string_agg(a, {separator} ORDER BY a), percentile_cont({p}) WITHIN GROUP (ORDER BY a) FROM t",
    "SELECT rank({x}) WITHIN GROUP (ORDER BY a) FROM t GROUP BY date_trunc({unit}, b), a + {x}, (b, c)",
    "SELECT a FROM t GROUP BY a HAVING count(*) > {n} ORDER BY a FOR UPDATE",
    "SELECT a FROM t GROUP BY a = {x}, CASE WHEN a > {x} THEN 1 END, {x} || a, date_bin({w}::interval, b, {o})",
    "SELECT sum(a) OVER (PARTITION BY a = {x}, width_bucket(a, {lo}, {hi}, 5) ORDER BY b ROWS {n} PRECEDING) FROM t",
    "SELECT DISTINCT ON (a, date_trunc({unit}, b)) a FROM t ORDER BY a, b",
    "SELECT DISTINCT {x}, a FROM t JOIN u ON ({x}) AND u.a IN ({a}, {b}) WHERE ({x}) OR a = ({y})",
    "SELECT * FROM json_each({j}), unnest({ids}) AS u (id), LATERAL f({x}), (VALUES ({a}, {b}), ({c}, {d})) AS v",
    "SELECT * FROM a, unnest({ids}) AS t, (SELECT {x}, {y}) AS s, ROWS FROM (f({x}), g({y})) AS r",
    "SELECT a IS DISTINCT FROM {b}, {c} FROM t WHERE a IS NOT DISTINCT FROM ({d})",
    "SELECT a FROM t UNION ALL SELECT {x}, {y} UNION VALUES ({a}, {b})",
    "SELECT a, {x} FROM t JOIN u USING (a, b) WHERE position({x} IN a) > {n} LIMIT {m}, {n}",
    "SELECT {x}::text, {y} AS y, CAST({z} AS int), convert({x} USING utf8) FROM t",
    "INSERT INTO t (a, b) SELECT {a}, {b} FROM u RETURNING a, {c}",
    "INSERT INTO t VALUES ({a}, {b}), ({c}, {d})",
    "INSERT INTO t (SELECT {a}, {b})",
    "INSERT INTO t ((SELECT 1, 2) UNION SELECT {a}, {b})",
    "INSERT INTO t (a[{i}], b) VALUES ({a}, {b})",
    "INSERT INTO t SELECT conflict({a}), {b}",
    "INSERT INTO t AS x (a) OVERRIDING SYSTEM VALUE VALUES ({a}) RETURNING f({a}, {b})",
    "INSERT INTO t SELECT a, {b} FROM u WHERE true ON CONFLICT (a) DO UPDATE SET b = {b}, c = {c} WHERE t.a > {a}",
    "INSERT INTO t WITH RECURSIVE r AS (SELECT 1) SEARCH DEPTH FIRST BY id SET ord SELECT ord, {x}, {y} FROM r",
    "INSERT INTO t (a) VALUES ({a}) ON CONFLICT (lower(a), (a + {x})) DO NOTHING",
    "UPDATE t SET a = {a}, b = coalesce({b}, b), c[{i}] = {c}, (d, e) = ({d}, {e}) WHERE id IN ({x}, {y})",
    "UPDATE t SET a = a IS DISTINCT FROM {b}, c = {c} FROM u, unnest({ids}) AS i WHERE true RETURNING a, {x}",
    "DELETE FROM t USING (SELECT {a}, {b}) AS u, unnest({ids}) AS i WHERE true RETURNING a, {x}",
    "DELETE FROM t USING (VALUES ({a}, {b})) AS u WHERE ({x})",
    "SELECT array_agg(x ORDER BY y) FROM t",
    "SELECT a FROM t UNION ALL SELECT b FROM u EXCEPT SELECT c FROM v ORDER BY 1",
    "(SELECT a FROM t ORDER BY a LIMIT 1) UNION (SELECT b FROM u)",
    "VALUES ({a}, {b}), (3, 4)",
    "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (id, name)",
    "SELECT EXISTS (SELECT 1 FROM users WHERE email = {email})",
    "SELECT (SELECT max(id) FROM notes WHERE owner = users.id) FROM users",
    "SELECT name FROM users WHERE id = (SELECT owner FROM notes WHERE id = {id})",
    "SELECT extract(year FROM {when}) FROM t",
    "SELECT substring({text} FROM {start} FOR 3), trim(both FROM {text})",
    "SELECT a IS DISTINCT FROM {b} FROM t",
    "SELECT {a}::int, '2026-01-01'::date, CAST({b} AS text), x::numeric(10,2) FROM t",
    "SELECT data->'a'->>'b', data #>> '{a,b}', data @> '{\"k\": {\"n\": 1}}' FROM t",
    "SELECT json_extract(data, '$.name'), data->>'$.a[0]' FROM t",
    "SELECT * FROM t WHERE tags && '{read,write}'::text[] AND roles = '{}' AND m = '{{1,2},{3,4}}'",
    "SELECT * FROM t WHERE id = ANY({ids}) AND (ARRAY['a', 'b'])[1] = 'a' AND m[1:2] = m[lo:hi]",
    "SELECT ARRAY[[1, 2], [3, {n}]], (f(x))[1], arr[1][2] FROM t",
    "SELECT '{{name}}' AS template",
    "SELECT 'it''s' , 'back\\slash', E'tab\\t', E'c:\\\\', $$it's; DROP TABLE x$$, $q$ ? :x $1 $q$",
    "SELECT x'00ff', X'00FF', b'101', U&'d\\0061t', N'x'",
    "SELECT 1.5, .5, 1e10, 1.5e-3, 0x1F, 1_000, -1, +2",
    "SELECT \"order\", `group`, [weird name], \"a\"\"b\", \"semi;colon\" FROM \"user table\"",
    "SELECT 1 -- the whole truth; nothing but\n FROM t",
    "SELECT 1 /* a ; /* nested ? */ :still $1 */ FROM t",
    "-- first\nSELECT /* ? */ 1 -- last",
    "SELECT 1; -- done",
    "SELECT a AS \"naïve\", größe FROM straße WHERE emoji = '❤️ 🎉' AND text = 'ни\u{a0}шагу'",
    "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {max}) SELECT n FROM t",
    "WITH a AS (SELECT 1), b AS NOT MATERIALIZED (SELECT 2) SELECT * FROM a, b",
    "WITH RECURSIVE t AS (SELECT 1) SEARCH DEPTH FIRST BY id SET ord SELECT * FROM t ORDER BY ord",
    "WITH old AS (DELETE FROM notes WHERE owner = {id} RETURNING *) SELECT count(*) FROM old",
    "WITH x AS (SELECT id FROM users) UPDATE notes SET seen = true WHERE owner IN (SELECT id FROM x)",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
    "WITH \"select\" AS (SELECT 1), replace AS (SELECT 2) SELECT * FROM replace",
    "SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) AS s",
    "INSERT INTO notes (owner, title) VALUES ({user.id}, {form.title})",
    "INSERT INTO notes (owner, title) VALUES ({user.id}, {form.title}) RETURNING id",
    "INSERT INTO notes DEFAULT VALUES",
    "INSERT INTO archive SELECT * FROM notes WHERE id = {id}",
    "INSERT INTO t (id, n) VALUES ({id}, {n}) ON CONFLICT (id) DO UPDATE SET n = excluded.n + {n}",
    "INSERT INTO t (id) VALUES ({id}) ON CONFLICT DO NOTHING",
    "INSERT INTO t (id) SELECT {id} WHERE NOT EXISTS (SELECT 1 FROM t WHERE id = {id})",
    "UPDATE users SET name = {name}, email = {email} WHERE id = {id}",
    "UPDATE t SET (a, b) = (SELECT x, y FROM u WHERE u.id = t.id) WHERE t.id = {id} RETURNING t.*",
    "UPDATE t SET a = u.a FROM u WHERE u.id = t.id",
    "UPDATE t SET a = replace(a, {from}, {to}) WHERE b = {b} OR c",
    "DELETE FROM sessions WHERE expires < {now}",
    "DELETE FROM t USING u WHERE t.id = u.id",
    "SELECT * FROM jobs WHERE done = false ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1",
    "SELECT * FROM t FOR NO KEY UPDATE OF t NOWAIT",
    "SELECT id, replace(name, 'a', 'b'), \"update\" FROM t",
    "INSERT INTO log (update, delete, replace) VALUES (1, 2, 3)",
    "SELECT * FROM generate_series(1, 10) AS g (n) CROSS JOIN LATERAL (SELECT n * 2) AS d",
    "SELECT make_interval(days => {days}), f(a := 1)",
    "SELECT * FROM t WHERE a ~ '^x' AND b !~* 'y' AND c <> 1 AND d != 2 AND e <= 3 AND f % 2 = 0 AND g | 1 = h & 2",
    "SELECT * FROM docs WHERE docs MATCH {query} ORDER BY rank",
    "SELECT * FROM t WHERE created > now() - interval '1 day' AND ts @@ to_tsquery({q})",
    "SELECT m[{a}:{b}], m[:{b}] FROM t WHERE ts @@to_tsquery({q}) AND a @>{x}",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM t",
    "SELECT * FROM t TABLESAMPLE system (10) WHERE b BETWEEN {lo} AND {hi}",
    "SELECT word, ndoc FROM ts_stat('SELECT words FROM notes') WHERE ndoc > {n}",
    "SELECT * FROM crosstab('SELECT a, b, c FROM t ORDER BY 1, 2', 'SELECT 1') AS t (a text, b int) WHERE a = {a}",
    "SELECT ts_rewrite({q}::tsquery, 'SELECT a, b FROM aliases'), ts_rewrite(a, {b}::tsquery, {c}::tsquery)",
    "SELECT query_to_xml('SELECT 1', {nulls}, true, ''), query_to_xml('SELECT 1', nulls => {nulls})",
    "SELECT * FROM connectby('t', 'id', 'parent', {root}, {depth}, '~') AS t (id text, parent text)",
    "SELECT * FROM xpath_table('id', 'body', 'notes', {path}, 'true') AS t (id int, title text)",
    "SELECT xpath({path}, body), xmlparse(document {body}) FROM t",
    "SELECT U&\"d\\0061t\", U&\"gr!00f6\" UESCAPE '!' FROM U&\"t\" WHERE U&\"n\" IN ({a}, {b})",
    "SELECT U&\"größe\"({a}) FROM t",
    "INSERT INTO U&\"t\\0061\" (a) VALUES ({a})",
    "INSERT INTO dblink_log (a) VALUES ({a})",
    "INSERT INTO logs.pg_sleep_log (a) SELECT a FROM f() AS pg_sleeps (a)",
    "WITH pg_sleeps (n) AS (SELECT {n}) SELECT n FROM pg_sleeps",
    "WITH RECURSIVE dblinks (n) AS (SELECT 1) SELECT n FROM dblinks",
    "SELECT nextval('ids'), dblinks, load_extensions(1), pg_sleeping FROM t",
    "SELECT t.a\nFROM t\r\n\tWHERE t.b = {\n  b\n}",
];

#[test]
fn ordinary_statements_pass() {
    for sql in GOOD {
        if let Err(mistakes) = sql::compile(sql, &Policy::default()) {
            let reports: Vec<_> = mistakes.iter().map(|mistake| sql::report::render(sql, mistake, None)).collect();
            panic!("refused:\n{}", reports.join("\n"));
        }
    }
}

#[test]
fn what_sqlite_alone_has_passes_where_postgres_is_not_asked() {
    let policy = Policy { dialects: vec![Dialect::Sqlite], ..Policy::default() };
    for (sql, what) in [
        ("INSERT OR IGNORE INTO t (id) VALUES ({id})", "INSERT OR"),
        ("REPLACE INTO t (id) VALUES ({id})", "REPLACE"),
        ("WITH x AS (SELECT 1) REPLACE INTO t SELECT * FROM x", "REPLACE"),
        ("UPDATE OR ROLLBACK t SET a = {a} WHERE b = {b}", "UPDATE OR"),
    ] {
        assert!(sql::compile(sql, &policy).is_ok(), "{sql}");
        let refused = sql::compile(sql, &Policy::default()).unwrap_err();
        let span = sql.find(what).unwrap();
        let found: Vec<_> = refused.iter().map(|mistake| (mistake.code(), mistake.span())).collect();
        assert_eq!(found, [("sql::of_sqlite_alone", span..span + what.len())], "{sql}");
    }
}

#[test]
fn json_operators_pass_on_postgres() {
    let policy = Policy { dialects: vec![Dialect::Postgres], ..Policy::default() };
    for sql in [
        "SELECT * FROM t WHERE data ? 'key'",
        "SELECT * FROM t WHERE data ? {key} AND data ?| {keys} AND data ?& array['a']",
        "SELECT @x, @ -5, E'it\\'s' FROM t",
    ] {
        assert!(sql::compile(sql, &policy).is_ok(), "{sql}");
    }
}

#[test]
fn the_driver_gets_numbers_and_no_comments() {
    let cases = [
        ("SELECT {a}, {b}, {a} ;;", "SELECT $1, $2, $1", &["a", "b"][..], Class::Rows),
        (
            "/* x */ DELETE FROM t -- y\n WHERE a = { u.id }",
            "DELETE FROM t  \n WHERE a = $1",
            &["u.id"],
            Class::Execute,
        ),
        ("SELECT a/**/b, '{{x}}', '{1}', {{ }}", "SELECT a b, '{x}', '{1}', { }", &[], Class::Rows),
        ("UPDATE t SET a = 1 WHERE b RETURNING c", "UPDATE t SET a = 1 WHERE b RETURNING c", &[], Class::Rows),
        ("INSERT INTO t SELECT 1", "INSERT INTO t SELECT 1", &[], Class::Execute),
        (
            "WITH a AS (SELECT 1) DELETE FROM t WHERE true",
            "WITH a AS (SELECT 1) DELETE FROM t WHERE true",
            &[],
            Class::Execute,
        ),
        (
            "WITH a AS (DELETE FROM t WHERE true RETURNING b) INSERT INTO u SELECT b FROM a",
            "WITH a AS (DELETE FROM t WHERE true RETURNING b) INSERT INTO u SELECT b FROM a",
            &[],
            Class::Execute,
        ),
    ];
    for (sql, text, binds, class) in cases {
        let compiled = sql::compile(sql, &Policy::default()).unwrap_or_else(|mistakes| panic!("{sql}: {mistakes:?}"));
        let paths: Vec<_> = compiled.binds().iter().map(|bind| bind.path.as_str()).collect();
        assert_eq!((compiled.text(Dialect::Sqlite).as_str(), paths.as_slice(), compiled.class()), (text, binds, class));
    }
}
