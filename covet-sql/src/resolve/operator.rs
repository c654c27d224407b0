//! What operators give.

use sqlparser::ast::{BinaryOperator as Op, Expr, Spanned, UnaryOperator};

use super::scope::Scope;
use super::{Literal, Resolver, Value, strict};
use crate::schema::SqlType;
use crate::types::{Family, family};

impl<'a> Resolver<'a> {
    /// A chain of operators, which is as deep on its left as it is long.
    pub(super) fn chain(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        let mut links = Vec::new();
        let mut first = expr;
        while let Expr::BinaryOp { left, op, right } = first {
            links.push((&**left, op, &**right));
            first = left;
        }
        let mut value = match links.last() {
            Some((left, op, right)) => self.row_or(left, right, op, scope),
            None => Value::default(),
        };
        for (left, op, right) in links.into_iter().rev() {
            value = self.binary(left, value, op, right, scope);
        }
        value
    }

    /// An operand; beside a row value a subquery may have several columns.
    fn row_or(&mut self, expr: &Expr, other: &Expr, op: &Op, scope: &Scope<'_, 'a>) -> Value {
        match expr {
            Expr::Subquery(query) if is_comparison(op) && is_row(other) => {
                self.query(query, Some(scope));
                Value::default()
            }
            expr => self.expr(expr, scope),
        }
    }

    fn binary(&mut self, left: &Expr, value: Value, op: &Op, right: &Expr, scope: &Scope<'_, 'a>) -> Value {
        let other = self.row_or(right, left, op, scope);
        let nullable = strict([&value, &other]);
        let truth = |nullable| Value::of(SqlType::Bool, nullable);
        let span = || left.span();
        match op {
            Op::And | Op::Or | Op::Xor => {
                for (value, expr) in [(&value, left), (&other, right)] {
                    self.anchor(value, Some(&SqlType::Bool));
                    if let Some(ty) = value.fixed().filter(|_| self.judges_types())
                        && family(ty).is_some_and(|family| family != Family::Bool)
                    {
                        let name = if matches!(op, Op::And) { "AND" } else { "OR" };
                        let span = self.bytes(expr.span());
                        self.error(crate::mistake::Reason::NotACondition(name, ty.to_string()), span);
                    }
                }
                truth(nullable)
            }
            Op::Eq | Op::NotEq => {
                let span = self.bytes(span());
                self.compared(&value, &other, true, span);
                truth(nullable)
            }
            Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => {
                let span = self.bytes(span());
                self.compared(&value, &other, false, span);
                truth(nullable)
            }
            Op::Is | Op::IsNot => {
                let span = self.bytes(span());
                self.compared(&value, &other, false, span);
                truth(Some(false))
            }
            Op::Plus | Op::Minus | Op::Multiply | Op::Divide | Op::Modulo => {
                self.arithmetic(&value, op, &other, nullable)
            }
            Op::StringConcat => self.concatenated(&value, &other, nullable),
            Op::Arrow | Op::HashArrow => Value::maybe(self.json_of(&value), Some(true)),
            Op::LongArrow | Op::HashLongArrow => {
                Value::maybe(Some(SqlType::Text).filter(|_| self.postgres()), Some(true))
            }
            Op::AtArrow | Op::ArrowAt | Op::PGOverlap => {
                self.alike(&value, &other);
                truth(nullable)
            }
            Op::Match
            | Op::Regexp
            | Op::Glob
            | Op::PGRegexMatch
            | Op::PGRegexIMatch
            | Op::PGRegexNotMatch
            | Op::PGRegexNotIMatch
            | Op::PGLikeMatch
            | Op::PGILikeMatch
            | Op::PGNotLikeMatch
            | Op::PGNotILikeMatch
            | Op::PGStartsWith => {
                self.anchor(&value, Some(&SqlType::Text));
                self.anchor(&other, Some(&SqlType::Text));
                truth(nullable)
            }
            Op::Question | Op::QuestionAnd | Op::QuestionPipe | Op::AtAt | Op::AtQuestion | Op::Overlaps => {
                truth(nullable.filter(|null| *null))
            }
            Op::BitwiseAnd | Op::BitwiseOr | Op::BitwiseXor | Op::PGBitwiseXor => {
                Value::maybe(value.ty.filter(|ty| other.ty.as_ref() == Some(ty)), nullable)
            }
            Op::PGBitwiseShiftLeft | Op::PGBitwiseShiftRight => {
                Value::maybe(value.ty.filter(|ty| family(ty) == Some(Family::Number)), nullable)
            }
            _ => Value::default(),
        }
    }

    /// A parameter beside `@>` and its kin has the type of its partner.
    fn alike(&mut self, left: &Value, right: &Value) {
        let same = |ty: &&SqlType| matches!(ty, SqlType::Jsonb | SqlType::Array(_));
        self.anchor(left, right.ty.as_ref().filter(same));
        self.anchor(right, left.ty.as_ref().filter(same));
    }

    fn json_of(&self, value: &Value) -> Option<SqlType> {
        if !self.postgres() {
            return Some(SqlType::Json);
        }
        value.ty.clone().filter(|ty| matches!(ty, SqlType::Json | SqlType::Jsonb))
    }

