//! Calls of methods: those that take SQL, those that change or give back text, and all others.

use syn::{Expr, ExprMethodCall, GenericArgument};

use super::call::{checked, checks, is_closed};
use super::pattern::name_of;
use super::sink::Sink;
use super::{Flow, Takes, span};
use crate::scan::kind;
use crate::scan::library;
use crate::scan::value::{Kind, Origin, Role, Value};

/// Methods that give a number, a truth value or the like.
const NUMBERS: &[&str] = &[
    "len",
    "count",
    "capacity",
    "timestamp",
    "timestamp_millis",
    "timestamp_micros",
    "timestamp_nanos",
    "unix_timestamp",
    "as_u64",
    "as_i64",
    "as_f64",
    "as_bool",
    "as_i32",
    "as_u32",
    "is_empty",
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "contains",
    "starts_with",
    "ends_with",
    "as_secs",
    "as_millis",
    "as_micros",
    "as_nanos",
    "num_days",
    "num_seconds",
    "rows_affected",
    "last_insert_rowid",
    "last_insert_id",
    "to_rfc3339",
    "to_rfc2822",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "elapsed",
    "position",
    "eq",
    "ne",
    "any",
    "all",
    "is_match",
    "changes",
    "exists",
    "as_usize",
    "num_minutes",
    "num_hours",
    "num_weeks",
    "weekday",
    "ordinal",
    "is_alphanumeric",
    "contains_key",
];

/// Methods that put more behind the text or the list they are called on.
const PUSHES: &[&str] = &[
    "push_str",
    "push",
    "extend",
    "append",
    "insert",
    "insert_str",
    "push_back",
    "write_str",
    "add",
    "extend_from_slice",
    "push_front",
];

/// Methods whose closure is given what the receiver holds, and gives what comes out.
const MAPS: &[&str] = &[
    "map",
    "flat_map",
    "filter_map",
    "and_then",
    "map_or_else",
    "then",
    "fold",
    "find_map",
    "scan",
    "map_while",
    "map_or",
    "try_fold",
    "reduce",
    "query_map",
    "query_and_then",
];

/// Methods that give a part of the receiver, or another value if there is none.
const OTHERWISE: &[&str] = &[
    "unwrap_or",
    "unwrap_or_else",
    "or",
    "or_else",
    "chain",
    "intersperse",
    "zip",
    "get_or_insert_with",
    "get_or_init",
    "unwrap_or_default",
    "interleave",
];

impl Flow<'_, '_> {
    pub(super) fn method(&mut self, call: &ExprMethodCall) -> Value {
        let whole = Expr::MethodCall(call.clone());
        let name = call.method.to_string();
        let receiver = self.expression(&call.receiver);
        if let Kind::Object(_, Role::Builder) = receiver.kind {
            return self.builder(call, &name, receiver);
        }
        if let Some(value) = self.local_method(call, &name, &receiver) {
            return value;
        }
        if library::is_method(&name)
            && let Some((library, at, sure)) = self.takers(&receiver, &name, call.args.len())
        {
            let label = format!("{}: {name}", library.name());
            let Some(at) = at else {
                let takes = Takes::More;
                let sink = Sink { name: label, span: span(&call.receiver), sure, part: false, takes };
                self.reached(sink, receiver);
                call.args.iter().for_each(|argument| drop(self.expression(argument)));
                return self.unknown(&whole).with(Kind::Object(library, Role::Handle));
            };
            for (index, argument) in call.args.iter().enumerate() {
                let value = self.closure_or(argument, &self.row(library, argument));
                if index == at {
                    let value = self.written(value, &span(argument), self.source(argument));
                    let takes = if sure && library == library::Library::Rusqlite { Takes::Text } else { Takes::More };
                    let name = label.clone();
                    self.reached(Sink { name, span: span(argument), sure, part: false, takes }, value);
                }
            }
            let found = self.unknown(&whole);
            return match self.file().index.returned(&name) {
                Some(kind) if !sure => self.typed(found, kind.clone()),
                _ if sure => found.with(Kind::Object(library, Role::Handle)),
                _ => found,
            };
        }
        self.plain(call, &name, receiver)
    }

    fn row(&self, library: library::Library, argument: &Expr) -> Value {
        self.unknown(argument).with(Kind::Object(library, Role::Handle))
    }

    fn closure_or(&mut self, argument: &Expr, given: &Value) -> Value {
        if matches!(argument, Expr::Closure(_)) { self.closure(argument, given) } else { self.pasted(argument) }
    }

