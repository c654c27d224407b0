//! `INSERT`, `UPDATE` and `DELETE`.

use std::ops::Range;

use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, Delete, Expr, FromTable, Ident, Insert, ObjectName, OnConflict,
    OnConflictAction, OnInsert, Query, SetExpr, Spanned, TableFactor, TableObject, Update, UpdateTableFromKind,
};

use super::facts::is_param;
use super::query::default_order;
use super::scope::{Relation, Rows, Scope, same};
use super::{Literal, Resolver, Value};
use crate::lookup::{self, Found};
use crate::mistake::{Mistake, Reason, tables};
use crate::parse;
use crate::schema::{Column, Dialect, Table};
use crate::shape::{Access, Mention};

/// A column that is written: what is known of it, and where it is named.
struct Target<'a> {
    column: Option<&'a Column>,
    span: Range<usize>,
}

impl<'a> Resolver<'a> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Rows {
        let TableObject::TableName(name) = &insert.table else { return self.unfollowed("this target of `INSERT`") };
        let Some(parts) = parse::parts(name) else { return self.unfollowed("this target of `INSERT`") };
        let own = parts.last().map(|ident| self.key(ident)).unwrap_or_default();
        let alias = insert.table_alias.as_ref().map(|alias| self.key(&alias.alias));
        let called = alias.unwrap_or(own);
        let span = self.bytes(name.span());
        let Some((key, table)) = self.target(&parts, &span) else {
            return self.unknown_target(insert, called);
        };
        if !insert.assignments.is_empty() || insert.overwrite || insert.by_name {
            self.unsure(|| "this form of `INSERT` is not followed".into());
        }
        self.writable(table, span.clone());
        let mention = self.mentions.len();
        self.mentions.push(Mention { table: key.to_owned(), fixed: Vec::new() });

        self.forgiving = insert.or.is_some() || insert.replace_into;
        let targets = self.targets(insert, key, table);
        let lenient = insert.overriding.is_some();
        if let Some(source) = &insert.source {
            self.source(source, insert, (key, table), &targets, mention, lenient)
        }
        if !self.forgiving {
            self.complete(insert, table, &targets, span);
        }

