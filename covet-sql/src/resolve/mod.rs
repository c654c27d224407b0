//! Judges one statement on a schema.
//!
//! **Threat.** A statement that names what does not exist, leaves out what must be there or compares what cannot be
//! compared fails when a user runs it; one that reaches rows of others does not fail at all.
//!
//! **Rule.** Three verdicts: refused, where it is provable that the database would refuse it; good, where every name was
//! followed to its table; unknown, and let pass, wherever something could not be followed.
//!
//! ```
//! use covet_sql::{Dialect, Schema, Source, Verdict, catalog, resolve};
//!
//! let text = "CREATE TABLE users (id BIGINT PRIMARY KEY, email TEXT NOT NULL)".to_owned();
//! let schema = catalog::build(&[Source { file: "migrations/0001_init.sql".into(), text }], Dialect::Postgres);
//!
//! let Verdict::Ok(shape) = resolve::resolve("SELECT email FROM users WHERE id = $1", &schema) else { panic!() };
//! assert_eq!(shape.columns[0].nullable, Some(false));
//!
//! let Verdict::Error(mistakes) = resolve::resolve("SELECT emial FROM users", &schema) else { panic!() };
//! assert_eq!(mistakes[0].to_string(), "`users` has no column `emial`");
//! ```

mod check;
mod expr;
mod facts;
mod from;
mod function;
mod name;
mod operator;
mod query;
mod scope;
mod write;

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use sqlparser::ast::{Ident, Query, Statement};
use sqlparser::tokenizer::Span;

use self::facts::Facts;
use self::scope::{Field, Rows, Scope};
use crate::mistake::{Mistake, Reason};
use crate::parse::{self, Lines, Unread};
use crate::schema::{Dialect, Schema, SqlType};
use crate::shape::{Access, Mention, Output, Param, Shape, Use};
use crate::types;

/// How deep expressions and queries are followed.
const MAX_DEPTH: usize = 80;

/// What is known of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every name was followed.
    Ok(Shape),
    /// The database would refuse it.
    Error(Vec<Mistake>),
    /// Nothing is wrong with what could be followed; the text says what could not.
    Unknown(Shape, String),
}

/// Judges `sql`, in which values are `$1..$n`, as the driver will get it.
#[must_use]
pub fn resolve(sql: &str, schema: &Schema) -> Verdict {
    match judged(sql, schema, parse::SHALLOW) {
        Err(Unread::Deep) => deep(sql, schema),
        Err(Unread::Other(why)) => unread(&why),
        Ok(verdict) => verdict,
    }
}

/// Judges a statement that nests more than usual, on a stack of its own.
fn deep(sql: &str, schema: &Schema) -> Verdict {
    let answer = std::thread::scope(|scope| {
        let judge = || judged(sql, schema, parse::DEEP);
        let thread = std::thread::Builder::new().stack_size(parse::DEEP_STACK).spawn_scoped(scope, judge);
        thread.ok()?.join().ok()
    });
    match answer {
        Some(Ok(verdict)) => verdict,
        Some(Err(Unread::Other(why))) => unread(&why),
        Some(Err(Unread::Deep)) | None => unread("it nests too deeply"),
    }
}

fn judged(sql: &str, schema: &Schema, depth: usize) -> Result<Verdict, Unread> {
    let statement = parse::statement(sql, schema.dialect, depth)?;
    let mut resolver = Resolver::new(sql, schema);
    let rows = resolver.statement(&statement, None);
    Ok(resolver.finish(rows))
}

fn unread(why: &str) -> Verdict {
    Verdict::Unknown(Shape::default(), format!("the statement could not be read: {why}"))
}

/// What a view is, whatever may be wrong with it.
pub(crate) fn view(sql: &str, query: &Query, schema: &Schema) -> (Shape, bool) {
    let mut resolver = Resolver::new(sql, schema);
    let rows = resolver.query(query, None);
    let open = rows.open || !resolver.mistakes.is_empty() || resolver.unknown.is_some();
    match resolver.finish(rows) {
        Verdict::Ok(shape) | Verdict::Unknown(shape, _) => (shape, open),
        Verdict::Error(_) => (Shape::default(), true),
    }
}

/// Where in a statement an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    Where,
    On,
    GroupBy,
    Other,
}

