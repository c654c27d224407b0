//! Queries: `WITH`, `SELECT`, `VALUES` and what `UNION` makes of them.

use sqlparser::ast::{
    Cte as WithItem, Distinct, Expr, GroupByExpr, LimitClause, NamedWindowExpr, OrderBy, OrderByKind, Query, Select,
    SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Spanned, Values, With,
};

use super::scope::{Field, Rows, Scope, same};
use super::{Clause, Cte, Literal, Rc, Resolver, Value};
use crate::mistake::Reason;
use crate::parse;
use crate::schema::{Dialect, SqlType};
use crate::shape::Output;

impl<'a> Resolver<'a> {
    /// The rows that a query gives.
    pub(super) fn query(&mut self, query: &Query, parent: Option<&Scope<'_, 'a>>) -> Rows {
        self.deeper(Rows { open: true, ..Rows::default() }, |this| {
            let level = std::mem::take(&mut this.level);
            let ctes = this.ctes.len();
            if let Some(with) = &query.with {
                this.with(with, parent);
            }
            let mut rows = this.body(&query.body, query.order_by.as_ref(), parent);
            this.limit(query, parent);
            if !query.pipe_operators.is_empty() || query.for_clause.is_some() {
                rows = this.unfollowed("this form of query");
            }
            if query.limit_clause.is_some() || query.fetch.is_some() {
                rows.single = false;
            }
            this.ctes.truncate(ctes);
            this.level = level;
            rows
        })
    }

    /// The definitions of `WITH`.
    pub(super) fn with(&mut self, with: &With, parent: Option<&Scope<'_, 'a>>) {
        let first = self.ctes.len();
        // On SQLite, and behind `RECURSIVE`, a query may read those that come later.
        let ahead = with.recursive || !self.postgres();
        if ahead {
            for item in &with.cte_tables {
                let name = self.key(&item.alias.name);
                self.ctes.push(Cte { name, rows: Rc::new(Rows { open: true, ..Rows::default() }) });
            }
        }
        for (index, item) in with.cte_tables.iter().enumerate() {
            let name = self.key(&item.alias.name);
            let rows = match recursive(item).filter(|_| ahead) {
                Some((left, right)) => self.recursive(item, left, right, first + index, parent),
                None => {
                    let rows = self.query(&item.query, parent);
                    self.renamed(item, rows)
                }
            };
            let cte = Cte { name, rows: Rc::new(unplaced(rows)) };
            match self.ctes.get_mut(first + index).filter(|_| ahead) {
                Some(known) => *known = cte,
                None => self.ctes.push(cte),
            }
        }
    }

