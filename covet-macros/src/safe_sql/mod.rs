//! `safe_sql!`: parse, then check, then expand.
//!
//! The checks of SQL are those of [`covet_core::sql`]; here the literals become its text, its mistakes become errors at
//! the literals, and its list of values becomes references.

mod expand;
mod facts;
mod guard;
mod name;
mod parse;
mod pieces;
mod record;
mod text;
mod validate;

use proc_macro2::TokenStream;

use crate::paths;
use crate::policy::{self, Sql};

/// The code of what is wrong with a value behind the statement.
const ARGUMENT: &str = "sql::argument";

/// The statement as an expression, or every mistake in it.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    judged(input, &policy::sql())
}

fn judged(input: TokenStream, sql: &Sql) -> TokenStream {
    let private = paths::private();
    let checked = syn::parse2::<parse::Input>(input).and_then(|input| validate::validate(input, sql, &private));
    match checked {
        Ok(statement) => expand::expand(&statement, &private),
        Err(errors) => {
            let errors = errors.into_iter().map(|error| error.to_compile_error());
            quote::quote!({ #(#errors)* })
        }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::{Sql, judged};

    /// Without a schema.
    fn expand(input: TokenStream) -> TokenStream {
        judged(input, &Sql::default())
    }

    /// The tokens without the names of the runtime and what is asked of the values' types.
    fn short(tokens: &TokenStream) -> String {
        let text = tokens.to_string();
        let text = text.replace(":: covet :: __private :: covet_core :: sql :: ", "");
        let check = "let probe = probe :: Probe (value) ;";
        let verdict = "bind :: Verdict :: of (probe . absent () , probe . fault ())";
        text.replace(&format!("{check} {verdict}"), "look")
            .replace(&format!("{check} probe . compared () ; {verdict}"), "compare")
    }

    #[test]
    fn a_statement_becomes_a_record_of_its_text_and_references() {
        let rows = expand(quote!(User: "SELECT * FROM users" "WHERE id = {user.id} AND age > {age}", age = limit()));
        let expected = quote!(statement::Rows {
            text: dynamic::Text::Same("SELECT * FROM users\nWHERE id = $1 AND age > $2"),
            binds: (
                ((), bind::Bound { value: &user.id, check: |value| { compare } }),
                bind::Bound { value: &(limit()), check: |value| { look } }
            ),
            shape: statement::of::<User>()
        });
        assert_eq!(short(&rows), expected.to_string());

        let execute = expand(quote!("DELETE FROM users WHERE kind IS {type.0}"));
        let expected = quote!(statement::Execute {
            text: dynamic::Text::Same("DELETE FROM users WHERE kind IS $1"),
            binds: ((), bind::Bound { value: &r#type.0, check: |value| { look } })
        });
        assert_eq!(short(&execute), expected.to_string());
    }

    #[test]
    fn a_statement_with_parts_becomes_its_pieces() {
        let rows = expand(quote!("SELECT 1 WHERE a IN {ids} {? AND b = {b}} {when !c: AND c} ORDER BY a {dir d}"));
        let expected = quote!(dynamic::Text::Parts(dynamic::Parts {
            pieces: &[
                dynamic::Piece::Text("SELECT 1 WHERE a "),
                dynamic::Piece::Each("IN (SELECT value FROM json_each(", "= ANY("),
                dynamic::Piece::Value(0usize),
                dynamic::Piece::Each("))", ")"),
                dynamic::Piece::Text(" "),
                dynamic::Piece::Clause(
                    dynamic::Keep::AllSome(&[1usize]),
                    &[dynamic::Piece::Text(" AND b = "), dynamic::Piece::Value(1usize),]
                ),
                dynamic::Piece::Text(" "),
                dynamic::Piece::Clause(dynamic::Keep::Flag(0usize), &[dynamic::Piece::Text(" AND c"),]),
                dynamic::Piece::Text(" ORDER BY a "),
                dynamic::Piece::Choice(0usize, &["ASC", "DESC"]),
            ],
            flags: dynamic::flags([!dynamic::flag(&c)]),
            chosen: dynamic::chosen([dynamic::order(&d)]),
            persistent: true
        }));
        assert!(short(&rows).contains(&expected.to_string()), "{}", short(&rows));
    }

    #[test]
    fn a_value_in_two_forms_is_not_computed_twice() {
        let told = |input| expand(input).to_string();
        let two = told(quote!("SELECT 1 WHERE a LIKE '%{q}%' OR a = {q}", q = f()));
        assert!(two.contains("computed for each"), "{two}");
        assert!(!told(quote!("SELECT 1 WHERE a LIKE '%{q}%' OR a = {q}", q = form.q)).contains("compile_error"));
        assert!(!told(quote!("SELECT 1 WHERE b = {q} OR a = {q}", q = f())).contains("compile_error"));
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
