//! The shape of the input: `[Type:] "literal".. [, name = value]..`.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Result, Token, Type};

use super::ARGUMENT;
use crate::mistake;

/// The code of what is no literal.
const LITERAL: &str = "sql::not_a_literal";

/// What stands in the parentheses of `safe_sql!`.
pub(super) struct Input {
    /// What a row is read as.
    pub(super) row: Option<Type>,
    /// The literals of the statement, at least one.
    pub(super) literals: Vec<LitStr>,
    /// The named values behind it.
    pub(super) arguments: Vec<Argument>,
}

/// `name = value`.
pub(super) struct Argument {
    pub(super) name: Ident,
    pub(super) value: Expr,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Err(mistake::at(
                input.span(),
                LITERAL,
                "a statement is expected",
                "write `safe_sql!(\"SELECT ..\")`",
            ));
        }
        let row = row(input)?;
        let literals = literals(input)?;
        let arguments = arguments(input)?;
        Ok(Self { row, literals, arguments })
    }
}

/// `Type:`. What is neither that nor a literal is left to `literals`, which says what it is.
fn row(input: ParseStream<'_>) -> Result<Option<Type>> {
    let ahead = input.fork();
    let typed =
        !input.peek(LitStr) && ahead.parse::<Type>().is_ok() && ahead.peek(Token![:]) && !ahead.peek(Token![::]);
    if !typed {
        return Ok(None);
    }
    let row = input.parse()?;
    input.parse::<Token![:]>()?;
    Ok(Some(row))
}

fn literals(input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let mut literals = Vec::new();
    while input.peek(LitStr) {
        literals.push(input.parse::<LitStr>()?);
    }
    if let Some(suffixed) = literals.iter().find(|literal| !literal.suffix().is_empty()) {
        let message = format!("unknown suffix `{}`", suffixed.suffix());
        return Err(mistake::at(suffixed.span(), LITERAL, message, "delete it: the text of a statement has no suffix"));
    }
    if literals.is_empty() {
        return Err(not_a_literal(input));
    }
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(literals);
    }
    let message = match input.peek(Token![+]) {
        true => "SQL cannot be put together with `+`",
        false => "a literal or a comma is expected behind the statement",
    };
    Err(mistake::at(input.span(), LITERAL, message, "write literals one after another, and values as `{name}`"))
}

/// The expression that stands where the SQL should, named for what it is.
fn not_a_literal(input: ParseStream<'_>) -> Error {
    let help = "only what is written here can be checked; write values as `{name}`";
    let Ok(expression) = input.fork().parse::<Expr>() else {
        return mistake::at(input.span(), LITERAL, "SQL must be a string literal here", help);
    };
    let found = match &expression {
        Expr::Macro(found) => match found.mac.path.segments.last() {
            Some(name) => format!("the macro `{}!`", name.ident),
            None => "a macro".to_owned(),
        },
        Expr::Path(found) => match found.path.get_ident() {
            Some(name) => format!("the name `{name}`"),
            None => "a path".to_owned(),
        },
        Expr::Lit(found) => match found.lit {
            syn::Lit::ByteStr(_) => "a byte string".to_owned(),
            syn::Lit::CStr(_) => "a C string".to_owned(),
            _ => "a literal of another type".to_owned(),
        },
        _ => "an expression".to_owned(),
    };
    mistake::on(expression, LITERAL, format!("SQL must be a string literal here, not {found}"), help)
}

fn arguments(input: ParseStream<'_>) -> Result<Vec<Argument>> {
    let mut arguments = Vec::new();
    while !input.is_empty() {
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            break;
        }
        arguments.push(input.parse::<Argument>()?);
        if !input.is_empty() && !input.peek(Token![,]) {
            let help = "write `safe_sql!(\"..\", a = 1, b = 2)`";
            return Err(mistake::at(input.span(), ARGUMENT, "a comma is expected between values", help));
        }
    }
    Ok(arguments)
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !(input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])) {
            return Err(without_name(input));
        }
        let name = Ident::parse_any(input)?;
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            let help = format!("write one, or delete `{name} =`: `{{{name}}}` is then the variable `{name}`");
            return Err(mistake::at(name.span(), ARGUMENT, format!("a value is expected behind `{name} =`"), help));
        }
        Ok(Self { name, value: input.parse()? })
    }
}

/// What stands where `name = value` should.
fn without_name(input: ParseStream<'_>) -> Error {
    let message = "a value behind the statement needs a name";
    let example = "write `name = value` here, and `{name}` in the statement";
    let Ok(value) = input.fork().parse::<Expr>() else {
        return mistake::at(input.span(), ARGUMENT, message, example);
    };
    let variable = match &value {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    };
    let delete = |name| format!("delete it: `{{{name}}}` in the statement is the variable `{name}`");
    let help = variable.map_or_else(|| example.to_owned(), delete);
    mistake::on(&value, ARGUMENT, message, help)
}
