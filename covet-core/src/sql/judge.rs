//! Every check, on every text that can come of a statement.

use super::compiled::Class;
use super::form::{self, Placed};
use super::identifier::ListName;
use super::mistake::{Mistake, Reason};
use super::policy::Policy;
use super::predicate::{self, Bounds};
use super::scope::{self, Outline};
use super::template::{Condition, Kept, Template};
use super::token::{Token, TokenKind};
use super::{ALL, check, function, keys, names, placement, secret, text};
use crate::name::nearest;

/// What holds of the statement with all its parts, to which the others are compared.
pub(super) struct Judge<'j> {
    sql: &'j str,
    policy: &'j Policy,
    placed: Vec<Placed>,
    bounds: Vec<(usize, Bounds)>,
    class: Class,
}

impl<'j> Judge<'j> {
    pub(super) fn new(sql: &'j str, policy: &'j Policy, whole: &Outline<'_, '_>) -> Self {
        let (placed, bounds) = (form::forms(whole).0, predicate::of_scopes(whole));
        Self { sql, policy, placed, bounds, class: text::class(whole) }
    }

    /// How each value is bound.
    pub(super) fn placed(&self) -> &[Placed] {
        &self.placed
    }

    /// What is wrong with the statement with all its parts.
    pub(super) fn whole(&self, template: &Template<'_, '_>) -> Vec<Mistake> {
        let mut mistakes = self.text(&template.keep(ALL));
        for (number, clause) in template.clauses().iter().enumerate() {
            let holds = |value: &Placed| template.clause_of(value.span.start) == Some(number);
            let judged = clause.condition == Condition::AllSome && !template.is_empty(number);
            if judged && !self.placed.iter().any(holds) {
                mistakes.push(Mistake::new(Reason::ClauseWithoutValue, clause.span.clone()));
            }
        }
        mistakes
    }

    /// What is wrong with the statement that keeps only these parts.
    pub(super) fn part(&self, template: &Template<'_, '_>, kept: Kept) -> Vec<Mistake> {
        let left_out = template.left_out(kept);
        self.text(&template.keep(kept)).into_iter().map(|mistake| mistake.without(left_out.clone())).collect()
    }

    fn text(&self, tokens: &[Token<'_>]) -> Vec<Mistake> {
        let outline = match scope::outline(tokens) {
            Ok(outline) => outline,
            Err(mistakes) => return mistakes,
        };
        let (placed, mut mistakes) = form::forms(&outline);
        mistakes.extend(check::statements(&outline, self.policy));
        mistakes.extend(predicate::unbounded(&outline, &self.bounds));
        mistakes.extend(predicate::constant_or(&outline));
        mistakes.extend(function::calls(&outline));
        mistakes.extend(placement::placeholders(self.sql, tokens, &outline, &placed, self.policy));
        mistakes.extend(names::names(&outline));
        mistakes.extend(keys::keys(&outline));
        mistakes.extend(keys::directions(&outline));
        mistakes.extend(secret::secrets(&outline));
        mistakes.extend(outline.pieces().iter().filter_map(|piece| self.unknown_list(piece.token)));
        mistakes.extend(self.split(&outline, &placed));
        mistakes
    }

    fn unknown_list(&self, token: &Token<'_>) -> Option<Mistake> {
        let (_, list) = token.choice().filter(|_| token.kind == TokenKind::Identifier)?;
        let (list, lists) = (list?, &self.policy.identifiers);
        if list.parse::<ListName>().is_ok_and(|name| lists.contains_key(&name)) {
            return None;
        }
        let near = nearest(list, lists.keys().map(ListName::as_str)).map(ToString::to_string);
        Some(Mistake::new(Reason::UnknownList(list.to_owned(), near), token.span.clone()))
    }

    /// What means something else than with all parts: how a value is bound, and what the statement gives back.
    fn split(&self, outline: &Outline<'_, '_>, placed: &[Placed]) -> Vec<Mistake> {
        let differs = |value: &&Placed| {
            let whole = self.placed.iter().find(|whole| whole.span == value.span);
            whole.is_some_and(|w| {
                (&w.form, w.negated, &w.replaces, w.escape_at)
                    != (&value.form, value.negated, &value.replaces, value.escape_at)
            })
        };
        let text = |value: &Placed| self.sql.get(value.span.clone()).unwrap_or_default().to_owned();
        let split = placed.iter().filter(differs);
        let mut mistakes: Vec<_> =
            split.map(|value| Mistake::new(Reason::ClauseSplits(text(value)), value.span.clone())).collect();
        if text::class(outline) != self.class {
            let verb = outline.scopes().first().and_then(|main| outline.token(main.verb));
            mistakes.extend(verb.map(|verb| Mistake::new(Reason::ClauseReturning, verb.span.clone())));
        }
        mistakes
    }
}
