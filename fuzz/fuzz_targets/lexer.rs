//! Any text as a statement: the lexer reads it as it is defined, and every text that can come of it is what was judged.
#![no_main]

use std::sync::LazyLock;

use covet_core::sql::report::render;
use covet_core::sql::template::Template;
use covet_core::sql::token::{Token, TokenKind};
use covet_core::sql::{self, Compiled, Dialect, Policy, lexer};
use figment::Figment;
use figment::providers::Serialized;
use libfuzzer_sys::fuzz_target;
use reference::Region;

#[path = "../../covet-core/src/sql/tests/reference.rs"]
mod reference;

/// The longest text that is read as slowly as it is defined.
const SLOW: usize = 400;

/// One list to choose from, and so few parts in a statement that all their texts are quickly seen.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let list = Figment::from(Serialized::defaults(Policy::default()))
        .merge(("max_optional", 3))
        .merge(("identifiers.notes_sort.table", "notes"))
        .merge(("identifiers.notes_sort.columns", ["updated", "title"]));
    list.extract().expect("a policy")
});

fuzz_target!(|sql: &str| {
    let (tokens, _) = lexer::lex(sql);
    pieces_are_the_text(sql, &tokens);
    if sql.len() <= SLOW && is_defined(sql) {
        agrees_with_its_definition(sql, &tokens);
    }
    match sql::compile(sql, &POLICY) {
        Ok(compiled) => variants_are_what_was_judged(sql, &tokens, &compiled),
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!(sql.get(mistake.span()).is_some(), "{mistake:?} is not in {sql:?}");
                assert!(!render(sql, &mistake, None).is_empty());
            }
        }
    }
});

fn pieces_are_the_text(sql: &str, tokens: &[Token<'_>]) {
    let mut end = 0;
    for token in tokens {
        assert_eq!(sql.get(token.span.clone()), Some(token.text));
        assert!(token.span.start >= end && !token.span.is_empty());
        assert!(sql[end..token.span.start].chars().all(char::is_whitespace));
        end = token.span.end;
    }
}

/// Whether the definition knows what stands in braces here: it has one flag, and one way to write a direction.
fn is_defined(sql: &str) -> bool {
    let only = |word, form| sql.matches(word).count() == sql.matches(form).count();
    only("when", "{when f:") && only("dir", "{dir ")
}

fn agrees_with_its_definition(sql: &str, tokens: &[Token<'_>]) {
    let region = |kind| match kind {
        TokenKind::String | TokenKind::Quoted => Region::Literal,
        TokenKind::Comment => Region::Comment,
        TokenKind::Placeholder | TokenKind::Identifier | TokenKind::Direction => Region::Placeholder,
        _ => Region::Other,
    };
    let found: Vec<_> = tokens.iter().map(|token| (region(token.kind), token.span.clone())).collect();
    let statements = tokens.split(|token| token.is(";"));
    let real = |tokens: &&[Token<'_>]| tokens.iter().any(|token| token.kind != TokenKind::Comment);
    assert_eq!((found, statements.filter(real).count()), reference::read(sql), "{sql:?}");
}

fn variants_are_what_was_judged(sql: &str, tokens: &[Token<'_>], compiled: &Compiled) {
    let (template, _) = Template::read(tokens, &POLICY);
    let both = [Dialect::Sqlite, Dialect::Postgres].map(|dialect| compiled.variants(dialect));
    let [sqlite, postgres] = &both;
    assert_eq!(sqlite.len(), postgres.len(), "{sql:?}");
    for (one, other) in sqlite.iter().zip(postgres) {
        assert_eq!((one.kept, &one.binds, &one.chosen), (other.kept, &other.binds, &other.chosen), "{sql:?}");
    }
    let texts = |tokens: &[Token<'_>]| -> Vec<String> {
        let quoted = tokens.iter().filter(|token| matches!(token.kind, TokenKind::String | TokenKind::Quoted));
        // Braces are written twice, a pattern around a value is bound, and `ESCAPE '!'` is ours.
        let texts = quoted.map(|token| token.text.replace("{{", "{").replace("}}", "}"));
        texts.filter(|text| !text.contains(['{', '}']) && text != "'!'").collect()
    };
    for variant in both.iter().flatten() {
        // Braces in what the driver gets are no placeholders any more.
        let text = variant.text.replace('{', "{{").replace('}', "}}");
        let (written, _) = lexer::lex(&text);
        let alien = |token: &Token<'_>| token.is(";") || token.kind == TokenKind::Comment;
        assert!(!written.iter().any(alien), "{:?} from {sql:?}", variant.text);
        assert_eq!(texts(&written), texts(&template.keep(variant.kept)), "{:?} from {sql:?}", variant.text);
        for token in written.iter().filter(|_| text == variant.text) {
            let origin = variant.origin(token.span.clone());
            assert!(sql.get(origin).is_some(), "{token:?} of {:?} from {sql:?}", variant.text);
        }
    }
}
