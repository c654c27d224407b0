//! Tables and views, as they are made.

use covet_core::sql::token::{Token, TokenKind};
use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateTable, CreateTableLikeKind, CreateView, Expr, GeneratedAs, Ident, SetExpr,
    SqliteTableOption, TableConstraint,
};

use super::split::{self, Piece};
use super::{Catalog, open};
use crate::parse;
use crate::resolve;
use crate::schema::{Column, Origin, SqlType, Table};
use crate::types;

impl Catalog {
    pub(super) fn create_table(&mut self, create: CreateTable, piece: &Piece<'_>, origin: &Origin) {
        let (key, name) = self.name(&create.name);
        if create.if_not_exists && self.schema.tables.contains_key(&key) {
            return;
        }
        let row_id = !create.sqlite_table_options.options.contains(&SqliteTableOption::WithoutRowid);
        let strict = create.sqlite_table_options.options.contains(&SqliteTableOption::Strict);
        let mut columns = self.columns(&create.columns, &create.constraints, row_id && !self.postgres());
        if !self.postgres() && (!row_id || strict) {
            let keys = primary(&create.columns, &create.constraints);
            let key = |column: &&mut Column| keys.iter().any(|key| key.eq_ignore_ascii_case(&column.name));
            columns.iter_mut().filter(key).for_each(|column| column.nullable = Some(false));
        }
        let mut is_open = false;
        if let Some(CreateTableLikeKind::Parenthesized(like) | CreateTableLikeKind::Plain(like)) = &create.like {
            let from = self.existing(&like.name);
            match self.schema.tables.get(&from) {
                // What `INCLUDING` names comes along, but it is not said here which.
                Some(table) => columns.extend(table.columns.iter().cloned().map(uncertain)),
                None => is_open = true,
            }
        } else if piece.tokens.iter().any(|token| token.is_word("like")) && create.columns.is_empty() {
            is_open = true;
        }
        for parent in create.inherits.iter().flatten().chain(&create.partition_of) {
            let from = self.existing(parent);
            match self.schema.tables.get(&from) {
                Some(table) => {
                    let new: Vec<Column> =
                        table.columns.iter().filter(|c| !columns.iter().any(|d| d.name == c.name)).cloned().collect();
                    columns.splice(0..0, new);
                }
                None => is_open = true,
            }
            self.children.push((from, key.clone()));
        }
        if let Some(query) = &create.query {
            let (shape, unsure) = resolve::view(piece.text, query, &self.schema);
            is_open |= unsure;
            let names = columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
            columns = shape
                .columns
                .into_iter()
                .enumerate()
                .map(|(index, output)| Column {
                    name: names.get(index).cloned().unwrap_or(output.name),
                    ty: output.ty,
                    nullable: Some(true),
                    has_default: false,
                    generated: false,
                })
                .collect();
        }
        let keys = primary(&create.columns, &create.constraints);
        let named = |key: &String| columns.iter().map(|c| &c.name).find(|name| name.eq_ignore_ascii_case(key)).cloned();
        let keys = keys.iter().filter_map(named).collect();
        let own = create.like.is_none() && create.query.is_none() && create.inherits.is_none() && !is_open;
        let own = own && create.partition_of.is_none();
        let unique = self.uniques(&create.columns, &create.constraints).filter(|_| own);
        self.put(key, Table { key: keys, unique, open: is_open, ..Table::new(name, columns, origin.clone()) });
    }

    pub(super) fn columns(&self, defs: &[ColumnDef], constraints: &[TableConstraint], row_id: bool) -> Vec<Column> {
        let keys = primary(defs, constraints);
        let mut columns: Vec<Column> = defs.iter().map(|def| self.column(def)).collect();
        for (column, def) in columns.iter_mut().zip(defs) {
            let is_key = keys.iter().any(|key| key.eq_ignore_ascii_case(&column.name));
            if is_key && self.postgres() {
                column.nullable = Some(false);
            }
            // The one integer key of SQLite is the row id.
            if is_key && row_id && keys.len() == 1 && def.data_type.to_string().eq_ignore_ascii_case("integer") {
                column.nullable = Some(false);
                column.has_default = true;
            }
        }
        columns
    }