    /// A query that may read itself: its first part says what it is, the second must not say otherwise.
    fn recursive(
        &mut self,
        item: &WithItem,
        left: &SetExpr,
        right: &SetExpr,
        index: usize,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Rows {
        let level = std::mem::take(&mut self.level);
        let ctes = self.ctes.len();
        if let Some(with) = &item.query.with {
            self.with(with, parent);
        }
        let start = self.body(left, None, parent);
        let start = unplaced(self.renamed(item, start));
        if let Some(cte) = self.ctes.get_mut(index) {
            cte.rows = Rc::new(start.clone());
        }
        let step = self.body(right, item.query.order_by.as_ref().filter(|_| false), parent);
        self.limit(&item.query, parent);
        self.ctes.truncate(ctes);
        self.level = level;

        let holds = |first: &Field, step: &Field| first.nullable != Some(false) || step.nullable == Some(false);
        let proven = start.fields.iter().zip(&step.fields).all(|(first, step)| holds(first, step));
        let mut rows = self.united(start, step, right, false);
        for field in &mut rows.fields {
            if !proven && field.nullable == Some(false) {
                field.nullable = None;
            }
        }
        rows
    }

    /// `WITH t(a, b) AS (..)`.
    fn renamed(&mut self, item: &WithItem, mut rows: Rows) -> Rows {
        let columns = &item.alias.columns;
        if columns.len() > rows.fields.len() {
            if !rows.open {
                let span = self.bytes(item.alias.name.span);
                let (has, given) = (rows.fields.len(), columns.len());
                self.error(Reason::AliasCount { table: item.alias.name.value.clone(), has, given }, span);
            }
            rows.fields.resize_with(columns.len(), Field::default);
        }
        for (field, column) in rows.fields.iter_mut().zip(columns) {
            field.name = self.key(&column.name);
        }
        rows
    }

    fn body(&mut self, body: &SetExpr, order: Option<&OrderBy>, parent: Option<&Scope<'_, 'a>>) -> Rows {
        match body {
            SetExpr::Select(select) => self.select(select, order, parent),
            SetExpr::Query(query) => {
                let rows = self.query(query, parent);
                self.order_outputs(order, &rows, parent, false);
                rows
            }
            SetExpr::Values(values) => {
                let rows = self.values(values, parent);
                self.order_outputs(order, &rows, parent, false);
                rows
            }
            SetExpr::SetOperation { left, right, .. } => {
                let rows = self.deeper(Rows { open: true, ..Rows::default() }, |this| {
                    let first = this.body(left, None, parent);
                    let level = std::mem::take(&mut this.level);
                    let second = this.body(right, None, parent);
                    this.level = level;
                    this.united(first, second, right, true)
                });
                self.order_outputs(order, &rows, parent, true);
                rows
            }
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => {
                self.statement(statement, parent)
            }
            SetExpr::Merge(_) => self.unfollowed("`MERGE`"),
            SetExpr::Table(_) => self.unfollowed("`TABLE`"),
        }
    }

    /// What `UNION` and its kin make of two sides.
    fn united(&mut self, left: Rows, right: Rows, at: &SetExpr, judge: bool) -> Rows {
        let open = left.open || right.open;
        if !open && left.fields.len() != right.fields.len() {
            let span = self.bytes(at.span());
            self.error(Reason::Widths(left.fields.len(), right.fields.len()), span);
        }
        let both = left.fields.into_iter().zip(right.fields).enumerate();
        let mut fields = Vec::new();
        for (index, (first, second)) in both {
            let literal = |rows: &[Value]| rows.get(index).is_some_and(|value| value.literal.is_some());
            let (free, other) = (literal(&left.values), literal(&right.values));
            let ty = match (first.ty, second.ty) {
                (Some(first), Some(second)) if first == second => Some(first),
                (_, Some(second)) if free => Some(second),
                (Some(first), _) if other => Some(first),
                (Some(first), Some(second)) => {
                    let apart = self.judges_types() && judge && crate::types::incomparable(&first, &second);
                    if apart && !free && !other {
                        let span = self.bytes(at.span());
                        self.error(Reason::Compared(first.to_string(), second.to_string()), span);
                    }
                    super::operator::promoted(&first, &second)
                }
                _ => None,
            };
            let nullable = match (first.nullable, second.nullable) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
            fields.push(Field { name: first.name, ty, nullable, ..Field::default() });
        }
        Rows { fields, open, ..Rows::default() }
    }

    fn values(&mut self, values: &Values, parent: Option<&Scope<'_, 'a>>) -> Rows {
        let scope = Scope::within(parent);
        let mut rows = Rows::default();
        for (index, row) in values.rows.iter().enumerate() {
            let row: Vec<Value> = row.content.iter().map(|expr| self.expr(expr, &scope)).collect();
            if index == 0 {
                let name = |at: usize| format!("column{}", at + 1);
                rows.fields = row.iter().enumerate().map(|(at, value)| Field::new(name(at), value.clone())).collect();
                rows.values = row;
                continue;
            }
            if row.len() != rows.fields.len() {
                let span = values.rows.get(index).and_then(|row| row.content.first()).map(Spanned::span);
                let span = span.map_or(0..0, |span| self.bytes(span));
                self.error(Reason::ValueCount { expected: rows.fields.len(), found: row.len() }, span);
            }
            for (field, value) in rows.fields.iter_mut().zip(row) {
                if value.ty.is_some() && value.literal != Some(Literal::Null) && field.ty != value.ty {
                    field.ty = match (&field.ty, &value.ty) {
                        (Some(first), Some(second)) => super::operator::promoted(first, second),
                        (None, second) => second.clone(),
                        (first, None) => first.clone(),
                    };
                }
                field.nullable = match (field.nullable, value.nullable) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                };
            }
        }
        rows.single = values.rows.len() == 1;
        rows
    }

