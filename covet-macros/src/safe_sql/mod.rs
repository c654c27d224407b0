//! `safe_sql!`: parse, then check, then expand.
//!
//! The checks of SQL are those of [`covet_core::sql`]; here the literals become its text, its mistakes become errors at
//! the literals, and its list of values becomes references.

mod expand;
mod literal;
mod parse;
mod text;
mod validate;

use proc_macro2::TokenStream;

use crate::{paths, policy};

/// The code of what is wrong with a value behind the statement.
const ARGUMENT: &str = "sql::argument";

/// The statement as an expression, or every mistake in it.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let checked = syn::parse2::<parse::Input>(input).and_then(|input| validate::validate(input, &policy::sql_policy()));
    match checked {
        Ok(statement) => expand::expand(&statement, &paths::private()),
        Err(errors) => {
            let errors = errors.into_iter().map(|error| error.to_compile_error());
            quote::quote!({ #(#errors)* })
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::expand;

    #[test]
    fn a_statement_becomes_a_record_of_its_text_and_references() {
        let rows = expand(quote!(User: "SELECT * FROM users" "WHERE id = {user.id} AND age > {age}", age = limit()));
        let expected = quote!(::covet::__private::covet_core::sql::statement::Rows {
            text: "SELECT * FROM users\nWHERE id = $1 AND age > $2",
            binds: (((), &user.id), &(limit())),
            shape: ::covet::__private::covet_core::sql::statement::of::<User>()
        });
        assert_eq!(rows.to_string(), expected.to_string());

        let execute = expand(quote!("DELETE FROM users WHERE kind = {type.0}"));
        let expected = quote!(::covet::__private::covet_core::sql::statement::Execute {
            text: "DELETE FROM users WHERE kind = $1",
            binds: ((), &r#type.0)
        });
        assert_eq!(execute.to_string(), expected.to_string());
    }

    #[test]
    fn what_is_no_statement_becomes_an_error() {
        for input in [
            quote!(),
            quote!(,),
            quote!(User),
            quote!(User:),
            quote!(User: User),
            quote!("SELECT 1" "SELECT 2"x),
            quote!("SELECT 1" 2),
            quote!("SELECT 1", ,),
            quote!("SELECT 1", a =),
            quote!("SELECT 1", a = 1 b = 2),
            quote!("SELECT 1", a == 1),
            quote!(c"SELECT 1"),
            quote!(concat!("SELECT ", "1")),
            quote!("SELECT {crate}, {_}"),
        ] {
            let output = expand(input.clone()).to_string();
            assert!(output.contains("compile_error"), "{input} became {output}");
        }
    }
}
