//! What the input means: the checked statement, and the value of each placeholder.

use covet_core::sql::text::Bind;
use covet_core::sql::{Class, Compiled, Policy};
use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Error, Expr, Result, Type};

use super::ARGUMENT;
use super::parse::{Argument, Input};
use super::text::Text;
use crate::mistake;

/// A statement without mistakes.
pub(super) struct Statement {
    pub(super) row: Option<Type>,
    pub(super) class: Class,
    pub(super) text: String,
    pub(super) binds: Vec<Value>,
}

/// Where the value of a placeholder comes from.
pub(super) enum Value {
    /// A value behind the statement.
    Argument(Expr),
    /// A variable or field, and the placeholder that names it.
    Captured(String, Span),
}

/// The statement and its values, or every mistake in them.
pub(super) fn validate(input: Input, policy: &Policy) -> Result<Statement> {
    let text = Text::new(input.literals);
    let mut errors = duplicates(&input.arguments);
    let compiled = match covet_core::sql::compile(text.sql(), policy) {
        Ok(compiled) => compiled,
        Err(mistakes) => {
            let refused = Error::new(Span::call_site(), "[covet::sql] the statement was refused");
            let mistakes = mistakes.iter().map(|mistake| text.error(mistake));
            return Err(all(mistakes.chain(errors).collect()).unwrap_or(refused));
        }
    };
    errors.extend(input.arguments.iter().filter_map(|argument| unused(argument, compiled.binds())));
    errors.extend(input.row.iter().filter_map(|row| without_rows(row, &compiled)));
    if let Some(error) = all(errors) {
        return Err(error);
    }
    let mut arguments = input.arguments;
    let binds = compiled.binds().iter().map(|bind| value(bind, &mut arguments, &text)).collect();
    Ok(Statement { row: input.row, class: compiled.class(), text: compiled.text().to_owned(), binds })
}

fn all(errors: Vec<Error>) -> Option<Error> {
    errors.into_iter().reduce(|mut all, error| {
        all.combine(error);
        all
    })
}

fn duplicates(arguments: &[Argument]) -> Vec<Error> {
    let names: Vec<_> = arguments.iter().map(|argument| argument.name.unraw()).collect();
    let repeated =
        arguments.iter().enumerate().filter(|(index, a)| names.iter().take(*index).any(|name| *name == a.name.unraw()));
    let error = |name: &syn::Ident| {
        let help = format!("delete one of the two: every `{{{0}}}` is the same value", name.unraw());
        mistake::at(name.span(), ARGUMENT, format!("`{name}` is given twice"), help)
    };
    repeated.map(|(_, argument)| error(&argument.name)).collect()
}

fn unused(argument: &Argument, binds: &[Bind]) -> Option<Error> {
    let name = argument.name.unraw().to_string();
    if binds.iter().any(|bind| bind.path == name) {
        return None;
    }
    let field = binds.iter().find(|bind| bind.path.split('.').next() == Some(&name));
    let missing = format!("the statement has no `{{{name}}}`, so this value is never used");
    let (message, help) = match (field, nearest(&name, binds)) {
        (Some(bind), _) => (
            format!("`{name}` is given, but the statement reads the field `{{{}}}`", bind.path),
            format!("write `{{{name}}}` and give the field: `{name} = value.field`"),
        ),
        (None, Some(near)) => (missing, format!("did you mean `{near}`?")),
        (None, None) => (missing, format!("write `{{{name}}}` where the value belongs, or delete it")),
    };
    Some(mistake::at(argument.name.span(), ARGUMENT, message, help))
}

/// The placeholder that was meant by a slip of a few letters.
fn nearest<'b>(name: &str, binds: &'b [Bind]) -> Option<&'b str> {
    let paths = binds.iter().map(|bind| bind.path.as_str());
    let near = paths.map(|path| (strsim::damerau_levenshtein(name, path), path)).min()?;
    (near.0 <= name.chars().count().div_ceil(3)).then_some(near.1)
}

fn without_rows(row: &Type, compiled: &Compiled) -> Option<Error> {
    let (message, help) = (
        "this statement returns no rows to read as this type",
        "end the statement with `RETURNING ..`, or leave the type out",
    );
    (compiled.class() == Class::Execute).then(|| mistake::on(row, "sql::no_rows", message, help))
}

fn value(bind: &Bind, arguments: &mut Vec<Argument>, text: &Text) -> Value {
    match arguments.iter().position(|argument| argument.name.unraw() == bind.path.as_str()) {
        Some(index) => Value::Argument(arguments.swap_remove(index).value),
        None => Value::Captured(bind.path.clone(), text.span(bind.span.clone())),
    }
}
