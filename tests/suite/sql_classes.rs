//! The ways in which SQL is injected or goes wrong, each with the tests that refuse it: cases that do not compile, and
//! tests of what runs. None of them can lose its tests unseen.

use std::fs;
use std::path::Path;

/// A class, and its tests: cases of `tests/ui`, or a file and a function in it.
const CLASSES: [(&str, &[&str]); 26] = [
    ("interpolation", &["sql_format", "sql_concatenation", "tests/statements/inline.rs an_attack_is_stored_as_text"]),
    ("text that was leaked into `'static`", &["sql_constant", "covet-cli/tests/scan/vulnerable/sqlx.rs box_leaked"]),
    ("text pushed into a builder", &["covet-cli/tests/scan/vulnerable/sqlx.rs builder_as_parameter"]),
    (
        "text declared safe",
        &[
            "sql_trusted_denied",
            "sql_trusted_without_reason",
            "covet-cli/tests/command.rs uses_of_the_hatch_are_listed",
            "covet-cli/tests/command.rs a_comment_with_a_reason_vouches_and_is_counted",
        ],
    ),
    ("stacked statements", &["sql_two_statements"]),
    ("a value in a comment", &["sql_placeholder_in_comment"]),
    ("a value in quotes", &["sql_placeholder_in_quotes"]),
    (
        "wildcards of `LIKE`",
        &[
            "sql_like_with_wildcards",
            "sql_like_escape",
            "covet-core/src/sql/tests/dynamic.rs a_pattern_is_bound_and_escaped",
        ],
    ),
    (
        "`ORDER BY` and identifiers",
        &["sql_order_by_value", "sql_order_by_cast_value", "sql_choice_of_text", "sql_placeholder_as_column"],
    ),
    (
        "`LIMIT` without limit",
        &[
            "sql_limit_negative",
            "sql_limit_with_minus",
            "tests/statements/dynamic.rs a_limit_above_the_policys_is_refused",
        ],
    ),
    ("lists", &["sql_list_of_one_value", "covet-core/src/sql/tests/dynamic.rs a_list_is_one_value_on_both_databases"]),
    ("paths in JSON", &["sql_json_path"]),
    (
        "names in quotes, and what cannot be seen",
        &[
            "sql_bidi",
            "sql_placeholder_as_table",
            "covet-core/src/sql/identifier.rs a_list_cannot_allow_what_is_no_plain_name",
        ],
    ),
    (
        "names that SQLite takes for text",
        &["covet-sql/src/sqlite/tests.rs a_text_in_double_quotes_is_refused_with_the_engines_hint"],
    ),
    ("NUL in text", &["tests/statements/dynamic.rs nul_in_text_is_refused_however_it_is_bound"]),
    ("values that are missing", &["sql_driver_parameter", "sql_unknown_variable"]),
    ("`= NULL`", &["sql_option_compared", "sql_option_in_list"]),
    (
        "changes without `WHERE`",
        &[
            "sql_delete_without_where",
            "sql_update_without_where",
            "tests/projects/filters.rs what_cannot_be_right_is_no_filter",
        ],
    ),
    ("a part without which all rows are changed", &["sql_optional_where", "sql_optional_where_beside_constant"]),
    ("conditions that always hold", &["sql_constant_where", "sql_constant_or"]),
    ("secrets in the text", &["sql_hard_coded_secret"]),
    ("text out of the database", &["sql_constant", "covet-cli/tests/scan/vulnerable/sqlx.rs second_order"]),
    (
        "what administers a database",
        &["sql_ddl", "sql_attach", "sql_pragma", "sql_transaction", "sql_denied_function", "sql_value_run_as_sql"],
    ),
    (
        "columns that few may read",
        &[
            "tests/projects/schema.rs statements_are_judged_by_the_schema",
            "covet-sql/src/judge/tests.rs a_guarded_column_is_read_wherever_its_value_matters",
            "covet-macros/src/schema_module/table.rs what_is_guarded_is_left_to_safe_sql",
        ],
    ),
    (
        "rows of somebody else",
        &[
            "tests/projects/schema.rs statements_are_judged_by_the_schema",
            "covet-sql/src/judge/tests.rs a_statement_on_a_scoped_table_keeps_to_its_rows_or_is_refused",
            "covet-macros/src/schema_module/table.rs what_is_guarded_is_left_to_safe_sql",
        ],
    ),
    (
        "values beyond any reason",
        &[
            "sql_like_two_values",
            "covet-core/src/sql/probe.rs a_value_beyond_any_reason_is_found",
            "tests/statements/dynamic.rs a_list_longer_than_the_policys_is_refused",
        ],
    ),
];

/// Cases that have several mistakes, or several statements.
const SEVERAL: [(&str, usize); 6] = [
    ("sql_argument_without_name", 2),
    ("sql_bind_text_to_integer", 2),
    ("sql_empty", 2),
    ("sql_mistake_without_a_part", 2),
    ("sql_order_by_cast_value", 2),
    ("sql_several_mistakes", 5),
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_class_of_injection_has_tests() {
    for (class, tests) in CLASSES {
        assert!(!tests.is_empty(), "{class}");
        for test in tests {
            match test.split_once(' ') {
                Some((file, function)) => {
                    assert!(read(file).contains(&format!("fn {function}(")), "{class}: {test}");
                }
                None => {
                    let told = read(&format!("tests/ui/{test}.stderr"));
                    assert!(told.starts_with("error"), "{class}: {test}");
                }
            }
        }
    }
}

#[test]
fn no_second_error_follows_from_a_mistake() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let mut seen = 0;
    for file in fs::read_dir(folder).expect("the cases are there") {
        let path = file.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("sql_") && path.extension().is_some_and(|end| end == "stderr") {
            let told = read(&format!("tests/ui/{name}.stderr"));
            let errors = told.lines().filter(|line| line.starts_with("error")).count();
            let mistakes = SEVERAL.iter().find(|(several, _)| *several == name).map_or(1, |(_, mistakes)| *mistakes);
            assert_eq!(errors, mistakes, "{name}");
            seen += 1;
        }
    }
    assert!(seen > 70, "{seen} cases");
}
