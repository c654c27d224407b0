//! Which columns are fixed by a value: what scopes of `security.toml` are judged by.

use std::collections::HashSet;

use sqlparser::ast::{BinaryOperator, Expr, InTarget, Value as Constant};

use super::Resolver;
use super::scope::{Hit, Scope, same};
use crate::shape::Mention;

/// A column of a mention.
type Place = (usize, String);

/// What is known of columns that equal values or each other.
#[derive(Debug, Default)]
pub(super) struct Facts {
    fixed: HashSet<Place>,
    /// The first is fixed if the second is.
    follows: Vec<(Place, Place)>,
}

impl Facts {
    pub(super) fn fix(&mut self, place: Place) {
        self.fixed.insert(place);
    }

    pub(super) fn follow(&mut self, place: Place, other: Place) {
        self.follows.push((place, other));
    }

    /// Writes what is fixed to the mentions.
    pub(super) fn settle(&mut self, mentions: &mut [Mention]) {
        loop {
            let news: Vec<Place> = self
                .follows
                .iter()
                .filter(|(place, other)| self.fixed.contains(other) && !self.fixed.contains(place))
                .map(|(place, _)| place.clone())
                .collect();
            if news.is_empty() {
                break;
            }
            self.fixed.extend(news);
        }
        for (mention, column) in &self.fixed {
            if let Some(mention) = mentions.get_mut(*mention)
                && !mention.fixed.contains(column)
            {
                mention.fixed.push(column.clone());
            }
        }
        for mention in mentions {
            mention.fixed.sort_unstable();
        }
    }
}

impl<'a> Resolver<'a> {
    /// Learns from a condition that every row must meet, about the relations that it can hold back.
    pub(super) fn learn(&mut self, condition: &Expr, scope: &Scope<'_, 'a>, held: &[usize]) {
        let mut conditions = vec![condition];
        while let Some(condition) = conditions.pop() {
            match condition {
                Expr::Nested(inner) => conditions.push(inner),
                Expr::BinaryOp { left, op: BinaryOperator::And, right } => conditions.extend([&**left, &**right]),
                Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                    self.equal(left, right, scope, held);
                    self.equal(right, left, scope, held);
                }
                Expr::IsNotDistinctFrom(left, right) => {
                    self.equal(left, right, scope, held);
                    self.equal(right, left, scope, held);
                }
                Expr::In { expr, target: InTarget::List(list), negated: false, .. }
                    if !list.is_empty() && list.iter().all(is_param) =>
                {
                    self.fixed(expr, scope, held);
                }
                Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } if is_param(right) => {
                    self.fixed(left, scope, held);
                }
                _ => {}
            }
        }
    }

    fn equal(&mut self, column: &Expr, other: &Expr, scope: &Scope<'_, 'a>, held: &[usize]) {
        if is_param(other) {
            return self.fixed(column, scope, held);
        }
        if let (Some(place), Some(other)) = (self.place(column, scope), self.place(other, scope))
            && held.contains(&place.0)
        {
            self.facts.follow(place, other);
        }
    }

    fn fixed(&mut self, column: &Expr, scope: &Scope<'_, 'a>, held: &[usize]) {
        if let Some(place) = self.place(column, scope)
            && held.contains(&place.0)
        {
            self.facts.fix(place);
        }
    }

    /// The mention and column that an expression is, if it is one.
    fn place(&self, expr: &Expr, scope: &Scope<'_, 'a>) -> Option<Place> {
        let dialect = self.schema.dialect;
        match expr {
            Expr::Nested(inner) => self.place(inner, scope),
            Expr::Identifier(ident) => {
                let name = self.key(ident);
                scope.outward().find_map(|scope| match scope.find(&name, dialect) {
                    Hit::None => None,
                    Hit::One(_, field) => Some(field.place),
                    Hit::Many(..) => Some(None),
                })?
            }
            Expr::CompoundIdentifier(idents) => {
                let [.., table, column] = idents.as_slice() else { return None };
                let (table, column) = (self.key(table), self.key(column));
                let mut relations = scope.outward().flat_map(|scope| scope.relations.iter());
                relations.find(|relation| same(&relation.name, &table, dialect))?.find(&column, dialect)?.place
            }
            _ => None,
        }
    }

    /// The mentions of these relations, and of the tables behind them where they are views or subqueries.
    pub(super) fn held(&self, scope: &Scope<'_, 'a>, range: std::ops::Range<usize>) -> Vec<usize> {
        let relations = scope.relations.iter().take(range.end).skip(range.start);
        relations
            .flat_map(|relation| {
                let fields = (0..relation.len()).filter_map(|at| relation.field(at)?.place.map(|place| place.0));
                relation.mention.into_iter().chain(fields)
            })
            .collect()
    }
}

/// Whether this is a bound value, whatever it is cast to.
pub(super) fn is_param(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_param(inner),
        Expr::Value(value) => matches!(value.value, Constant::Placeholder(_)),
        _ => false,
    }
}