    pub(super) fn column(&self, def: &ColumnDef) -> Column {
        let name = match self.postgres() {
            true => self.schema.key(&def.name.value, def.name.quote_style.is_some()),
            false => def.name.value.clone(),
        };
        let declared = def.data_type.to_string().to_ascii_lowercase();
        let serial = self.postgres() && declared.contains("serial");
        let mut column = Column {
            name,
            ty: types::of(&def.data_type, &self.schema),
            nullable: Some(!serial),
            has_default: serial,
            generated: false,
        };
        if self.postgres() && self.loose.contains(declared.trim_matches('"')) {
            column.nullable = None;
            column.has_default = true;
        }
        for option in &def.options {
            set(&mut column, &option.option);
        }
        column
    }

    /// The sets of columns that these definitions make unique; `None` where one is of something else.
    pub(super) fn uniques(&self, defs: &[ColumnDef], constraints: &[TableConstraint]) -> Option<Vec<Vec<String>>> {
        let name = |ident: &Ident| match self.postgres() {
            true => self.schema.key(&ident.value, ident.quote_style.is_some()),
            false => ident.value.clone(),
        };
        let unique = |option: &ColumnOption| matches!(option, ColumnOption::PrimaryKey(_) | ColumnOption::Unique(_));
        let own = defs.iter().filter(|def| def.options.iter().any(|option| unique(&option.option)));
        let mut sets: Vec<Vec<String>> = own.map(|def| vec![name(&def.name)]).collect();
        for constraint in constraints {
            let columns = match constraint {
                TableConstraint::PrimaryKey(key) => &key.columns,
                TableConstraint::Unique(key) => &key.columns,
                _ => continue,
            };
            let column = |column: &sqlparser::ast::IndexColumn| match &column.column.expr {
                Expr::Identifier(ident) => Some(name(ident)),
                _ => None,
            };
            sets.push(columns.iter().map(column).collect::<Option<_>>()?);
        }
        Some(sets)
    }

    /// `CREATE UNIQUE INDEX i ON t (a, b)`.
    pub(super) fn index(&mut self, piece: &Piece<'_>) {
        if !piece.tokens.get(1).is_some_and(|token| token.is_word("unique")) {
            return;
        }
        let Some(rest) = piece.behind(&["on"]) else { return self.lose() };
        let skip = rest.iter().take_while(|token| token.is_word("only")).count();
        let Some((idents, _)) = rest.get(skip..).and_then(split::dotted) else { return self.lose() };
        let (key, _) = self.name_of(&idents.iter().collect::<Vec<_>>());
        let columns = self.indexed(rest);
        match (self.schema.tables.get_mut(&key), columns) {
            (Some(Table { unique: Some(known), .. }), Some(columns)) => known.push(columns),
            (Some(table), _) => table.unique = None,
            // It may be found in another schema.
            (None, _) => self.schema.tables.values_mut().for_each(|table| table.unique = None),
        }
    }

    /// The columns in the parentheses of an index, if there is nothing else in them.
    fn indexed(&self, tokens: &[Token<'_>]) -> Option<Vec<String>> {
        let open = tokens.iter().position(|token| token.is("("))?;
        let inner = tokens.get(open + 1..)?;
        let inner = inner.get(..inner.iter().position(|token| token.is(")"))?)?;
        let column = |item: &[Token<'_>]| {
            let (idents, _) = split::dotted(item)?;
            let plain = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::Quoted) || token.is(".");
            let [ident] = idents.as_slice() else { return None };
            let name = match self.postgres() {
                true => self.schema.key(&ident.value, ident.quote_style.is_some()),
                false => ident.value.clone(),
            };
            item.iter().all(plain).then_some(name)
        };
        inner.split(|token| token.is(",")).map(column).collect()
    }

