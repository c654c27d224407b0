//! Writes the expression: a record of the text and of references to the values.
//!
//! It is a literal of the record, not a call, so that `let s = safe_sql!("… {x}", x = f());` keeps the value of `f()`
//! as long as `s`. What has to hold of a value's type is asked in a function beside it, whose parameter has that type.

use covet_core::sql::Class;
use covet_core::sql::compiled::Bind;
use covet_core::sql::form::Form;
use covet_sql::takes::Question;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::record::named_like;
use super::validate::{Statement, Value};
use super::{name, pieces};

pub(super) fn expand(statement: &Statement, private: &TokenStream) -> TokenStream {
    let sql = quote!(#private::covet_core::sql);
    let (text, items) = (pieces::text(statement, &sql), &statement.items);
    // Here they stand in nobody's way: around the record they would end the life of what it refers to.
    let text = if items.is_empty() { text } else { quote!({ #items #text }) };
    let binds = statement.compiled.binds().iter().zip(&statement.binds).enumerate();
    let binds = binds.fold(quote!(()), |binds, (at, (bind, value))| {
        let questions = statement.facts.questions.get(at).map_or(&[][..], Vec::as_slice);
        let value = bound(bind, value, questions, statement, &sql);
        quote!((#binds, #value))
    });
    match (statement.compiled.class(), &statement.row) {
        (Class::Execute, _) => quote!(#sql::statement::Execute { text: #text, binds: #binds }),
        (Class::Rows, None) => {
            let raw = || quote!(#sql::statement::raw());
            let shape = statement.facts.record.as_ref().map_or_else(raw, |record| record.shape(private));
            quote!(#sql::statement::Rows { text: #text, binds: #binds, shape: #shape })
        }
        (Class::Rows, Some(row)) => {
            quote!(#sql::statement::Rows { text: #text, binds: #binds, shape: #sql::statement::of::<#row>() })
        }
    }
}

/// A value, how it is bound, and what its type must be for that.
fn bound(bind: &Bind, value: &Value, questions: &[Question], statement: &Statement, sql: &TokenStream) -> TokenStream {
    let (reference, span) = (reference(value), value.span());
    let limits = &statement.limits;
    let maybe = |some: &str, maybe: &str| Ident::new(if bind.optional { maybe } else { some }, span);
    // An `Option` outside of a part that its `None` leaves out.
    let compared = quote_spanned!(span=> probe.compared(););
    match &bind.form {
        Form::Value | Form::Like => {
            let compared = bind.compared.as_ref().map(|_| compared);
            let asked = questions.iter().map(|question| asked(question, bind, span));
            let pattern = (bind.form == Form::Like).then(|| quote_spanned!(span=> #sql::like::pattern(value);));
            quote_spanned!(span=> #sql::bind::Bound {
                value: #reference,
                check: |value| {
                    let probe = #sql::probe::Probe(value);
                    #compared
                    #(#asked)*
                    #pattern
                    #sql::bind::Verdict::of(probe.absent(), probe.fault())
                }
            })
        }
        Form::Pattern { before, after } => {
            let read = maybe("text", "maybe_text");
            quote_spanned!(span=> #sql::bind::Pattern {
                value: #reference, read: #sql::like::#read, before: #before, after: #after
            })
        }
        Form::List => {
            let (most, compared) = (limits.list, (!bind.optional).then_some(compared));
            quote_spanned!(span=> #sql::bind::List {
                value: #reference,
                check: |value| {
                    let probe = #sql::probe::Probe(value);
                    #compared
                    #sql::list::check(value, #most)
                },
                most: #most
            })
        }
        Form::Limit | Form::Offset => {
            let most = if bind.form == Form::Limit { limits.rows } else { u32::MAX };
            let read = maybe("rows", "maybe_rows");
            quote_spanned!(span=> #sql::bind::Count { value: #reference, read: #sql::count::#read, most: #most })
        }
    }
}

/// What a column that a value meets asks of its type. The types beside the call are called as the table and the column
/// are, for the message; each in a block of its own, as both may be called the same.
fn asked(question: &Question, bind: &Bind, span: Span) -> TokenStream {
    let (table, column) = (named_like(&question.table, span), named_like(&question.column, span));
    // What is matched as a pattern becomes text.
    let takes = question.takes.filter(|_| bind.form == Form::Value).map(|takes| {
        let takes = Ident::new(takes, span);
        quote_spanned!(span=> probe.#takes::<#table, #column>();)
    });
    // Where it is `None`, its part is left out.
    let there = question.never_null && !bind.optional;
    let never_null = there.then(|| quote_spanned!(span=> probe.never_null::<#table, #column>();));
    quote_spanned! {span=>
        #[allow(dead_code, non_camel_case_types)]
        {
            struct #table {}
            {
                struct #column {}
                #takes
                #never_null
            }
        }
    }
}

impl Value {
    fn span(&self) -> Span {
        match self {
            Self::Argument(value) => value.span(),
            Self::Captured(_, span) => located(*span),
        }
    }
}

/// A reference to the value.
pub(super) fn reference(value: &Value) -> TokenStream {
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
    if path_segment || name::is_identifier(name) { Ident::new(name, span) } else { Ident::new_raw(name, span) }
}