    fn select(&mut self, select: &Select, order: Option<&OrderBy>, parent: Option<&Scope<'_, 'a>>) -> Rows {
        let mut scope = Scope::within(parent);
        self.level.windows = select.named_window.iter().map(|window| self.key(&window.0)).collect();
        let later = self.from(&select.from, &mut scope);
        if !select.lateral_views.is_empty() || select.into.is_some() || !select.connect_by.is_empty() {
            self.unsure(|| "this form of `SELECT` is not followed".into());
            scope.open = true;
        }
        let groups: &[Expr] = match &select.group_by {
            GroupByExpr::Expressions(groups, modifiers) if modifiers.is_empty() => groups,
            _ => {
                self.unsure(|| "this form of `GROUP BY` is not followed".into());
                &[]
            }
        };
        let sets = groups.iter().any(|g| matches!(g, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_)));
        self.level.grouped = !groups.is_empty() && !sets;

        self.level.bare.clear();
        let mut rows = self.projection(&select.projection, &scope);
        let (aggregates, bare) = (self.level.aggregates, std::mem::take(&mut self.level.bare));
        let names: Vec<(String, Value)> =
            rows.fields.iter().zip(&rows.values).map(|(field, value)| (field.name.clone(), value.clone())).collect();
        if !self.postgres() {
            scope.aliases.clone_from(&names);
        }
        self.conditions(&later, &scope);
        if let Some(condition) = &select.selection {
            self.filter(condition, &scope);
        }
        let grouped = self.groups(groups, &scope, &names, &rows);
        if let Some(having) = &select.having {
            self.condition(having, &scope, "HAVING");
        }
        for window in &select.named_window {
            if let NamedWindowExpr::WindowSpec(spec) = &window.1 {
                self.window(spec, &scope);
            }
        }
        if let Some(Distinct::On(exprs)) = &select.distinct {
            for expr in exprs {
                self.ordered(expr, &scope, &names, &rows);
            }
        }
        self.order(order, &scope, &names, &rows);

