//! Calls of functions: of libraries, of the file, of the standard library, and of others.

use syn::{Expr, ExprCall, PathArguments};

use super::sink::Sink;
use super::{Flow, Takes, span};
use crate::scan::library::{self, Library};
use crate::scan::value::{Hole, Kind, Origin, Piece, Role, Value};

/// Functions that give back what they are given.
const SAME: [&str; 30] = [
    "Some",
    "Ok",
    "Err",
    "Reverse",
    "from_utf8",
    "from_utf8_lossy",
    "from_utf8_unchecked",
    "repeat",
    "repeat_n",
    "once",
    "to_string",
    "to_owned",
    "into",
    "take",
    "replace",
    "into_boxed_str",
    "must_use",
    "black_box",
    "from_static",
    "Borrowed",
    "Owned",
    "pin",
    "ready",
    "identity",
    "from_iter",
    "into_string",
    "intern",
    "spawn_blocking",
    "block_in_place",
    "block_on",
];

/// Types whose constructors give back what they are given.
const AROUND: [&str; 14] = [
    "String",
    "Cow",
    "Box",
    "Arc",
    "Rc",
    "Vec",
    "VecDeque",
    "LazyLock",
    "Lazy",
    "SqlStr",
    "SmolStr",
    "CompactString",
    "BTreeSet",
    "HashSet",
];

impl Flow<'_, '_> {
    pub(super) fn call(&mut self, call: &ExprCall) -> Value {
        let Expr::Path(function) = &*call.func else {
            let value = self.expression(&call.func);
            call.args.iter().for_each(|argument| drop(self.expression(argument)));
            return value;
        };
        let names: Vec<_> = function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let Some(name) = names.last().cloned() else { return self.unknown(&call.func) };
        // A closure of this function.
        if let ([single], Some(value)) = (names.as_slice(), self.env.get(&name).cloned()) {
            call.args.iter().for_each(|argument| drop(self.expression(argument)));
            return if single.is_empty() { Value::constant() } else { value };
        }
        if let Some((library, rest)) = self.file().imports.library(&names) {
            if let Some(value) = self.library_call(call, library, &rest) {
                return value;
            }
        } else if let Some(value) = self.local_call(call, &names) {
            return value;
        }
        let values: Vec<_> = call.args.iter().map(|argument| self.pasted(argument)).collect();
        self.known_call(call, &names, &name, values)
    }

    /// A function of a database library.
    fn library_call(&mut self, call: &ExprCall, library: Library, path: &[String]) -> Option<Value> {
        let name = path.last()?;
        let owner = path.len().checked_sub(2).and_then(|at| path.get(at)).map_or("", String::as_str);
        let at = library::function(library, owner, name).filter(|at| *at < call.args.len());
        if at.is_none() && path.len() < 2 {
            // A function without SQL, or a name that a glob import may bring or not.
            return None;
        }
        let mut text = None;
        for (index, argument) in call.args.iter().enumerate() {
            let value = self.pasted(argument);
            if Some(index) == at {
                let shown = if owner.is_empty() || !owner.starts_with(char::is_uppercase) {
                    name.clone()
                } else {
                    format!("{owner}::{name}")
                };
                let sink = format!("{}::{shown}", library.name());
                self.reached(
                    Sink { name: sink, span: span(argument), sure: true, part: false, takes: Takes::Text },
                    value.clone(),
                );
                text = Some(value);
            }
        }
        let builder = owner == "QueryBuilder";
        let role = if builder { Role::Builder } else { Role::Handle };
        let value = match text {
            // What a builder was made with stands before what is pushed.
            Some(text) if builder => text.told(),
            _ if builder => Value::empty(),
            // It was looked at here; what is made of it need not be again.
            Some(_) => Value::constant(),
            None => Value::hole(span(call), self.source(call), Origin::Unknown),
        };
        Some(value.with(Kind::Object(library, role)))
    }

