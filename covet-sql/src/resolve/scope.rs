//! What can be named at a place: tables, their columns, and what surrounds them.

use std::borrow::Cow;

use super::{Rc, Resolver, Value};
use crate::schema::{Column, Dialect, SqlType, Table};
use crate::shape::Output;

/// A column of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) ty: Option<SqlType>,
    pub(super) nullable: Option<bool>,
    pub(super) origin: Option<(String, String)>,
    pub(super) place: Option<(usize, String)>,
}

impl Field {
    pub(super) fn new(name: String, value: Value) -> Self {
        let Value { ty, nullable, origin, place, .. } = value;
        Self { name, ty, nullable, origin, place }
    }

    pub(super) fn output(&self) -> Output {
        Output { name: self.name.clone(), ty: self.ty.clone(), nullable: self.nullable, origin: self.origin.clone() }
    }

    pub(super) fn value(self) -> Value {
        let Self { ty, nullable, origin, place, .. } = self;
        Value { ty, nullable, origin, place, ..Value::default() }
    }
}

/// The rows of a query.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) fields: Vec<Field>,
    /// Whether there may be more columns.
    pub(super) open: bool,
    /// Whether it is one row, always.
    pub(super) single: bool,
    /// Values of the first row, for what is written.
    pub(super) values: Vec<Value>,
}

/// Where a relation's columns come from.
#[derive(Debug, Clone)]
pub(super) enum Columns<'a> {
    /// The key and the table.
    Table(&'a str, &'a Table),
    Own(Rc<Rows>),
}

/// Something in `FROM`.
#[derive(Debug, Clone)]
pub(super) struct Relation<'a> {
    /// What it is called here.
    pub(super) name: String,
    /// The schema, where the table is called by its own name.
    pub(super) qualifier: Option<String>,
    pub(super) columns: Columns<'a>,
    /// Whether there may be more columns.
    pub(super) open: bool,
    /// Whether an outer join fills it with `NULL`.
    pub(super) outer: bool,
    pub(super) mention: Option<usize>,
    /// The columns that `USING` has merged away.
    pub(super) hidden: Vec<String>,
}

impl<'a> Relation<'a> {
    pub(super) fn new(name: String, rows: Rows) -> Self {
        let open = rows.open;
        Self {
            name,
            qualifier: None,
            columns: Columns::Own(Rc::new(rows)),
            open,
            outer: false,
            mention: None,
            hidden: Vec::new(),
        }
    }

    /// Something of which no column is known.
    pub(super) fn open(name: String) -> Self {
        Self::new(name, Rows { open: true, ..Rows::default() })
    }

    /// The table behind it, if it is one.
    pub(super) const fn table(&self) -> Option<(&'a str, &'a Table)> {
        match self.columns {
            Columns::Table(key, table) => Some((key, table)),
            Columns::Own(_) => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.columns {
            Columns::Table(_, table) => table.columns.len(),
            Columns::Own(rows) => rows.fields.len(),
        }
    }

    pub(super) fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match &self.columns {
            Columns::Table(_, table) => Box::new(table.columns.iter().map(|column| column.name.as_str())),
            Columns::Own(rows) => Box::new(rows.fields.iter().map(|field| field.name.as_str())),
        }
    }

    /// Whether `name`, as a column here, is no longer one of its own.
    pub(super) fn hides(&self, name: &str, dialect: Dialect) -> bool {
        self.hidden.iter().any(|hidden| same(hidden, name, dialect))
    }

    pub(super) fn field(&self, index: usize) -> Option<Field> {
        match &self.columns {
            Columns::Table(key, table) => table.columns.get(index).map(|column| self.of_table(key, table, column)),
            Columns::Own(rows) => rows.fields.get(index).map(|field| self.nulled(field.clone())),
        }
    }

    pub(super) fn find(&self, name: &str, dialect: Dialect) -> Option<Field> {
        let index = self.names().position(|known| same(known, name, dialect))?;
        self.field(index)
    }

    fn of_table(&self, key: &str, table: &Table, column: &Column) -> Field {
        let origin = (key.to_owned(), column.name.clone());
        // Through a view a value fixes the column of the table behind it.
        let place = match &table.body {
            None => self.mention.map(|mention| (mention, column.name.clone())),
            Some(body) => self.mention.and_then(|first| {
                let index = table.columns.iter().position(|other| other.name == column.name)?;
                let (behind, name) = body.columns.get(index)?.origin.as_ref()?;
                let mut mentions = body.mentions.iter().enumerate().filter(|(_, mention)| mention.table == *behind);
                match (mentions.next(), mentions.next()) {
                    (Some((at, _)), None) => Some((first + at, name.clone())),
                    _ => None,
                }
            }),
        };
        self.nulled(Field {
            name: column.name.clone(),
            ty: column.ty.clone(),
            nullable: column.nullable,
            origin: Some(origin),
            place,
        })
    }

