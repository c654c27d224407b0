//! What holds of any text.

use proptest::prelude::*;

use super::dynamic::policy;
use super::reference::{self, Region};
use crate::sql::template::Template;
use crate::sql::token::TokenKind;
use crate::sql::{self, Dialect, Policy, lexer, report};
use crate::units::Count;

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
            "{? AND ",
            "{when f: OR ",
            "{ident s: notes_sort}",
            "{dir d}",
            " LIKE '%{q}%'",
            " IN {ids}",
            " LIMIT {n}",
            " AND x = {a}",
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
            "array",
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

/// The policy, with so few parts in a statement that a test of thousands is quick.
fn few() -> Policy {
    Policy { max_optional: Count::of(3), ..policy() }
}

/// Text of a statement that is likely to be good.
fn likely_good() -> impl Strategy<Value = String> {
    statement().prop_map(|tail| format!("SELECT 1 {tail}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_panics(sql in prop_oneof![statement(), any::<String>()]) {
        for mistake in sql::compile(&sql, &few()).err().unwrap_or_default() {
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
        // These stand for text of their own.
        if ["LIKE", " IN ", "{ident", "{dir"].iter().any(|own| sql.contains(own)) {
            return Ok(());
        }
        if let Ok(compiled) = sql::compile(&sql, &few()) {
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
        if let Ok(compiled) = sql::compile(&sql, &few()) {
            let text = compiled.text(Dialect::Postgres);
            let (tokens, mistakes) = lexer::lex(&text);
            let shape = mistakes.iter().any(|m| !["brace", "placeholder", "clause"].iter().any(|brace| m.code().contains(brace)));
            prop_assert!(!shape, "{:?} from {:?}", text, sql);
            prop_assert!(!tokens.iter().any(|token| token.is(";")), "{:?} from {:?}", text, sql);
        }
    }

    /// Every text that can come of a statement is read as it was judged: leaving something out brings nothing to life.
    #[test]
    fn each_variant_is_what_was_checked(sql in likely_good()) {
        let Ok(compiled) = sql::compile(&sql, &few()) else { return Ok(()) };
        let (tokens, _) = lexer::lex(&sql);
        let template = Template::read(&tokens, &few()).0;
        for variant in compiled.variants(Dialect::Postgres) {
            let quoted = |kind| matches!(kind, TokenKind::String | TokenKind::Quoted);
            let kept = template.keep(variant.kept);
            let kept = kept.iter().filter(|token| quoted(token.kind)).map(|token| token.text.replace("{{", "{").replace("}}", "}"));
            let kept: Vec<_> = kept.filter(|text| !text.contains("{q}")).collect();
            let (written, _) = lexer::lex(&variant.text);
            let found = written.iter().filter(|token| quoted(token.kind)).map(|token| token.text.replace("{{", "{").replace("}}", "}"));
            let found: Vec<_> = found.filter(|text| text != "'!'").collect();
            prop_assert_eq!(found, kept, "{:?} from {:?}", variant.text, sql);
            prop_assert!(!written.iter().any(|token| token.is(";") || token.kind == TokenKind::Comment), "{:?}", variant.text);
            for token in written.iter().filter(|token| token.kind == TokenKind::Word) {
                let origin = sql.get(variant.origin(token.span.clone())).unwrap_or_default();
                let chosen = ["ESCAPE", "ANY", "ALL", "ASC", "DESC", "updated", "title"].contains(&token.text);
                prop_assert!(origin == token.text || chosen, "{:?} came from {:?} in {:?}", token.text, origin, sql);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_lexer_agrees_with_the_definition(sql in statement()) {
        let (tokens, _) = lexer::lex(&sql);
        let region = |kind| match kind {
            TokenKind::String | TokenKind::Quoted => Region::Literal,
            TokenKind::Comment => Region::Comment,
            TokenKind::Placeholder | TokenKind::Identifier | TokenKind::Direction => Region::Placeholder,
            _ => Region::Other,
        };
        let found: Vec<_> = tokens.iter().map(|token| (region(token.kind), token.span.clone())).collect();
        let statements = tokens.split(|token| token.is(";"));
        let statements = statements.filter(|tokens| tokens.iter().any(|token| token.kind != TokenKind::Comment)).count();
        prop_assert_eq!((found, statements), reference::read(&sql), "{:?}", sql);
    }
}
