//! SQL that cannot be injected: the text is written in the program, every value is bound.
//!
//! **Threat.** A value pasted into a statement becomes part of it: `'; DELETE FROM users; --`. The driver does not
//! help: on SQLite a text of several statements is run whole, and a forgotten bind is a silent `NULL`.
//!
//! **Rule.** A statement is one literal in which `{name}` stands for a bound value and nothing else; what could not be
//! one whole, ordinary statement does not compile.
//!
//! ```
//! use covet_core::sql::{self, Dialect, Policy};
//!
//! let good = sql::compile("SELECT id FROM users WHERE email = {email}", &Policy::default()).unwrap();
//! assert_eq!(good.text(Dialect::Sqlite), "SELECT id FROM users WHERE email = $1");
//!
//! let bad = sql::compile("DELETE FROM users", &Policy::default()).unwrap_err();
//! assert_eq!(bad[0].code(), "sql::missing_where");
//! ```
//!
//! [`lexer`] splits the text, [`template`] finds what may be left out of it, [`scope`] the statements in it; `judge` has
//! [`check`], [`predicate`], [`placement`], [`names`], [`keys`], [`function`] and [`secret`] judge each text that can come
//! of it; [`form`] says how each value is bound, [`compiled`] is the result, [`report`] draws the mistakes, [`literal`]
//! finds them in the source. All of it is pure and runs in the compiler; `statement`, with `bind`, `dynamic`, `shape` and
//! `bounds`, runs in the application, as does `filter`, which makes statements on one table without a text.

#[cfg(feature = "runtime")]
pub mod bind;
#[cfg(feature = "runtime")]
pub mod bounds;
pub mod check;
pub mod compiled;
#[cfg(feature = "runtime")]
pub mod count;
pub mod drift;
#[cfg(feature = "runtime")]
pub mod dynamic;
#[cfg(feature = "runtime")]
pub mod filter;
pub mod form;
pub mod function;
pub mod identifier;
mod judge;
pub mod keys;
pub mod lexer;
#[cfg(feature = "runtime")]
pub mod like;
#[cfg(feature = "runtime")]
pub mod list;
pub mod literal;
pub mod mistake;
pub mod names;
pub mod placement;
pub mod policy;
pub mod predicate;
#[cfg(feature = "runtime")]
pub mod probe;
pub mod report;
pub mod scope;
pub mod secret;
#[cfg(feature = "runtime")]
pub mod shape;
#[cfg(feature = "runtime")]
pub mod statement;
pub mod template;
mod text;
pub mod token;
#[cfg(feature = "runtime")]
pub mod ty;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests;

#[cfg(feature = "runtime")]
pub use bind::BindError;
pub use compiled::{Class, Compiled, Variant};
pub use identifier::{Identifier, Order, UnknownIdentifier, validate_identifier};
use judge::Judge;
#[cfg(feature = "runtime")]
pub use like::LikePattern;
#[cfg(feature = "runtime")]
pub use list::{Item, ListItem};
pub use mistake::{Mistake, Reason};
pub use policy::{Dialect, Kind, Policy};
use template::{Kept, Template};

/// No part left out.
const ALL: Kept = Kept(u16::MAX);

/// Checks one statement with `{placeholders}`, whatever is left out of it, and writes it as the driver will get it.
///
/// # Errors
///
/// Every [`Mistake`] in the text, in the order of the text.
pub fn compile(sql: &str, policy: &Policy) -> Result<Compiled, Vec<Mistake>> {
    let mut mistakes = check::characters(sql);
    let (tokens, found) = lexer::lex(sql);
    mistakes.extend(found);
    let (template, found) = Template::read(&tokens, policy);
    mistakes.extend(found);
    // A text whose quotes or parentheses do not close has no statements to judge: more would be noise.
    let whole = template.keep(ALL);
    match scope::outline(&whole) {
        Err(found) => mistakes.extend(found),
        Ok(outline) if mistakes.iter().all(|mistake| !mistake.is_shape()) => {
            let judge = Judge::new(sql, policy, &outline);
            mistakes.extend(judge.whole(&template));
            for kept in template.subsets().into_iter().skip(1) {
                let new = judge.part(&template, kept).into_iter();
                let known =
                    |new: &Mistake| mistakes.iter().any(|m| m.reason() == new.reason() && m.span() == new.span());
                let new: Vec<_> = new.filter(|mistake| !known(mistake)).collect();
                mistakes.extend(new);
            }
            if mistakes.is_empty() {
                return Ok(text::write(sql, &tokens, &template, judge.placed(), &outline, policy));
            }
        }
        Ok(_) => {}
    }
    mistakes.sort_by_key(|mistake| mistake.span().start);
    mistakes.dedup();
    Err(mistakes)
}
