//! Writes the expression: a record of the text and of references to the values.
//!
//! It is a literal of the record, not a call, so that `let s = safe_sql!("… {x}", x = f());` keeps the value of `f()`
//! as long as `s`.

use covet_core::sql::Class;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::validate::{Statement, Value};

pub(super) fn expand(statement: &Statement, private: &TokenStream) -> TokenStream {
    let text = &statement.text;
    let binds = statement.binds.iter().fold(quote!(()), |binds, value| {
        let value = reference(value);
        quote!((#binds, #value))
    });
    let module = quote!(#private::covet_core::sql::statement);
    match (statement.class, &statement.row) {
        (Class::Execute, _) => quote!(#module::Execute { text: #text, binds: #binds }),
        (Class::Rows, None) => quote!(#module::Rows { text: #text, binds: #binds, shape: #module::raw() }),
        (Class::Rows, Some(row)) => quote!(#module::Rows { text: #text, binds: #binds, shape: #module::of::<#row>() }),
    }
}

fn reference(value: &Value) -> TokenStream {
    match value {
        Value::Argument(value) => quote!(&(#value)),
        Value::Captured(path, span) => {
            let path = captured(path, *span);
            quote_spanned!(located(*span)=> &#path)
        }
    }
}

/// `user.id` as seen from where the macro is called, underlined at the literal.
fn captured(path: &str, span: Span) -> TokenStream {
    let span = located(span);
    let mut parts = path.split('.');
    let root = identifier(parts.next().unwrap_or_default(), span);
    parts.fold(quote!(#root), |path, part| match part.parse::<usize>() {
        Ok(index) => {
            let mut index = Literal::usize_unsuffixed(index);
            index.set_span(span);
            quote_spanned!(span=> #path.#index)
        }
        Err(_) => {
            let field = identifier(part, span);
            quote_spanned!(span=> #path.#field)
        }
    })
}

fn located(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// A name, raw if it is a keyword: `{type}` is the variable `r#type`.
fn identifier(name: &str, span: Span) -> Ident {
    let path_segment = matches!(name, "self" | "Self" | "super" | "crate");
    match syn::parse_str::<Ident>(name) {
        Err(_) if !path_segment => Ident::new_raw(name, span),
        _ => Ident::new(name, span),
    }
}
