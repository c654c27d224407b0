//! Finds what the names in expressions mean.

use std::ops::Range;

use sqlparser::ast::Ident;

use super::scope::{Field, Hit, Relation, Scope, same};
use super::{Literal, Resolver, Value};
use crate::mistake::{Mistake, Reason};
use crate::schema::{Dialect, SqlType};

/// Columns that every table of PostgreSQL has, and their types.
const SYSTEM: [(&str, &str); 6] =
    [("tableoid", "oid"), ("ctid", "tid"), ("xmin", "xid"), ("xmax", "xid"), ("cmin", "cid"), ("cmax", "cid")];

/// Names of the row id of SQLite.
const ROW_ID: [&str; 3] = ["rowid", "oid", "_rowid_"];

/// Words that are values, not names of columns.
const WORDS: [&str; 14] = [
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "false",
    "localtime",
    "localtimestamp",
    "session_user",
    "true",
    "user",
];

impl<'a> Resolver<'a> {
    /// A column by its name alone.
    pub(super) fn column(&mut self, ident: &Ident, scope: &Scope<'_, 'a>) -> Value {
        let dialect = self.schema.dialect;
        let name = self.key(ident);
        let span = self.bytes(ident.span);
        if ident.quote_style.is_none() && name == "default" {
            return Value { literal: Some(Literal::Default), span: Some(span), ..Value::default() };
        }
        for (depth, level) in scope.outward().enumerate() {
            match level.find(&name, dialect) {
                Hit::One(index, field) => return self.found(index, field, level, depth, span),
                Hit::Many(..) if level.open => return Value::default(),
                Hit::Many(first, second) => {
                    self.error(Reason::Ambiguous(ident.value.clone(), first, second), span);
                    return Value::default();
                }
                Hit::None => {}
            }
            if let Some((_, value)) = level.aliases.iter().find(|(alias, _)| same(alias, &name, dialect)) {
                return Value { span: Some(span), ..value.clone() };
            }
            if let Some(value) = self.implied(&name, level) {
                return Value { span: Some(span), ..value };
            }
            if level.open || level.from > 0 || level.relations.iter().any(|relation| relation.open) {
                self.unsure(|| format!("not every column is known where `{}` stands", ident.value));
                return Value::default();
            }
        }
        if ident.quote_style.is_none() && WORDS.contains(&name.to_ascii_lowercase().as_str()) {
            return Value::default();
        }
        self.missing(ident, &name, scope, span);
        Value::default()
    }

    fn found(
        &mut self,
        index: Option<usize>,
        field: Field,
        level: &Scope<'_, 'a>,
        depth: usize,
        span: Range<usize>,
    ) -> Value {
        match index.and_then(|index| level.relations.get(index)) {
            Some(relation) => self.touch(relation, &field),
            None => {
                // A merged column reads those it was made of.
                for relation in &level.relations {
                    if let Some(part) = relation.find(&field.name, self.schema.dialect) {
                        self.touch(relation, &part);
                    }
                }
            }
        }
        if depth == 0 && self.level.inside == 0 {
            self.level.bare.push((index, field.name.clone(), span.clone()));
        }
        Value { span: Some(span), ..field.value() }
    }

    /// What a name means although no column has it.
    fn implied(&mut self, name: &str, scope: &Scope<'_, 'a>) -> Option<Value> {
        let dialect = self.schema.dialect;
        let mut tables = scope.seen().filter(|(_, relation)| relation.table().is_some());
        if tables.next().is_some()
            && let Some(value) = system(name, dialect)
        {
            return Some(value);
        }
        // The name of a table is its whole row.
        let whole = scope.relations.iter().find(|relation| same(&relation.name, name, dialect))?;
        match dialect {
            Dialect::Postgres => {
                self.star_of(whole);
                let ty = whole.table().map(|(key, _)| SqlType::Other(key.to_owned()));
                Some(Value::maybe(ty, whole.outer.then_some(true)))
            }
            // That of a table for full-text search is one of its columns.
            Dialect::Sqlite => whole.open.then(Value::default),
        }
    }

