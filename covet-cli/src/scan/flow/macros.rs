//! Macros: those that write text, and the expressions in all others.

use std::ops::Range;

use proc_macro2::Span;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Block, Expr, Ident, LitStr, Macro, Token};

use super::{Flow, span};
use crate::scan::format::{self, Part};
use crate::scan::library::Library;
use crate::scan::value::{Kind, Origin, Role, Value};

/// What the arguments of a macro are read as.
struct Arguments {
    positional: Vec<Expr>,
    named: Vec<(Ident, Expr)>,
}

impl Flow<'_, '_> {
    pub(super) fn macro_call(&mut self, found: &Macro) -> Value {
        let name = found.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        match name.as_str() {
            "format" | "format_args" | "formatcp" | "formatc" | "formatdoc" | "const_format" | "eformat" => {
                self.formatted(found, 0)
            }
            "write" | "writeln" | "uwrite" | "uwriteln" => {
                let text = self.formatted(found, 1);
                if let Some(target) = arguments(found).and_then(|all| all.positional.into_iter().next()) {
                    self.push(&target, text, true);
                }
                Value::empty()
            }
            "concat" | "concatcp" | "concatc" | "str_concat" => self.concatenated(found),
            "indoc" | "sql" | "include_str" | "env" | "option_env" | "stringify" | "file" | "line" | "module_path" => {
                let text = found.parse_body::<LitStr>();
                text.map_or_else(
                    |_| Value::constant(),
                    |text| if name == "include_str" { Value::constant() } else { Value::text(text.value()) },
                )
            }
            "safe_sql" | "trusted" => Value::constant().with(Kind::Object(Library::Sqlx, Role::Handle)),
            "query" | "query_as" | "query_scalar" | "query_file" | "query_file_as" | "query_unchecked" => {
                self.arguments_of(found);
                Value::constant().with(Kind::Object(Library::Sqlx, Role::Handle))
            }
            "matches" => Value::hole(span(found), self.source(found), Origin::Harmless),
            "vec" | "smallvec" | "array" | "hashset" | "btreeset" => self.vector(found),
            _ => {
                let all = self.arguments_of(found);
                match all {
                    Some(values) if !values.is_empty() && values.iter().all(Value::is_constant) => Value::constant(),
                    _ => Value::hole(span(found), self.source(found), Origin::Unknown),
                }
            }
        }
    }

    /// Follows the arguments of a macro of which nothing is known, as expressions or as statements.
    fn arguments_of(&mut self, found: &Macro) -> Option<Vec<Value>> {
        if let Some(all) = arguments(found) {
            let all = all.positional.iter().chain(all.named.iter().map(|(_, value)| value));
            return Some(all.map(|argument| self.expression(argument)).collect());
        }
        let statements = Block::parse_within.parse2(found.tokens.clone()).ok()?;
        let block = Block { brace_token: syn::token::Brace(Span::call_site()), stmts: statements };
        self.block(&block);
        None
    }

