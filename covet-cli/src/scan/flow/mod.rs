//! Follows values through the functions of a file: what is constant, what is pasted, and what reaches the database.
//!
//! Each function is followed once, statement by statement; branches are followed apart and joined. A parameter stays a
//! parameter until all functions are done: what it stands for is decided by the calls in the file.

mod branch;
mod call;
mod env;
mod expression;
mod macros;
mod method;
mod pattern;
mod sink;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use syn::spanned::Spanned;
use syn::{Block, Stmt};

use super::function::Function;
use super::imports::Imports;
use super::index::Index;
use super::manifest::Package;
use super::value::{Hole, Kind, Origin, Value};
use env::Env;

/// A file, and what surrounds it.
pub(super) struct File<'a> {
    pub source: &'a str,
    pub imports: &'a Imports,
    pub package: &'a Package,
    pub index: &'a Index,
    pub functions: Vec<Function<'a>>,
    /// The text of constants, where it is one literal.
    pub constants: BTreeMap<String, String>,
}

/// SQL text on its way to the database.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// The function in which it stands.
    pub function: usize,
    /// What takes it, such as `sqlx::query`.
    pub sink: String,
    pub span: Range<usize>,
    /// Where its statement begins.
    pub statement: usize,
    pub value: Value,
    /// Whether what takes it is known beyond its name.
    pub sure: bool,
    /// Whether what is taken over whole becomes a part of a statement.
    pub part: bool,
    pub takes: Takes,
}

/// What else than SQL text something takes in the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Only SQL text.
    Text,
    /// Statements, connections and more: only what is text for sure is meant.
    More,
}

impl Takes {
    pub(super) fn accepts(self, kind: &Kind) -> bool {
        self == Self::Text || *kind == Kind::Text
    }
}

/// What is known of a function after it was followed.
#[derive(Debug, Clone)]
enum Summary {
    Followed(Option<Value>),
    Running,
}

/// The file as far as it was followed.
pub(super) struct Analysis<'a> {
    pub file: &'a File<'a>,
    pub candidates: Vec<Candidate>,
    summaries: BTreeMap<usize, Summary>,
    /// What the calls in the file give to each parameter.
    calls: BTreeMap<(usize, usize), Vec<Value>>,
    /// Functions that are used as values: others may call them.
    escaped: BTreeSet<usize>,
}

impl<'a> Analysis<'a> {
    /// Follows every function.
    pub(super) fn new(file: &'a File<'a>) -> Self {
        let (summaries, calls) = (BTreeMap::new(), BTreeMap::new());
        let mut analysis = Self { file, candidates: Vec::new(), summaries, calls, escaped: BTreeSet::new() };
        for function in 0..file.functions.len() {
            analysis.follow(function);
        }
        analysis
    }

    /// What the function gives back, if that is known by now.
    fn follow(&mut self, function: usize) -> Option<Value> {
        match self.summaries.get(&function) {
            Some(Summary::Followed(value)) => return value.clone(),
            Some(Summary::Running) => return None,
            None => {}
        }
        let file = self.file;
        let known = file.functions.get(function)?;
        self.summaries.insert(function, Summary::Running);
        let mut flow = Flow { analysis: self, function, env: Env::default(), returned: None, statement: 0 };
        flow.parameters(known);
        let tail = flow.block(known.block);
        let value = flow.returned.take().map_or(tail.clone(), |returned| returned.or(tail));
        self.summaries.insert(function, Summary::Followed(Some(value.clone())));
        Some(value)
    }

    /// Whether every call of the function stands in this file, and there are some.
    pub(super) fn is_closed(&self, function: usize) -> bool {
        let private = self.file.functions.get(function).is_some_and(|function| function.private);
        private
            && !self.escaped.contains(&function)
            && self.calls.range((function, 0)..(function + 1, 0)).next().is_some()
    }

    /// Where the piece comes from, with parameters replaced by what the calls give; nothing if that is constant.
    pub(super) fn origin(&self, hole: &Hole) -> Option<Origin> {
        self.resolved(hole.origin, &mut BTreeSet::new())
    }

    fn resolved(&self, origin: Origin, seen: &mut BTreeSet<(usize, usize)>) -> Option<Origin> {
        let Origin::Parameter(function, at, text) = origin else { return Some(origin) };
        if !seen.insert((function, at)) {
            return None;
        }
        let calls = self.calls.get(&(function, at)).filter(|_| self.is_closed(function));
        let Some(calls) = calls else { return Some(if text { Origin::Text } else { Origin::Named }) };
        calls.iter().flat_map(Value::holes).filter_map(|hole| self.resolved(hole.origin, seen)).max()
    }

    /// The parameters that the function hands on as whole SQL text, and to what.
    fn wrapped(&self, function: usize) -> Vec<(usize, String)> {
        let own = self.candidates.iter().filter(|candidate| {
            let text = candidate.sure && candidate.takes.accepts(&candidate.value.kind);
            text && candidate.function == function && !candidate.value.composed
        });
        let whole = own.flat_map(|candidate| candidate.value.holes().map(|hole| (hole.origin, candidate.sink.clone())));
        let mut found: Vec<_> = whole
            .filter_map(|(origin, sink)| match origin {
                Origin::Parameter(of, at, _) if of == function => Some((at, sink)),
                _ => None,
            })
            .collect();
        found.sort();
        found.dedup_by_key(|(at, _)| *at);
        found
    }
}

/// One function as it is followed.
pub(super) struct Flow<'a, 'b> {
    analysis: &'b mut Analysis<'a>,
    function: usize,
    env: Env,
    /// What `return` gave back so far.
    returned: Option<Value>,
    /// Where the present statement begins.
    statement: usize,
}

impl<'a> Flow<'a, '_> {
    fn file(&self) -> &'a File<'a> {
        self.analysis.file
    }

    fn this(&self) -> Option<&'a Function<'a>> {
        self.file().functions.get(self.function)
    }

    fn source(&self, node: &impl Spanned) -> &'a str {
        self.file().source.get(span(node)).unwrap_or_default()
    }

    /// The statements in order; the value is that of the last expression.
    fn block(&mut self, block: &Block) -> Value {
        self.env.enter();
        let mut value = Value::empty();
        for statement in &block.stmts {
            let before = std::mem::replace(&mut self.statement, span(statement).start);
            value = self.statement(statement);
            self.statement = before;
        }
        self.env.leave();
        value
    }

    fn statement(&mut self, statement: &Stmt) -> Value {
        match statement {
            Stmt::Local(local) => {
                let value = match &local.init {
                    Some(init) => {
                        if let Some((_, otherwise)) = &init.diverge {
                            self.aside(|flow| flow.expression(otherwise));
                        }
                        self.expression(&init.expr)
                    }
                    None => Value::empty(),
                };
                self.bind(&local.pat, value);
                Value::empty()
            }
            Stmt::Expr(expression, semicolon) => {
                let value = self.expression(expression);
                if semicolon.is_some() { Value::empty() } else { value }
            }
            Stmt::Macro(statement) => {
                let value = self.macro_call(&statement.mac);
                if statement.semi_token.is_some() { Value::empty() } else { value }
            }
            // Functions inside are followed by themselves.
            Stmt::Item(_) => Value::empty(),
        }
    }
}

/// The bytes of the file that this node covers.
pub(super) fn span(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}
