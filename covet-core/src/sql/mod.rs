//! SQL that cannot be injected: the text is written in the program, every value is bound.
//!
//! **Threat.** A value pasted into a statement becomes part of it: `'; DELETE FROM users; --`. The driver does not
//! help: on SQLite a text of several statements is run whole, and a forgotten bind is a silent `NULL`.
//!
//! **Rule.** A statement is one literal in which `{name}` stands for a bound value and nothing else; what could not be
//! one whole, ordinary statement does not compile.
//!
//! ```
//! use covet_core::sql::{self, Policy};
//!
//! let good = sql::compile("SELECT id FROM users WHERE email = {email}", &Policy::default()).unwrap();
//! assert_eq!(good.text(), "SELECT id FROM users WHERE email = $1");
//!
//! let bad = sql::compile("DELETE FROM users", &Policy::default()).unwrap_err();
//! assert_eq!(bad[0].code(), "sql::missing_where");
//! ```
//!
//! [`lexer`] splits the text, [`scope`] finds the statements in it, [`check`] judges these, [`placement`],
//! [`names`], [`keys`] and [`function`] judge where the values stand, [`text`] writes what the driver gets, [`report`] draws the mistakes. All of it is pure and runs in the compiler; `statement`,
//! with `bind`, `shape` and `bounds`, runs in the application.

#[cfg(feature = "runtime")]
pub mod bind;
#[cfg(feature = "runtime")]
pub mod bounds;
pub mod check;
pub mod drift;
pub mod function;
pub mod keys;
pub mod lexer;
pub mod mistake;
pub mod names;
pub mod placement;
pub mod policy;
pub mod report;
pub mod scope;
#[cfg(feature = "runtime")]
pub mod shape;
#[cfg(feature = "runtime")]
pub mod statement;
pub mod text;
pub mod token;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests;

pub use mistake::{Mistake, Reason};
pub use policy::{Dialect, Kind, Policy};
pub use text::{Class, Compiled};

/// Checks one statement with `{placeholders}` and writes it as the driver will get it.
///
/// # Errors
///
/// Every [`Mistake`] in the text, in the order of the text.
pub fn compile(sql: &str, policy: &Policy) -> Result<Compiled, Vec<Mistake>> {
    let mut mistakes = check::characters(sql);
    let (tokens, found) = lexer::lex(sql);
    mistakes.extend(found);
    let outline = scope::outline(&tokens).map_err(|found| mistakes.extend(found));
    // A text whose quotes or parentheses do not close has no statements to judge: more would be noise.
    match outline {
        Ok(outline) if mistakes.iter().all(|mistake| !mistake.is_shape()) => {
            mistakes.extend(check::statements(&outline, policy));
            mistakes.extend(function::calls(&outline));
            mistakes.extend(placement::placeholders(sql, &tokens, &outline, policy));
            mistakes.extend(names::names(&outline));
            mistakes.extend(keys::keys(&outline));
            if mistakes.is_empty() {
                return Ok(text::write(sql, &tokens, &outline));
            }
        }
        _ => {}
    }
    mistakes.sort_by_key(|mistake| mistake.span().start);
    mistakes.dedup();
    Err(mistakes)
}
