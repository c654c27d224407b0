//! Parts that may be left out, choices, lists, patterns and limits: what comes of them, and what is refused.

use std::ops::Range;

use crate::sql::form::Form;
use crate::sql::{self, Compiled, Dialect, Mistake, Policy};

/// A policy with the list `notes_sort`, as the file would say it.
pub(super) fn policy() -> Policy {
    let list = figment::Figment::from(figment::providers::Serialized::defaults(Policy::default()));
    let columns = ["updated", "title"];
    list.merge(("identifiers.notes_sort.table", "notes"))
        .merge(("identifiers.notes_sort.columns", columns))
        .extract()
        .unwrap()
}

fn compiled(sql: &str) -> Compiled {
    sql::compile(sql, &policy()).unwrap_or_else(|mistakes| {
        let reports: Vec<_> = mistakes.iter().map(|mistake| sql::report::render(sql, mistake, None)).collect();
        panic!("refused:\n{}", reports.join("\n"))
    })
}

/// Every text, without the space that is left where something was.
fn texts(sql: &str, dialect: Dialect) -> Vec<String> {
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    compiled(sql).variants(dialect).into_iter().map(|variant| words(variant.text)).collect()
}

#[test]
fn each_part_is_there_or_not() {
    let sql = "SELECT id FROM t WHERE a = {a} {? AND b = {b}} {when live: AND live} ORDER BY id";
    assert_eq!(
        texts(sql, Dialect::Sqlite),
        [
            "SELECT id FROM t WHERE a = $1 AND b = $2 AND live ORDER BY id",
            "SELECT id FROM t WHERE a = $1 AND live ORDER BY id",
            "SELECT id FROM t WHERE a = $1 AND b = $2 ORDER BY id",
            "SELECT id FROM t WHERE a = $1 ORDER BY id",
        ]
    );
}

#[test]
fn values_are_numbered_by_what_is_kept() {
    let sql = "SELECT 1 WHERE true {? AND a = {a}} {? AND b = {b} AND c = {c}} AND d = {d} {? AND e = {a}}";
    let compiled = compiled(sql);
    let paths: Vec<_> = compiled.binds().iter().map(|bind| bind.path.as_str()).collect();
    assert_eq!(paths, ["a", "b", "c", "d"]);
    for variant in compiled.variants(Dialect::Sqlite) {
        for number in 1..=variant.binds.len() {
            assert!(variant.text.contains(&format!("${number}")), "{}", variant.text);
        }
        assert!(!variant.text.contains(&format!("${}", variant.binds.len() + 1)), "{}", variant.text);
    }
}

#[test]
fn a_list_is_one_value_on_both_databases() {
    let sql = "SELECT id FROM t WHERE id IN {ids} AND owner NOT /* x */ IN {form.owners}";
    assert_eq!(
        texts(sql, Dialect::Sqlite),
        [
            "SELECT id FROM t WHERE id IN (SELECT value FROM json_each($1)) AND owner NOT IN (SELECT value FROM json_each($2))"
        ]
    );
    assert_eq!(texts(sql, Dialect::Postgres), ["SELECT id FROM t WHERE id = ANY($1) AND owner <> ALL($2)"]);
    assert!(compiled(sql).binds().iter().all(|bind| bind.form == Form::List));
}

#[test]
fn a_pattern_is_bound_and_escaped() {
    let pattern = |before: &str, after: &str| Form::Pattern { before: before.into(), after: after.into() };
    for (sql, text, form) in [
        ("SELECT 1 WHERE a LIKE '%{q}%'", "SELECT 1 WHERE a LIKE $1 ESCAPE '!'", pattern("%", "%")),
        ("SELECT 1 WHERE a NOT LIKE '{q}'", "SELECT 1 WHERE a NOT LIKE $1 ESCAPE '!'", pattern("", "")),
        (
            "SELECT 1 WHERE lower(a) LIKE lower('{ form.q }_it''s 100!{{x}}') OR b",
            "SELECT 1 WHERE lower(a) LIKE lower($1) ESCAPE '!' OR b",
            pattern("", "_it's 100!!{x}"),
        ),
        ("SELECT 1 WHERE a ILIKE {p}", "SELECT 1 WHERE a ILIKE $1 ESCAPE '!'", Form::Like),
        ("SELECT 1 WHERE a LIKE {p} ESCAPE '\\'", "SELECT 1 WHERE a LIKE $1 ESCAPE '\\'", Form::Value),
        ("SELECT 1 WHERE a LIKE '%' || {q}", "SELECT 1 WHERE a LIKE '%' || $1", Form::Value),
    ] {
        let compiled = compiled(sql);
        assert_eq!((compiled.text(Dialect::Postgres).as_str(), &compiled.binds()[0].form), (text, &form));
    }
}

