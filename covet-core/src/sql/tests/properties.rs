//! What holds of any text.

use proptest::prelude::*;

use crate::sql::token::TokenKind;
use crate::sql::{self, Dialect, Policy, lexer, report};

/// Text in which quotes, braces and keywords are as frequent as they can be.
fn statement() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "SELECT ",
            "DELETE FROM t ",
            "WITH a AS (",
            "UPDATE ",
            " WHERE ",
            " ORDER BY ",
            "{a}",
            "{b.0}",
            "{{",
            "}}",
            "{",
            "}",
            "'",
            "''",
            "\"",
            "`",
            "[",
            "]",
            "(",
            ")",
            "--",
            "/*",
            "*/",
            "\n",
            ";",
            "$1",
            "$$",
            "$q$",
            "?",
            ":x",
            "::int",
            "@",
            "E'",
            "\\",
            "é",
            "❤️",
            "\u{202e}",
            "\0",
            "1e",
            ".",
            ",",
            " ",
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Text of a statement that is likely to be good.
fn likely_good() -> impl Strategy<Value = String> {
    statement().prop_map(|tail| format!("SELECT 1 {tail}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_panics(sql in prop_oneof![statement(), any::<String>()]) {
        for mistake in sql::compile(&sql, &Policy::default()).err().unwrap_or_default() {
            prop_assert!(sql.get(mistake.span()).is_some(), "{:?} is not in {:?}", mistake, sql);
            let _ = report::render(&sql, &mistake, None);
        }
    }

    #[test]
    fn the_pieces_are_the_text(sql in statement()) {
        let (tokens, _) = lexer::lex(&sql);
        let mut end = 0;
        for token in tokens {
            prop_assert_eq!(sql.get(token.span.clone()), Some(token.text));
            prop_assert!(token.span.start >= end && !token.span.is_empty());
            let between = sql.get(end..token.span.start).unwrap();
            prop_assert!(between.chars().all(char::is_whitespace));
            end = token.span.end;
        }
    }

    /// The driver gets what was written: only `$n` is new, and a space for a comment.
    #[test]
    fn nothing_is_added(sql in prop_oneof![statement(), likely_good()]) {
        if let Ok(compiled) = sql::compile(&sql, &Policy::default()) {
            let text = compiled.text(Dialect::Postgres);
            let count = |text: &str, c: char| text.chars().filter(|found| *found == c).count();
            for c in text.chars().filter(|c| *c != ' ' && *c != '$' && !c.is_ascii_digit()) {
                prop_assert!(count(&text, c) <= count(&sql, c), "{:?} from {:?}", text, sql);
            }
            let numbers = lexer::lex(&text).0.iter().filter(|token| token.kind == TokenKind::Parameter).count();
            let placeholders = lexer::lex(&sql).0.iter().filter(|token| token.kind == TokenKind::Placeholder).count();
            prop_assert_eq!(numbers, placeholders, "{:?} from {:?}", text, sql);
            prop_assert!(count(&text, '$') <= count(&sql, '$') + placeholders);
        }
    }

    /// What is good stays good and the same when it is checked again: no comment, `;` or brace comes to life.
    #[test]
    fn the_driver_sees_one_statement(sql in likely_good()) {
        if let Ok(compiled) = sql::compile(&sql, &Policy::default()) {
            let text = compiled.text(Dialect::Postgres);
            let (tokens, mistakes) = lexer::lex(&text);
            let shape = mistakes.iter().any(|m| m.code() != "sql::unmatched_brace" && !m.code().contains("placeholder"));
            prop_assert!(!shape, "{:?} from {:?}", text, sql);
            prop_assert!(!tokens.iter().any(|token| token.is(";")), "{:?} from {:?}", text, sql);
        }
    }
}
