//! What the input means: the checked statement, and the value of each placeholder.

use std::collections::BTreeMap;
use std::ops::Range;

use covet_core::sql::template::Condition;
use covet_core::sql::{Class, Compiled, Policy};
use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::{Error, Expr, Result, Type};

use super::facts::Facts;
use super::parse::{Argument, Input};
use super::text::Text;
use super::{ARGUMENT, guard};
use crate::mistake;
use crate::policy::Sql;

/// A statement without mistakes.
pub(super) struct Statement {
    pub(super) row: Option<Type>,
    pub(super) compiled: Compiled,
    /// The value of each of its binds.
    pub(super) binds: Vec<Value>,
    /// The flag of each of its parts that has one.
    pub(super) flags: Vec<Value>,
    /// What decides each of its choices.
    pub(super) choices: Vec<Value>,
    pub(super) limits: Limits,
    /// Items that have to stand beside it.
    pub(super) items: TokenStream,
    pub(super) facts: Facts,
}

/// What the policy bounds when the statement runs.
pub(super) struct Limits {
    /// The most rows of a `LIMIT`.
    pub(super) rows: u32,
    /// The most values of a list.
    pub(super) list: u32,
}

/// Where the value of a placeholder comes from.
#[derive(Clone)]
pub(super) enum Value {
    /// A value behind the statement.
    Argument(Expr),
    /// A variable or field, and the placeholder that names it.
    Captured(String, Span),
}

/// The statement and its values, or every mistake in them.
pub(super) fn validate(input: Input, sql: &Sql, private: &TokenStream) -> Result<Statement> {
    let policy: &Policy = &sql.policy;
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
    let named = Named::of(&compiled);
    let (mut items, mut facts) = (TokenStream::new(), Facts::default());
    if let Some(judge) = &sql.judge {
        let judged = judge.statement(&compiled);
        errors.extend(judged.mistakes.iter().map(|mistake| text.error(mistake)));
        items = guard::files_once(judge);
        if !judged.guarded.is_empty() {
            items.extend(guard::items(&judged.guarded, sql, text.span(0..text.sql().len()), private));
        }
        match Facts::of(judge, &judged, &compiled) {
            Ok(found) => facts = found,
            Err(found) => errors.push(no_type(&found, &text)),
        }
    }
    errors.extend(sql.broken.iter().filter_map(|broken| broken.error_once(Span::call_site())));
    errors.extend(input.arguments.iter().filter_map(|argument| unused(argument, &named)));
    errors.extend(input.arguments.iter().filter_map(|argument| evaluated_twice(argument, &named)));
    errors.extend(input.row.iter().filter_map(|row| without_rows(row, &compiled)));
    if let Some(error) = all(errors) {
        return Err(error);
    }
    let values: BTreeMap<String, Expr> =
        input.arguments.into_iter().map(|argument| (argument.name.unraw().to_string(), argument.value)).collect();
    let of = |paths: Vec<(&str, Range<usize>)>| paths.into_iter().map(|place| value(place, &values, &text)).collect();
    let (binds, flags, choices) = (of(named.binds), of(named.flags), of(named.choices));
    let limits = Limits { rows: policy.max_limit.get(), list: policy.max_list.get() };
    Ok(Statement { row: input.row, binds, flags, choices, limits, items, facts, compiled })
}

/// The values that a statement names: their paths, and where they stand.
struct Named<'c> {
    binds: Vec<(&'c str, Range<usize>)>,
    flags: Vec<(&'c str, Range<usize>)>,
    choices: Vec<(&'c str, Range<usize>)>,
}

impl<'c> Named<'c> {
    fn of(compiled: &'c Compiled) -> Self {
        let flag = |condition: &'c Condition| match condition {
            Condition::Flag { path, span, .. } => Some((path.as_str(), span.clone())),
            Condition::AllSome => None,
        };
        Self {
            binds: compiled.binds().iter().map(|bind| (bind.path.as_str(), bind.span.clone())).collect(),
            flags: compiled.clauses().iter().filter_map(|clause| flag(&clause.condition)).collect(),
            choices: compiled.choices().iter().map(|choice| (choice.path.as_str(), choice.span.clone())).collect(),
        }
    }

    fn paths(&self) -> impl Iterator<Item = &'c str> {
        self.binds.iter().chain(&self.flags).chain(&self.choices).map(|(path, _)| *path)
    }
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

fn unused(argument: &Argument, named: &Named<'_>) -> Option<Error> {
    let name = argument.name.unraw().to_string();
    if named.paths().any(|path| path == name) {
        return None;
    }
    let field = named.paths().find(|path| path.split('.').next() == Some(&name));
    let missing = format!("the statement has no `{{{name}}}`, so this value is never used");
    let (message, help) = match (field, nearest(&name, named)) {
        (Some(path), _) => (
            format!("`{name}` is given, but the statement reads the field `{{{path}}}`"),
            format!("write `{{{name}}}` and give the field: `{name} = value.field`"),
        ),
        (None, Some(near)) => (missing, format!("did you mean `{near}`?")),
        (None, None) => (missing, format!("write `{{{name}}}` where the value belongs, or delete it")),
    };
    Some(mistake::at(argument.name.span(), ARGUMENT, message, help))
}

/// A value that would be computed more than once, as it is bound in more than one form.
fn evaluated_twice(argument: &Argument, named: &Named<'_>) -> Option<Error> {
    let name = argument.name.unraw().to_string();
    let several = named.paths().filter(|path| *path == name).count() > 1;
    let message = format!("`{name}` is used in several ways, and would be computed for each");
    let help = format!("compute it before: `let {name} = ..;`");
    (several && !is_place(&argument.value)).then(|| mistake::on(&argument.value, ARGUMENT, message, help))
}

/// Whether an expression only names a value.
fn is_place(expression: &Expr) -> bool {
    match expression {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Reference(reference) => is_place(&reference.expr),
        Expr::Paren(inner) => is_place(&inner.expr),
        Expr::Group(inner) => is_place(&inner.expr),
        _ => false,
    }
}

/// The placeholder that was meant by a slip of a few letters.
fn nearest<'c>(name: &str, named: &Named<'c>) -> Option<&'c str> {
    let near = named.paths().map(|path| (strsim::damerau_levenshtein(name, path), path)).min()?;
    (near.0 <= name.chars().count().div_ceil(3)).then_some(near.1)
}

fn without_rows(row: &Type, compiled: &Compiled) -> Option<Error> {
    let (message, help) = (
        "this statement returns no rows to read as this type",
        "end the statement with `RETURNING ..`, or leave the type out",
    );
    (compiled.class() == Class::Execute).then(|| mistake::on(row, "sql::no_rows", message, help))
}

/// A column is called as no column with a type of one's own is.
fn no_type(found: &str, text: &Text) -> Error {
    let at = text.sql().find(found).unwrap_or_default();
    let message = format!("`{found}` in the name of a column is no type");
    let help = "write a type of Rust, as in `AS \"kind: Kind\"`, or leave it out";
    mistake::at(text.span(at..at + found.len()), "sql::field_type", message, help)
}

fn value((path, bytes): (&str, Range<usize>), values: &BTreeMap<String, Expr>, text: &Text) -> Value {
    match values.get(path) {
        Some(value) => Value::Argument(value.clone()),
        None => Value::Captured(path.to_owned(), text.span(bytes)),
    }
}
