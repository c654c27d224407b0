//! The shape of the input: `[Type:] "literal".. [, name = value]..`.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Result, Token, Type};

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
            return Err(here(input, "[covet::sql::not_a_literal] a statement is expected: `safe_sql!(\"SELECT ..\")`"));
        }
        let row = row(input)?;
        let literals = literals(input)?;
        let arguments = arguments(input)?;
        Ok(Self { row, literals, arguments })
    }
}

/// An error at the next token, or at the macro behind the last.
fn here(input: ParseStream<'_>, message: &str) -> Error {
    Error::new(input.span(), message)
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
        return Err(Error::new(
            suffixed.span(),
            format!("[covet::sql::not_a_literal] unknown suffix `{}`", suffixed.suffix()),
        ));
    }
    if literals.is_empty() {
        return Err(not_a_literal(input));
    }
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(literals);
    }
    Err(here(
        input,
        match input.peek(Token![+]) {
            true => {
                "[covet::sql::not_a_literal] SQL cannot be put together with `+`\n  = help: write literals one after another, and values as `{name}`"
            }
            false => "[covet::sql::not_a_literal] a literal or a comma is expected behind the statement",
        },
    ))
}

/// The expression that stands where the SQL should, named for what it is.
fn not_a_literal(input: ParseStream<'_>) -> Error {
    let Ok(expression) = input.fork().parse::<Expr>() else {
        return here(input, "[covet::sql::not_a_literal] SQL must be a string literal here");
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
    Error::new_spanned(
        expression,
        format!(
            "[covet::sql::not_a_literal] SQL must be a string literal here, not {found}\n  \
             = help: only what is written here can be checked; write values as `{{name}}`"
        ),
    )
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
            return Err(here(input, "[covet::sql::argument] a comma is expected between values"));
        }
    }
    Ok(arguments)
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !(input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])) {
            let value = input.fork().parse::<Expr>();
            let message =
                "[covet::sql::argument] a value behind the statement needs a name: `name = value`, for `{name}`";
            return Err(value.map_or_else(|_| here(input, message), |value| Error::new_spanned(value, message)));
        }
        let name = Ident::parse_any(input)?;
        input.parse::<Token![=]>()?;
        Ok(Self { name, value: input.parse()? })
    }
}
