//! The value of an expression.

use std::ops::Range;

use syn::{BinOp, Expr, ExprBinary, ExprField, ExprPath, Lit, Member, UnOp};

use super::pattern::name_of;
use super::{Flow, span};
use crate::scan::kind::{self, Bounds};
use crate::scan::value::{Kind, Origin, Value};

impl Flow<'_, '_> {
    /// What the expression stands for; all in it is followed.
    pub(super) fn expression(&mut self, expression: &Expr) -> Value {
        match expression {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Value::text(text.value()),
                Lit::Int(number) => Value::text(number.to_string()).with(Kind::Harmless),
                Lit::Float(number) => Value::text(number.to_string()).with(Kind::Harmless),
                Lit::Char(letter) => Value::text(letter.value()),
                _ => Value::constant(),
            },
            Expr::Path(path) => self.path(path),
            Expr::Field(field) => self.field(field),
            Expr::Reference(inner) => self.expression(&inner.expr),
            Expr::Paren(inner) => self.expression(&inner.expr),
            Expr::Group(inner) => self.expression(&inner.expr),
            Expr::Await(inner) => self.expression(&inner.base),
            Expr::Try(inner) => self.expression(&inner.expr),
            Expr::Unary(unary) => {
                let value = self.expression(&unary.expr);
                if matches!(unary.op, UnOp::Deref(_)) { value } else { self.harmless(expression) }
            }
            Expr::Cast(cast) => {
                let value = self.expression(&cast.expr);
                match kind::of(&cast.ty, self.file().imports, &Bounds::new()) {
                    Kind::Harmless => self.harmless(expression),
                    _ => value,
                }
            }
            Expr::Binary(binary) => self.binary(binary),
            Expr::Assign(assign) => {
                let value = self.expression(&assign.right);
                if let Some(name) = name_of(&assign.left) {
                    self.env.assign(&name, value);
                } else {
                    self.expression(&assign.left);
                }
                Value::empty()
            }
            Expr::Array(array) => self.list(&mut array.elems.iter()),
            Expr::Repeat(repeat) => {
                self.expression(&repeat.len);
                self.expression(&repeat.expr)
            }
            Expr::Tuple(tuple) => {
                let parts = tuple.elems.iter().map(|part| self.expression(part)).collect();
                Value::tuple(parts)
            }
            Expr::Index(index) => {
                self.expression(&index.index);
                match name_of(expression).and_then(|name| self.env.get(&name).cloned()) {
                    Some(value) => value,
                    None => self.expression(&index.expr),
                }
            }
            Expr::Range(range) => {
                for end in [&range.start, &range.end].into_iter().flatten() {
                    self.expression(end);
                }
                self.harmless(expression)
            }
            Expr::Block(block) => self.block(&block.block),
            Expr::Unsafe(block) => self.block(&block.block),
            Expr::Async(block) => self.block(&block.block),
            Expr::Const(block) => self.block(&block.block),
            Expr::TryBlock(block) => self.block(&block.block),
            Expr::If(branch) => self.if_else(branch),
            Expr::Match(branch) => self.match_arms(branch),
            Expr::ForLoop(branch) => {
                self.for_loop(branch);
                Value::empty()
            }
            Expr::While(branch) => self.while_loop(Some(&branch.cond), &branch.body),
            Expr::Loop(branch) => self.while_loop(None, &branch.body),
            Expr::Let(_) => {
                self.condition(expression);
                self.harmless(expression)
            }
            Expr::Closure(_) => self.closure(expression, &Value::hole(span(expression), "", Origin::Unknown)),
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method(call),
            Expr::Macro(found) => self.macro_call(&found.mac),
            Expr::Return(gone) => {
                let value = gone.expr.as_ref().map(|value| self.expression(value));
                if let Some(value) = value {
                    self.returned = Some(match self.returned.take() {
                        Some(other) => other.or(value),
                        None => value,
                    });
                }
                Value::empty()
            }
            Expr::Break(gone) => gone.expr.as_ref().map_or_else(Value::empty, |value| self.expression(value)),
            Expr::Struct(structure) => {
                for field in &structure.fields {
                    self.expression(&field.expr);
                }
                if let Some(rest) = &structure.rest {
                    self.expression(rest);
                }
                let name = structure.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                self.unknown(expression).with(Kind::Named(name))
            }
            _ => self.unknown(expression),
        }
    }

    pub(super) fn unknown(&self, expression: &Expr) -> Value {
        Value::hole(span(expression), self.source(expression), Origin::Unknown)
    }

    pub(super) fn harmless(&self, expression: &Expr) -> Value {
        Value::hole(span(expression), self.source(expression), Origin::Harmless)
    }

    /// The value as it is pasted: what is taken over whole is named as it is written here.
    pub(super) fn pasted(&mut self, expression: &Expr) -> Value {
        let value = self.expression(expression);
        self.written(value, &span(expression), self.source(expression))
    }

    /// The value as it is pasted at `span`.
    pub(super) fn written(&self, value: Value, span: &Range<usize>, source: &str) -> Value {
        let value = match self.file().index.written(&value.kind) {
            Kind::Static if value.kind != Kind::Static => Value::constant(),
            Kind::Harmless => value.origins(|_| Origin::Harmless),
            Kind::Named(_) => value.origins(|origin| match origin {
                Origin::Unknown | Origin::Own => Origin::Named,
                origin => origin,
            }),
            _ => value,
        };
        value.pasted_at(span, source.trim_start_matches('&'))
    }

    pub(super) fn list(&mut self, members: &mut dyn Iterator<Item = &Expr>) -> Value {
        let mut whole = Value::text("").with(Kind::Unknown);
        for member in members {
            let value = self.pasted(member);
            whole.kind = if whole.kind == Kind::Unknown { value.kind.clone() } else { whole.kind };
            whole.append(value);
        }
        whole
    }

    fn path(&mut self, path: &ExprPath) -> Value {
        let names: Vec<_> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let Some(last) = names.last() else { return Value::constant() };
        let single = names.len() == 1;
        if single && let Some(value) = self.env.get(last) {
            return value.clone();
        }
        if single && last == "self" {
            let owner = self.this().and_then(|function| function.owner.clone());
            let kind = owner.map_or(Kind::Unknown, Kind::Named);
            return Value::hole(span(path), "self", Origin::Own).with(kind);
        }
        if self.file().index.is_made(last) {
            return Value::hole(span(path), self.source(path), Origin::Unknown);
        }
        if let Some(text) = self.file().constants.get(last) {
            return Value::text(text.clone());
        }
        let functions = self.file().functions.iter().enumerate().filter(|(_, function)| function.name == *last);
        let functions: Vec<_> = functions.map(|(at, _)| at).collect();
        if !functions.is_empty() {
            self.analysis.escaped.extend(functions);
            return Value::hole(span(path), self.source(path), Origin::Unknown);
        }
        let first = last.chars().next().unwrap_or('_');
        if first.is_uppercase() || path.qself.is_some() {
            return Value::constant();
        }
        Value::hole(span(path), self.source(path), Origin::Unknown)
    }

    fn field(&mut self, field: &ExprField) -> Value {
        let whole = Expr::Field(field.clone());
        if let Some(value) = name_of(&whole).and_then(|name| self.env.get(&name)) {
            return value.clone();
        }
        let base = self.expression(&field.base);
        let name = match &field.member {
            Member::Named(name) => name.to_string(),
            Member::Unnamed(index) => {
                if let Some(part) = base.parts.get(index.index as usize) {
                    return part.clone();
                }
                index.index.to_string()
            }
        };
        if base.is_constant() {
            return base;
        }
        let own = matches!(&*field.base, Expr::Path(path) if path.path.is_ident("self"));
        match &base.kind {
            Kind::Named(owner) => {
                let kind = self.file().index.field(owner, &name).cloned();
                self.field_value(kind, own, span(field), self.source(field))
            }
            Kind::Harmless => base,
            // A member of a pair, of which nothing else is known.
            _ if matches!(field.member, Member::Unnamed(_)) && !own => base,
            _ => self.field_value(None, own, span(field), self.source(field)),
        }
    }

    /// A field of this kind; `own` if it belongs to `self`.
    pub(super) fn field_value(&self, kind: Option<Kind>, own: bool, span: Range<usize>, source: &str) -> Value {
        let kind = kind.map(|kind| self.file().index.written(&kind));
        match kind {
            Some(Kind::Static) => Value::constant(),
            Some(Kind::Harmless) => Value::hole(span, source, Origin::Harmless),
            Some(Kind::Text) => {
                Value::hole(span, source, if own { Origin::Own } else { Origin::Text }).with(Kind::Text)
            }
            Some(kind @ Kind::Named(_)) => {
                Value::hole(span, source, if own { Origin::Own } else { Origin::Named }).with(kind)
            }
            Some(kind) => Value::hole(span, source, if own { Origin::Own } else { Origin::Unknown }).with(kind),
            None => Value::hole(span, source, if own { Origin::Own } else { Origin::Unknown }),
        }
    }

    fn binary(&mut self, binary: &ExprBinary) -> Value {
        match binary.op {
            BinOp::Add(_) => {
                let mut left = self.pasted(&binary.left);
                let right = self.pasted(&binary.right);
                if left.kind == Kind::Harmless && right.kind == Kind::Harmless {
                    return Value::hole(span(binary), self.source(binary), Origin::Harmless);
                }
                let kind = if left.kind == Kind::Static { Kind::Text } else { left.kind.clone() };
                left.paste(right);
                left.with(kind)
            }
            BinOp::AddAssign(_) => {
                let right = self.pasted(&binary.right);
                self.push(&binary.left, right, true);
                Value::empty()
            }
            _ => {
                self.expression(&binary.left);
                self.expression(&binary.right);
                Value::hole(span(binary), self.source(binary), Origin::Harmless)
            }
        }
    }

    /// The value of `target` with this behind it; `joined` if both are one text then.
    pub(super) fn push(&mut self, target: &Expr, piece: Value, joined: bool) {
        let Some(name) = name_of(target) else {
            self.expression(target);
            return;
        };
        if self.env.get(&name).is_none() {
            let value = self.expression(target);
            self.env.assign(&name, value);
        }
        if let Some(value) = self.env.get_mut(&name) {
            let kind = match (&value.kind, &piece.kind) {
                (Kind::Static | Kind::Unknown, Kind::Text | Kind::Static) => Kind::Text,
                (kind, _) => kind.clone(),
            };
            value.append(piece);
            value.composed |= joined;
            value.kind = kind;
        }
    }

    /// The value a closure gives back, if its parameters are `argument`.
    pub(super) fn closure(&mut self, expression: &Expr, argument: &Value) -> Value {
        let Expr::Closure(closure) = expression else { return self.expression(expression) };
        self.env.enter();
        let single = closure.inputs.len() == 1;
        for (at, input) in closure.inputs.iter().enumerate() {
            let share = match argument.parts.get(at).filter(|_| !single) {
                Some(part) => part.clone(),
                None if at == 0 || !matches!(argument.kind, Kind::Object(..)) => argument.clone(),
                None => Value::hole(span(input), self.source(input), Origin::Unknown),
            };
            self.bind(input, share);
        }
        let before = self.returned.take();
        let value = self.expression(&closure.body);
        let value = match std::mem::replace(&mut self.returned, before) {
            Some(returned) => returned.or(value),
            None => value,
        };
        self.env.leave();
        value
    }
}