        let aggregates = aggregates || self.level.aggregates;
        if self.postgres() && (aggregates || !groups.is_empty() || select.having.is_some()) {
            self.ungrouped(&bare, grouped.as_deref(), groups.is_empty(), &scope);
        }
        if sets {
            rows.fields.iter_mut().filter(|f| f.nullable == Some(false)).for_each(|f| f.nullable = None);
        }
        rows.single = aggregates && groups.is_empty() && select.having.is_none();
        if rows.single || !groups.is_empty() || select.distinct.is_some() {
            // What is computed of many rows is held back by a condition around it, but it is not one of them.
            rows = unplaced(rows);
        }
        rows
    }

    /// The condition of `WHERE`.
    pub(super) fn filter(&mut self, condition: &Expr, scope: &Scope<'_, 'a>) {
        let before = std::mem::replace(&mut self.level.clause, Clause::Where);
        self.condition(condition, scope, "WHERE");
        self.level.clause = before;
        let held = self.held(scope, 0..scope.relations.len());
        self.learn(condition, scope, &held);
    }

    pub(super) fn projection(&mut self, items: &[SelectItem], scope: &Scope<'_, 'a>) -> Rows {
        let mut rows = Rows::default();
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let value = self.expr(expr, scope);
                    let name = self.named(expr, &value);
                    rows.fields.push(Field::new(name, value.clone()));
                    rows.values.push(value);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let value = self.expr(expr, scope);
                    let name = match self.schema.dialect {
                        Dialect::Postgres => self.key(alias),
                        Dialect::Sqlite => alias.value.clone(),
                    };
                    rows.fields.push(Field::new(name, value.clone()));
                    rows.values.push(value);
                }
                SelectItem::ExprWithAliases { .. } => {
                    rows.open = true;
                    self.unsure(|| "an expression with several names is not followed".into());
                }
                SelectItem::Wildcard(_) => {
                    let all = self.star(scope);
                    self.extend(&mut rows, all);
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    let parts = parse::parts(name).unwrap_or_default();
                    let found = match parts.as_slice() {
                        [before @ .., table] => {
                            let before: Vec<_> = before.iter().map(|ident| (*ident).clone()).collect();
                            self.relation(&before, table, scope).map(|(_, _, relation)| relation)
                        }
                        [] => None,
                    };
                    match found {
                        Some(relation) => {
                            let all = self.star_of(relation);
                            self.extend(&mut rows, all);
                        }
                        None => rows.open = true,
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                    self.expr(expr, scope);
                    rows.open = true;
                    self.unsure(|| "the fields of a row value are not followed".into());
                }
            }
        }
        rows
    }

    fn extend(&mut self, rows: &mut Rows, all: Rows) {
        if all.open {
            rows.open = true;
            self.unsure(|| "not every column that `*` gives is known".into());
        }
        rows.values.extend(all.fields.iter().cloned().map(Field::value));
        rows.fields.extend(all.fields);
    }

    /// Reads `GROUP BY`; gives the grouped columns and their relations, if it names nothing but columns.
    fn groups(
        &mut self,
        groups: &[Expr],
        scope: &Scope<'_, 'a>,
        names: &[(String, Value)],
        rows: &Rows,
    ) -> Option<Vec<(usize, String)>> {
        let before = std::mem::replace(&mut self.level.clause, Clause::GroupBy);
        let mut plain = true;
        self.level.bare.clear();
        for group in groups {
            if let Some(position) = position(group) {
                plain = false;
                self.position(position, group, rows);
                continue;
            }
            let known = match group {
                Expr::Identifier(ident) => {
                    let name = self.key(ident);
                    let dialect = self.schema.dialect;
                    let column = !matches!(scope.find(&name, dialect), super::scope::Hit::None);
                    // A name of the result, where no column has it.
                    !column && names.iter().any(|(known, _)| same(known, &name, dialect))
                }
                _ => false,
            };
            plain &= !known && matches!(group, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            if !known {
                self.expr(group, scope);
            }
        }
        self.level.clause = before;
        let bare = std::mem::take(&mut self.level.bare);
        plain
            .then(|| bare.into_iter().map(|(relation, name, _)| Some((relation?, name))).collect::<Option<Vec<_>>>())?
    }

    /// Columns that no group determines, neither as they are nor by their table's primary key.
    fn ungrouped(
        &mut self,
        bare: &[(Option<usize>, String, std::ops::Range<usize>)],
        grouped: Option<&[(usize, String)]>,
        all: bool,
        scope: &Scope<'_, 'a>,
    ) {
        let keyed = |relation: usize, grouped: &[(usize, String)]| {
            let groups = |name: &str| grouped.iter().any(|(at, known)| *at == relation && known == name);
            match scope.relations.get(relation).and_then(super::scope::Relation::table) {
                // The key is not known: any column may be it.
                Some((_, table)) if table.body.is_none() && table.key.is_empty() && table.unique.is_none() => {
                    grouped.iter().any(|(at, _)| *at == relation)
                }
                Some((_, table)) if table.body.is_none() && !table.key.is_empty() => {
                    table.key.iter().all(|key| groups(key))
                }
                _ => false,
            }
        };
        for (relation, name, span) in bare {
            let determined = match (relation, grouped) {
                _ if all => false,
                (Some(relation), Some(grouped)) => {
                    grouped.contains(&(*relation, name.clone())) || keyed(*relation, grouped)
                }
                _ => true,
            };
            if !determined {
                self.error(Reason::NotGrouped(name.clone()), span.clone());
                return;
            }
        }
    }

    /// `ORDER BY` of one `SELECT`.
    pub(super) fn order(
        &mut self,
        order: Option<&OrderBy>,
        scope: &Scope<'_, 'a>,
        names: &[(String, Value)],
        rows: &Rows,
    ) {
        if let Some(OrderBy { kind: OrderByKind::Expressions(exprs), .. }) = order {
            for order in exprs {
                self.ordered(&order.expr, scope, names, rows);
            }
        }
    }

    /// One key of `ORDER BY` or `DISTINCT ON`: a position, a name of the result, or an expression.
    fn ordered(&mut self, expr: &Expr, scope: &Scope<'_, 'a>, names: &[(String, Value)], rows: &Rows) {
        if let Some(position) = position(expr) {
            return self.position(position, expr, rows);
        }
        if let Expr::Identifier(ident) = expr {
            let name = self.key(ident);
            if names.iter().any(|(known, _)| same(known, &name, self.schema.dialect)) {
                return;
            }
            // A name of the result that is not known may be meant.
            if rows.open {
                return self.unsure(|| format!("it is not known what `{}` is", ident.value));
            }
        }
        self.expr(expr, scope);
    }

    /// `ORDER BY` where names of the result alone can be meant.
    fn order_outputs(&mut self, order: Option<&OrderBy>, rows: &Rows, parent: Option<&Scope<'_, 'a>>, strict: bool) {
        let Some(OrderBy { kind: OrderByKind::Expressions(exprs), .. }) = order else { return };
        let _ = parent;
        for order in exprs {
            if let Some(position) = position(&order.expr) {
                self.position(position, &order.expr, rows);
                continue;
            }
            let Expr::Identifier(ident) = &order.expr else {
                self.unsure(|| "what orders this is not followed".into());
                continue;
            };
            let name = self.key(ident);
            let known = rows.fields.iter().any(|field| same(&field.name, &name, self.schema.dialect));
            if known {
                continue;
            }
            // SQLite takes the names of either side.
            if strict && self.postgres() && !rows.open {
                let span = self.bytes(ident.span);
                let names: Vec<&str> = rows.fields.iter().map(|field| field.name.as_str()).collect();
                let mistake = crate::mistake::Mistake::new(Reason::UnknownName(ident.value.clone()), span);
                self.mistake(mistake.near(&name, names));
            } else {
                self.unsure(|| format!("it is not known what `{}` is", ident.value));
            }
        }
    }

    fn position(&mut self, position: usize, expr: &Expr, rows: &Rows) {
        if !rows.open && !(1..=rows.fields.len()).contains(&position) {
            let span = self.bytes(expr.span());
            self.error(Reason::Position { position, columns: rows.fields.len() }, span);
        }
    }

    fn limit(&mut self, query: &Query, parent: Option<&Scope<'_, 'a>>) {
        let mut exprs: Vec<&Expr> = Vec::new();
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                exprs.extend(limit);
                exprs.extend(offset.as_ref().map(|offset| &offset.value));
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => exprs.extend([offset, limit]),
            None => {}
        }
        exprs.extend(query.fetch.as_ref().and_then(|fetch| fetch.quantity.as_ref()));
        self.counts(&exprs, parent);
    }

    /// Numbers of rows.
    pub(super) fn counts(&mut self, exprs: &[&Expr], parent: Option<&Scope<'_, 'a>>) {
        let scope = Scope::within(parent);
        for expr in exprs {
            // `LIMIT ALL`.
            if matches!(expr, Expr::Identifier(_)) {
                continue;
            }
            let value = self.expr(expr, &scope);
            self.anchor(&value, Some(&SqlType::BigInt));
            if let Some(Literal::Text(text)) = &value.literal {
                self.readable(text, &SqlType::BigInt, None, value.span.clone().unwrap_or_default());
            }
        }
    }

    /// What the database calls an expression that has no name.
    fn named(&mut self, expr: &Expr, value: &Value) -> String {
        match (self.schema.dialect, expr) {
            (Dialect::Sqlite, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => match (&value.origin, expr) {
                (Some((_, column)), _) => column.clone(),
                (None, _) => {
                    let name = last_name(expr).unwrap_or_default().to_owned();
                    // The row id has the name of the column that it is, if it is one.
                    if super::name::is_row_id(&name) {
                        self.unsure(|| format!("it is not known how the column `{name}` is called"));
                    }
                    name
                }
            },
            (Dialect::Sqlite, _) => String::new(),
            (Dialect::Postgres, _) => self.figured(expr),
        }
    }

    /// As PostgreSQL figures the name of a column.
    fn figured(&self, expr: &Expr) -> String {
        self.figure(expr).unwrap_or_else(|| "?column?".to_owned())
    }

    fn figure(&self, expr: &Expr) -> Option<String> {
        Some(match expr {
            Expr::Identifier(ident) => self.key(ident),
            Expr::CompoundIdentifier(idents) => self.key(idents.last()?),
            Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => return self.figure(inner),
            Expr::CompoundFieldAccess { root, access_chain } => {
                let dotted = access_chain.iter().rev().find_map(|access| match access {
                    sqlparser::ast::AccessExpr::Dot(Expr::Identifier(ident)) => Some(self.key(ident)),
                    _ => None,
                });
                return dotted.or_else(|| self.figure(root));
            }
            Expr::Function(function) => parse::parts(&function.name)?.last().map(|ident| self.key(ident))?,
            Expr::Cast { expr, data_type, .. } => {
                return self.figure(expr).or_else(|| {
                    let ty = crate::types::of(data_type, self.schema)?;
                    Some(internal(&ty))
                });
            }
            Expr::Case { else_result, .. } => {
                return else_result.as_ref().and_then(|expr| self.strong(expr)).or_else(|| Some("case".into()));
            }
            Expr::Exists { negated: false, .. } => "exists".into(),
            Expr::Subquery(query) => match &*query.body {
                SetExpr::Select(select) => match select.projection.as_slice() {
                    [SelectItem::UnnamedExpr(expr)] => return self.figure(expr),
                    [SelectItem::ExprWithAlias { alias, .. }] => self.key(alias),
                    _ => return None,
                },
                _ => return None,
            },
            Expr::Array(_) => "array".into(),
            Expr::Extract { .. } => "extract".into(),
            Expr::Substring { shorthand, .. } => if *shorthand { "substr" } else { "substring" }.into(),
            Expr::Position { .. } => "position".into(),
            Expr::Overlay { .. } => "overlay".into(),
            Expr::Ceil { .. } => "ceil".into(),
            Expr::Floor { .. } => "floor".into(),
            Expr::Trim { trim_where, .. } => match trim_where {
                Some(sqlparser::ast::TrimWhereField::Leading) => "ltrim".into(),
                Some(sqlparser::ast::TrimWhereField::Trailing) => "rtrim".into(),
                _ => "btrim".into(),
            },
            Expr::AtTimeZone { .. } => "timezone".into(),
            Expr::TypedString(typed) => internal(&crate::types::of(&typed.data_type, self.schema)?),
            Expr::Interval(_) => "interval".into(),
            Expr::Tuple(_) => "row".into(),
            _ => return None,
        })
    }

    /// The name of an `ELSE`, where it is that of a column or a function.
    fn strong(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Function(_) => self.figure(expr),
            Expr::Nested(inner) => self.strong(inner),
            Expr::Cast { expr: inner, .. } => self.strong(inner),
            _ => None,
        }
    }
}

