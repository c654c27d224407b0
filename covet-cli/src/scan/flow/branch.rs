//! `if`, `match` and loops: each way is followed apart; and what a condition says of a value.

use syn::{BinOp, Block, Expr, ExprForLoop, ExprIf, ExprMatch, Pat, Stmt, UnOp};

use super::Flow;
use super::call::{checked, checks};
use super::pattern::{is_literal, name_of};
use crate::scan::value::Value;

/// What a condition says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vouched {
    /// It is one of some constants.
    Constant,
    /// Something was asked of its text.
    Checked,
}

impl Flow<'_, '_> {
    /// Follows something after which the function does not go on.
    pub(super) fn aside(&mut self, follow: impl FnOnce(&mut Self) -> Value) {
        let before = self.env.now();
        follow(self);
        self.env.back_to(before);
    }

    pub(super) fn if_else(&mut self, branch: &ExprIf) -> Value {
        self.env.enter();
        let before = self.env.now();
        self.condition(&branch.cond);
        let chosen = self.block(&branch.then_branch);
        self.env.leave();
        let then = self.env.back_to(before);

        self.env.enter();
        let vouched = self.vouched(&branch.cond, false);
        if ends(&branch.then_branch) {
            // Only who passed the check comes here: it holds for the rest of the block.
            self.env.leave();
            self.believe(&vouched);
            return match &branch.else_branch {
                Some((_, otherwise)) => self.expression(otherwise),
                None => Value::empty(),
            };
        }
        self.believe(&vouched);
        let other =
            branch.else_branch.as_ref().map(|(_, otherwise)| (self.expression(otherwise), expression_ends(otherwise)));
        self.env.leave();
        match other {
            Some((_, true)) => {
                self.env.back_to(then);
                let vouched = self.vouched(&branch.cond, true);
                self.believe(&vouched);
                chosen
            }
            Some((other, false)) => {
                self.env.join(then);
                chosen.or(other)
            }
            None => {
                self.env.join(then);
                chosen
            }
        }
    }

    /// Follows a condition; what holds if it does is known from here on.
    pub(super) fn condition(&mut self, condition: &Expr) {
        match condition {
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                self.condition(&binary.left);
                self.condition(&binary.right);
            }
            Expr::Let(found) => {
                let value = self.expression(&found.expr);
                let value = if is_literal(&found.pat) { Value::constant() } else { value };
                self.bind(&found.pat, value);
            }
            Expr::Paren(inner) => self.condition(&inner.expr),
            _ => {
                self.expression(condition);
                let vouched = self.vouched(condition, true);
                self.believe(&vouched);
            }
        }
    }

    /// The names that are one of some constants if the condition is `truth`.
    fn vouched(&mut self, condition: &Expr, truth: bool) -> Vec<(String, Vouched)> {
        match condition {
            Expr::Paren(inner) => self.vouched(&inner.expr, truth),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => self.vouched(&unary.expr, !truth),
            Expr::Binary(binary) => {
                let both = |flow: &mut Self| (flow.vouched(&binary.left, truth), flow.vouched(&binary.right, truth));
                match binary.op {
                    BinOp::Eq(_) if truth => self.equal(&binary.left, &binary.right),
                    BinOp::Ne(_) if !truth => self.equal(&binary.left, &binary.right),
                    // Both hold, or neither does: what each says is true.
                    BinOp::And(_) if truth => concat(both(self)),
                    BinOp::Or(_) if !truth => concat(both(self)),
                    BinOp::Or(_) | BinOp::And(_) => {
                        let (left, right) = both(self);
                        left.into_iter().filter(|name| right.contains(name)).collect()
                    }
                    _ => Vec::new(),
                }
            }
            Expr::MethodCall(call) if truth && is_lookup(&call.method.to_string()) && call.args.len() == 1 => {
                let list = self.quietly(&call.receiver);
                let name = call.args.first().and_then(name_of);
                let name = name.filter(|_| list.is_constant() && !list.pieces.is_empty());
                name.map(|name| (name, Vouched::Constant)).into_iter().collect()
            }
            // `name.chars().all(..)`, `PATTERN.is_match(name)`, `is_valid(name)`.
            Expr::MethodCall(call) if truth && call.method == "all" => {
                letters(&call.receiver).map(|name| (name, Vouched::Checked)).into_iter().collect()
            }
            Expr::MethodCall(call) if truth && is_check(&call.method.to_string()) => {
                let names = call.args.iter().filter_map(name_of).chain(name_of(&call.receiver));
                names.map(|name| (name, Vouched::Checked)).collect()
            }
            Expr::Call(call) if truth && called(&call.func).is_some_and(|name| is_check(&name)) => {
                call.args.iter().filter_map(name_of).map(|name| (name, Vouched::Checked)).collect()
            }
            Expr::Macro(found) if truth && found.mac.path.is_ident("matches") => {
                let parts = found.mac.parse_body_with(|input: syn::parse::ParseStream<'_>| {
                    let value: Expr = input.parse()?;
                    input.parse::<syn::Token![,]>()?;
                    let pattern = Pat::parse_multi_with_leading_vert(input)?;
                    let _rest: proc_macro2::TokenStream = input.parse()?;
                    Ok((value, pattern))
                });
                parts
                    .ok()
                    .filter(|(_, pattern)| is_literal(pattern))
                    .and_then(|(value, _)| name_of(&value))
                    .map(|name| (name, Vouched::Constant))
                    .into_iter()
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn believe(&mut self, vouched: &[(String, Vouched)]) {
        for (name, how) in vouched {
            match (how, self.env.get(name).cloned()) {
                (Vouched::Constant, _) => self.env.declare(name, Value::constant()),
                (Vouched::Checked, Some(value)) => self.env.declare(name, value.origins(checked)),
                (Vouched::Checked, None) => {}
            }
        }
    }

    fn equal(&mut self, left: &Expr, right: &Expr) -> Vec<(String, Vouched)> {
        let mut one = |name: &Expr, constant: &Expr| {
            let constant = self.quietly(constant).is_constant() && matches!(constant, Expr::Lit(_) | Expr::Path(_));
            name_of(name).filter(|_| constant)
        };
        let name = one(left, right).or_else(|| one(right, left));
        name.map(|name| (name, Vouched::Constant)).into_iter().collect()
    }

    /// The value of an expression that is followed elsewhere.
    pub(super) fn quietly(&mut self, expression: &Expr) -> Value {
        // What holds code of its own would be followed again for every block around it.
        if !is_simple(expression) {
            return self.unknown(expression);
        }
        let (candidates, before) = (self.analysis.candidates.len(), self.env.now());
        let value = self.expression(expression);
        self.analysis.candidates.truncate(candidates);
        self.env.back_to(before);
        value
    }

    pub(super) fn match_arms(&mut self, branch: &ExprMatch) -> Value {
        let value = self.expression(&branch.expr);
        let name = name_of(&branch.expr);
        let before = self.env.now();
        let mut joined: Option<(Value, super::env::Moment)> = None;
        for arm in &branch.arms {
            self.env.back_to(before.clone());
            self.env.enter();
            if let (true, Some(name)) = (is_literal(&arm.pat), &name) {
                self.env.declare(name, Value::constant());
            }
            self.bind(&arm.pat, value.clone());
            if let Pat::Guard(guard) = &arm.pat {
                self.condition(&guard.guard);
            }
            let chosen = self.expression(&arm.body);
            self.env.leave();
            if expression_ends(&arm.body) {
                continue;
            }
            let now = self.env.back_to(before.clone());
            joined = Some(match joined.take() {
                Some((other, moment)) => {
                    self.env.back_to(moment);
                    self.env.join(now);
                    (other.or(chosen), self.env.back_to(before.clone()))
                }
                None => (chosen, now),
            });
        }
        let (value, moment) = joined.unwrap_or_else(|| (Value::empty(), before));
        self.env.back_to(moment);
        value
    }

    pub(super) fn for_loop(&mut self, branch: &ExprForLoop) {
        let list = self.expression(&branch.expr);
        let before = self.env.now();
        self.env.enter();
        self.bind(&branch.pat, list);
        self.block(&branch.body);
        self.env.leave();
        self.env.join(before);
    }

    pub(super) fn while_loop(&mut self, condition: Option<&Expr>, body: &Block) -> Value {
        let before = self.env.now();
        self.env.enter();
        if let Some(condition) = condition {
            self.condition(condition);
        }
        self.block(body);
        self.env.leave();
        self.env.join(before);
        Value::empty()
    }
}

/// Whether the expression is a name, a list of constants, or a method of one.
fn is_simple(expression: &Expr) -> bool {
    match expression {
        Expr::Path(_) | Expr::Lit(_) | Expr::Macro(_) => true,
        Expr::Array(array) => array.elems.iter().all(is_simple),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_simple),
        Expr::Reference(inner) => is_simple(&inner.expr),
        Expr::Paren(inner) => is_simple(&inner.expr),
        Expr::Field(inner) => is_simple(&inner.base),
        Expr::MethodCall(call) => is_simple(&call.receiver) && call.args.is_empty(),
        _ => false,
    }
}