    /// What `QueryBuilder` and `Separated` are asked to do.
    fn builder(&mut self, call: &ExprMethodCall, name: &str, builder: Value) -> Value {
        let mut given = builder.clone().told_as_builder();
        let mut values = Vec::new();
        for argument in &call.args {
            let value = self.closure_or(argument, &given);
            // The closure of `push_values` is given a builder and a member of the list.
            given.parts = vec![Value { parts: Vec::new(), ..given.clone() }, value.clone()];
            values.push((argument, value));
        }
        match (name, values.into_iter().next()) {
            ("push" | "push_unseparated", Some((argument, value))) => {
                let value = self.written(value, &span(argument), self.source(argument));
                self.build(&call.receiver, builder, name, argument, value)
            }
            ("separated", Some((argument, value))) => {
                let value = self.written(value, &span(argument), self.source(argument));
                self.build(&call.receiver, builder, name, argument, value)
            }
            ("push_bind" | "push_bind_unseparated", _) => {
                let kind = builder.kind.clone();
                let mut next = builder;
                next.paste(Value::constant());
                next.kind = kind;
                if let Some(name) = name_of(&call.receiver) {
                    self.env.assign(&name, next.clone());
                }
                next
            }
            ("push_values" | "push_tuples" | "reset" | "push_values_with", _) => builder,
            ("sql" | "into_sql", _) => Value::constant(),
            ("build" | "build_query_as" | "build_query_scalar" | "build_with" | "build_query_as_with", _) => {
                builder.with(Kind::Object(library::Library::Sqlx, Role::Handle))
            }
            _ => builder,
        }
    }