#[test]
fn one_value_in_two_forms_is_bound_twice() {
    let compiled = compiled("SELECT 1 WHERE a LIKE '%{q}%' OR b LIKE '%{q}%' ORDER BY a = {q} DESC");
    assert_eq!(
        compiled.text(Dialect::Sqlite),
        "SELECT 1 WHERE a LIKE $1 ESCAPE '!' OR b LIKE $1 ESCAPE '!' ORDER BY a = $2 DESC"
    );
}

#[test]
fn numbers_of_rows_are_told_from_other_values() {
    for (sql, forms) in [
        ("SELECT a FROM t WHERE b > {b} LIMIT {n} OFFSET {m}", &[Form::Value, Form::Limit, Form::Offset][..]),
        ("SELECT a FROM t LIMIT {m}, {n}", &[Form::Offset, Form::Limit]),
        ("SELECT a FROM t LIMIT ({n}::bigint + 1)", &[Form::Limit]),
        ("SELECT a FROM t OFFSET {m} ROWS FETCH FIRST {n} ROWS ONLY", &[Form::Offset, Form::Limit]),
        ("SELECT a FROM (SELECT a FROM t LIMIT {n}) AS s WHERE a = {a}", &[Form::Limit, Form::Value]),
        ("SELECT a FROM t LIMIT 10 {? OFFSET {m}}", &[Form::Offset]),
        ("SELECT \"limit\" + {a}, t.offset FROM t WHERE first = {b}", &[Form::Value, Form::Value]),
    ] {
        let found: Vec<_> = compiled(sql).binds().iter().map(|bind| bind.form.clone()).collect();
        assert_eq!(found, forms, "{sql}");
    }
}

#[test]
fn each_name_of_a_list_stands_in_its_place() {
    let sql = "SELECT id FROM notes AS n ORDER BY n.{ident form.sort: notes_sort} {dir d} NULLS LAST, id";
    assert_eq!(
        texts(sql, Dialect::Sqlite),
        [
            "SELECT id FROM notes AS n ORDER BY n.updated ASC NULLS LAST, id",
            "SELECT id FROM notes AS n ORDER BY n.title DESC NULLS LAST, id",
        ]
    );
    let compiled = compiled(sql);
    let choices: Vec<_> =
        compiled.choices().iter().map(|choice| (choice.path.as_str(), choice.list.as_deref())).collect();
    assert_eq!(choices, [("form.sort", Some("notes_sort")), ("d", None)]);
}

#[test]
fn a_value_that_may_be_null_is_not_compared() {
    for (sql, compared) in [
        ("SELECT 1 WHERE a = {a}", true),
        ("SELECT 1 WHERE {a} <> a", true),
        ("SELECT 1 WHERE a != {a} OR b", true),
        ("SELECT 1 WHERE {a}=a", true),
        ("DELETE FROM t WHERE a == {a}", true),
        ("SELECT 1 WHERE a = {a}::int AND b", true),
        ("SELECT 1 {when f: WHERE a = {a}}", true),
        ("SELECT 1 WHERE true {? AND a = {a}}", false),
        ("SELECT 1 WHERE a IS {a}", false),
        ("SELECT 1 WHERE a IS NOT DISTINCT FROM {a}", false),
        ("SELECT 1 WHERE a <= {a} AND b >= {a}", false),
        ("SELECT 1 WHERE {a} IS NULL OR b = {a}", false),
        ("SELECT 1 WHERE {a}::text IS NULL OR b = {a}", false),
        ("SELECT 1 WHERE b = coalesce({a}, b)", false),
        ("SELECT 1 WHERE b = ({a})", false),
        ("UPDATE t SET a = {a}, b = 1 WHERE c", false),
        ("UPDATE t SET b = (c = 1), a={a} WHERE c", false),
        ("UPDATE t SET b = 1, c = b = {a} WHERE c", true),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = {a}", false),
        ("SELECT f(a => {a}), f(a := {a}), d -> {a}, d ->> {a}, d #>> {a}", false),
    ] {
        assert_eq!(compiled(sql).binds()[0].compared.is_some(), compared, "{sql}");
    }
}

