//! Each mistake with its code and its place, marked beneath the statement.

use crate::sql::{self, Dialect, Kind, Policy};

/// The statement, `^` beneath each mistake, and the codes in order.
const BAD: &[(&str, &str, &[&str])] = &[
    ("", "", &["sql::empty"]),
    (" ; -- nothing", "", &["sql::empty"]),
    ("SELECT 1; DELETE FROM users", "        ^", &["sql::stacked_statements"]),
    ("SELECT 1 ;; SELECT 2", "         ^", &["sql::stacked_statements"]),
    ("DELETE FROM users; SELECT 1", "^^^^^^           ^", &["sql::missing_where", "sql::stacked_statements"]),
    ("SELECT * FROM t WHERE a = '{a}'", "                           ^^^", &["sql::placeholder_in_quotes"]),
    ("SELECT * FROM t WHERE a GLOB '%{a.b}%'", "                               ^^^^^", &["sql::placeholder_in_quotes"]),
    ("SELECT \"{a}\", `{b}`, [{c}]", "        ^^^    ^^^    ^^^", &["sql::placeholder_in_quotes"; 3]),
    ("SELECT $$ {a} $$", "          ^^^", &["sql::placeholder_in_quotes"]),
    ("SELECT 1 -- {a}", "            ^^^", &["sql::placeholder_in_comment"]),
    ("SELECT /* {a} /* */ {b} */ 1", "          ^^^       ^^^", &["sql::placeholder_in_comment"; 2]),
    ("SELECT {}", "       ^^", &["sql::placeholder_syntax"]),
    ("SELECT {a + 1}, {f()}", "       ^^^^^^^  ^^^^^", &["sql::placeholder_syntax"; 2]),
    ("SELECT {0}", "       ^^^", &["sql::placeholder_syntax"]),
    ("SELECT {a", "       ^", &["sql::unclosed_placeholder"]),
    ("SELECT a}", "        ^", &["sql::unmatched_brace"]),
    ("SELECT x{a}", "        ^^^", &["sql::placeholder_touches"]),
    ("SELECT {a}1", "       ^^^", &["sql::placeholder_touches"]),
    ("SELECT {a}{b}", "       ^^^", &["sql::placeholder_touches"]),
    ("SELECT @{a}", "        ^^^", &["sql::placeholder_touches"]),
    ("SELECT * FROM {t}", "              ^^^", &["sql::placeholder_as_name"]),
    ("SELECT * FROM a JOIN {t} ON true", "                     ^^^", &["sql::placeholder_as_name"]),
    ("INSERT INTO {t} VALUES (1)", "            ^^^", &["sql::placeholder_as_name"]),
    ("SELECT * FROM a, {t}", "                 ^^^", &["sql::placeholder_as_name"]),
    (
        "SELECT * FROM a JOIN b ON a.x = {x}, ({t})",
        "                                      ^^^",
        &["sql::placeholder_as_name"],
    ),
    ("SELECT * FROM ({t}) AS t", "               ^^^", &["sql::placeholder_as_name"]),
    ("SELECT * FROM a JOIN b USING ({c})", "                              ^^^", &["sql::placeholder_as_name"]),
    ("SELECT * FROM a JOIN b USING (x, {c})", "                                 ^^^", &["sql::placeholder_as_name"]),
    ("DELETE FROM a USING {t} WHERE a.x = 1", "                    ^^^", &["sql::placeholder_as_name"]),
    ("DELETE FROM a USING b, {t} WHERE a.x = 1", "                       ^^^", &["sql::placeholder_as_name"]),
    ("UPDATE {t} SET a = 1 WHERE true", "       ^^^", &["sql::placeholder_as_name"]),
    ("UPDATE ONLY {t} SET a = 1 WHERE true", "            ^^^", &["sql::placeholder_as_name"]),
    ("UPDATE t SET {c} = 1 WHERE true", "             ^^^", &["sql::placeholder_as_name"]),
    ("UPDATE t SET a = {a}, {c} = 1 WHERE true", "                      ^^^", &["sql::placeholder_as_name"]),
    ("UPDATE t SET (a, {c}) = (1, {b}) WHERE true", "                 ^^^", &["sql::placeholder_as_name"]),
    ("UPDATE t SET a = 1 FROM u, {t} WHERE true", "                           ^^^", &["sql::placeholder_as_name"]),
    ("INSERT INTO t (a, {c}) VALUES (1, {b})", "                  ^^^", &["sql::placeholder_as_name"]),
    ("INSERT INTO s.t AS x ({c}) SELECT 1", "                      ^^^", &["sql::placeholder_as_name"]),
    (
        "INSERT INTO t (a) VALUES (1) ON CONFLICT ({c}) DO NOTHING",
        "                                          ^^^",
        &["sql::placeholder_as_name"],
    ),
    (
        "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET {c} = 1",
        "                                                       ^^^",
        &["sql::placeholder_as_name"],
    ),
    ("SELECT a AS {c}, CAST(a AS {t}) FROM t", "            ^^^            ^^^", &["sql::placeholder_as_name"; 2]),
    ("SELECT a FROM t ORDER BY a COLLATE {c}", "                                   ^^^", &["sql::placeholder_as_name"]),
    ("SELECT t.{c}, 1::{d}", "         ^^^     ^^^", &["sql::placeholder_as_name"; 2]),
    ("SELECT 1 WHERE a = (SELECT b FROM {t})", "                                  ^^^", &["sql::placeholder_as_name"]),
    ("SELECT a FROM t ORDER BY {sort}", "                         ^^^^^^", &["sql::order_by_value"]),
    ("SELECT a FROM t ORDER BY a, {b} DESC", "                            ^^^", &["sql::order_by_value"]),
    ("SELECT a FROM t ORDER BY {b} LIMIT {n}", "                         ^^^", &["sql::order_by_value"]),
    ("SELECT sum(a) OVER (ORDER BY {b}) FROM t", "                             ^^^", &["sql::order_by_value"]),
    ("SELECT a FROM t ORDER BY ({x})", "                          ^^^", &["sql::order_by_value"]),
    ("SELECT a FROM t ORDER BY (({x})) DESC NULLS LAST", "                           ^^^", &["sql::order_by_value"]),
    ("SELECT a FROM t ORDER BY {x}::text", "                         ^^^", &["sql::order_by_value"]),
    (
        "SELECT a FROM t ORDER BY {x}::text::numeric(10, 2) LIMIT 1",
        "                         ^^^",
        &["sql::order_by_value"],
    ),
    (
        "SELECT a FROM t ORDER BY {x}::timestamp with time zone",
        "                         ^^^",
        &["sql::order_by_value"],
    ),
    ("SELECT a FROM t ORDER BY CAST({x} AS text)", "                              ^^^", &["sql::order_by_value"]),
    (
        "SELECT a FROM t ORDER BY CAST(({x})::int AS text) ASC",
        "                               ^^^",
        &["sql::order_by_value"],
    ),
    ("SELECT a FROM t ORDER BY {x} COLLATE NOCASE DESC", "                         ^^^", &["sql::order_by_value"]),
    (
        "SELECT a FROM t ORDER BY a, {x} COLLATE pg_catalog.\"C\"",
        "                            ^^^",
        &["sql::order_by_value"],
    ),
    ("SELECT array_agg(a ORDER BY ({x})) FROM t", "                             ^^^", &["sql::order_by_value"]),
    (
        "SELECT a FROM t ORDER BY lower(a) {dir}, b",
        "                                  ^^^^^",
        &["sql::order_by_direction"],
    ),
    ("SELECT a FROM t GROUP BY {c}", "                         ^^^", &["sql::group_by_value"]),
    ("SELECT a FROM t GROUP BY a, ({c}) HAVING true", "                             ^^^", &["sql::group_by_value"]),
    (
        "SELECT rank() OVER (PARTITION BY {c} ORDER BY {d}) FROM t",
        "                                 ^^^          ^^^",
        &["sql::group_by_value", "sql::order_by_value"],
    ),
    ("SELECT DISTINCT ON (a, {c}) a FROM t", "                       ^^^", &["sql::group_by_value"]),
    ("SELECT a FROM t ORDER BY a {dir}", "                           ^^^^^", &["sql::order_by_direction"]),
    ("SELECT * FROM t WHERE a = ?", "                          ^", &["sql::driver_parameter"]),
    ("SELECT * FROM t WHERE a = ?1 OR b = $2", "                          ^^        ^^", &["sql::driver_parameter"; 2]),
    (
        "SELECT * FROM t WHERE a = :name OR b = @name",
        "                          ^^^^^        ^^^^^",
        &["sql::driver_parameter"; 2],
    ),
    ("SELECT $name", "       ^^^^^", &["sql::driver_parameter"]),
    ("SELECT * FROM t WHERE data ? 'key'", "                           ^", &["sql::driver_parameter"]),
    ("DROP TABLE users", "^^^^", &["sql::statement_kind"]),
    ("CREATE TABLE t (a)", "^^^^^^", &["sql::statement_kind"]),
    ("ALTER TABLE t ADD a", "^^^^^", &["sql::statement_kind"]),
    ("TRUNCATE t", "^^^^^^^^", &["sql::statement_kind"]),
    ("PRAGMA writable_schema = 1", "^^^^^^", &["sql::statement_kind"]),
    ("ATTACH 'x.db' AS x", "^^^^^^", &["sql::statement_kind"]),
    ("DETACH x", "^^^^^^", &["sql::statement_kind"]),
    ("VACUUM INTO 'x'", "^^^^^^", &["sql::statement_kind"]),
    ("COPY t TO PROGRAM 'sh'", "^^^^", &["sql::statement_kind"]),
    ("SET ROLE admin", "^^^", &["sql::statement_kind"]),
    ("DO $$ BEGIN END $$", "^^", &["sql::statement_kind"]),
    ("LISTEN x", "^^^^^^", &["sql::statement_kind"]),
    ("GRANT ALL ON t TO u", "^^^^^", &["sql::statement_kind"]),
    ("BEGIN", "^^^^^", &["sql::statement_kind"]),
    ("EXPLAIN SELECT 1", "^^^^^^^", &["sql::statement_kind"]),
    ("MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", "^^^^^", &["sql::statement_kind"]),
    ("SELCT 1", "^^^^^", &["sql::statement_kind"]),
    ("WITH a AS (SELECT 1) DROP TABLE t", "                     ^^^^", &["sql::statement_kind"]),
    ("{a}", "^^^", &["sql::statement_kind"]),
    ("DELETE FROM users", "^^^^^^", &["sql::missing_where"]),
    ("UPDATE users SET a = (SELECT 1 WHERE true)", "^^^^^^", &["sql::missing_where"]),
    (
        "WITH a AS (SELECT 1 WHERE true) DELETE FROM t",
        "                                ^^^^^^",
        &["sql::missing_where"],
    ),
    ("WITH a AS (DELETE FROM t RETURNING *) SELECT 1 FROM a WHERE x", "           ^^^^^^", &["sql::missing_where"]),
    ("WITH a AS (UPDATE t SET x = 1) SELECT 1", "           ^^^^^^", &["sql::missing_where"]),
    ("SELECT * INTO copy FROM users", "         ^^^^", &["sql::select_into"]),
    ("SELECT load_extension('x')", "       ^^^^^^^^^^^^^^", &["sql::denied_function"]),
    ("SELECT word FROM ts_stat({q})", "                         ^^^", &["sql::run_as_sql"]),
    ("SELECT * FROM crosstab({q}, {c}) AS t (a int)", "                       ^^^  ^^^", &["sql::run_as_sql"; 2]),
    ("SELECT * FROM crosstab3 ({q})", "                         ^^^", &["sql::run_as_sql"]),
    ("SELECT * FROM \"crosstab\"('SELECT ' || {q})", "                                      ^^^", &["sql::run_as_sql"]),
    ("SELECT ts_rewrite(a, {q})", "                     ^^^", &["sql::run_as_sql"]),
    ("SELECT query_to_xml(query => {q}, nulls => {n})", "                             ^^^", &["sql::run_as_sql"]),
    ("SELECT query_to_xml_and_xmlschema(({q}), true)", "                                   ^^^", &["sql::run_as_sql"]),
    (
        "SELECT xpath_table({k}, 'x', 't', {p}, {w})",
        "                   ^^^                 ^^^",
        &["sql::run_as_sql"; 2],
    ),
    ("SELECT connectby({t}, 'k', 'p', {root}, 0)", "                 ^^^", &["sql::run_as_sql"]),
    (
        "SELECT connectby('t', 'k', 'p', {o}, {root}, 0, '~')",
        "                                ^^^",
        &["sql::run_as_sql"],
    ),
    ("SELECT run_command_on_shards('t', {q})", "                                  ^^^", &["sql::run_as_sql"]),
    ("SELECT U&\"d\\0062link\"({q})", "       ^^^^^^^^^^^^^^", &["sql::hidden_function"]),
    ("SELECT U&\"dblink\"({q})", "         ^^^^^^^^", &["sql::denied_function"]),
    ("SELECT a.u&\"d!0062link\" UESCAPE '!' ({q})", "         ^^^^^^^^^^^^^^", &["sql::hidden_function"]),
    ("SELECT pg_file_unlink({q})", "       ^^^^^^^^^^^^^^", &["sql::denied_function"]),
    ("SELECT pg_catalog.PG_Read_File ('x')", "                  ^^^^^^^^^^^^", &["sql::denied_function"]),
    (
        "SELECT * FROM dblink_exec('x'), \"pg_sleep\"(1)",
        "              ^^^^^^^^^^^       ^^^^^^^^^^",
        &["sql::denied_function"; 2],
    ),
    ("SELECT 'open", "       ^", &["sql::unclosed_quote"]),
    ("SELECT \"open", "       ^", &["sql::unclosed_quote"]),
    ("SELECT [open", "       ^", &["sql::unclosed_quote"]),
    ("SELECT $q$open$$", "       ^^^", &["sql::unclosed_quote"]),
    ("SELECT 1 /* /* */", "         ^^", &["sql::unclosed_comment"]),
    ("SELECT (1", "       ^", &["sql::unclosed_parenthesis"]),
    ("SELECT 1)", "        ^", &["sql::unmatched_parenthesis"]),
    ("SELECT (a[1)]", "       ^   ^", &["sql::unclosed_parenthesis", "sql::unmatched_parenthesis"]),
    ("SELECT 1 WHERE f(1; DROP TABLE t)", "                  ^", &["sql::stacked_statements"]),
    ("SELECT a['] ; DROP TABLE t; --']", "         ^^^^^^^^^^^^^^^^^^^^^^", &["sql::ambiguous_quote"]),
    ("SELECT E'\\' ; DROP TABLE t; --'", "       ^^^^^^^^^^^^^^^^^^^^^^^^", &["sql::ambiguous_quote"]),
    ("SELECT 1\0", "        ^", &["sql::invisible_character"]),
    ("SELECT a\u{200b} FROM t", "        ^^^", &["sql::invisible_character"]),
    ("SELECT\u{a0}1", "      ^^", &["sql::invisible_character"]),
    ("SELECT :{a}", "        ^^^", &["sql::placeholder_touches"]),
    ("SELECT '\u{202e}' -- \u{2066}", "        ^^^     ^^^", &["sql::invisible_character"; 2]),
];

