//! Writes the text of a statement: one literal where it is always the same, else the pieces of which it is put together.

use covet_core::sql::Dialect;
use covet_core::sql::compiled::{Compiled, Piece, PieceKind};
use covet_core::sql::identifier::list_number;
use covet_core::sql::template::Condition;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::expand::reference;
use super::name;
use super::validate::{Statement, Value};

/// The most texts of one statement that a driver keeps prepared; it keeps a hundred for the whole program.
const KEPT_PREPARED: usize = 16;

pub(super) fn text(statement: &Statement, sql: &TokenStream) -> TokenStream {
    let compiled = &statement.compiled;
    let (fixed, postgres) = (compiled.fixed(Dialect::Sqlite), compiled.fixed(Dialect::Postgres));
    match (fixed, postgres) {
        (Some(sqlite), Some(postgres)) if sqlite == postgres => quote!(#sql::dynamic::Text::Same(#sqlite)),
        (Some(sqlite), Some(postgres)) => {
            quote!(#sql::dynamic::Text::Each { sqlite: #sqlite, postgres: #postgres })
        }
        _ => parts(statement, sql),
    }
}

fn parts(statement: &Statement, sql: &TokenStream) -> TokenStream {
    let compiled = &statement.compiled;
    let pieces = pieces(compiled.pieces(), compiled, sql);
    let flags = compiled.clauses().iter().filter_map(|clause| match &clause.condition {
        Condition::Flag { negated, .. } => Some(*negated),
        Condition::AllSome => None,
    });
    let flags = flags.zip(&statement.flags).map(|(negated, flag)| {
        let (not, flag) = (negated.then(|| quote!(!)), reference(flag));
        quote!(#not #sql::dynamic::flag(#flag))
    });
    let chosen = compiled.choices().iter().zip(&statement.choices).map(|(choice, value)| match &choice.list {
        Some(list) => chosen(list, value, sql),
        None => {
            let value = reference(value);
            quote!(#sql::dynamic::order(#value))
        }
    });
    let texts: usize = compiled.choices().iter().map(|choice| choice.texts.len()).product();
    let persistent = texts << compiled.clauses().len() <= KEPT_PREPARED;
    quote!(#sql::dynamic::Text::Parts(#sql::dynamic::Parts {
        pieces: &[#pieces],
        flags: #sql::dynamic::flags([#(#flags),*]),
        chosen: #sql::dynamic::chosen([#(#chosen),*]),
        persistent: #persistent
    }))
}

/// The place of a choice in its list. The type beside the value is called as the list is, for the message where the value
/// is of another.
fn chosen(list: &str, value: &Value, sql: &TokenStream) -> TokenStream {
    let span = match value {
        Value::Argument(value) => syn::spanned::Spanned::span(value),
        Value::Captured(_, span) => Span::call_site().located_at(*span),
    };
    let name = list.replace('-', "_");
    // A list may be called as a keyword is.
    let name = if name::is_identifier(&name) { name } else { format!("{name}_") };
    let name = Ident::new(&name, Span::call_site());
    let (number, value) = (list_number(list), reference(value));
    let choice = quote_spanned!(span=> #sql::dynamic::choice::<#name, #number, _>(value));
    quote!(match #value {
        value => {
            #[allow(dead_code, non_camel_case_types)]
            struct #name {}
            #choice
        }
    })
}

fn pieces(pieces: &[Piece], compiled: &Compiled, sql: &TokenStream) -> TokenStream {
    let piece = quote!(#sql::dynamic::Piece);
    let (mut written, mut text) = (TokenStream::new(), String::new());
    let mut flag = 0;
    let flush = |text: &mut String, written: &mut TokenStream| {
        let pending = std::mem::take(text);
        if !pending.is_empty() {
            written.extend(quote!(#piece::Text(#pending),));
        }
    };
    for part in pieces {
        let dynamic = match &part.kind {
            PieceKind::Text(more) => {
                text.push_str(more);
                continue;
            }
            PieceKind::Each { sqlite, postgres } => quote!(#piece::Each(#sqlite, #postgres),),
            PieceKind::Value(value) => quote!(#piece::Value(#value),),
            PieceKind::Choice(choice) => {
                let texts = compiled.choices().get(*choice).map_or(&[][..], |choice| &choice.texts);
                quote!(#piece::Choice(#choice, &[#(#texts),*]),)
            }
            PieceKind::Clause(clause, inner) => {
                let keep = match compiled.clauses().get(*clause).map(|clause| &clause.condition) {
                    Some(Condition::Flag { .. }) => {
                        flag += 1;
                        let flag: usize = flag - 1;
                        quote!(#sql::dynamic::Keep::Flag(#flag))
                    }
                    _ => {
                        let values = values(inner);
                        quote!(#sql::dynamic::Keep::AllSome(&[#(#values),*]))
                    }
                };
                let inner = self::pieces(inner, compiled, sql);
                quote!(#piece::Clause(#keep, &[#inner]),)
            }
        };
        flush(&mut text, &mut written);
        written.extend(dynamic);
    }
    flush(&mut text, &mut written);
    written
}

/// The values in these pieces.
fn values(pieces: &[Piece]) -> Vec<usize> {
    let value = |piece: &Piece| match piece.kind {
        PieceKind::Value(value) => Some(value),
        _ => None,
    };
    pieces.iter().filter_map(value).collect()
}