    fn concatenated(&mut self, left: &Value, right: &Value, nullable: Option<bool>) -> Value {
        let text = |value: &Value| value.ty == Some(SqlType::Text);
        let free = |value: &Value| value.param.is_some() || value.literal.is_some();
        if !self.postgres() {
            self.anchor(left, Some(&SqlType::Text));
            self.anchor(right, Some(&SqlType::Text));
            return Value::of(SqlType::Text, nullable);
        }
        match (&left.ty, &right.ty) {
            (Some(SqlType::Array(_)), _) | (_, Some(SqlType::Array(_))) => {
                // An array swallows a NULL.
                let array = |value: &Value| value.ty.clone().filter(|ty| matches!(ty, SqlType::Array(_)));
                Value::maybe(array(left).or_else(|| array(right)), None)
            }
            (Some(SqlType::Jsonb), _) | (_, Some(SqlType::Jsonb)) => {
                self.anchor(left, right.ty.as_ref());
                self.anchor(right, left.ty.as_ref());
                Value::of(SqlType::Jsonb, nullable)
            }
            _ if text(left) || text(right) || (free(left) && free(right)) => {
                let known = |value: &Value| free(value) || value.ty.as_ref().is_some_and(|ty| family(ty).is_some());
                if known(left) && known(right) {
                    self.anchor(left, Some(&SqlType::Text));
                    self.anchor(right, Some(&SqlType::Text));
                    return Value::of(SqlType::Text, nullable);
                }
                Value::maybe(None, nullable.filter(|null| *null))
            }
            _ => Value::maybe(None, None),
        }
    }

    fn arithmetic(&mut self, left: &Value, op: &Op, right: &Value, nullable: Option<bool>) -> Value {
        // On SQLite `1 / 0` is NULL.
        let nullable = match op {
            Op::Divide | Op::Modulo if !self.postgres() => nullable.filter(|null| *null),
            _ => nullable,
        };
        let number = |value: &Value| value.ty.as_ref().is_some_and(|ty| family(ty) == Some(Family::Number));
        for (value, other) in [(left, right), (right, left)] {
            self.anchor(value, other.ty.as_ref().filter(|_| number(other) && other.literal.is_none()));
        }
        let ty = |value: &Value, other: &Value| match (&value.ty, &value.param, &value.literal) {
            // A value without a type takes that of its partner.
            (_, Some(_), _) | (_, _, Some(Literal::Text(_) | Literal::Null)) if number(other) => other.ty.clone(),
            (ty, _, _) => ty.clone(),
        };
        let ty = match (ty(left, right), ty(right, left)) {
            (Some(a), Some(b)) if number(left) || number(right) => {
                promoted(&a, &b).filter(|_| family(&a) == family(&b))
            }
            (Some(a), Some(b)) if self.postgres() => moment(&a, op, &b),
            _ => None,
        };
        Value::maybe(ty, nullable)
    }

    pub(super) fn unary(&mut self, op: &UnaryOperator, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        if *op == UnaryOperator::Not {
            let value = self.condition(expr, scope, "NOT");
            return Value::of(SqlType::Bool, value.nullable);
        }
        let value = self.expr(expr, scope);
        match op {
            UnaryOperator::Minus | UnaryOperator::Plus | UnaryOperator::BitwiseNot => {
                Value::maybe(value.fixed().cloned(), value.nullable)
            }
            _ => Value::default(),
        }
    }
}

fn is_comparison(op: &Op) -> bool {
    matches!(op, Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq | Op::Is | Op::IsNot)
}

/// `(a, b)` or `ROW(a, b)`.
pub(super) fn is_row(expr: &Expr) -> bool {
    match expr {
        Expr::Tuple(_) => true,
        Expr::Subquery(_) => true,
        Expr::Nested(inner) => is_row(inner),
        Expr::Function(function) => function.name.to_string().eq_ignore_ascii_case("row"),
        _ => false,
    }
}

/// The type that holds both: numbers grow, all else must be the same.
pub(super) fn promoted(left: &SqlType, right: &SqlType) -> Option<SqlType> {
    const RANKS: [SqlType; 4] = [SqlType::SmallInt, SqlType::Int, SqlType::BigInt, SqlType::Numeric];
    if left == right {
        return Some(left.clone());
    }
    let rank = |ty: &SqlType| RANKS.iter().position(|known| known == ty);
    match (rank(left), rank(right)) {
        (Some(a), Some(b)) => RANKS.get(a.max(b)).cloned(),
        _ if family(left) == Some(Family::Number) && family(right) == Some(Family::Number) => Some(SqlType::Double),
        _ => None,
    }
}

/// Days and moments, and the spans between them.
fn moment(left: &SqlType, op: &Op, right: &SqlType) -> Option<SqlType> {
    use SqlType::{Date, Int, Interval, Timestamp, TimestampTz};
    match (left, op, right) {
        (Date, Op::Plus | Op::Minus, Int) => Some(Date),
        (Date, Op::Minus, Date) => Some(Int),
        (Date, Op::Plus | Op::Minus, Interval) => Some(Timestamp),
        (Timestamp, Op::Plus | Op::Minus, Interval) | (Interval, Op::Plus, Timestamp) => Some(Timestamp),
        (TimestampTz, Op::Plus | Op::Minus, Interval) | (Interval, Op::Plus, TimestampTz) => Some(TimestampTz),
        (Timestamp, Op::Minus, Timestamp) | (TimestampTz, Op::Minus, TimestampTz) => Some(Interval),
        (Interval, Op::Plus | Op::Minus, Interval) => Some(Interval),
        _ => None,
    }
}
