//! Writes a checked statement as the driver gets it: `$1..$n` for the values, no comments, no `;`.
//!
//! Both drivers take `$1..$n`, so one text serves both, but for lists. A value used twice keeps its number.

use super::compiled::{Bind, Choice, Class, Compiled, Piece, PieceKind};
use super::form::{ESCAPE, Form, Placed};
use super::identifier::ListName;
use super::policy::{Kind, Policy};
use super::scope::Outline;
use super::template::{Condition, Template};
use super::token::{Token, TokenKind, embedded};

/// The statement for the driver. The tokens are those of a statement without mistakes.
pub(super) fn write(
    sql: &str,
    tokens: &[Token<'_>],
    template: &Template<'_, '_>,
    placed: &[Placed],
    outline: &Outline<'_, '_>,
    policy: &Policy,
) -> Compiled {
    let mut writer = Writer {
        sql,
        placed,
        template,
        policy,
        clause: None,
        compiled: Compiled {
            pieces: Vec::new(),
            binds: Vec::new(),
            choices: Vec::new(),
            clauses: template.clauses().to_vec(),
            class: class(outline),
        },
        inner: Vec::new(),
    };
    let mut end = 0;
    for token in tokens.iter() {
        // The operator of a list is written with its value, and so is the space between.
        let between = |value: &Placed| {
            value.form == Form::List && value.replaces.start < token.span.start && token.span.start < value.replaces.end
        };
        if !placed.iter().any(between) {
            writer.verbatim(end..token.span.start);
        }
        let in_list = placed.iter().find(|value| {
            value.form == Form::List && value.replaces.contains(&token.span.start) && value.span != token.span
        });
        if in_list.is_none() {
            writer.token(token);
        }
        if placed.iter().any(|value| value.escape_at == Some(token.span.end)) {
            writer.push(PieceKind::Text(format!(" ESCAPE '{ESCAPE}'")), token.span.clone());
        }
        end = token.span.end;
    }
    writer.verbatim(end..sql.len());
    let mut compiled = writer.compiled;
    settle(&mut compiled, placed);
    compiled
}

struct Writer<'w, 'a> {
    sql: &'a str,
    placed: &'w [Placed],
    template: &'w Template<'w, 'a>,
    policy: &'w Policy,
    clause: Option<usize>,
    compiled: Compiled,
    inner: Vec<Piece>,
}

impl Writer<'_, '_> {
    fn push(&mut self, kind: PieceKind, origin: std::ops::Range<usize>) {
        let pieces = if self.clause.is_some() { &mut self.inner } else { &mut self.compiled.pieces };
        pieces.push(Piece { kind, origin });
    }

    /// The space between two pieces.
    fn verbatim(&mut self, range: std::ops::Range<usize>) {
        let text = self.sql.get(range.clone()).unwrap_or_default();
        if !text.is_empty() {
            self.push(PieceKind::Text(text.to_owned()), range);
        }
    }

    fn is_space_at(&self, byte: usize) -> bool {
        self.sql.as_bytes().get(byte).is_none_or(u8::is_ascii_whitespace)
    }

    fn token(&mut self, token: &Token<'_>) {
        let span = token.span.clone();
        if let Some(value) = self.placed.iter().find(|value| value.span == span || value.replaces == span).cloned() {
            return self.value(&value);
        }
        let text = match token.kind {
            // What a database would find in a comment must not depend on the database.
            TokenKind::Comment => " ".to_owned(),
            TokenKind::Brace => token.text.get(1..).unwrap_or_default().to_owned(),
            // Where nothing else divides what stands around the braces, a space does.
            TokenKind::ClauseOpen => {
                self.clause = self.template.clause_of(span.start);
                if self.is_space_at(span.end) || span.start.checked_sub(1).is_none_or(|before| self.is_space_at(before))
                {
                    return;
                }
                " ".to_owned()
            }
            TokenKind::ClauseClose => {
                let inner = std::mem::take(&mut self.inner);
                if let Some(clause) = self.clause.take() {
                    self.push(PieceKind::Clause(clause, inner), span.clone());
                }
                if self.is_space_at(span.end) {
                    return;
                }
                " ".to_owned()
            }
            TokenKind::Identifier | TokenKind::Direction => return self.choice(token),
            TokenKind::Punctuation if token.is(";") => return,
            _ if token.is_verbatim() => unescaped(token.text),
            _ => token.text.to_owned(),
        };
        self.push(PieceKind::Text(text), span);
    }

    fn value(&mut self, value: &Placed) {
        let known = self.compiled.binds.iter().position(|bind| bind.path == value.path && bind.form == value.form);
        let number = known.unwrap_or_else(|| {
            self.compiled.binds.push(Bind {
                path: value.path.clone(),
                form: value.form.clone(),
                span: value.span.clone(),
                clauses: Vec::new(),
                optional: false,
                compared: None,
            });
            self.compiled.binds.len() - 1
        });
        let each = |sqlite, postgres| PieceKind::Each { sqlite, postgres };
        match (&value.form, value.negated) {
            (Form::List, negated) => {
                let open = match negated {
                    false => each("IN (SELECT value FROM json_each(", "= ANY("),
                    true => each("NOT IN (SELECT value FROM json_each(", "<> ALL("),
                };
                self.push(open, value.replaces.clone());
                self.push(PieceKind::Value(number), value.span.clone());
                self.push(each("))", ")"), value.span.clone());
            }
            _ => self.push(PieceKind::Value(number), value.span.clone()),
        }
    }

    fn choice(&mut self, token: &Token<'_>) {
        let Some((path, list)) = token.choice() else { return };
        let known =
            self.compiled.choices.iter().position(|choice| choice.path == path && choice.list.as_deref() == list);
        let number = known.unwrap_or_else(|| {
            let texts = match list {
                None => vec!["ASC".to_owned(), "DESC".to_owned()],
                Some(list) => columns(list, self.policy),
            };
            let (path, list) = (path.to_owned(), list.map(str::to_owned));
            self.compiled.choices.push(Choice { path, list, texts, span: token.span.clone() });
            self.compiled.choices.len() - 1
        });
        self.push(PieceKind::Choice(number), token.span.clone());
    }
}

/// The columns of a list of the policy.
fn columns(list: &str, policy: &Policy) -> Vec<String> {
    let list = list.parse::<ListName>().ok().and_then(|name| policy.identifiers.get(&name));
    list.map(|list| list.columns().map(str::to_owned).collect()).unwrap_or_default()
}

/// In which parts each value stands, and whether it may be `NULL` there.
fn settle(compiled: &mut Compiled, placed: &[Placed]) {
    let clauses = compiled.clauses.clone();
    let clause_of = |at: usize| clauses.iter().position(|clause| clause.span.contains(&at));
    for bind in &mut compiled.binds {
        let uses = || placed.iter().filter(|value| value.path == bind.path && value.form == bind.form);
        let within: Option<Vec<usize>> = uses().map(|value| clause_of(value.span.start)).collect();
        let mut within = within.unwrap_or_default();
        within.dedup();
        let all_some = |clause: &usize| clauses.get(*clause).is_some_and(|c| c.condition == Condition::AllSome);
        bind.optional = !within.is_empty() && within.iter().all(all_some);
        // Who also uses the value otherwise, as in `{a} IS NULL OR b = {a}`, knows that it may be `NULL`.
        let elsewhere = placed.iter().any(|value| value.path == bind.path && !value.compared);
        bind.compared = uses().find(|value| value.compared).map(|value| value.span.clone());
        bind.compared = bind.compared.take().filter(|_| !bind.optional && !elsewhere);
        bind.clauses = within;
    }
}

/// Quoted text, with `{name}` for `{{name}}`.
pub(super) fn unescaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut end = 0;
    for found in embedded(text) {
        let inner = if found.escaped { found.span.start + 1..found.span.end - 1 } else { found.span.clone() };
        written.push_str(text.get(end..found.span.start).unwrap_or_default());
        written.push_str(text.get(inner).unwrap_or_default());
        end = found.span.end;
    }
    written.push_str(text.get(end..).unwrap_or_default());
    written
}

/// What the statement gives back.
pub(super) fn class(outline: &Outline<'_, '_>) -> Class {
    let Some(main) = outline.scopes().first() else { return Class::Execute };
    let returning = || outline.own(main).any(|(index, token)| index > main.verb && token.is_word("returning"));
    if main.kind == Some(Kind::Select) || returning() { Class::Rows } else { Class::Execute }
}
