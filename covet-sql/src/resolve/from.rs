//! What stands in `FROM`, and how it is joined.

use std::ops::Range;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor,
    TableWithJoins,
};

use super::scope::{Field, Merged, Relation, Rows, Scope, same};
use super::{Clause, Rc, Resolver, Value, scope::Columns};
use crate::lookup::{self, Found};
use crate::mistake::{Mistake, Reason, tables};
use crate::parse;
use crate::schema::{Dialect, SqlType};
use crate::shape::{Access, Mention};
use crate::types;

/// Which sides of a join may be filled with `NULL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Inner,
    Left,
    Right,
    Full,
}

/// A condition that is read when all of `FROM` is known: SQLite puts it into `WHERE`.
pub(super) struct On<'q> {
    condition: &'q Expr,
    /// The relations that it holds back.
    holds: Range<usize>,
}

impl<'a> Resolver<'a> {
    /// Adds the items of `FROM` to the scope.
    pub(super) fn from<'q>(&mut self, items: &'q [TableWithJoins], scope: &mut Scope<'_, 'a>) -> Vec<On<'q>> {
        let mut later = Vec::new();
        for item in items {
            self.joined(item, scope, &mut later);
        }
        self.twice(scope);
        later
    }

    /// Reads the conditions that had to wait.
    pub(super) fn conditions(&mut self, later: &[On<'_>], scope: &Scope<'_, 'a>) {
        for on in later {
            self.on(on.condition, scope, on.holds.clone());
        }
    }

    fn on(&mut self, condition: &Expr, scope: &Scope<'_, 'a>, holds: Range<usize>) {
        let before = std::mem::replace(&mut self.level.clause, Clause::On);
        self.condition(condition, scope, "ON");
        self.level.clause = before;
        let held = self.held(scope, holds);
        self.learn(condition, scope, &held);
    }

    /// PostgreSQL lets no two relations have one name.
    fn twice(&mut self, scope: &Scope<'_, 'a>) {
        if !self.postgres() {
            return;
        }
        for (index, relation) in scope.relations.iter().enumerate() {
            let before = scope.relations.iter().take(index);
            let qualifiers = |other: &Relation<'_>| other.qualifier == relation.qualifier;
            let same = |other: &&Relation<'_>| other.name == relation.name && qualifiers(other);
            if !relation.name.is_empty()
                && !relation.open
                && before.filter(|other| !other.open).any(|other| same(&other))
            {
                let at = self.sql.len().min(1);
                let span = self.last_word(&relation.name).unwrap_or(0..at);
                self.error(Reason::DuplicateTable(relation.name.clone()), span);
            }
        }
    }

    /// The last place where a word stands.
    fn last_word(&self, word: &str) -> Option<Range<usize>> {
        let lower = self.sql.to_ascii_lowercase();
        let start = lower.rfind(&word.to_ascii_lowercase())?;
        Some(start..start + word.len())
    }

    fn joined<'q>(&mut self, item: &'q TableWithJoins, scope: &mut Scope<'_, 'a>, later: &mut Vec<On<'q>>) {
        let start = scope.relations.len();
        self.factor(&item.relation, scope, later);
        for join in &item.joins {
            let right = scope.relations.len();
            self.factor(&join.relation, scope, later);
            let end = scope.relations.len();
            let (side, constraint) = match &join.join_operator {
                JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => (Side::Inner, Some(constraint)),
                JoinOperator::CrossJoin(constraint) => (Side::Inner, Some(constraint)),
                JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (Side::Left, Some(constraint)),
                JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                    (Side::Right, Some(constraint))
                }
                JoinOperator::FullOuter(constraint) => (Side::Full, Some(constraint)),
                _ => {
                    self.unsure(|| "this kind of join is not followed".into());
                    scope.open = true;
                    (Side::Full, None)
                }
            };
            let names = match constraint {
                Some(JoinConstraint::Using(names) | JoinConstraint::UsingAlias(names, _)) => {
                    if let Some(JoinConstraint::UsingAlias(..)) = constraint {
                        scope.open = true;
                    }
                    names.iter().filter_map(|name| parse::parts(name)?.last().copied()).cloned().collect()
                }
                Some(JoinConstraint::Natural) => self.natural(scope, start..right, right..end),
                Some(JoinConstraint::On(_) | JoinConstraint::None) | None => Vec::new(),
            };
            for name in names.iter().rev() {
                self.merge(name, scope, start..right, right..end, side);
            }
            // The condition sees what it is given, not yet the NULLs that it makes.
            if let Some(JoinConstraint::On(condition)) = constraint {
                let holds = match side {
                    Side::Inner => start..end,
                    Side::Left => right..end,
                    Side::Right => start..right,
                    Side::Full => 0..0,
                };
                if self.postgres() {
                    let before = std::mem::replace(&mut scope.from, start);
                    self.on(condition, scope, holds);
                    scope.from = before;
                } else {
                    later.push(On { condition, holds });
                }
            }
            // What this join merged has been judged by its own rule.
            let own: Vec<String> = names.iter().map(|name| self.key(name)).collect();
            if matches!(side, Side::Left | Side::Full) {
                nulls(scope, right..end, &[]);
            }
            if matches!(side, Side::Right | Side::Full) {
                nulls(scope, start..right, &own);
            }
        }
    }

    /// The columns that both sides have.
    fn natural(&mut self, scope: &mut Scope<'_, 'a>, left: Range<usize>, right: Range<usize>) -> Vec<Ident> {
        let relations = |range: Range<usize>| scope.relations.iter().take(range.end).skip(range.start);
        if relations(left.start..right.end).any(|relation| relation.open) {
            self.unsure(|| "not every column of a `NATURAL JOIN` is known".into());
            scope.open = true;
            return Vec::new();
        }
        let dialect = self.schema.dialect;
        let names: Vec<String> = relations(left).flat_map(|relation| relation.names()).map(str::to_owned).collect();
        let mut common: Vec<Ident> = Vec::new();
        for name in names {
            let both = relations(right.clone()).any(|relation| relation.find(&name, dialect).is_some());
            if both && !common.iter().any(|known| known.value == name) {
                common.push(Ident::with_quote('"', name));
            }
        }
        common
    }

    /// One column of `USING`.
    fn merge(&mut self, name: &Ident, scope: &mut Scope<'_, 'a>, left: Range<usize>, right: Range<usize>, side: Side) {
        let dialect = self.schema.dialect;
        let key = self.key(name);
        let find = |range: Range<usize>| {
            let merged = scope.merged.iter().find(|m| range.contains(&m.at) && same(&m.field.name, &key, dialect));
            let mut own = scope.relations.iter().take(range.end).skip(range.start);
            let mut own = || own.find_map(|relation| Some((relation.clone(), relation.find(&key, dialect)?)));
            match merged {
                Some(merged) => Some((None, merged.field.clone())),
                None => own().map(|(relation, field)| (Some(relation), field)),
            }
        };
        let (a, b) = (find(left.clone()), find(right.clone()));
        for (found, range) in [(&a, left.clone()), (&b, right.clone())] {
            match found {
                Some((Some(relation), field)) => self.touch(relation, field),
                Some((None, _)) => {}
                None => self.unmerged(name, &key, scope, range),
            }
        }
        let (Some((_, a)), Some((_, b))) = (a, b) else {
            scope.open = true;
            return;
        };
        if let (Some(first), Some(second)) = (&a.place, &b.place)
            && side == Side::Inner
        {
            self.facts.follow(first.clone(), second.clone());
            self.facts.follow(second.clone(), first.clone());
        }
        let nullable = match side {
            // An equal column is not NULL.
            Side::Inner => Some(false),
            Side::Left => a.nullable,
            Side::Right => b.nullable,
            Side::Full => match (a.nullable, b.nullable) {
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        };
        let field = match side {
            Side::Right => Field { nullable, name: a.name.clone(), ..b },
            Side::Full => Field {
                nullable,
                name: a.name.clone(),
                ty: a.ty.clone().filter(|ty| b.ty.as_ref() == Some(ty)),
                ..Field::default()
            },
            Side::Inner | Side::Left => Field { nullable, ..a },
        };
        scope.merged.retain(|m| !((left.start..right.end).contains(&m.at) && same(&m.field.name, &key, dialect)));
        scope.merged.insert(0, Merged { field, at: left.start });
        for relation in scope.relations.iter_mut().take(right.end).skip(left.start) {
            if relation.find(&key, dialect).is_some() {
                relation.hidden.push(key.clone());
            }
        }
    }

    fn unmerged(&mut self, name: &Ident, key: &str, scope: &Scope<'_, 'a>, range: Range<usize>) {
        let relations: Vec<_> = scope.relations.iter().take(range.end).skip(range.start).collect();
        if relations.iter().any(|relation| relation.open) || scope.open {
            return self.unsure(|| format!("not every column is known where `{}` stands", name.value));
        }
        let reason = match relations.as_slice() {
            [only] => Reason::UnknownColumn { table: only.name.clone(), column: name.value.clone() },
            _ => Reason::UnknownName(name.value.clone()),
        };
        let mistake = Mistake::new(reason, self.bytes(name.span))
            .near(key, relations.iter().flat_map(|relation| relation.names()));
        let known = relations.iter().filter_map(|relation| relation.table());
        let mistake = known.take(2).fold(mistake, |mistake, (_, table)| mistake.about(table));
        self.mistake(mistake);
    }

    fn factor<'q>(&mut self, factor: &'q TableFactor, scope: &mut Scope<'_, 'a>, later: &mut Vec<On<'q>>) {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let relation = self.table(name, alias.as_ref());
                scope.relations.push(relation);
            }
            TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } => {
                self.table_function(name, &args.args, alias.as_ref(), *with_ordinality, scope);
            }
            TableFactor::Function { name, args, alias, with_ordinality, .. } => {
                self.table_function(name, args, alias.as_ref(), *with_ordinality, scope);
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                let rows = match lateral {
                    true => self.query(subquery, Some(scope)),
                    false => self.query(subquery, scope.parent),
                };
                let name = alias.as_ref().map(|alias| self.key(&alias.name)).unwrap_or_default();
                let relation = self.aliased(Relation::new(name, rows), alias.as_ref());
                scope.relations.push(relation);
            }
            TableFactor::UNNEST { alias, array_exprs, with_ordinality, with_offset, .. } => {
                let values: Vec<Value> = array_exprs.iter().map(|expr| self.expr(expr, scope)).collect();
                let fields = values.iter().map(|value| element("unnest", value)).collect();
                let relation = Rows { fields, open: *with_ordinality || *with_offset, ..Rows::default() };
                self.function_rows("unnest", relation, alias.as_ref(), scope);
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.joined(table_with_joins, scope, later),
            TableFactor::NestedJoin { table_with_joins, alias: Some(alias) } => {
                let mut inner = Scope::within(scope.parent);
                self.joined(table_with_joins, &mut inner, later);
                self.unsure(|| "a join with a name is not followed".into());
                scope.relations.push(Relation::open(self.key(&alias.name)));
            }
            other => {
                self.unsure(|| "this part of `FROM` is not followed".into());
                let alias = match other {
                    TableFactor::TableFunction { alias, .. }
                    | TableFactor::JsonTable { alias, .. }
                    | TableFactor::XmlTable { alias, .. }
                    | TableFactor::OpenJsonTable { alias, .. } => alias.as_ref(),
                    _ => None,
                };
                scope.open |= alias.is_none();
                scope.relations.push(Relation::open(alias.map(|alias| self.key(&alias.name)).unwrap_or_default()));
            }
        }
    }

    /// A table, a view or a query with a name.
    pub(super) fn table(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> Relation<'a> {
        let Some(parts) = parse::parts(name) else {
            self.unsure(|| format!("`{name}` is not followed"));
            return Relation::open(alias.map(|alias| self.key(&alias.name)).unwrap_or_default());
        };
        let own = parts.last().map(|ident| self.key(ident)).unwrap_or_default();
        let called = alias.map_or_else(|| own.clone(), |alias| self.key(&alias.name));
        if let [ident] = parts.as_slice()
            && let Some(cte) = self.ctes.iter().rfind(|cte| same(&cte.name, &own, self.schema.dialect))
        {
            let rows = Rc::clone(&cte.rows);
            let _ = ident;
            let open = rows.open;
            let relation = Relation { open, columns: Columns::Own(rows), ..Relation::open(called) };
            return self.aliased(relation, alias);
        }
        match lookup::table(self.schema, &parts) {
            Found::Table(key, table) => {
                let mut relation = self.of_table(called, key, table);
                if alias.is_none() {
                    relation.qualifier = match parts.as_slice() {
                        [.., schema, _] => Some(self.key(schema)),
                        _ => None,
                    };
                }
                self.aliased(relation, alias)
            }
            Found::Open => {
                self.unsure(|| format!("`{name}` is not made by a migration that could be followed"));
                self.aliased(Relation::open(called), alias)
            }
            Found::Nothing => {
                let span =
                    self.bytes(parts.last().map(|ident| ident.span).unwrap_or(sqlparser::tokenizer::Span::empty()));
                let known: Vec<&str> =
                    tables(self.schema).chain(self.ctes.iter().map(|cte| cte.name.as_str())).collect();
                let mistake = Mistake::new(Reason::UnknownTable(lookup::shown(&parts)), span).near(&own, known);
                self.mistake(mistake);
                Relation::open(called)
            }
        }
    }

    /// A mention of a table, with those that a view takes its rows from.
    pub(super) fn of_table(&mut self, called: String, key: &'a str, table: &'a crate::schema::Table) -> Relation<'a> {
        let mention = self.mentions.len();
        match &table.body {
            None => self.mentions.push(Mention { table: key.to_owned(), fixed: Vec::new() }),
            Some(body) => {
                self.mentions.extend(body.mentions.iter().cloned());
                self.access.extend(body.access.iter().cloned());
            }
        }
        self.access.insert(Access { table: key.to_owned(), column: None, write: false });
        if table.open {
            self.unsure(|| format!("not every column of `{key}` is known"));
        }
        Relation {
            open: table.open,
            columns: Columns::Table(key, table),
            mention: Some(mention),
            ..Relation::open(called)
        }
    }

    /// Renames the columns as the alias says: `AS t(a, b)`.
    fn aliased(&mut self, mut relation: Relation<'a>, alias: Option<&TableAlias>) -> Relation<'a> {
        let Some(alias) = alias.filter(|alias| !alias.columns.is_empty()) else { return relation };
        let mut fields: Vec<Field> = (0..relation.len()).filter_map(|at| relation.field(at)).collect();
        for field in &fields {
            self.touch(&relation, field);
        }
        if alias.columns.len() > fields.len() {
            if !relation.open {
                let span = self.bytes(alias.name.span);
                let (has, given) = (fields.len(), alias.columns.len());
                self.error(Reason::AliasCount { table: alias.name.value.clone(), has, given }, span);
            }
            fields.resize_with(alias.columns.len(), Field::default);
        }
        for (field, column) in fields.iter_mut().zip(&alias.columns) {
            field.name = self.key(&column.name);
        }
        let open = relation.open;
        relation.columns = Columns::Own(Rc::new(Rows { fields, open, ..Rows::default() }));
        relation
    }

    fn table_function(
        &mut self,
        name: &ObjectName,
        args: &[FunctionArg],
        alias: Option<&TableAlias>,
        ordinality: bool,
        scope: &mut Scope<'_, 'a>,
    ) {
        let values: Vec<Value> = args
            .iter()
            .map(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))
                | FunctionArg::Named { arg: FunctionArgExpr::Expr(expr), .. }
                | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(expr), .. } => self.expr(expr, scope),
                _ => Value::default(),
            })
            .collect();
        let function = parse::parts(name).and_then(|parts| Some(self.key(parts.last()?))).unwrap_or_default();
        let first = values.first();
        let known = |names: &[(&str, SqlType)]| {
            let field = |(name, ty): &(&str, SqlType)| Field {
                name: (*name).to_owned(),
                ty: Some(ty.clone()),
                ..Field::default()
            };
            names.iter().map(field).collect::<Vec<_>>()
        };
        let (fields, open) = match (self.schema.dialect, function.as_str()) {
            (Dialect::Postgres, "generate_series") => {
                let integers = values.iter().all(|value| matches!(value.ty, Some(SqlType::Int)));
                let ty = first.and_then(|value| value.fixed().cloned()).filter(|ty| integers || *ty != SqlType::Int);
                (vec![Field { name: function.clone(), ty, nullable: Some(false), ..Field::default() }], false)
            }
            (Dialect::Postgres, "unnest") => (values.iter().map(|value| element("unnest", value)).collect(), false),
            (Dialect::Postgres, "string_to_table" | "regexp_split_to_table") => {
                let field = Field { name: function.clone(), ty: Some(SqlType::Text), ..Field::default() };
                (vec![field], false)
            }
            (Dialect::Postgres, "jsonb_each") => (known(&[("key", SqlType::Text), ("value", SqlType::Jsonb)]), false),
            (Dialect::Postgres, "json_each") => (known(&[("key", SqlType::Text), ("value", SqlType::Json)]), false),
            (Dialect::Postgres, "jsonb_each_text" | "json_each_text") => {
                (known(&[("key", SqlType::Text), ("value", SqlType::Text)]), false)
            }
            (Dialect::Postgres, "jsonb_array_elements") => (known(&[("value", SqlType::Jsonb)]), true),
            (Dialect::Postgres, "json_array_elements") => (known(&[("value", SqlType::Json)]), true),
            (Dialect::Postgres, "jsonb_array_elements_text" | "json_array_elements_text") => {
                (known(&[("value", SqlType::Text)]), true)
            }
            // There are two more, which `*` does not give.
            (Dialect::Sqlite, "json_each" | "json_tree") => {
                let names = ["key", "value", "type", "atom", "id", "parent", "fullkey", "path"];
                let field = |name: &str| Field { name: name.to_owned(), ..Field::default() };
                (names.map(field).into(), true)
            }
            _ => (Vec::new(), true),
        };
        let mut fields = fields;
        if ordinality && !fields.is_empty() {
            let (name, ty, nullable) = ("ordinality".to_owned(), Some(SqlType::BigInt), Some(false));
            fields.push(Field { name, ty, nullable, ..Field::default() });
        }
        self.function_rows(&function, Rows { fields, open, ..Rows::default() }, alias, scope);
    }

    /// The rows of a function, which its alias may name one by one.
    fn function_rows(&mut self, function: &str, mut rows: Rows, alias: Option<&TableAlias>, scope: &mut Scope<'_, 'a>) {
        let name = alias.map_or_else(|| function.to_owned(), |alias| self.key(&alias.name));
        // `AS t(id int, name text)` says all there is.
        let typed: Option<Vec<Field>> = alias.filter(|alias| !alias.columns.is_empty()).and_then(|alias| {
            let field = |column: &sqlparser::ast::TableAliasColumnDef| {
                let ty = types::of(column.data_type.as_ref()?, self.schema);
                Some(Field { name: self.key(&column.name), ty, ..Field::default() })
            };
            alias.columns.iter().map(field).collect()
        });
        if let Some(fields) = typed {
            scope.relations.push(Relation::new(name, Rows { fields, ..Rows::default() }));
            return;
        }
        // One column without a name takes that of the alias.
        if let ([field], false) = (rows.fields.as_mut_slice(), rows.open) {
            field.name.clone_from(&name);
        }
        if rows.open && rows.fields.is_empty() {
            self.unsure(|| format!("the columns of `{function}(..)` are not known"));
        }
        let relation = self.aliased(Relation::new(name, rows), alias);
        scope.relations.push(relation);
    }
}

/// An element of an array, as a column.
fn element(name: &str, array: &Value) -> Field {
    let ty = match &array.ty {
        Some(SqlType::Array(inner)) => Some((**inner).clone()),
        _ => None,
    };
    Field { name: name.to_owned(), ty, ..Field::default() }
}

/// What an outer join does to these relations, and to their merged columns but its own.
fn nulls(scope: &mut Scope<'_, '_>, range: Range<usize>, own: &[String]) {
    for relation in scope.relations.iter_mut().take(range.end).skip(range.start) {
        relation.outer = true;
    }
    for merged in scope.merged.iter_mut().filter(|m| range.contains(&m.at)) {
        if !own.iter().any(|own| own.eq_ignore_ascii_case(&merged.field.name)) {
            merged.field.nullable = Some(true);
        }
    }
}