/// `^` beneath each byte of each mistake.
fn carets(mistakes: &[sql::Mistake]) -> String {
    let mut line: Vec<u8> = Vec::new();
    for mistake in mistakes {
        line.resize(line.len().max(mistake.span().end), b' ');
        line.get_mut(mistake.span()).unwrap().fill(b'^');
    }
    String::from_utf8(line).unwrap()
}

#[test]
fn each_mistake_has_its_code_and_place() {
    let mut wrong = Vec::new();
    for (sql, marks, codes) in BAD {
        let mistakes = sql::compile(sql, &Policy::default()).expect_err(sql);
        let found: Vec<_> = mistakes.iter().map(sql::Mistake::code).collect();
        if (found.as_slice(), carets(&mistakes).as_str()) != (*codes, *marks) {
            wrong.push(format!("{sql}\n{}\n{found:?}", carets(&mistakes)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mistakes =
        sql::compile("DELETE FROM {t} ORDER BY {y} , pg_sleep(?); -- {x}\nSELECT 1", &Policy::default()).unwrap_err();
    let found: Vec<_> = mistakes.iter().map(sql::Mistake::code).collect();
    assert_eq!(
        found,
        [
            "sql::missing_where",
            "sql::placeholder_as_name",
            "sql::order_by_value",
            "sql::denied_function",
            "sql::driver_parameter",
            "sql::stacked_statements",
            "sql::placeholder_in_comment",
        ]
    );
}

#[test]
fn the_policy_narrows_the_statements() {
    let policy = Policy { statements: vec![Kind::Select], ..Policy::default() };
    for sql in [
        "DELETE FROM t WHERE true",
        "WITH a AS (DELETE FROM t WHERE true RETURNING *) SELECT * FROM a",
        "WITH a AS (SELECT 1) UPDATE t SET a = 1 WHERE true",
        "REPLACE INTO t VALUES (1)",
    ] {
        let mistakes = sql::compile(sql, &policy).expect_err(sql);
        assert_eq!(mistakes.iter().map(sql::Mistake::code).collect::<Vec<_>>(), ["sql::not_permitted"], "{sql}");
    }
    assert!(sql::compile("SELECT 1", &policy).is_ok());
}

#[test]
fn a_bare_question_mark_is_a_parameter_on_postgres_too() {
    let policy = Policy { dialects: vec![Dialect::Postgres], ..Policy::default() };
    for sql in ["SELECT * FROM t WHERE a = ?", "SELECT * FROM t LIMIT ?", "SELECT f(?, 1)", "SELECT ?1"] {
        assert!(sql::compile(sql, &policy).is_err(), "{sql}");
    }
}

#[test]
fn messages_are_one_lower_case_sentence() {
    for (sql, _, _) in BAD {
        for mistake in sql::compile(sql, &Policy::default()).unwrap_err() {
            let message = mistake.to_string();
            assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
            let first = message.chars().next().unwrap();
            assert!(first == '`' || first.is_lowercase() || message.starts_with("SQLite"), "{message}");
            let help = mistake.help();
            assert!(!help.is_empty() && !help.ends_with('.') && !help.contains('\n'), "{help}");
        }
    }
}