    fn missing(&mut self, ident: &Ident, name: &str, scope: &Scope<'_, 'a>, span: Range<usize>) {
        let relations: Vec<&Relation<'a>> = scope.outward().flat_map(|scope| scope.relations.iter()).collect();
        let mistake = match relations.as_slice() {
            [only] if !only.name.is_empty() => {
                Mistake::new(Reason::UnknownColumn { table: only.name.clone(), column: ident.value.clone() }, span)
            }
            _ => Mistake::new(Reason::UnknownName(ident.value.clone()), span),
        };
        let known = relations.iter().flat_map(|relation| relation.names());
        let mistake = match nearest_case(name, known, self.schema.dialect) {
            Some(quoted) => mistake.meant(quoted),
            None => mistake.near(name, relations.iter().flat_map(|relation| relation.names())),
        };
        let tables = relations.iter().filter_map(|relation| relation.table());
        let mistake = tables.take(3).fold(mistake, |mistake, (_, table)| mistake.about(table));
        self.mistake(mistake);
    }

    /// `table.column` or `schema.table.column`.
    pub(super) fn qualified(&mut self, idents: &[Ident], scope: &Scope<'_, 'a>) -> Value {
        let dialect = self.schema.dialect;
        let [before @ .., table, column] = idents else { return Value::default() };
        let span = self.bytes(column.span);
        let name = self.key(column);
        let Some((depth, index, relation)) = self.relation(before, table, scope) else { return Value::default() };
        let Some(field) = relation.find(&name, dialect) else {
            if let Some(value) = system(&name, dialect) {
                return value;
            }
            if relation.open {
                self.unsure(|| format!("not every column of `{}` is known", relation.name));
                return Value::default();
            }
            let reason = Reason::UnknownColumn { table: relation.name.clone(), column: column.value.clone() };
            let mistake = Mistake::new(reason, span);
            let mistake = match nearest_case(&name, relation.names(), dialect) {
                Some(quoted) => mistake.meant(quoted),
                None => mistake.near(&name, relation.names()),
            };
            self.mistake(match relation.table() {
                Some((_, table)) => mistake.about(table),
                None => mistake,
            });
            return Value::default();
        };
        self.touch(relation, &field);
        if depth == 0 && self.level.inside == 0 {
            self.level.bare.push((Some(index), field.name.clone(), span.clone()));
        }
        Value { span: Some(span), ..field.value() }
    }

    /// The relation that is called so, how many scopes out, and its place there.
    pub(super) fn relation<'s, 'p>(
        &mut self,
        before: &[Ident],
        table: &Ident,
        scope: &'s Scope<'p, 'a>,
    ) -> Option<(usize, usize, &'s Relation<'a>)> {
        let dialect = self.schema.dialect;
        let name = self.key(table);
        let schema = before.last().map(|ident| self.key(ident));
        for (depth, level) in scope.outward().enumerate() {
            let named = level.relations.iter().enumerate().find(|(_, relation)| {
                same(&relation.name, &name, dialect)
                    && schema.as_ref().is_none_or(|schema| {
                        relation.qualifier.as_ref().is_none_or(|qualifier| same(qualifier, schema, dialect))
                    })
            });
            if let Some((index, relation)) = named {
                return Some((depth, index, relation));
            }
            if level.open {
                self.unsure(|| format!("it is not known what `{}` is", table.value));
                return None;
            }
        }
        // The rows before and behind a change, in newer versions of PostgreSQL.
        if !before.is_empty() || matches!(name.as_str(), "old" | "new" | "excluded") {
            self.unsure(|| format!("it is not known what `{}` is", table.value));
            return None;
        }
        let near: Vec<&str> =
            scope.outward().flat_map(|scope| scope.relations.iter().map(|relation| relation.name.as_str())).collect();
        let span = self.bytes(table.span);
        self.mistake(Mistake::new(Reason::UnknownQualifier(table.value.clone()), span).near(&name, near));
        None
    }
}

/// Whether SQLite knows the row id by this name, where no column has it.
pub(super) fn is_row_id(name: &str) -> bool {
    ROW_ID.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// A column that is there without having been declared.
fn system(name: &str, dialect: Dialect) -> Option<Value> {
    match dialect {
        Dialect::Postgres => {
            let (_, ty) = SYSTEM.iter().find(|(known, _)| *known == name)?;
            Some(Value::of(SqlType::Other((*ty).to_owned()), Some(false)))
        }
        Dialect::Sqlite => is_row_id(name).then(|| Value::maybe(Some(SqlType::BigInt), None)),
    }
}

/// A name that differs in case alone, which PostgreSQL finds in double quotes only.
fn nearest_case<'k>(name: &str, known: impl Iterator<Item = &'k str>, dialect: Dialect) -> Option<String> {
    let mut known = known;
    (dialect == Dialect::Postgres)
        .then(|| known.find(|known| known.eq_ignore_ascii_case(name)).map(|known| format!("\"{known}\"")))?
}