/// The name of a type inside PostgreSQL, which a cast gives to its column.
fn internal(ty: &SqlType) -> String {
    match ty {
        SqlType::SmallInt => "int2".into(),
        SqlType::Int => "int4".into(),
        SqlType::BigInt => "int8".into(),
        SqlType::Real => "float4".into(),
        SqlType::Double => "float8".into(),
        SqlType::Bool => "bool".into(),
        SqlType::Array(inner) => internal(inner),
        other => other.to_string(),
    }
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Identifier(ident) => Some(&ident.value),
        Expr::CompoundIdentifier(idents) => idents.last().map(|ident| ident.value.as_str()),
        _ => None,
    }
}

/// The two parts of a query that may read itself.
fn recursive(item: &WithItem) -> Option<(&SetExpr, &SetExpr)> {
    match &*item.query.body {
        SetExpr::SetOperation { left, right, .. } => Some((left, right)),
        _ => None,
    }
}

/// Rows of which a condition around them says nothing about the tables behind them.
fn unplaced(mut rows: Rows) -> Rows {
    for field in &mut rows.fields {
        field.place = None;
    }
    rows
}

/// `ORDER BY 2`.
fn position(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Value(value) => match &value.value {
            sqlparser::ast::Value::Number(number, _) => number.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// SQLite calls a column without a name by its text.
pub(super) fn name_outputs(sql: &str, columns: &mut [Output]) {
    if columns.iter().all(|column| !column.name.is_empty()) {
        return;
    }
    let texts = crate::project::items(sql);
    if texts.len() != columns.len() {
        return;
    }
    for (column, text) in columns.iter_mut().zip(texts) {
        if column.name.is_empty() {
            column.name = text.to_owned();
        }
    }
}

/// `ORDER BY` and `LIMIT` behind `UPDATE` and `DELETE`, where the database has them.
pub(super) fn default_order<'a>(
    resolver: &mut Resolver<'a>,
    order: &[sqlparser::ast::OrderByExpr],
    limit: Option<&Expr>,
    scope: &Scope<'_, 'a>,
) {
    for order in order {
        resolver.expr(&order.expr, scope);
    }
    let limit: Vec<&Expr> = limit.into_iter().collect();
    resolver.counts(&limit, None);
}