impl Clause {
    const fn name(self) -> &'static str {
        match self {
            Self::Where => "WHERE",
            Self::On => "ON",
            Self::GroupBy => "GROUP BY",
            Self::Other => "this place",
        }
    }
}

/// What is known of the `SELECT` whose expressions are read.
#[derive(Debug, Clone)]
struct Level {
    clause: Clause,
    /// How many calls of aggregates surround the expression.
    inside: usize,
    /// Whether an aggregate was seen.
    aggregates: bool,
    /// Whether `GROUP BY` makes groups, none of which is empty.
    grouped: bool,
    /// Columns outside of aggregates: the table's place, the name, where.
    bare: Vec<(Option<usize>, String, Range<usize>)>,
    /// The names behind `WINDOW`.
    windows: Vec<String>,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            clause: Clause::Other,
            inside: 0,
            aggregates: false,
            grouped: false,
            bare: Vec::new(),
            windows: Vec::new(),
        }
    }
}

/// A query that has a name.
#[derive(Debug, Clone)]
struct Cte {
    name: String,
    rows: Rc<Rows>,
}

struct Resolver<'a> {
    sql: &'a str,
    lines: Lines<'a>,
    schema: &'a Schema,
    mistakes: Vec<Mistake>,
    unknown: Option<String>,
    params: Vec<Param>,
    /// Parameters whose first use decided their type in a way that is not followed.
    decided: BTreeSet<usize>,
    /// Uses that leave the type of a parameter to others.
    idle: BTreeSet<(usize, usize)>,
    access: BTreeSet<Access>,
    mentions: Vec<Mention>,
    facts: Facts,
    ctes: Vec<Cte>,
    level: Level,
    /// Whether the statement says what happens to a `NULL` that may not be.
    forgiving: bool,
    depth: usize,
}

/// An expression's value.
#[derive(Debug, Clone, Default)]
struct Value {
    ty: Option<SqlType>,
    nullable: Option<bool>,
    /// The table and column that it is, unchanged.
    origin: Option<(String, String)>,
    /// The mention and its column that it is, unchanged.
    place: Option<(usize, String)>,
    /// The parameter that it is, and its use.
    param: Option<(usize, usize)>,
    literal: Option<Literal>,
    /// Where it stands, if it is one name or one literal.
    span: Option<Range<usize>>,
}

/// A constant whose type its surroundings decide.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Literal {
    Text(String),
    Null,
    /// `DEFAULT`.
    Default,
}

impl Value {
    fn of(ty: SqlType, nullable: Option<bool>) -> Self {
        Self { ty: Some(ty), nullable, ..Self::default() }
    }

    fn maybe(ty: Option<SqlType>, nullable: Option<bool>) -> Self {
        Self { ty, nullable, ..Self::default() }
    }

    /// Whether it is text, or becomes text where text is needed.
    fn is_textual(&self) -> bool {
        let textual = |ty: &SqlType| types::family(ty) == Some(types::Family::Text);
        self.literal.is_some() || self.param.is_some() || self.ty.as_ref().is_some_and(textual)
    }

    /// Its type, if its surroundings do not decide it.
    const fn fixed(&self) -> Option<&SqlType> {
        match (&self.literal, &self.param) {
            (None, None) => self.ty.as_ref(),
            _ => None,
        }
    }
}

/// `NULL` comes out if it goes in.
fn strict<'v>(values: impl IntoIterator<Item = &'v Value>) -> Option<bool> {
    let mut all = Some(false);
    for value in values {
        match value.nullable {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all = None,
        }
    }
    all
}

impl<'a> Resolver<'a> {
    fn new(sql: &'a str, schema: &'a Schema) -> Self {
        Self {
            sql,
            lines: Lines::of(sql),
            schema,
            mistakes: Vec::new(),
            unknown: None,
            params: Vec::new(),
            decided: BTreeSet::new(),
            idle: BTreeSet::new(),
            access: BTreeSet::new(),
            mentions: Vec::new(),
            facts: Facts::default(),
            ctes: Vec::new(),
            level: Level::default(),
            forgiving: false,
            depth: 0,
        }
    }

    fn postgres(&self) -> bool {
        self.schema.dialect == Dialect::Postgres
    }