    fn nulled(&self, mut field: Field) -> Field {
        if self.outer {
            field.nullable = Some(true);
        }
        field
    }
}

/// A column that `USING` made of two.
#[derive(Debug, Clone)]
pub(super) struct Merged {
    pub(super) field: Field,
    /// The first relation of the join.
    pub(super) at: usize,
}

/// What can be named at a place.
#[derive(Debug, Default)]
pub(super) struct Scope<'p, 'a> {
    pub(super) relations: Vec<Relation<'a>>,
    pub(super) merged: Vec<Merged>,
    /// Names of the result, where the database lets expressions use them.
    pub(super) aliases: Vec<(String, Value)>,
    /// Relations before this one cannot be seen, as from `ON`.
    pub(super) from: usize,
    /// Whether there may be names that are not known.
    pub(super) open: bool,
    pub(super) parent: Option<&'p Scope<'p, 'a>>,
}

/// What a name finds in one scope.
pub(super) enum Hit {
    None,
    One(Option<usize>, Field),
    Many(String, String),
}

impl<'p, 'a> Scope<'p, 'a> {
    pub(super) fn within(parent: Option<&'p Scope<'p, 'a>>) -> Self {
        Self { parent, ..Self::default() }
    }

    /// This scope and those around it.
    pub(super) fn outward<'s>(&'s self) -> impl Iterator<Item = &'s Scope<'p, 'a>> {
        let mut next = Some(self);
        std::iter::from_fn(move || {
            let scope = next?;
            next = scope.parent;
            Some(scope)
        })
    }

    pub(super) fn seen(&self) -> impl Iterator<Item = (usize, &Relation<'a>)> {
        self.relations.iter().enumerate().skip(self.from)
    }

    /// A column by its name alone.
    pub(super) fn find(&self, name: &str, dialect: Dialect) -> Hit {
        let merged = self.merged.iter().rfind(|m| m.at >= self.from && same(&m.field.name, name, dialect));
        if let (Some(merged), Dialect::Sqlite) = (merged, dialect) {
            return Hit::One(None, merged.field.clone());
        }
        let mut found = merged.map(|merged| (None, Cow::Borrowed("USING"), merged.field.clone()));
        for (index, relation) in self.seen() {
            if relation.hides(name, dialect) {
                continue;
            }
            let Some(field) = relation.find(name, dialect) else { continue };
            if let Some((_, first, _)) = &found {
                return Hit::Many(first.to_string(), relation.name.clone());
            }
            found = Some((Some(index), Cow::Owned(relation.name.clone()), field));
        }
        found.map_or(Hit::None, |(index, _, field)| Hit::One(index, field))
    }
}

/// Whether two names are one on this database.
pub(super) fn same(left: &str, right: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Postgres => left == right,
        Dialect::Sqlite => left.eq_ignore_ascii_case(right),
    }
}

impl<'a> Resolver<'a> {
    /// The fields that `*` gives.
    pub(super) fn star(&mut self, scope: &Scope<'_, 'a>) -> Rows {
        let dialect = self.schema.dialect;
        let mut rows = Rows { open: scope.open, ..Rows::default() };
        let mut given: Vec<String> = Vec::new();
        for (index, relation) in scope.relations.iter().enumerate() {
            rows.open |= relation.open;
            if dialect == Dialect::Postgres {
                rows.fields.extend(scope.merged.iter().filter(|m| m.at == index).map(|m| m.field.clone()));
            }
            for at in 0..relation.len() {
                let Some(field) = relation.field(at) else { continue };
                self.touch(relation, &field);
                if relation.hides(&field.name, dialect) {
                    // SQLite leaves the merged column where its first table has it.
                    let merged = scope.merged.iter().find(|m| same(&m.field.name, &field.name, dialect));
                    if let (Dialect::Sqlite, Some(merged)) = (dialect, merged)
                        && !given.contains(&merged.field.name)
                    {
                        given.push(merged.field.name.clone());
                        rows.fields.push(merged.field.clone());
                    }
                    continue;
                }
                rows.fields.push(field);
            }
        }
        rows
    }

    /// The fields of one relation.
    pub(super) fn star_of(&mut self, relation: &Relation<'a>) -> Rows {
        let fields: Vec<Field> = (0..relation.len()).filter_map(|at| relation.field(at)).collect();
        for field in &fields {
            self.touch(relation, field);
        }
        Rows { fields, open: relation.open, ..Rows::default() }
    }

    /// Notes that a column of a table is read.
    pub(super) fn touch(&mut self, relation: &Relation<'a>, field: &Field) {
        if let (Some(_), Some((table, column))) = (relation.table(), &field.origin) {
            self.read(table, column);
        }
    }
}