    pub(super) fn create_view(&mut self, create: &CreateView, piece: &Piece<'_>, origin: &Origin) {
        let (key, name) = self.name(&create.name);
        if create.if_not_exists && self.schema.tables.contains_key(&key) {
            return;
        }
        let names: Vec<&Ident> = create.columns.iter().map(|column| &column.name).collect();
        let table = self.view(name, &names, &create.query, piece.text, origin);
        // PostgreSQL writes through a view of one table; SQLite through none without a trigger.
        let table = Table { view: table.view || create.materialized, ..table };
        self.put(key, table);
    }

    pub(super) fn view(
        &self,
        name: String,
        names: &[&Ident],
        query: &sqlparser::ast::Query,
        text: &str,
        origin: &Origin,
    ) -> Table {
        let (mut shape, unsure) = resolve::view(text, query, &self.schema);
        for (output, ident) in shape.columns.iter_mut().zip(names) {
            output.name = match self.postgres() {
                true => self.schema.key(&ident.value, ident.quote_style.is_some()),
                false => ident.value.clone(),
            };
        }
        let writable = self.postgres() && !unsure && is_simple(query);
        let columns = shape
            .columns
            .iter()
            .map(|output| Column {
                name: output.name.clone(),
                ty: output.ty.clone(),
                nullable: output.nullable,
                // What its table has is not followed.
                has_default: true,
                generated: writable && output.origin.is_none(),
            })
            .collect();
        Table {
            view: !unsure && !writable,
            body: Some(Box::new(shape)),
            open: unsure,
            ..Table::new(name, columns, origin.clone())
        }
    }

    /// `CREATE VIRTUAL TABLE t USING fts5(a, b)`: it has columns that it does not name.
    pub(super) fn virtual_table(&mut self, piece: &Piece<'_>, origin: &Origin) {
        let Some(rest) = piece.behind(&["table"]) else { return };
        let skip = if rest.first().is_some_and(|token| token.is_word("if")) { 3 } else { 0 };
        let Some(rest) = rest.get(skip..) else { return };
        let Some((idents, taken)) = split::dotted(rest) else { return };
        let (key, name) = self.name_of(&idents.iter().collect::<Vec<_>>());
        let full_text = rest.iter().skip(taken).any(|token| token.text.to_ascii_lowercase().starts_with("fts"));
        let mut columns: Vec<Column> = Vec::new();
        let mut depth = 0_usize;
        let mut begins = false;
        for (at, token) in rest.iter().enumerate().skip(taken) {
            match token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            let option = rest.get(at + 1).is_some_and(|next| next.is("="));
            if begins
                && depth == 1
                && full_text
                && !option
                && let Some((idents, _)) = split::dotted(std::slice::from_ref(token))
            {
                let name = idents.first().map(|ident| ident.value.clone()).unwrap_or_default();
                columns.push(Column { name, ty: None, nullable: None, has_default: true, generated: false });
            }
            begins = depth == 1 && (token.is("(") || token.is(","));
        }
        self.put(key, Table { open: true, ..Table::new(name, columns, origin.clone()) });
    }

    /// A statement that could not be read: what it names is open.
    pub(super) fn unparsed(&mut self, piece: &Piece<'_>, origin: &Origin) {
        let (creates, drops) = match piece.tokens.first() {
            Some(token) => (token.is_word("create"), token.is_word("drop")),
            None => return,
        };
        let object = if creates { piece.object() } else { piece.tokens.get(1) };
        let Some(object) = object else { return };
        let kind = object.text.to_ascii_lowercase();
        if !matches!(kind.as_str(), "table" | "view" | "materialized" | "recursive" | "foreign" | "type" | "domain") {
            return;
        }
        let Some(rest) = piece.behind(&["table", "view", "type", "domain"]) else { return };
        let rest: Vec<_> =
            rest.iter().skip_while(|token| token.is_any_word(&["if", "not", "exists", "only"])).cloned().collect();
        let Some((idents, _)) = split::dotted(&rest) else { return self.lose() };
        let (key, _) = self.name_of(&idents.iter().collect::<Vec<_>>());
        if matches!(kind.as_str(), "type" | "domain") {
            // What a domain forbids is true of the columns that have it already.
            let changes = |token: &covet_core::sql::token::Token<'_>| token.is_any_word(&["default", "null"]);
            if !creates && piece.tokens.iter().any(changes) {
                return self.lose();
            }
            self.loose.insert(key.clone());
            self.schema.enums.remove(&key);
            self.schema.types.entry(key.clone()).or_insert(SqlType::Other(key));
        } else if drops {
            self.schema.tables.remove(&key);
        } else {
            self.open(&key, creates.then_some(origin));
        }
    }
}