fn concat<T>((mut left, right): (Vec<T>, Vec<T>)) -> Vec<T> {
    left.extend(right);
    left
}

fn is_check(name: &str) -> bool {
    name == "is_match" || (name.starts_with("is_") && checks(name))
}

fn called(function: &Expr) -> Option<String> {
    let Expr::Path(path) = function else { return None };
    path.path.segments.last().map(|last| last.ident.to_string())
}

/// `name` in `name.chars()` and `name.bytes()`.
fn letters(expression: &Expr) -> Option<String> {
    let Expr::MethodCall(call) = expression else { return None };
    ["chars", "bytes"].iter().any(|name| call.method == name).then(|| name_of(&call.receiver)).flatten()
}

fn is_lookup(method: &str) -> bool {
    ["contains", "contains_key"].contains(&method)
}

/// Whether what follows the block is not reached through it.
fn ends(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(expression, _)) => expression_ends(expression),
        Some(Stmt::Macro(statement)) => macro_ends(&statement.mac),
        _ => false,
    }
}

fn expression_ends(expression: &Expr) -> bool {
    match expression {
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Block(block) => ends(&block.block),
        Expr::Macro(found) => macro_ends(&found.mac),
        Expr::If(branch) => {
            ends(&branch.then_branch) && branch.else_branch.as_ref().is_some_and(|(_, other)| expression_ends(other))
        }
        Expr::Match(branch) => !branch.arms.is_empty() && branch.arms.iter().all(|arm| expression_ends(&arm.body)),
        // `Err(..)?`
        Expr::Try(inner) => matches!(&*inner.expr, Expr::Call(call) if last_is(&call.func, &["Err"])),
        Expr::Call(call) => last_is(&call.func, &["exit", "abort"]),
        _ => false,
    }
}

fn last_is(function: &Expr, names: &[&str]) -> bool {
    let Expr::Path(path) = function else { return false };
    path.path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
}

fn macro_ends(found: &syn::Macro) -> bool {
    let ending = ["panic", "bail", "unreachable", "todo", "unimplemented", "return_err"];
    found.path.segments.last().is_some_and(|last| ending.iter().any(|name| last.ident == name))
}
