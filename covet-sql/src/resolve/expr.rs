//! What an expression is: its type, whether it may be `NULL`, and what it reads.

use sqlparser::ast::{
    AccessExpr, CaseWhen, DataType, Expr, Ident, InTarget, Query, Spanned, Subscript, Value as Constant, ValueWithSpan,
};

use super::operator::promoted;
use super::scope::Scope;
use super::{Literal, Resolver, Value, strict};
use crate::mistake::{Mistake, Reason};
use crate::schema::SqlType;
use crate::types;

impl<'a> Resolver<'a> {
    pub(super) fn expr(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        self.deeper(Value::default(), |this| this.shallow(expr, scope))
    }

    fn shallow(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        match expr {
            Expr::Identifier(ident) => self.column(ident, scope),
            Expr::CompoundIdentifier(idents) => self.qualified(idents, scope),
            Expr::Value(value) => self.constant(value),
            Expr::Nested(inner) => self.expr(inner, scope),
            Expr::BinaryOp { .. } => self.chain(expr, scope),
            Expr::UnaryOp { op, expr } => self.unary(op, expr, scope),
            Expr::Function(function) => self.function(function, scope),
            Expr::Cast { expr, data_type, .. } => self.cast(expr, data_type, scope),
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), scope)
            }
            Expr::Exists { subquery, .. } => {
                self.query(subquery, Some(scope));
                Value::of(SqlType::Bool, Some(false))
            }
            Expr::Subquery(query) => self.scalar(query, scope),
            other => self.tests(other, scope),
        }
    }

    /// What asks something of values.
    fn tests(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        let truth = |nullable| Value::of(SqlType::Bool, nullable);
        match expr {
            Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::IsJson { expr: inner, .. }
            | Expr::IsNormalized { expr: inner, .. } => {
                let value = self.expr(inner, scope);
                self.idle.extend(value.param);
                truth(Some(false))
            }
            Expr::IsTrue(inner) | Expr::IsFalse(inner) | Expr::IsNotTrue(inner) | Expr::IsNotFalse(inner) => {
                self.condition(inner, scope, "IS TRUE");
                truth(Some(false))
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                let (a, b) = (self.expr(left, scope), self.expr(right, scope));
                let span = self.bytes(left.span());
                self.compared(&a, &b, false, span);
                truth(Some(false))
            }
            Expr::In { expr, target, .. } => self.within(expr, target, scope),
            Expr::Between { expr, low, high, .. } => {
                let values = [self.expr(expr, scope), self.expr(low, scope), self.expr(high, scope)];
                let [value, low, high] = &values;
                let span = self.bytes(expr.span());
                self.compared(value, low, false, span.clone());
                self.compared(value, high, false, span);
                truth(strict(&values))
            }
            Expr::Like { expr, pattern, escape_char, any: false, .. }
            | Expr::ILike { expr, pattern, escape_char, any: false, .. }
            | Expr::SimilarTo { expr, pattern, escape_char, .. } => {
                let values = [self.expr(expr, scope), self.expr(pattern, scope)];
                if let Some(escape) = escape_char {
                    self.expr(escape, scope);
                }
                let [value, pattern] = &values;
                let span = self.bytes(expr.span());
                self.textual(value, span.clone());
                self.textual(pattern, span);
                if let (Some(origin), Some(usage)) = (value.origin.clone(), self.usage(pattern)) {
                    usage.column = Some(origin);
                }
                truth(strict(&values))
            }
            Expr::RLike { expr, pattern, .. } => {
                let values = [self.expr(expr, scope), self.expr(pattern, scope)];
                truth(strict(&values))
            }
            Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => self.any(left, right, scope),
            other => self.parts(other, scope),
        }
    }

    /// What takes values apart and puts them together.
    fn parts(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        match expr {
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain, scope),
            Expr::AtTimeZone { timestamp, time_zone } => {
                let value = self.expr(timestamp, scope);
                let zone = self.expr(time_zone, scope);
                self.anchor(&zone, Some(&SqlType::Text));
                let ty = match value.fixed() {
                    Some(SqlType::TimestampTz) => Some(SqlType::Timestamp),
                    Some(SqlType::Timestamp) => Some(SqlType::TimestampTz),
                    _ => None,
                };
                Value::maybe(ty, strict([&value, &zone]))
            }
            Expr::Extract { expr, .. } => {
                let value = self.expr(expr, scope);
                // The parts of an infinite moment are NULL, or infinite.
                Value::of(SqlType::Numeric, value.nullable.filter(|null| *null))
            }
            Expr::Ceil { expr, .. } | Expr::Floor { expr, .. } => {
                let value = self.expr(expr, scope);
                let ty = value.fixed().map(|ty| match ty {
                    SqlType::Numeric => SqlType::Numeric,
                    _ => SqlType::Double,
                });
                Value::maybe(ty.filter(|_| self.postgres()), value.nullable)
            }
            Expr::Position { expr, r#in } => {
                let values = [self.expr(expr, scope), self.expr(r#in, scope)];
                values.iter().for_each(|value| self.anchor(value, Some(&SqlType::Text)));
                Value::of(SqlType::Int, strict(&values))
            }
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let mut values = vec![self.expr(expr, scope)];
                for part in [substring_from, substring_for].into_iter().flatten() {
                    values.push(self.expr(part, scope));
                }
                self.text_of(&values)
            }
            Expr::Trim { expr, trim_what, trim_characters, .. } => {
                let mut values = vec![self.expr(expr, scope)];
                for part in trim_what.iter().map(|what| &**what).chain(trim_characters.iter().flatten()) {
                    values.push(self.expr(part, scope));
                }
                self.text_of(&values)
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let mut values = vec![self.expr(expr, scope), self.expr(overlay_what, scope)];
                values.push(self.expr(overlay_from, scope));
                if let Some(part) = overlay_for {
                    values.push(self.expr(part, scope));
                }
                self.text_of(&values)
            }
            Expr::Collate { expr, .. } => self.expr(expr, scope),
            Expr::TypedString(typed) => Value::maybe(types::of(&typed.data_type, self.schema), Some(false)),
            Expr::Interval(interval) => {
                let value = self.expr(&interval.value, scope);
                Value::of(SqlType::Interval, value.nullable)
            }
            Expr::Array(array) => {
                let values: Vec<Value> = array.elem.iter().map(|elem| self.expr(elem, scope)).collect();
                let element = self.common(&values);
                Value::maybe(element.map(|ty| SqlType::Array(Box::new(ty))), Some(false))
            }
            Expr::Tuple(values) => {
                values.iter().for_each(|value| drop(self.expr(value, scope)));
                Value::maybe(None, Some(false))
            }
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                sets.iter().flatten().for_each(|value| drop(self.expr(value, scope)));
                Value::default()
            }
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => Value::default(),
            _ => {
                self.unsure(|| "an expression here is not followed".into());
                Value::default()
            }
        }
    }

    fn text_of(&mut self, values: &[Value]) -> Value {
        let first = values.first();
        if let Some(first) = first {
            self.anchor(first, Some(&SqlType::Text));
        }
        let bytes = first.and_then(Value::fixed) == Some(&SqlType::Bytes);
        Value::of(if bytes { SqlType::Bytes } else { SqlType::Text }, strict(values))
    }

    fn constant(&mut self, value: &ValueWithSpan) -> Value {
        let text = |text: &str| Value {
            ty: Some(SqlType::Text),
            nullable: Some(false),
            literal: Some(Literal::Text(text.to_owned())),
            ..Value::default()
        };
        let constant = match &value.value {
            Constant::Placeholder(name) => return self.param(name, value.span),
            Constant::Number(number, _) => Value::of(self.number(number), Some(false)),
            Constant::SingleQuotedString(string)
            | Constant::EscapedStringLiteral(string)
            | Constant::UnicodeStringLiteral(string)
            | Constant::NationalStringLiteral(string) => text(string),
            Constant::DollarQuotedString(string) => text(&string.value),
            Constant::Boolean(_) => Value::of(SqlType::Bool, Some(false)),
            Constant::Null => Value { nullable: Some(true), literal: Some(Literal::Null), ..Value::default() },
            // The parser takes `0xff` for `x'ff'`.
            Constant::HexStringLiteral(_) if !self.postgres() => {
                let text = self.sql.get(self.bytes(value.span)).unwrap_or_default();
                Value::of(if text.starts_with('0') { SqlType::BigInt } else { SqlType::Bytes }, Some(false))
            }
            // On SQLite a text in double quotes is a name.
            Constant::DoubleQuotedString(name) => {
                let mut ident = Ident::with_quote('"', name.clone());
                ident.span = value.span;
                return self.column(&ident, &Scope { open: true, ..Scope::default() });
            }
            _ => Value::maybe(None, Some(false)),
        };
        Value { span: Some(self.bytes(value.span)), ..constant }
    }

    fn number(&self, number: &str) -> SqlType {
        let number = number.replace('_', "");
        let whole = number.chars().all(|c| c.is_ascii_digit());
        match (self.postgres(), whole) {
            (true, true) if number.parse::<i32>().is_ok() => SqlType::Int,
            (true, true) if number.parse::<i64>().is_ok() => SqlType::BigInt,
            (true, _) => SqlType::Numeric,
            (false, true) if number.parse::<i64>().is_ok() => SqlType::BigInt,
            (false, _) if number.starts_with("0x") || number.starts_with("0X") => SqlType::BigInt,
            (false, _) => SqlType::Double,
        }
    }

    fn cast(&mut self, expr: &Expr, data_type: &DataType, scope: &Scope<'_, 'a>) -> Value {
        let value = self.expr(expr, scope);
        if !self.postgres() {
            let ty = types::cast(&data_type.to_string());
            self.anchor(&value, ty.as_ref());
            return Value { param: None, ..Value::maybe(ty, value.nullable) };
        }
        let ty = types::of(data_type, self.schema);
        match &ty {
            Some(ty) => {
                self.anchor(&value, Some(ty));
                if let Some(Literal::Text(text)) = &value.literal {
                    let span = value.span.clone().unwrap_or_else(|| self.bytes(expr.span()));
                    self.readable(text, ty, None, span);
                }
            }
            None => self.untyped(data_type, expr),
        }
        Value::maybe(ty, value.nullable)
    }

    fn untyped(&mut self, data_type: &DataType, expr: &Expr) {
        let name = data_type.to_string();
        if self.schema.open {
            return self.unsure(|| format!("it is not known what the type `{name}` is"));
        }
        let at = match data_type {
            DataType::Custom(name, _) => name.span(),
            _ => expr.span(),
        };
        let key = name.trim_matches('"').to_ascii_lowercase();
        let known = [
            "integer",
            "bigint",
            "smallint",
            "text",
            "boolean",
            "uuid",
            "timestamptz",
            "timestamp",
            "jsonb",
            "numeric",
        ];
        let made = self.schema.enums.keys().chain(self.schema.types.keys()).map(String::as_str);
        let span = self.bytes(at);
        let mistake = Mistake::new(Reason::UnknownType(name), span).near(&key, known.into_iter().chain(made));
        self.mistake(mistake);
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
        scope: &Scope<'_, 'a>,
    ) -> Value {
        let operand = operand.map(|expr| (self.expr(expr, scope), expr.span()));
        let mut results = Vec::new();
        for when in conditions {
            match &operand {
                Some((operand, span)) => {
                    let value = self.expr(&when.condition, scope);
                    let span = self.bytes(*span);
                    self.compared(operand, &value, true, span);
                }
                None => drop(self.condition(&when.condition, scope, "CASE WHEN")),
            }
            results.push(self.expr(&when.result, scope));
        }
        match otherwise {
            Some(otherwise) => results.push(self.expr(otherwise, scope)),
            None => results.push(Value { nullable: Some(true), literal: Some(Literal::Null), ..Value::default() }),
        }
        Value::maybe(self.common(&results), strict(&results))
    }

    /// The type of values of which one is chosen.
    pub(super) fn common(&mut self, values: &[Value]) -> Option<SqlType> {
        let mut typed = values.iter().filter(|value| value.literal.is_none() && value.param.is_none());
        let first = typed.next();
        let ty = match first {
            Some(first) => typed.try_fold(first.ty.clone()?, |ty, value| promoted(&ty, value.ty.as_ref()?)),
            None => {
                let text = values.iter().any(|value| matches!(value.literal, Some(Literal::Text(_))));
                text.then_some(SqlType::Text)
            }
        }?;
        for value in values {
            self.anchor(value, Some(&ty));
            if let Some(Literal::Text(text)) = &value.literal {
                self.readable(text, &ty, None, value.span.clone().unwrap_or_default());
            }
        }
        Some(ty)
    }

    /// A subquery whose one row and column is a value.
    fn scalar(&mut self, query: &Query, scope: &Scope<'_, 'a>) -> Value {
        let rows = self.query(query, Some(scope));
        if rows.fields.len() > 1 && !rows.open {
            let span = self.bytes(query.span());
            self.error(Reason::SubqueryWidth(rows.fields.len()), span);
        }
        let Some(field) = rows.fields.into_iter().next().filter(|_| !rows.open) else { return Value::default() };
        // Without a row it is NULL.
        let nullable = if rows.single { field.nullable } else { Some(true) };
        Value::maybe(field.ty, nullable)
    }

    fn within(&mut self, expr: &Expr, target: &InTarget, scope: &Scope<'_, 'a>) -> Value {
        let value = self.expr(expr, scope);
        let span = self.bytes(expr.span());
        let nullable = match target {
            InTarget::List(list) => {
                let mut values = vec![value.clone()];
                for item in list {
                    let item = self.expr(item, scope);
                    self.compared(&value, &item, true, span.clone());
                    values.push(item);
                }
                strict(&values)
            }
            InTarget::Subquery(query) => {
                let rows = self.query(query, Some(scope));
                let expected = match expr {
                    Expr::Tuple(values) => values.len(),
                    _ => 1,
                };
                if !rows.open && rows.fields.len() != expected && (expected > 1 || !super::operator::is_row(expr)) {
                    let at = self.bytes(query.span());
                    self.error(Reason::SubqueryWidth(rows.fields.len()), at);
                } else if let ([field], 1) = (rows.fields.as_slice(), expected) {
                    let literal = rows.values.first().is_some_and(|value| value.fixed().is_none());
                    let other = field.clone().value();
                    if !literal {
                        self.compared(&value, &other, true, span);
                    }
                    return Value::of(SqlType::Bool, strict([&value, &other]));
                }
                None
            }
            InTarget::Unnest(inner) => {
                self.expr(inner, scope);
                None
            }
            InTarget::Table { name, args: None } => {
                self.table(name, None);
                None
            }
            InTarget::Table { .. } => None,
        };
        Value::of(SqlType::Bool, nullable)
    }

    /// `x = ANY(array)`.
    fn any(&mut self, left: &Expr, right: &Expr, scope: &Scope<'_, 'a>) -> Value {
        let value = self.expr(left, scope);
        let inner = match right {
            Expr::Nested(inner) => inner,
            other => other,
        };
        let span = self.bytes(left.span());
        if let Expr::Subquery(query) = inner {
            let rows = self.query(query, Some(scope));
            if let [field] = rows.fields.as_slice() {
                let other = field.clone().value();
                self.compared(&value, &other, true, span);
            }
            return Value::of(SqlType::Bool, None);
        }
        let array = self.expr(inner, scope);
        let of = value.ty.clone().filter(|_| value.literal.is_none());
        self.anchor(&array, of.map(|ty| SqlType::Array(Box::new(ty))).as_ref());
        if let (Some(origin), Some(usage)) = (value.origin.clone(), self.usage(&array)) {
            usage.column = Some(origin);
            usage.compared = true;
        }
        if let Some(SqlType::Array(element)) = array.fixed().cloned() {
            let element = Value { origin: array.origin.clone(), ..Value::of(*element, Some(false)) };
            self.compared(&value, &element, true, span);
        }
        Value::of(SqlType::Bool, None)
    }

    /// `t.list[1]`, `(row).field`.
    fn access(&mut self, root: &Expr, chain: &[AccessExpr], scope: &Scope<'_, 'a>) -> Value {
        let mut idents: Vec<Ident> = match root {
            Expr::Identifier(ident) => vec![ident.clone()],
            Expr::CompoundIdentifier(idents) => idents.clone(),
            _ => Vec::new(),
        };
        let mut rest = chain;
        while let ([AccessExpr::Dot(Expr::Identifier(ident)), tail @ ..], false) = (rest, idents.is_empty()) {
            idents.push(ident.clone());
            rest = tail;
        }
        let mut value = match idents.as_slice() {
            [] => self.expr(root, scope),
            [ident] => self.column(ident, scope),
            idents => self.qualified(idents, scope),
        };
        for access in rest {
            let mut bounds: Vec<&Expr> = Vec::new();
            let mut slice = false;
            match access {
                AccessExpr::Dot(_) => {
                    value = Value::default();
                    continue;
                }
                AccessExpr::Subscript(Subscript::Index { index }) => bounds.push(index),
                AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                    slice = true;
                    bounds.extend([lower_bound, upper_bound, stride].into_iter().flatten());
                }
            }
            let array = matches!(value.ty, Some(SqlType::Array(_)));
            for bound in bounds {
                let bound = self.expr(bound, scope);
                self.anchor(&bound, Some(&SqlType::Int).filter(|_| array));
            }
            let ty = match (value.ty, slice) {
                (Some(SqlType::Array(element)), false) => Some(*element),
                (ty @ Some(SqlType::Array(_) | SqlType::Jsonb), _) => ty,
                _ => None,
            };
            value = Value::maybe(ty, Some(true).filter(|_| !slice));
        }
        Value { literal: None, ..value }
    }
}