/// The statement, `^` beneath each mistake, and the codes in order.
const BAD: &[(&str, &str, &[&str])] = &[
    ("SELECT 1 WHERE a {? AND b = {b}", "                 ^^", &["sql::unclosed_clause"]),
    ("SELECT 1 WHERE a {when f: AND b", "                 ^^^^^^^^", &["sql::unclosed_clause"]),
    ("SELECT 1 WHERE a {? AND b = {b} {? AND c = {c}}}", "                                ^^", &["sql::nested_clause"]),
    ("SELECT 1 {? }", "         ^^^^", &["sql::empty_clause"]),
    ("SELECT 1 {when f: /* none */}", "         ^^^^^^^^^^^^^^^^^^^^", &["sql::empty_clause"]),
    ("SELECT 1 WHERE a {? AND b}", "                 ^^^^^^^^^", &["sql::clause_without_value"]),
    ("SELECT 1 {when f(): WHERE a}", "         ^^^^^^^^^^^^^^^^^^^", &["sql::placeholder_syntax"]),
    ("SELECT 1 WHERE a {when f: IN} {ids}", "                              ^^^^^", &["sql::clause_splits"]),
    ("SELECT 1 WHERE a {when f: NOT} IN {ids}", "                                  ^^^^^", &["sql::clause_splits"]),
    ("SELECT 1 LIMIT {when f: 1 OFFSET } {m}", "                                   ^^^", &["sql::clause_splits"]),
    ("DELETE FROM t WHERE a = 1 {when f: RETURNING a}", "^^^^^^", &["sql::clause_returning"]),
    ("DELETE FROM t {? WHERE a = {a}}", "^^^^^^", &["sql::optional_where"]),
    ("DELETE FROM t WHERE true {? AND a = {a}}", "^^^^^^", &["sql::optional_where"]),
    ("DELETE FROM t WHERE 1 = 1 {? AND a = {a}}", "^^^^^^", &["sql::optional_where"]),
    ("UPDATE t SET b = 1 WHERE (a = a) {when f: AND a}", "^^^^^^", &["sql::optional_where"]),
    (
        "WITH x AS (DELETE FROM t {? WHERE a = {a}} RETURNING a) SELECT a FROM x",
        "           ^^^^^^",
        &["sql::optional_where"],
    ),
    ("DELETE FROM t WHERE 1 = 1", "^^^^^^", &["sql::constant_where"]),
    ("DELETE FROM t WHERE id = id AND 'a' <> ''", "^^^^^^", &["sql::constant_where"]),
    ("UPDATE t SET a = 1 WHERE NOT false", "^^^^^^", &["sql::constant_where"]),
    ("SELECT a FROM t WHERE a = {a} OR 1 = 1", "                                 ^^^^^", &["sql::constant_or"]),
    ("SELECT a FROM t WHERE (true OR a = {a}) AND b", "                       ^^^^", &["sql::constant_or"]),
    ("DELETE FROM t WHERE a = {a} OR 'x' = 'x'", "                               ^^^^^^^^^", &["sql::constant_or"]),
    (
        "SELECT a FROM t ORDER BY {ident s: nots_sort}",
        "                         ^^^^^^^^^^^^^^^^^^^^",
        &["sql::unknown_list"],
    ),
    ("SELECT a FROM {ident s: notes_sort}", "              ^^^^^^^^^^^^^^^^^^^^^", &["sql::identifier_as_name"]),
    (
        "SELECT a FROM t JOIN {ident s: notes_sort} ON b",
        "                     ^^^^^^^^^^^^^^^^^^^^^",
        &["sql::identifier_as_name"],
    ),
    ("SELECT a::{ident s: notes_sort}", "          ^^^^^^^^^^^^^^^^^^^^^", &["sql::identifier_as_name"]),
    (
        "SELECT a FROM t ORDER BY x{ident s: notes_sort}",
        "                          ^^^^^^^^^^^^^^^^^^^^^",
        &["sql::placeholder_touches"],
    ),
    (
        "SELECT '{ident s: notes_sort}', '{dir d}'",
        "        ^^^^^^^^^^^^^^^^^^^^^    ^^^^^^^",
        &["sql::placeholder_in_quotes"; 2],
    ),
    ("SELECT a FROM t ORDER BY {ident s}", "                         ^^^^^^^^^", &["sql::placeholder_syntax"]),
    ("SELECT a FROM t WHERE a {dir d}", "                        ^^^^^^^", &["sql::direction_outside_order_by"]),
    ("SELECT a FROM t ORDER BY {dir d}", "                         ^^^^^^^", &["sql::direction_outside_order_by"]),
    (
        "SELECT a FROM t ORDER BY a {dir d} {dir e}",
        "                           ^^^^^^^ ^^^^^^^",
        &["sql::direction_outside_order_by"; 2],
    ),
    ("SELECT 1 WHERE a LIKE '%{a}%{b}%'", "                            ^^^", &["sql::like_two_values"]),
    ("SELECT 1 WHERE a LIKE '%{a}%' ESCAPE '\\'", "                              ^^^^^^", &["sql::like_escape"]),
    ("SELECT 1 WHERE a GLOB '{a}'", "                       ^^^", &["sql::placeholder_in_quotes"]),
    ("SELECT a FROM t LIMIT {n} - {m}", "                          ^", &["sql::negative_limit"]),
    ("SELECT a FROM t LIMIT 10 OFFSET -{m}", "                                ^", &["sql::negative_limit"]),
    ("SELECT json_extract(a, {p}, '$.x', {q})", "                       ^^^         ^^^", &["sql::json_path_value"; 2]),
    ("SELECT jsonb_path_query(a, {p})", "                           ^^^", &["sql::json_path_value"]),
    ("SELECT 1 WHERE password = 'hunter2'", "                          ^^^^^^^^^", &["sql::hard_coded_secret"]),
    (
        "SELECT 1 WHERE a = 'ghp_16C7e42F292c6912E7'",
        "                   ^^^^^^^^^^^^^^^^^^^^^^^^",
        &["sql::hard_coded_secret"],
    ),
    ("SELECT 1 {when f: ; DELETE FROM t WHERE a = {a}}", "                  ^", &["sql::stacked_statements"]),
    ("SELECT 1 WHERE (a {? ) OR (b = {b}}", "                          ^", &["sql::unclosed_parenthesis"]),
    ("SELECT a{when f: [1]} WHERE b = {b}", "                 ^", &["sql::ambiguous_quote"]),
];

fn carets(mistakes: &[Mistake]) -> String {
    let mut line: Vec<u8> = Vec::new();
    for span in mistakes.iter().map(Mistake::span) {
        let Range { start, end } = span;
        line.resize(line.len().max(end), b' ');
        line[start..end].fill(b'^');
    }
    String::from_utf8(line).unwrap()
}

#[test]
fn each_mistake_has_its_code_and_place() {
    let mut wrong = Vec::new();
    for (sql, marks, codes) in BAD {
        let mistakes = sql::compile(sql, &policy()).err().unwrap_or_default();
        let found: Vec<_> = mistakes.iter().map(Mistake::code).collect();
        if (found.as_slice(), carets(&mistakes).as_str()) != (*codes, *marks) {
            wrong.push(format!("{sql}\n{}\n{found:?}", carets(&mistakes)));
        }
        for mistake in mistakes {
            let (message, help) = (mistake.to_string(), mistake.help());
            assert!(!message.ends_with('.') && !help.ends_with('.') && !help.is_empty(), "{message}: {help}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