    /// A function of this file: its parameters learn what they are given.
    fn local_call(&mut self, call: &ExprCall, names: &[String]) -> Option<Value> {
        let name = names.last()?;
        let owner = names.len().checked_sub(2).and_then(|at| names.get(at)).cloned();
        let owner = match owner.as_deref() {
            Some("Self") => self.this().and_then(|function| function.owner.clone()),
            Some(owner) if owner.starts_with(char::is_uppercase) => Some(owner.to_owned()),
            _ => None,
        };
        let found: Vec<_> = self.matching(name, |function, count| {
            let arguments = count + usize::from(function.method);
            arguments == call.args.len() && function.owner == owner
        });
        if found.is_empty() {
            return None;
        }
        let skip = found.first().and_then(|at| self.file().functions.get(*at)).is_some_and(|function| function.method);
        let values: Vec<_> = call.args.iter().map(|argument| self.pasted(argument)).collect();
        let values: Vec<_> = values.into_iter().skip(usize::from(skip)).collect();
        Some(self.enter(&found, values, &Expr::Call(call.clone())))
    }

    /// The functions of the file with this name that fit.
    pub(super) fn matching(
        &self,
        name: &str,
        fits: impl Fn(&crate::scan::function::Function<'_>, usize) -> bool,
    ) -> Vec<usize> {
        let all = self.file().functions.iter().enumerate();
        let fitting = all.filter(|(_, function)| function.name == name && fits(function, function.parameters.len()));
        fitting.map(|(at, _)| at).collect()
    }

    /// Calls one of these functions with these values.
    pub(super) fn enter(&mut self, functions: &[usize], values: Vec<Value>, call: &Expr) -> Value {
        let mut given: Option<Value> = None;
        for function in functions {
            for (at, value) in values.iter().enumerate() {
                self.analysis.calls.entry((*function, at)).or_default().push(value.clone());
            }
            // A function without parameters is called, too.
            self.analysis.calls.entry((*function, usize::MAX)).or_default();
            let summary = self.analysis.follow(*function);
            for (at, sink) in self.analysis.wrapped(*function) {
                if let Some(value) = values.get(at) {
                    let named = self.file().functions.get(*function).map(|function| function.name.clone());
                    let name = format!("{}, which hands it to {sink}", named.unwrap_or_default());
                    let name = if sink.contains(", which") { sink } else { name };
                    self.reached(
                        Sink { name, span: span(call), sure: true, part: false, takes: Takes::Text },
                        value.clone(),
                    );
                }
            }
            let value = summary.map(|value| substituted(value, *function, &values));
            given = match (given.take(), value) {
                (Some(one), Some(other)) => Some(one.or(other)),
                (one, other) => one.or(other),
            };
        }
        let name =
            functions.first().and_then(|at| self.file().functions.get(*at)).map(|function| function.name.clone());
        let returned = name.and_then(|name| self.file().index.returned(&name).cloned());
        let value = given.unwrap_or_else(|| self.unknown(call));
        match returned {
            Some(kind) => self.typed(value, kind),
            None => value,
        }
    }

    /// A function that is not of this file, with the values it is given.
    fn known_call(&mut self, call: &ExprCall, names: &[String], name: &str, values: Vec<Value>) -> Value {
        let whole = Expr::Call(call.clone());
        let owner = names.len().checked_sub(2).and_then(|at| names.get(at)).map_or("", String::as_str);
        let first = values.first().cloned();
        match (owner, name, first) {
            (_, "leak", Some(value)) => Value { leaked: !value.is_constant(), ..value },
            ("env", "args" | "args_os", _) => Value::hole(span(call), self.source(call), Origin::Stored),
            ("env", "var" | "var_os", _) => self.unknown(&whole).with(Kind::Text),
            ("fs" | "", "read_to_string", _) => self.unknown(&whole).with(Kind::Text),
            ("" | "io", "stdin", _) => Value::hole(span(call), self.source(call), Origin::Stored).with(Kind::Unknown),
            (_, "new" | "with_capacity" | "default", None) if self.starts_empty(call, owner) => {
                Value::empty().with(if owner == "String" { Kind::Text } else { Kind::Unknown })
            }
            ("String" | "Vec", "with_capacity", _) => Value::empty(),
            ("itertools" | "", "join", Some(value)) => {
                let mut whole = value;
                values.into_iter().skip(1).for_each(|value| whole.paste(value));
                whole
            }
            (_, _, Some(value)) if SAME.contains(&name) || AROUND.contains(&owner) => value,
            (
                _,
                "new" | "now" | "now_utc" | "now_v7" | "new_v4" | "new_v7" | "parse_str" | "from" | "try_from"
                | "from_str",
                _,
            ) if self.is_harmless(owner) => self.harmless(&whole),
            _ if self.is_harmless(owner) || is_clock(owner) => self.harmless(&whole),
            (_, _, Some(value)) if checks(name) => value.origins(checked),
            (_, _, Some(value)) if owner.is_empty() && name.starts_with(char::is_uppercase) => {
                value.with(Kind::Named(name.to_owned()))
            }
            _ => match self.file().index.returned(name).cloned() {
                Some(Kind::Static) => Value::constant(),
                Some(Kind::Harmless) => self.harmless(&whole),
                _ if is_closed(&values) => Value::constant(),
                Some(kind @ (Kind::Text | Kind::Object(..))) => self.unknown(&whole).with(kind),
                Some(kind @ Kind::Named(_)) => self.typed(self.unknown(&whole), kind),
                _ if owner.starts_with(char::is_uppercase) => {
                    self.typed(self.unknown(&whole), Kind::Named(owner.to_owned()))
                }
                _ => self.unknown(&whole),
            },
        }
    }

    fn is_harmless(&self, owner: &str) -> bool {
        let Ok(ty) = syn::parse_str::<syn::Type>(owner) else { return false };
        crate::scan::kind::of(&ty, self.file().imports, &crate::scan::kind::Bounds::new()) == Kind::Harmless
    }

    fn starts_empty(&self, call: &ExprCall, owner: &str) -> bool {
        let Expr::Path(path) = &*call.func else { return false };
        let plain =
            path.path.segments.iter().all(|segment| !matches!(segment.arguments, PathArguments::Parenthesized(_)));
        plain && ["String", "Vec", "VecDeque", "HashSet", "BTreeSet", "Default"].contains(&owner)
    }
}

impl Value {
    /// The value, of which each hole was told already.
    fn told(mut self) -> Self {
        for piece in &mut self.pieces {
            if matches!(piece, Piece::Hole(_)) {
                *piece = Piece::Opaque;
            }
        }
        self
    }
}

/// What a function gives back, with its parameters replaced by what it was given.
fn substituted(value: Value, function: usize, given: &[Value]) -> Value {
    let (kind, composed, exact) = (value.kind.clone(), value.composed, value.exact);
    let mut whole = Value { pieces: Vec::new(), ..value.clone() };
    for piece in value.pieces {
        match piece {
            Piece::Hole(Hole { origin: Origin::Parameter(of, at, _), .. }) if of == function => {
                whole.append(given.get(at).cloned().unwrap_or_else(Value::constant));
            }
            piece => whole.pieces.push(piece),
        }
    }
    Value { kind, composed: composed || whole.composed, exact: exact && whole.exact, ..whole }
}

/// Whether nothing goes in that could end a statement.
pub(super) fn is_closed(values: &[Value]) -> bool {
    !values.is_empty() && values.iter().all(|value| value.holes().all(|hole| hole.origin == Origin::Harmless))
}

/// Whether the name says that what comes out was quoted or checked.
pub(super) fn checks(name: &str) -> bool {
    [
        "quote",
        "escape",
        "sanitize",
        "sanitise",
        "valid",
        "check",
        "ensure",
        "allowed",
        "whitelist",
        "identifier",
        "ident",
    ]
    .iter()
    .any(|word| name.contains(word))
}

pub(super) fn checked(origin: Origin) -> Origin {
    if origin == Origin::Harmless { origin } else { Origin::Checked }
}

fn is_clock(owner: &str) -> bool {
    ["Utc", "Local", "SystemTime", "Instant", "Uuid", "Ulid"].contains(&owner)
}
