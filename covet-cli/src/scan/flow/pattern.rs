//! What the names of a pattern stand for.

use syn::{Expr, Member, Pat};

use super::{Flow, span};
use crate::scan::function::Function;
use crate::scan::kind;
use crate::scan::value::{Kind, Origin, Value};

impl<'a> Flow<'a, '_> {
    /// The parameters of the function, each a hole of its own.
    pub(super) fn parameters(&mut self, function: &'a Function<'a>) {
        for (at, (pattern, ty)) in function.parameters.iter().enumerate() {
            let kind = kind::of(ty, self.file().imports, &function.bounds);
            let kind = self.file().index.written(&kind);
            let source = self.source(pattern);
            let hole = |origin| Value::hole(span(pattern), source, origin);
            let value = match kind {
                Kind::Static => Value::constant(),
                Kind::Harmless => hole(Origin::Harmless),
                Kind::Text => hole(Origin::Parameter(self.function, at, true)),
                kind => hole(Origin::Parameter(self.function, at, false)).with(kind),
            };
            self.bind(pattern, value);
        }
    }

    /// Gives the names of the pattern their share of the value.
    pub(super) fn bind(&mut self, pattern: &Pat, value: Value) {
        match pattern {
            Pat::Ident(name) => {
                if let Some((_, inner)) = &name.subpat {
                    self.bind(inner, value.clone());
                    if is_literal(inner) {
                        return self.env.declare(&name.ident.to_string(), Value::constant());
                    }
                }
                self.env.declare(&name.ident.to_string(), value);
            }
            Pat::Type(typed) => {
                let bounds = self.this().map(|function| &function.bounds);
                let kind = bounds.map(|bounds| kind::of(&typed.ty, self.file().imports, bounds));
                let value = self.typed(value, kind.unwrap_or(Kind::Unknown));
                self.bind(&typed.pat, value);
            }
            Pat::Tuple(tuple) => self.members(tuple.elems.iter(), value),
            Pat::TupleStruct(tuple) => self.members(tuple.elems.iter(), value),
            Pat::Slice(slice) => {
                for inner in &slice.elems {
                    self.bind(inner, value.clone());
                }
            }
            Pat::Struct(structure) => {
                let owner = structure.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                for field in &structure.fields {
                    let Member::Named(name) = &field.member else { continue };
                    let share = if value.is_constant() {
                        value.clone()
                    } else {
                        let kind = self.file().index.field(&owner, &name.to_string()).cloned();
                        self.field_value(kind, false, span(&field.pat), self.source(&field.pat))
                    };
                    self.bind(&field.pat, share);
                }
            }
            Pat::Reference(inner) => self.bind(&inner.pat, value),
            Pat::Paren(inner) => self.bind(&inner.pat, value),
            Pat::Or(or) => {
                for case in &or.cases {
                    self.bind(case, value.clone());
                }
            }
            Pat::Guard(guard) => self.bind(&guard.pat, value),
            _ => {}
        }
    }

    fn members<'p>(&mut self, patterns: impl ExactSizeIterator<Item = &'p Pat>, value: Value) {
        let single = patterns.len() == 1;
        for (at, inner) in patterns.enumerate() {
            let share = match value.parts.get(at) {
                Some(part) => part.clone(),
                None if single => value.clone(),
                None => Value { parts: Vec::new(), ..value.clone() },
            };
            self.bind(inner, share);
        }
    }

    /// The value, of which the program says that it is of this type.
    pub(super) fn typed(&self, value: Value, kind: Kind) -> Value {
        match self.file().index.written(&kind) {
            Kind::Harmless if !value.is_constant() => value.origins(|_| Origin::Harmless).with(Kind::Harmless),
            // What a function gives back as `&'static str` is text of the program, unless it was leaked.
            Kind::Static if !value.leaked && !value.composed => Value::constant(),
            Kind::Text => {
                value.origins(|origin| if origin == Origin::Named { Origin::Unknown } else { origin }).with(Kind::Text)
            }
            kind @ Kind::Object(..) => value.with(kind),
            kind @ Kind::Named(_) if value.kind == Kind::Unknown => {
                value.origins(|origin| if origin == Origin::Unknown { Origin::Named } else { origin }).with(kind)
            }
            _ => value,
        }
    }
}

/// Whether the pattern is text of the program: `"asc" | "desc"`.
pub(super) fn is_literal(pattern: &Pat) -> bool {
    match pattern {
        Pat::Lit(_) => true,
        Pat::Or(or) => or.cases.iter().all(is_literal),
        Pat::Paren(inner) => is_literal(&inner.pat),
        Pat::Reference(inner) => is_literal(&inner.pat),
        Pat::Guard(guard) => is_literal(&guard.pat),
        Pat::TupleStruct(tuple) => tuple.elems.len() == 1 && tuple.elems.iter().all(is_literal),
        _ => false,
    }
}

/// The name under which the value of this expression is kept: `sql`, `self.sql`, `form.sort`.
pub(super) fn name_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident().map(ToString::to_string),
        Expr::Field(field) => {
            let base = name_of(&field.base)?;
            let member = match &field.member {
                Member::Named(name) => name.to_string(),
                Member::Unnamed(index) => index.index.to_string(),
            };
            Some(format!("{base}.{member}"))
        }
        Expr::Reference(inner) => name_of(&inner.expr),
        Expr::Paren(inner) => name_of(&inner.expr),
        Expr::Group(inner) => name_of(&inner.expr),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => name_of(&unary.expr),
        Expr::MethodCall(call) if call.args.is_empty() && is_same(&call.method.to_string()) => name_of(&call.receiver),
        _ => None,
    }
}

/// Methods that give the same text.
fn is_same(method: &str) -> bool {
    [
        "as_str",
        "as_ref",
        "as_deref",
        "as_mut",
        "borrow",
        "clone",
        "to_string",
        "to_owned",
        "trim",
        "into",
        "deref",
        "as_mut_string",
        "by_ref",
        "to_lowercase",
        "to_uppercase",
        "to_ascii_lowercase",
        "to_ascii_uppercase",
    ]
    .contains(&method)
}