        let mut scope = Scope::default();
        let mut relation = self.of_target(called, key, table);
        relation.mention = Some(mention);
        scope.relations.push(relation);
        if let Some(OnInsert::OnConflict(conflict)) = &insert.on {
            self.conflict(conflict, (key, table), mention, &mut scope);
        }
        self.returning(insert.returning.as_deref(), &scope)
    }

    /// The table that is written.
    fn target(&mut self, parts: &[&Ident], span: &Range<usize>) -> Option<(&'a str, &'a Table)> {
        match lookup::table(self.schema, parts) {
            Found::Table(key, table) => Some((key, table)),
            Found::Open => {
                self.unsure(|| format!("`{}` is not made by a migration that could be followed", lookup::shown(parts)));
                None
            }
            Found::Nothing => {
                let own = parts.last().map(|ident| self.key(ident)).unwrap_or_default();
                let reason = Reason::UnknownTable(lookup::shown(parts));
                self.mistake(Mistake::new(reason, span.clone()).near(&own, tables(self.schema)));
                None
            }
        }
    }

    /// What can still be said of an `INSERT` into what is not known.
    fn unknown_target(&mut self, insert: &Insert, called: String) -> Rows {
        if let Some(source) = &insert.source {
            self.query(source, None);
        }
        let mut scope = Scope { open: true, ..Scope::default() };
        scope.relations.push(Relation::open(called));
        self.returning(insert.returning.as_deref(), &scope)
    }

    fn writable(&mut self, table: &Table, span: Range<usize>) {
        if table.view {
            self.mistake(Mistake::new(Reason::View(table.name.clone()), span).about(table));
        }
    }

    /// The rows that are written, as `RETURNING` and conditions see them.
    fn of_target(&mut self, called: String, key: &'a str, table: &'a Table) -> Relation<'a> {
        if table.open {
            self.unsure(|| format!("not every column of `{key}` is known"));
        }
        Relation { columns: super::scope::Columns::Table(key, table), open: table.open, ..Relation::open(called) }
    }

    fn write(&mut self, key: &str, column: Option<&str>) {
        self.access.insert(Access { table: key.to_owned(), column: column.map(str::to_owned), write: true });
        // Through a view, its table is written.
        if let Some(Table { body: Some(body), columns, .. }) = self.schema.tables.get(key) {
            let at = columns.iter().position(|known| Some(known.name.as_str()) == column);
            let origin = at.and_then(|at| body.columns.get(at)?.origin.clone());
            if let Some((table, column)) = origin {
                self.access.insert(Access { table, column: Some(column), write: true });
            }
        }
    }

    /// The columns of an `INSERT`.
    fn targets(&mut self, insert: &Insert, key: &str, table: &'a Table) -> Vec<Target<'a>> {
        let mut targets: Vec<Target<'a>> = Vec::new();
        for name in &insert.columns {
            let Some(ident) = parse::parts(name).and_then(|parts| parts.first().copied().cloned()) else { continue };
            let target = self.written(&ident, key, table);
            if let Some(column) = target.column
                && name.0.len() == 1
                && targets.iter().any(|known| known.column.is_some_and(|known| known.name == column.name))
                && self.postgres()
            {
                self.error(Reason::WrittenTwice(column.name.clone()), target.span.clone());
            }
            targets.push(target);
        }
        if insert.columns.is_empty() && insert.source.is_some() {
            let span = self.bytes(insert.table.span());
            // PostgreSQL lets a computed column stand in the list and takes `DEFAULT` for it.
            let counted = |column: &&Column| self.schema.dialect == Dialect::Postgres || !column.generated;
            let all = table.columns.iter().filter(counted);
            targets.extend(all.map(|column| Target { column: Some(column), span: span.clone() }));
            for column in &table.columns {
                self.write(key, Some(&column.name));
            }
        }
        targets
    }

    /// A column that is named to be written.
    fn written(&mut self, ident: &Ident, key: &str, table: &'a Table) -> Target<'a> {
        let dialect = self.schema.dialect;
        let name = self.key(ident);
        let span = self.bytes(ident.span);
        let column = table.columns.iter().find(|column| same(&column.name, &name, dialect));
        let row_id = !self.postgres() && super::name::is_row_id(&name);
        match column {
            Some(column) => self.write(key, Some(&column.name)),
            None if table.open => self.unsure(|| format!("not every column of `{key}` is known")),
            None if row_id => {}
            None => {
                let reason = Reason::UnknownColumn { table: table.name.clone(), column: ident.value.clone() };
                let known = table.columns.iter().map(|column| column.name.as_str());
                self.mistake(Mistake::new(reason, span.clone()).near(&name, known).about(table));
            }
        }
        Target { column, span }
    }

    /// What an `INSERT` writes.
    fn source(
        &mut self,
        source: &Query,
        insert: &Insert,
        (key, table): (&'a str, &'a Table),
        targets: &[Target<'a>],
        mention: usize,
        lenient: bool,
    ) {
        let known = !insert.columns.is_empty() || !table.open;
        // Without a list PostgreSQL takes fewer values than columns.
        let fewer = insert.columns.is_empty() && self.postgres();
        let counts = |found: usize| found == targets.len() || (fewer && found < targets.len());
        let SetExpr::Values(values) = &*source.body else {
            let rows = self.query(source, None);
            if known && !rows.open && !counts(rows.fields.len()) {
                let span = self.bytes(source.span());
                self.error(Reason::ValueCount { expected: targets.len(), found: rows.fields.len() }, span);
                return;
            }
            for (index, (target, field)) in targets.iter().zip(rows.fields.iter()).enumerate() {
                let value = rows.values.get(index).cloned().unwrap_or_else(|| field.clone().value());
                self.put((key, table), target, &value, target.span.clone(), lenient);
                if let Some(column) = target.column {
                    if value.param.is_some() {
                        self.facts.fix((mention, column.name.clone()));
                    } else if let Some(place) = value.place {
                        self.facts.follow((mention, column.name.clone()), place);
                    }
                }
            }
            return;
        };
        let ctes = self.ctes.len();
        if let Some(with) = &source.with {
            self.with(with, None);
        }
        let scope = Scope::default();
        let mut bound: Vec<bool> = vec![!values.rows.is_empty(); targets.len()];
        let first = values.rows.first().map_or(0, |row| row.content.len());
        for row in &values.rows {
            let found = row.content.len();
            if (known && !counts(found)) || found != first {
                let expected = if known && !counts(found) { targets.len() } else { first };
                let span = row.content.iter().map(Spanned::span).reduce(|a, b| a.union(&b));
                let span = span.map_or_else(|| self.bytes(insert.table.span()), |span| self.bytes(span));
                self.error(Reason::ValueCount { expected, found }, span);
            }
            for (index, expr) in row.content.iter().enumerate() {
                let value = self.expr(expr, &scope);
                let Some(target) = targets.get(index) else { continue };
                let span = self.bytes(expr.span());
                self.put((key, table), target, &value, span, lenient);
                if let Some(bound) = bound.get_mut(index) {
                    *bound &= is_param(expr);
                }
            }
        }
        for (target, bound) in targets.iter().zip(bound) {
            if let (Some(column), true) = (target.column, bound) {
                self.facts.fix((mention, column.name.clone()));
            }
        }
        self.ctes.truncate(ctes);
    }

    fn put(
        &mut self,
        (key, table): (&str, &Table),
        target: &Target<'_>,
        value: &Value,
        span: Range<usize>,
        lenient: bool,
    ) {
        let Some(column) = target.column else { return };
        if lenient && column.generated {
            return self.anchor(value, column.ty.as_ref());
        }
        // `INSERT OR IGNORE` says what happens to NULL.
        if value.literal == Some(Literal::Null) && self.forgiving {
            return;
        }
        self.assigned(table, key, column, value, span);
    }

    /// Whether every column that must be there is.
    fn complete(&mut self, insert: &Insert, table: &Table, targets: &[Target<'_>], span: Range<usize>) {
        if table.open || table.view || targets.iter().any(|target| target.column.is_none()) {
            return;
        }
        // Without a list PostgreSQL fills the columns that have no value.
        let given = match (&insert.source, insert.columns.is_empty()) {
            (Some(source), true) => match &*source.body {
                SetExpr::Values(values) => values.rows.iter().map(|row| row.content.len()).min().unwrap_or(0),
                _ => targets.len(),
            },
            _ => targets.len(),
        };
        for column in &table.columns {
            let written = targets.iter().take(given).any(|t| t.column.is_some_and(|known| known.name == column.name));
            if !written && column.nullable == Some(false) && !column.has_default && !column.generated {
                let reason = Reason::MissingColumn { table: table.name.clone(), column: column.name.clone() };
                self.mistake(Mistake::new(reason, span.clone()).about(table));
            }
        }
    }

    /// `ON CONFLICT ..`: another row may be changed, not only the new one.
    fn conflict(
        &mut self,
        conflict: &OnConflict,
        (key, table): (&'a str, &'a Table),
        inserted: usize,
        scope: &mut Scope<'_, 'a>,
    ) {
        let mut keys = Vec::new();
        if let Some(ConflictTarget::Columns { columns, predicate }) = &conflict.conflict_target {
            for ident in columns {
                let name = self.key(ident);
                let known = table.columns.iter().find(|column| same(&column.name, &name, self.schema.dialect));
                match known {
                    Some(column) => keys.push(column.name.clone()),
                    None if table.open => {}
                    // Another name of the key, which is an integer.
                    None if !self.postgres() && super::name::is_row_id(&name) => {}
                    None => {
                        let reason = Reason::UnknownColumn { table: table.name.clone(), column: ident.value.clone() };
                        let known = table.columns.iter().map(|column| column.name.as_str());
                        let mistake = Mistake::new(reason, self.bytes(ident.span)).near(&name, known).about(table);
                        self.mistake(mistake);
                    }
                }
            }
            if let Some(predicate) = predicate {
                self.condition(predicate, scope, "WHERE");
            }
        }
        if let Some(ConflictTarget::Columns { columns, .. }) = &conflict.conflict_target {
            self.unique(columns, &keys, table);
        }
        let OnConflictAction::DoUpdate(update) = &conflict.action else { return };
        // The row that is there already is a mention of its own.
        let mention = self.mentions.len();
        self.mentions.push(Mention { table: key.to_owned(), fixed: Vec::new() });
        // It has the key of the new one.
        for name in keys {
            self.facts.follow((mention, name.clone()), (inserted, name));
        }
        if let Some(relation) = scope.relations.first_mut() {
            relation.mention = Some(mention);
        }
        let mut excluded = self.of_target("excluded".into(), key, table);
        excluded.mention = Some(inserted);
        if !self.postgres() {
            // SQLite finds a name without a qualifier in the table alone.
            excluded.hidden = table.columns.iter().map(|column| column.name.clone()).collect();
        }
        scope.relations.push(excluded);
        self.assignments(&update.assignments, (key, table), scope);
        if let Some(condition) = &update.selection {
            self.condition(condition, scope, "WHERE");
            self.learn(condition, scope, &[mention]);
        }
        scope.relations.truncate(1);
        if let Some(relation) = scope.relations.first_mut() {
            relation.mention = Some(inserted);
        }
    }

    /// Whether these columns, as `ON CONFLICT` names them, are all of a key.
    fn unique(&mut self, named: &[Ident], keys: &[String], table: &Table) {
        let Some(unique) = table.unique.as_ref().filter(|_| !self.schema.open && named.len() == keys.len()) else {
            return;
        };
        let within = |names: &[String], all: &[String]| {
            names.iter().all(|name| all.iter().any(|known| known.eq_ignore_ascii_case(name)))
        };
        if !unique.iter().any(|key| within(key, keys) && within(keys, key)) {
            let span = named.iter().map(|ident| ident.span).reduce(|a, b| a.union(&b));
            let span = span.map_or(0..0, |span| self.bytes(span));
            let reason = Reason::NoUnique { table: table.name.clone(), columns: keys.to_vec() };
            let known: Vec<String> = unique.iter().map(|key| format!("({})", key.join(", "))).collect();
            let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
            self.mistake(Mistake::new(reason, span).about(table).note(format!("what is unique: {known}")));
        }
    }

    /// `SET a = .., (b, c) = ..`.
    fn assignments(&mut self, assignments: &[Assignment], (key, table): (&'a str, &'a Table), scope: &Scope<'_, 'a>) {
        let mut seen: Vec<&str> = Vec::new();
        for Assignment { target, value } in assignments {
            let first = |name: &ObjectName| parse::parts(name).and_then(|parts| parts.first().copied().cloned());
            match target {
                AssignmentTarget::ColumnName(name) => {
                    let Some(ident) = first(name) else {
                        self.expr(value, scope);
                        continue;
                    };
                    let target = self.written(&ident, key, table);
                    if let Some(column) = target.column.filter(|_| name.0.len() == 1) {
                        if seen.contains(&column.name.as_str()) && self.postgres() {
                            self.error(Reason::WrittenTwice(column.name.clone()), target.span.clone());
                        }
                        seen.push(&column.name);
                    }
                    let span = self.bytes(value.span());
                    let value = self.expr(value, scope);
                    // A part of a column has a type of its own.
                    if name.0.len() == 1 {
                        self.put((key, table), &target, &value, span, false);
                    }
                }
                AssignmentTarget::Tuple(names) => {
                    let targets: Vec<Target<'a>> = names
                        .iter()
                        .filter_map(first)
                        .collect::<Vec<_>>()
                        .iter()
                        .map(|ident| self.written(ident, key, table))
                        .collect();
                    self.tuple(value, (key, table), &targets, scope);
                }
            }
        }
    }

    fn tuple(&mut self, value: &Expr, at: (&'a str, &'a Table), targets: &[Target<'a>], scope: &Scope<'_, 'a>) {
        let span = self.bytes(value.span());
        let values: Vec<Value> = match value {
            Expr::Tuple(values) => values.iter().map(|value| self.expr(value, scope)).collect(),
            Expr::Subquery(query) => {
                let rows = self.query(query, Some(scope));
                if rows.open {
                    return;
                }
                rows.fields.into_iter().map(super::scope::Field::value).collect()
            }
            other => {
                self.expr(other, scope);
                return;
            }
        };
        if values.len() != targets.len() {
            self.error(Reason::ValueCount { expected: targets.len(), found: values.len() }, span);
            return;
        }
        for (target, value) in targets.iter().zip(&values) {
            self.put(at, target, value, span.clone(), false);
        }
    }

    pub(super) fn update(&mut self, update: &Update) -> Rows {
        let mut scope = Scope::default();
        self.forgiving = update.or.is_some();
        let Some((key, table)) = self.changed(&update.table.relation, &mut scope) else {
            scope.open = true;
            return self.update_rest(update, None, &mut scope);
        };
        if !update.table.joins.is_empty() {
            self.unsure(|| "`UPDATE` of a join is not followed".into());
            scope.open = true;
        }
        self.update_rest(update, Some((key, table)), &mut scope)
    }

    fn update_rest(
        &mut self,
        update: &Update,
        target: Option<(&'a str, &'a Table)>,
        scope: &mut Scope<'_, 'a>,
    ) -> Rows {
        let later = match &update.from {
            Some(UpdateTableFromKind::BeforeSet(items) | UpdateTableFromKind::AfterSet(items)) => {
                // What stands in `FROM` cannot see the table that is changed.
                self.from(items, scope)
            }
            None => Vec::new(),
        };
        self.conditions(&later, scope);
        match target {
            Some(target) => self.assignments(&update.assignments, target, scope),
            None => update.assignments.iter().for_each(|assignment| drop(self.expr(&assignment.value, scope))),
        }
        if let Some(condition) = &update.selection {
            self.filter(condition, scope);
        }
        default_order(self, &update.order_by, update.limit.as_ref(), scope);
        self.narrow(scope);
        self.returning(update.returning.as_deref(), scope)
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Rows {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let [item] = from.as_slice() else { return self.unfollowed("`DELETE` of several tables") };
        let mut scope = Scope::default();
        match self.changed(&item.relation, &mut scope) {
            Some((key, _)) => self.write(key, None),
            None => scope.open = true,
        }
        if !item.joins.is_empty() || !delete.tables.is_empty() {
            self.unsure(|| "`DELETE` of a join is not followed".into());
            scope.open = true;
        }
        if let Some(using) = &delete.using {
            let later = self.from(using, &mut scope);
            self.conditions(&later, &scope);
        }
        if let Some(condition) = &delete.selection {
            self.filter(condition, &scope);
        }
        default_order(self, &delete.order_by, delete.limit.as_ref(), &scope);
        self.narrow(&mut scope);
        self.returning(delete.returning.as_deref(), &scope)
    }

    /// The table that `UPDATE` or `DELETE` changes, as the first relation of the scope.
    fn changed(&mut self, factor: &TableFactor, scope: &mut Scope<'_, 'a>) -> Option<(&'a str, &'a Table)> {
        let TableFactor::Table { name, alias, args: None, .. } = factor else {
            self.unsure(|| "this target is not followed".into());
            return None;
        };
        let parts = parse::parts(name)?;
        let span = self.bytes(name.span());
        let own = parts.last().map(|ident| self.key(ident)).unwrap_or_default();
        let called = alias.as_ref().map_or(own, |alias| self.key(&alias.name));
        let Some((key, table)) = self.target(&parts, &span) else {
            scope.relations.push(Relation::open(called));
            return None;
        };
        self.writable(table, span);
        let mention = self.mentions.len();
        match &table.body {
            None => self.mentions.push(Mention { table: key.to_owned(), fixed: Vec::new() }),
            Some(body) => self.mentions.extend(body.mentions.iter().cloned()),
        }
        let mut relation = self.of_target(called, key, table);
        relation.mention = Some(mention);
        scope.relations.push(relation);
        Some((key, table))
    }

    /// On SQLite `RETURNING` knows the changed table alone.
    fn narrow(&self, scope: &mut Scope<'_, 'a>) {
        if !self.postgres() {
            scope.relations.truncate(1);
            scope.merged.clear();
        }
    }

    fn returning(&mut self, items: Option<&[sqlparser::ast::SelectItem]>, scope: &Scope<'_, 'a>) -> Rows {
        match items {
            Some(items) => self.projection(items, scope),
            None => Rows::default(),
        }
    }
}