    /// A method of a type of this file.
    fn local_method(&mut self, call: &ExprMethodCall, name: &str, receiver: &Value) -> Option<Value> {
        let own = matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident("self"));
        let owner = match &receiver.kind {
            Kind::Named(owner) => Some(owner.clone()),
            _ if own => self.this().and_then(|function| function.owner.clone()),
            Kind::Unknown => None,
            _ => return None,
        };
        let found = self.matching(name, |function, count| {
            let same = owner.is_none() || function.owner == owner;
            function.method && count == call.args.len() && same
        });
        // Of an unknown value only a name that no library has tells the method.
        if found.is_empty() || (owner.is_none() && (library::is_method(name) || is_common(name))) {
            return None;
        }
        let values: Vec<_> = call.args.iter().map(|argument| self.pasted(argument)).collect();
        Some(self.enter(&found, values, &Expr::MethodCall(call.clone())))
    }

    /// A method without SQL.
    fn plain(&mut self, call: &ExprMethodCall, name: &str, receiver: Value) -> Value {
        let whole = Expr::MethodCall(call.clone());
        let turbofish = call.turbofish.iter().flat_map(|generics| &generics.args).find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(kind::of(ty, self.file().imports, &kind::Bounds::new())),
            _ => None,
        });
        if MAPS.contains(&name) {
            return self.mapped(call, receiver);
        }
        let values: Vec<_> = call.args.iter().map(|argument| self.closure_or(argument, &receiver)).collect();
        if PUSHES.contains(&name) {
            let mut pushed = Value::empty();
            for (argument, value) in call.args.iter().zip(values) {
                if !(call.args.len() == 2 && value.kind == Kind::Harmless) {
                    pushed.append(self.written(value, &span(argument), self.source(argument)));
                }
            }
            if !matches!(receiver.kind, Kind::Object(..)) {
                let letter =
                    matches!(call.args.first(), Some(Expr::Lit(literal)) if matches!(literal.lit, syn::Lit::Char(_)));
                self.push(&call.receiver, pushed, letter || name.ends_with("_str") || name == "add");
            }
            return Value::empty();
        }
        match name {
            _ if NUMBERS.contains(&name) => self.harmless(&whole),
            "parse" | "try_into" | "into" | "as_" if turbofish == Some(Kind::Harmless) => self.harmless(&whole),
            "parse" if receiver.is_constant() => receiver,
            "parse" => self.unknown(&whole),
            "leak" => Value { leaked: !receiver.is_constant(), ..receiver },
            "enumerate" => Value { parts: vec![self.harmless(&whole), receiver.clone()], ..receiver },
            "iter" | "into_iter" | "keys" | "values" if receiver.is_constant() => {
                Value { parts: Vec::new(), ..receiver }
            }
            "get" | "try_get" | "get_unwrap" | "get_ref" | "get_unchecked" | "try_get_by" | "read_line"
                if self.is_row(call, &receiver) =>
            {
                match turbofish {
                    Some(Kind::Harmless) => self.harmless(&whole),
                    _ => Value::hole(span(call), self.source(call), Origin::Stored).with(Kind::Unknown),
                }
            }
            "replace" | "replacen" | "replace_range" => self.replaced(call, receiver, values),
            "join" | "concat" => {
                let mut text = self.written(receiver, &span(&call.receiver), self.source(&call.receiver));
                values.into_iter().for_each(|value| text.append(value));
                text.composed |= text.pieces.len() > 1;
                text.with(Kind::Text)
            }
            "zip" => {
                let other = values.into_iter().next().unwrap_or_else(Value::empty);
                Value::tuple(vec![receiver, other])
            }
            _ if OTHERWISE.contains(&name) => {
                let other = values.into_iter().next();
                match other {
                    Some(other) if name == "chain" => {
                        let mut text = receiver;
                        text.append(other);
                        text
                    }
                    Some(other) => receiver.or(other),
                    None => receiver,
                }
            }
            "filter" | "find" | "retain" | "take_while" if self.keeps_constants(call) => Value::constant(),
            _ if checks(name) => receiver.origins(checked),
            _ => self.other(call, name, receiver, &values, turbofish),
        }
    }

    fn other(
        &mut self,
        call: &ExprMethodCall,
        name: &str,
        receiver: Value,
        values: &[Value],
        turbofish: Option<Kind>,
    ) -> Value {
        let whole = Expr::MethodCall(call.clone());
        let returned = self.file().index.returned(name).cloned();
        match (&receiver.kind, returned) {
            (_, Some(Kind::Static)) if !matches!(receiver.kind, Kind::Text) => Value::constant(),
            _ if is_same(name) => match (name, self.file().index.written(&receiver.kind)) {
                ("to_string" | "as_str" | "as_ref", Kind::Static) => Value::constant(),
                _ => receiver,
            },
            (Kind::Object(..) | Kind::Text | Kind::Static | Kind::Harmless, _) if receiver.is_constant() => receiver,
            (Kind::Object(library, _), _) => self.unknown(&whole).with(Kind::Object(*library, Role::Handle)),
            (Kind::Harmless, _) => self.harmless(&whole),
            (_, Some(Kind::Harmless)) => self.harmless(&whole),
            _ if turbofish == Some(Kind::Harmless) => self.harmless(&whole),
            _ if receiver.is_constant() && (values.iter().all(Value::is_constant) || !receiver.pieces.is_empty()) => {
                receiver
            }
            (Kind::Text, _) => self.unknown(&whole).with(Kind::Text),
            (_, Some(kind)) => {
                let own = receiver.holes().any(|hole| hole.origin == Origin::Own);
                let value = self.typed(self.unknown(&whole), kind);
                if own {
                    value.origins(|origin| if origin == Origin::Unknown { Origin::Own } else { origin })
                } else {
                    value
                }
            }
            (Kind::Named(_), None) => self.unknown(&whole).origins(|_| Origin::Named),
            _ if is_closed(values) && receiver.is_constant() => Value::constant(),
            _ => self.unknown(&whole),
        }
    }

    /// `receiver.map(|x| ..)` and its like.
    fn mapped(&mut self, call: &ExprMethodCall, mut receiver: Value) -> Value {
        if let (true, [first, closure @ Expr::Closure(_)]) =
            (call.method.to_string().ends_with("fold"), &*Vec::from_iter(&call.args))
        {
            // The closure is given what there is so far, and a member.
            let so_far = self.expression(first);
            receiver.parts = vec![so_far, Value { parts: Vec::new(), ..receiver.clone() }];
            return self.closure(closure, &receiver);
        }
        let mut found: Option<Value> = None;
        for argument in &call.args {
            let value = match argument {
                Expr::Closure(_) => self.closure(argument, &receiver),
                Expr::Path(path) => {
                    let same = path
                        .path
                        .segments
                        .last()
                        .is_some_and(|last| is_same(&last.ident.to_string()) || last.ident == "from");
                    if same { receiver.clone() } else { self.function_value(argument, &receiver) }
                }
                _ => self.expression(argument),
            };
            found = Some(match found.take() {
                Some(other) => other.or(value),
                None => value,
            });
        }
        found.unwrap_or(receiver)
    }

    /// What a function gives back that is used as a value: `.map(quote)`.
    fn function_value(&mut self, function: &Expr, given: &Value) -> Value {
        let Expr::Path(path) = function else { return self.expression(function) };
        let Some(last) = path.path.segments.last().map(|last| last.ident.to_string()) else {
            return self.unknown(function);
        };
        let found = self.matching(&last, |_, count| count == 1);
        if let [single] = found.as_slice() {
            return self.enter(&[*single], vec![given.clone()], function);
        }
        if checks(&last) {
            return given.clone().origins(checked);
        }
        self.expression(function)
    }

    /// `template.replace("{}", name)` pastes; `name.replace("'", "''")` escapes by hand.
    fn replaced(&mut self, call: &ExprMethodCall, receiver: Value, values: Vec<Value>) -> Value {
        let by = values.into_iter().nth(1).unwrap_or_else(Value::empty);
        let escapes = matches!(call.args.first(), Some(Expr::Lit(literal)) if is_quote(&literal.lit));
        let argument = call.args.iter().nth(1);
        if by.is_constant() {
            return if escapes { receiver.origins(checked) } else { receiver };
        }
        let by = match argument {
            Some(argument) => self.written(by, &span(argument), self.source(argument)),
            None => by,
        };
        let mut text = receiver;
        text.paste(by);
        text.exact = false;
        text
    }

    /// `row.get(0)`: text from the database.
    fn is_row(&self, call: &ExprMethodCall, receiver: &Value) -> bool {
        let named =
            name_of(&call.receiver).is_some_and(|name| ["row", "r"].contains(&name.as_str()) || name.ends_with("_row"));
        let object = matches!(receiver.kind, Kind::Object(_, Role::Handle));
        !call.args.is_empty() && (object || (named && receiver.kind == Kind::Unknown))
    }

    /// `.filter(|c| ALLOWED.contains(c))`.
    fn keeps_constants(&mut self, call: &ExprMethodCall) -> bool {
        let Some(Expr::Closure(closure)) = call.args.first() else { return false };
        let Expr::MethodCall(inner) = &*closure.body else {
            return matches!(&*closure.body, Expr::Macro(found) if found.mac.path.is_ident("matches"));
        };
        let list = self.quietly(&inner.receiver);
        inner.method == "contains" && list.is_constant() && !list.pieces.is_empty()
    }
}

