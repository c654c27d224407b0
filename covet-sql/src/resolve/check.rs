//! Whether values can meet, and whether they can go into columns. Only PostgreSQL minds.

use std::ops::Range;

use sqlparser::ast::{Expr, Spanned};

use super::scope::Scope;
use super::{Literal, Resolver, Value};
use crate::mistake::{Mistake, Reason};
use crate::schema::{Column, SqlType, Table};
use crate::types::{self, Family};

impl<'a> Resolver<'a> {
    /// Two values that are compared. `equal` is `=` or `<>`, where `NULL` is never what was meant.
    pub(super) fn compared(&mut self, left: &Value, right: &Value, equal: bool, span: Range<usize>) {
        for (value, other) in [(left, right), (right, left)] {
            if let Some(usage) = self.usage(value) {
                usage.column = usage.column.take().or_else(|| other.origin.clone());
                usage.compared |= equal;
            }
            let free = matches!(other.literal, Some(Literal::Null | Literal::Default));
            self.anchor(value, other.ty.as_ref().filter(|_| !free));
        }
        if !self.judges_types() {
            return;
        }
        for (value, other) in [(left, right), (right, left)] {
            if let (Some(Literal::Text(text)), Some(ty)) = (&value.literal, other.fixed()) {
                return self.readable(text, &ty.clone(), other.origin.as_ref(), value.span.clone().unwrap_or(span));
            }
        }
        if let (Some(left), Some(right)) = (left.fixed(), right.fixed())
            && types::incomparable(left, right)
        {
            self.error(Reason::Compared(left.to_string(), right.to_string()), span);
        }
    }

    /// A text that must be a value of the type.
    pub(super) fn readable(&mut self, text: &str, ty: &SqlType, column: Option<&(String, String)>, span: Range<usize>) {
        if !self.judges_types() || !types::unreadable(text, ty, self.schema) {
            return;
        }
        let mistake = match ty {
            SqlType::Enum(name) => {
                let labels = self.schema.enums.get(name).map(Vec::as_slice).unwrap_or_default();
                let reason = Reason::Label { name: name.clone(), label: text.to_owned() };
                let known = format!("its values are: {}", labels.join(", "));
                Mistake::new(reason, span).near(text, labels.iter().map(String::as_str)).note(known)
            }
            ty => {
                let found = format!("the text '{text}'");
                match column {
                    Some((_, column)) => {
                        let expected = ty.to_string();
                        Mistake::new(Reason::Type { column: column.clone(), expected, found }, span)
                    }
                    None => Mistake::new(Reason::Compared(found, ty.to_string()), span),
                }
            }
        };
        self.mistake(mistake);
    }

    /// A value that is written to a column.
    pub(super) fn assigned(&mut self, table: &Table, key: &str, column: &Column, value: &Value, span: Range<usize>) {
        self.anchor(value, column.ty.as_ref());
        // A trigger may fill it, or the number of the row: then the catalog says that it has a default.
        let filled = column.has_default || self.forgiving;
        if let Some(usage) = self.usage(value) {
            usage.column = Some((key.to_owned(), column.name.clone()));
            usage.nullable = column.nullable.filter(|nullable| *nullable || !filled);
        }
        if value.literal == Some(Literal::Default) {
            return;
        }
        if column.generated {
            let reason = Reason::Generated { table: table.name.clone(), column: column.name.clone() };
            return self.mistake(Mistake::new(reason, span).about(table));
        }
        if value.literal == Some(Literal::Null) {
            // A trigger may fill it: then the catalog says that it has a default.
            if column.nullable == Some(false) && !column.has_default {
                let reason = Reason::Null { table: table.name.clone(), column: column.name.clone() };
                self.mistake(Mistake::new(reason, span).about(table));
            }
            return;
        }
        let Some(ty) = column.ty.as_ref().filter(|_| self.judges_types()) else { return };
        if let Some(Literal::Text(text)) = &value.literal {
            let origin = (key.to_owned(), column.name.clone());
            return self.readable(text, ty, Some(&origin), span);
        }
        if let Some(from) = value.fixed()
            && types::unassignable(from, ty)
        {
            let found = format!("a value of the type {}", from);
            let reason = Reason::Type { column: column.name.clone(), expected: ty.to_string(), found };
            self.mistake(Mistake::new(reason, span).about(table));
        }
    }

    /// What must be true or false.
    pub(super) fn condition(&mut self, expr: &Expr, scope: &Scope<'_, 'a>, clause: &'static str) -> Value {
        let value = self.expr(expr, scope);
        self.anchor(&value, Some(&SqlType::Bool));
        if let Some(ty) = value.fixed().filter(|_| self.judges_types())
            && types::family(ty).is_some_and(|family| family != Family::Bool)
        {
            let span = self.bytes(expr.span());
            self.error(Reason::NotACondition(clause, ty.to_string()), span);
        }
        value
    }

    /// What must be text, as around `LIKE`.
    pub(super) fn textual(&mut self, value: &Value, span: Range<usize>) {
        self.anchor(value, Some(&SqlType::Text));
        if let Some(ty) = value.fixed().filter(|_| self.judges_types()) {
            let other = types::family(ty).is_some_and(|family| !matches!(family, Family::Text | Family::Bytes));
            if other || matches!(ty, SqlType::Enum(_) | SqlType::Array(_)) {
                self.error(Reason::Compared(ty.to_string(), "a pattern".into()), span);
            }
        }
    }
}