    fn vector(&mut self, found: &Macro) -> Value {
        let repeat = |input: ParseStream<'_>| {
            let value: Expr = input.parse()?;
            input.parse::<Token![;]>()?;
            Ok((value, input.parse::<Expr>()?))
        };
        if let Some(all) = arguments(found) {
            return self.list(&mut all.positional.iter());
        }
        match repeat.parse2(found.tokens.clone()) {
            Ok((value, length)) => {
                self.expression(&length);
                self.expression(&value)
            }
            Err(_) => Value::hole(span(found), self.source(found), Origin::Unknown),
        }
    }

    fn concatenated(&mut self, found: &Macro) -> Value {
        let mut whole = Value::empty();
        for argument in arguments(found).into_iter().flat_map(|all| all.positional) {
            let value = self.pasted(&argument);
            whole.append(if value.is_constant() { value } else { Value::constant() });
        }
        whole.with(Kind::Static)
    }

    /// The text of a macro like `format!`, whose format string stands behind `skip` arguments.
    fn formatted(&mut self, found: &Macro, skip: usize) -> Value {
        let Some(all) = arguments(found) else {
            return Value::hole(span(found), self.source(found), Origin::Unknown);
        };
        let mut positional = all.positional.iter().skip(skip);
        let Some(first) = positional.next() else { return Value::empty() };
        let rest: Vec<_> = positional.collect();
        let Some(text) = self.format_text(first) else {
            // `format!(concat!(..), ..)`: what is written is not known, what is pasted is.
            let mut whole = Value::constant();
            for argument in rest.iter().copied().chain(all.named.iter().map(|(_, value)| value)) {
                let value = self.pasted(argument);
                whole.paste(value);
            }
            return whole.with(Kind::Text);
        };
        let mut values: Vec<Option<Value>> = rest.iter().map(|argument| Some(self.pasted(argument))).collect();
        let named: Vec<_> = all.named.iter().map(|(name, value)| (name.to_string(), self.pasted(value))).collect();
        let mut whole = Value::empty();
        let mut next = 0;
        for part in format::parts(&text) {
            let piece = match part {
                Part::Text(text) => Value::text(text),
                Part::Next => {
                    next += 1;
                    self.argument(&mut values, next - 1, first)
                }
                Part::Position(at) => self.argument(&mut values, at, first),
                Part::Name(name) => match named.iter().find(|(known, _)| *known == name) {
                    Some((_, value)) => value.clone(),
                    None => self.captured(&name, first),
                },
            };
            whole.append(piece);
        }
        whole.composed = true;
        whole.kind = Kind::Text;
        // `format!("{x}")` is `x`.
        if whole.pieces.len() == 1 {
            whole.composed = false;
        }
        whole
    }

    fn argument(&self, values: &mut [Option<Value>], at: usize, format: &Expr) -> Value {
        let known = values.get(at).cloned().flatten();
        known.unwrap_or_else(|| Value::hole(span(format), "{}", Origin::Unknown))
    }

    /// `{name}` in the format string.
    fn captured(&mut self, name: &str, format: &Expr) -> Value {
        let place = self.inside(name, format);
        let expression = syn::parse_str::<Ident>(name).ok().map(|ident| Expr::Path(path_of(ident)));
        let value = expression.map(|expression| self.expression(&expression));
        match value {
            Some(value) => self.written(value, &place, name),
            None => Value::hole(place, name, Origin::Unknown),
        }
    }

    /// Where `{name}` stands in the literal.
    fn inside(&self, name: &str, format: &Expr) -> Range<usize> {
        let whole = span(format);
        let source = self.source(format);
        let ends = ["}", ":"];
        let at = ends.iter().filter_map(|end| source.find(&format!("{{{name}{end}"))).min();
        at.map_or(whole.clone(), |at| whole.start + at + 1..whole.start + at + 1 + name.len())
    }

    fn format_text(&self, format: &Expr) -> Option<String> {
        match format {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            Expr::Group(inner) => self.format_text(&inner.expr),
            _ => None,
        }
    }
}

fn path_of(ident: Ident) -> syn::ExprPath {
    syn::ExprPath { attrs: Vec::new(), qself: None, path: ident.into() }
}

/// `a, b, name = c`, if the macro is called like that.
fn arguments(found: &Macro) -> Option<Arguments> {
    let parse = |input: ParseStream<'_>| {
        let mut all = Arguments { positional: Vec::new(), named: Vec::new() };
        let one = |input: ParseStream<'_>| {
            if input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]) && !input.peek2(Token![=>]) {
                let name: Ident = input.parse()?;
                input.parse::<Token![=]>()?;
                return Ok((Some(name), input.parse::<Expr>()?));
            }
            Ok((None, input.parse::<Expr>()?))
        };
        for (name, value) in Punctuated::<(Option<Ident>, Expr), Token![,]>::parse_terminated_with(input, one)? {
            match name {
                Some(name) => all.named.push((name, value)),
                None => all.positional.push(value),
            }
        }
        Ok(all)
    };
    parse.parse2(found.tokens.clone()).ok()
}