impl Value {
    /// What the closure of `push_values` is given: a builder with nothing in it yet.
    fn told_as_builder(self) -> Self {
        let kind = self.kind.clone();
        Self::constant().with(kind)
    }
}

fn is_quote(literal: &syn::Lit) -> bool {
    match literal {
        syn::Lit::Str(text) => ["'", "\"", "`", "]"].contains(&text.value().as_str()),
        syn::Lit::Char(letter) => ['\'', '"', '`', ']'].contains(&letter.value()),
        _ => false,
    }
}

/// Methods that many types have.
fn is_common(name: &str) -> bool {
    is_same(name)
        || PUSHES.contains(&name)
        || NUMBERS.contains(&name)
        || MAPS.contains(&name)
        || OTHERWISE.contains(&name)
        || ["get", "new", "join", "run", "send", "next", "parse", "find", "filter"].contains(&name)
}

/// Methods that give the same text, or a part of it.
fn is_same(name: &str) -> bool {
    [
        "as_str",
        "as_ref",
        "as_deref",
        "as_mut",
        "borrow",
        "clone",
        "cloned",
        "copied",
        "to_string",
        "to_owned",
        "into",
        "deref",
        "trim",
        "trim_start",
        "trim_end",
        "trim_matches",
        "trim_start_matches",
        "trim_end_matches",
        "to_lowercase",
        "to_uppercase",
        "to_ascii_lowercase",
        "to_ascii_uppercase",
        "unwrap",
        "expect",
        "ok",
        "err",
        "ok_or",
        "ok_or_else",
        "map_err",
        "into_string",
        "into_boxed_str",
        "into_inner",
        "inner",
        "as_bytes",
        "into_bytes",
        "iter",
        "into_iter",
        "iter_mut",
        "collect",
        "rev",
        "skip",
        "take",
        "next",
        "last",
        "first",
        "nth",
        "chars",
        "split",
        "splitn",
        "split_once",
        "lines",
        "split_whitespace",
        "split_at",
        "bytes",
        "to_str",
        "to_string_lossy",
        "display",
        "peekable",
        "filter",
        "find",
        "sorted",
        "unique",
        "dedup",
        "chunks",
        "windows",
        "strip_prefix",
        "strip_suffix",
        "repeat",
        "cycle",
        "lock",
        "read",
        "write",
        "unwrap_or_default",
        "context",
        "with_context",
        "as_deref_mut",
        "to_vec",
        "into_owned",
        "try_into",
        "as_mut_str",
        "flatten",
        "drain",
        "inspect",
        "await",
        "step_by",
        "max",
        "min",
        "sum",
        "format",
        "as_slice",
        "get_ref",
        "boxed",
        "into_iter_sorted",
        "block_on",
        "rsplit",
        "to_uppercase_string",
        "encode_utf8",
        "unwrap_or_exit",
        "values",
        "keys",
        "pop",
        "remove",
        "swap_remove",
        "first_mut",
        "as_string",
    ]
    .contains(&name)
}