/// What a column's options say.
pub(super) fn set(column: &mut Column, option: &ColumnOption) {
    match option {
        ColumnOption::NotNull => column.nullable = Some(false),
        ColumnOption::Null => column.nullable = Some(true),
        ColumnOption::Default(expr) => {
            let null = matches!(expr, Expr::Value(value) if value.value == sqlparser::ast::Value::Null);
            column.has_default = !null;
        }
        ColumnOption::Generated { generated_as, generation_expr, .. } => {
            let computed = generation_expr.is_some();
            column.has_default = true;
            // `ALWAYS AS IDENTITY` takes a value only behind `OVERRIDING`.
            column.generated = computed || *generated_as == GeneratedAs::Always;
            if !computed {
                column.nullable = Some(false);
            }
        }
        ColumnOption::Identity(_) => {
            column.has_default = true;
            column.nullable = Some(false);
        }
        // `NOT NULL ON CONFLICT ..` does not fail.
        ColumnOption::OnConflict(_) => column.has_default = true,
        _ => {}
    }
}

/// A column of which it is not known how NULL and defaults came along.
fn uncertain(column: Column) -> Column {
    Column { nullable: column.nullable.filter(|null| !null), has_default: true, generated: false, ..column }
}

/// The columns of the primary key.
fn primary(defs: &[ColumnDef], constraints: &[TableConstraint]) -> Vec<String> {
    let own =
        defs.iter().filter(|def| def.options.iter().any(|option| matches!(option.option, ColumnOption::PrimaryKey(_))));
    let mut keys: Vec<String> = own.map(|def| def.name.value.clone()).collect();
    for constraint in constraints {
        if let TableConstraint::PrimaryKey(key) = constraint {
            keys.extend(key.columns.iter().filter_map(|column| match &column.column.expr {
                Expr::Identifier(ident) => Some(ident.value.clone()),
                _ => None,
            }));
        }
    }
    keys
}

/// Whether PostgreSQL writes through a view: one table, and nothing that makes one row of many.
fn is_simple(query: &sqlparser::ast::Query) -> bool {
    let SetExpr::Select(select) = &*query.body else { return false };
    let grouped = match &select.group_by {
        sqlparser::ast::GroupByExpr::Expressions(groups, modifiers) => !groups.is_empty() || !modifiers.is_empty(),
        sqlparser::ast::GroupByExpr::All(_) => true,
    };
    let one = match select.from.as_slice() {
        [item] => {
            item.joins.is_empty() && matches!(item.relation, sqlparser::ast::TableFactor::Table { args: None, .. })
        }
        _ => false,
    };
    one && !grouped
        && query.with.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && select.distinct.is_none()
        && select.having.is_none()
        && select.projection.iter().all(|item| {
            // Any call may be an aggregate or give several rows.
            !item.to_string().contains('(')
        })
}

impl Catalog {
    /// What a change of a table means for those that inherit from it.
    pub(super) fn heirs(&self, key: &str) -> Vec<String> {
        let mut heirs = vec![key.to_owned()];
        let mut at = 0;
        while let Some(parent) = heirs.get(at).cloned() {
            at += 1;
            for (from, child) in &self.children {
                if *from == parent && !heirs.contains(child) {
                    heirs.push(child.clone());
                }
            }
        }
        heirs
    }

    /// Views over a table that was changed in a way that views cannot follow.
    pub(super) fn open_readers(&mut self, key: &str) {
        for table in self.schema.tables.values_mut() {
            if table.body.as_ref().is_some_and(|body| body.access.iter().any(|access| access.table == key)) {
                open(table);
            }
        }
    }
}

/// The identifiers of a name.
pub(super) fn last(name: &sqlparser::ast::ObjectName) -> Option<Ident> {
    parse::parts(name).and_then(|parts| parts.last().copied().cloned())
}