    /// Whether types are judged: on PostgreSQL, where no migration can have made operators and casts of its own.
    fn judges_types(&self) -> bool {
        self.postgres() && !self.schema.open
    }

    /// The rows that a statement gives.
    fn statement(&mut self, statement: &Statement, parent: Option<&Scope<'_, 'a>>) -> Rows {
        match statement {
            Statement::Query(query) => self.query(query, parent),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            _ => self.unfollowed("this kind of statement"),
        }
    }

    fn finish(mut self, rows: Rows) -> Verdict {
        if !self.mistakes.is_empty() {
            self.mistakes.sort_by_key(|mistake| covet_core::sql::report::Finding::span(mistake).start);
            self.mistakes.dedup();
            return Verdict::Error(self.mistakes);
        }
        self.facts.settle(&mut self.mentions);
        let read: BTreeSet<&str> =
            self.access.iter().filter(|a| !a.write && a.column.is_some()).map(|a| a.table.as_str()).collect();
        // That a table is read at all needs no word where its columns are.
        let access = self.access.iter().filter(|a| a.write || a.column.is_some() || !read.contains(a.table.as_str()));
        let mut columns: Vec<Output> = rows.fields.iter().map(Field::output).collect();
        if !self.postgres() {
            query::name_outputs(self.sql, &mut columns);
        }
        let shape = Shape { columns, params: self.params, access: access.cloned().collect(), mentions: self.mentions };
        match self.unknown {
            None => Verdict::Ok(shape),
            Some(why) => Verdict::Unknown(shape, why),
        }
    }

    fn mistake(&mut self, mistake: Mistake) {
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    fn error(&mut self, reason: Reason, span: Range<usize>) {
        self.mistake(Mistake::new(reason, span));
    }

    /// Something that is let pass, as it cannot be followed.
    fn unsure(&mut self, why: impl FnOnce() -> String) {
        if self.unknown.is_none() {
            self.unknown = Some(why());
        }
    }

    fn unfollowed(&mut self, what: &str) -> Rows {
        self.unsure(|| format!("{what} is not followed"));
        Rows { fields: Vec::new(), open: true, ..Rows::default() }
    }

    fn bytes(&self, span: Span) -> Range<usize> {
        self.lines.bytes(span)
    }

    fn key(&self, ident: &Ident) -> String {
        self.schema.key(&ident.value, ident.quote_style.is_some())
    }

    fn read(&mut self, table: &str, column: &str) {
        self.access.insert(Access { table: table.to_owned(), column: Some(column.to_owned()), write: false });
    }

    /// `$n`, at these bytes.
    fn param(&mut self, text: &str, span: Span) -> Value {
        let span = self.bytes(span);
        let number = text.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        // What the protocol of PostgreSQL can count.
        let Some(index) = number.filter(|number| (1..=65_535).contains(number)).map(|number| number - 1) else {
            self.unsure(|| format!("the parameter `{text}` has no number"));
            return Value::default();
        };
        if self.params.len() <= index {
            self.params.resize_with(index + 1, Param::default);
        }
        let Some(param) = self.params.get_mut(index) else { return Value::default() };
        // PostgreSQL takes the type that the first use needs.
        if let Some(last) = param.uses.len().checked_sub(1)
            && param.ty.is_none()
            && !self.idle.contains(&(index, last))
        {
            self.decided.insert(index);
        }
        param.uses.push(Use { span: span.clone(), column: None, compared: false, nullable: None });
        let usage = param.uses.len() - 1;
        Value { ty: param.ty.clone(), param: Some((index, usage)), span: Some(span), ..Value::default() }
    }

    /// Says what a parameter must be.
    fn anchor(&mut self, value: &Value, ty: Option<&SqlType>) {
        let Some((index, _)) = value.param else { return };
        if let Some(param) = self.params.get_mut(index)
            && param.ty.is_none()
            && !self.decided.contains(&index)
        {
            param.ty = ty.cloned();
        }
    }

    fn usage(&mut self, value: &Value) -> Option<&mut Use> {
        let (index, usage) = value.param?;
        self.params.get_mut(index)?.uses.get_mut(usage)
    }

    /// Runs `inner` as an expression or query of its own; too deep a one is not followed.
    fn deeper<T>(&mut self, otherwise: T, inner: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            self.unsure(|| "it nests too deeply".into());
            return otherwise;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}
