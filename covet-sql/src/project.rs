//! The texts between `SELECT` and `FROM`, which SQLite calls its columns by.

use covet_core::sql::lexer;
use covet_core::sql::token::{Token, TokenKind};

/// The expressions of the first `SELECT` or of `RETURNING`, as written.
pub(crate) fn items(sql: &str) -> Vec<&str> {
    let (tokens, _) = lexer::lex(sql);
    let tokens: Vec<&Token<'_>> = tokens.iter().filter(|token| token.kind != TokenKind::Comment).collect();
    let mut depth = 0_usize;
    let mut outer = tokens.iter().enumerate().filter_map(|(index, token)| {
        let at = depth;
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        (at == 0).then_some((index, token))
    });
    let Some((start, _)) = outer.find(|(_, token)| token.is_any_word(&["select", "returning"])) else {
        return Vec::new();
    };
    let modifier = tokens.get(start + 1).is_some_and(|token| token.is_any_word(&["distinct", "all"]));
    let start = start + 1 + usize::from(modifier);
    let mut texts = Vec::new();
    let mut depth = 0_usize;
    let mut item: Option<(usize, usize)> = None;
    for token in tokens.iter().skip(start) {
        let ends = token.is_any_word(&[
            "from",
            "where",
            "group",
            "having",
            "window",
            "order",
            "limit",
            "union",
            "except",
            "intersect",
        ]);
        if depth == 0 && (token.is(";") || token.is(")") || ends) {
            break;
        }
        if depth == 0 && token.is(",") {
            texts.extend(item.take().and_then(|(start, end)| sql.get(start..end)));
            continue;
        }
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        item = Some((item.map_or(token.span.start, |(start, _)| start), token.span.end));
    }
    texts.extend(item.and_then(|(start, end)| sql.get(start..end)));
    texts
}
