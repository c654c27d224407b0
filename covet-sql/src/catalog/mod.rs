//! What the migrations make.
//!
//! **Threat.** A checker that believes a schema which is not there refuses good statements, and nobody keeps a checker
//! that is wrong.
//!
//! **Rule.** Each statement of each migration is followed in order; one that cannot be followed makes the tables it
//! touches *open*, so that nothing is refused about them, or the whole schema, when it cannot be told which. It is never
//! an error.

mod alter;
mod extension;
mod program;
mod relation;
pub mod split;

use std::collections::BTreeSet;

use sqlparser::ast::{
    AlterTypeOperation, Ident, ObjectName, ObjectType, Set, Statement, UserDefinedTypeRepresentation,
};

use self::split::Piece;
use crate::parse;
use crate::schema::{Column, Dialect, Origin, Schema, SqlType, Table};
use crate::source::Source;
use crate::types;

/// The schema after all migrations, in their order.
#[must_use]
pub fn build(migrations: &[Source], dialect: Dialect) -> Schema {
    let mut catalog = Catalog::new(dialect);
    for source in migrations.iter().filter(|source| !is_down(&source.file)) {
        let text = split::upward(&source.text);
        let (pieces, whole) = split::pieces(&text, dialect);
        for piece in &pieces {
            let origin = Origin { file: source.file.clone(), line: split::line(&text, piece.start) };
            catalog.apply(piece, &origin);
        }
        if !whole {
            catalog.lose();
        }
    }
    catalog.finish()
}

/// A file that takes a migration back.
fn is_down(file: &str) -> bool {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.ends_with(".down.sql") || name == "down.sql"
}

/// The schema as it grows.
struct Catalog {
    schema: Schema,
    /// Where names without a schema are made.
    path: Option<String>,
    /// Tables of which triggers may fill in what a statement leaves out.
    filled: BTreeSet<String>,
    /// Functions that may change the schema when they are called.
    programs: BTreeSet<String>,
    /// Domains that may have a default, or forbid `NULL`.
    loose: BTreeSet<String>,
    /// Tables that inherit columns: the parent and the child.
    children: Vec<(String, String)>,
}

impl Catalog {
    const fn new(dialect: Dialect) -> Self {
        Self {
            schema: Schema::empty(dialect),
            path: None,
            filled: BTreeSet::new(),
            programs: BTreeSet::new(),
            loose: BTreeSet::new(),
            children: Vec::new(),
        }
    }

    fn finish(mut self) -> Schema {
        // A row that goes to a partition meets the partition's triggers.
        while let Some((parent, _)) =
            self.children.iter().find(|(parent, child)| self.filled.contains(child) && !self.filled.contains(parent))
        {
            self.filled.insert(parent.clone());
        }
        for key in &self.filled {
            if let Some(table) = self.schema.tables.get_mut(key) {
                table.view = false;
                table.key.clear();
                table.unique = None;
                for column in &mut table.columns {
                    column.has_default = true;
                }
            }
        }
        self.schema
    }

    fn postgres(&self) -> bool {
        self.schema.dialect == Dialect::Postgres
    }

    /// Follows one statement.
    fn apply(&mut self, piece: &Piece<'_>, origin: &Origin) {
        let tokens = &piece.tokens;
        let word = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| token.is_any_word(words));
        match () {
            () if word(0, &["create"]) && self.by_words(piece, origin) => {}
            () if word(0, &["alter"]) && self.moved(piece) => {}
            () if word(0, &["import"]) => self.lose(),
            () if word(0, &["create", "alter", "drop"]) => self.parsed(piece, origin),
            () if word(0, &["set"]) => self.parsed(piece, origin),
            () if word(0, &["do"]) => self.program(piece, origin),
            () if word(0, &["select", "call", "with"]) => {
                self.into(piece, origin);
                self.calls(piece);
            }
            () => {}
        }
    }

    /// What is followed by its words alone, as no tree is needed, or none could be had. Whether it was.
    fn by_words(&mut self, piece: &Piece<'_>, origin: &Origin) -> bool {
        let Some(object) = piece.object() else { return false };
        match object.text.to_ascii_lowercase().as_str() {
            "virtual" => self.virtual_table(piece, origin),
            "trigger" => self.trigger(piece),
            "rule" => self.rule(piece),
            "function" | "procedure" => self.function(piece),
            "extension" => self.extension(piece),
            "index" => self.index(piece),
            "cast" | "operator" => self.schema.open = true,
            // It may make what belongs into it at once.
            "schema" if piece.tokens.iter().skip(1).any(|token| token.is_word("create")) => self.lose(),
            "sequence" | "role" | "user" | "policy" | "publication" | "collation" | "statistics" | "schema"
            | "database" | "subscription" | "server" | "aggregate" | "language" | "text" => {}
            _ => return false,
        }
        true
    }

    /// `ALTER TABLE t SET SCHEMA s`. Whether it was that.
    fn moved(&mut self, piece: &Piece<'_>) -> bool {
        let Some(at) = piece
            .tokens
            .windows(2)
            .position(|two| matches!(two, [set, schema] if set.is_word("set") && schema.is_word("schema")))
        else {
            return false;
        };
        let name = piece.behind(&["table", "view", "type", "domain"]).and_then(|rest| {
            let skip = rest.iter().take_while(|token| token.is_any_word(&["if", "exists", "only"])).count();
            split::dotted(rest.get(skip..)?)
        });
        let to = piece.tokens.get(at + 2..).and_then(split::dotted);
        let (Some((name, _)), Some((to, _))) = (name, to) else { return true };
        let (key, _) = self.name_of(&name.iter().collect::<Vec<_>>());
        let moved: Vec<&Ident> = to.iter().chain(name.last()).collect();
        let (to, _) = self.name_of(&moved);
        self.rename_type(&key, &to);
        self.rekey(&key, to);
        true
    }

    /// `SELECT .. INTO t` makes a table.
    fn into(&mut self, piece: &Piece<'_>, origin: &Origin) {
        let inserts = piece.tokens.iter().any(|token| token.is_any_word(&["insert", "merge"]));
        let Some(rest) = piece.behind(&["into"]).filter(|_| !inserts) else { return };
        let skip =
            rest.iter().take_while(|token| token.is_any_word(&["temp", "temporary", "unlogged", "table"])).count();
        if let Some((idents, _)) = rest.get(skip..).and_then(split::dotted) {
            let (key, _) = self.name_of(&idents.iter().collect::<Vec<_>>());
            self.open(&key, Some(origin));
        }
    }

    fn parsed(&mut self, piece: &Piece<'_>, origin: &Origin) {
        match parse::statement(without_check(piece), self.schema.dialect, parse::SHALLOW) {
            Ok(statement) => self.statement(statement, piece, origin),
            Err(_) => self.unparsed(piece, origin),
        }
    }

    fn statement(&mut self, statement: Statement, piece: &Piece<'_>, origin: &Origin) {
        match statement {
            Statement::CreateTable(table) => self.create_table(table, piece, origin),
            Statement::CreateForeignTable(table) => {
                let (key, name) = self.name(&table.name);
                let mut columns = self.columns(&table.columns, &table.constraints, false);
                // What is left out is for the other server to fill.
                columns.iter_mut().for_each(|column| column.has_default = true);
                self.put(key, Table::new(name, columns, origin.clone()));
            }
            Statement::CreateView(view) => self.create_view(&view, piece, origin),
            Statement::AlterTable(alter) => self.alter_table(alter),
            Statement::AlterView(alter) => self.alter_view(&alter, piece, origin),
            Statement::Drop { object_type, names, cascade, .. } => self.drop(object_type, &names, cascade),
            Statement::CreateType { name, representation } => self.create_type(&name, representation),
            Statement::AlterType(alter) => self.alter_type(&alter.name, alter.operation),
            Statement::CreateDomain(domain) => {
                let (key, _) = self.name(&domain.name);
                if domain.default.is_some() {
                    self.loose.insert(key.clone());
                }
                let ty = types::of(&domain.data_type, &self.schema);
                self.schema.types.insert(key.clone(), ty.unwrap_or(SqlType::Other(key)));
            }
            Statement::DropDomain(domain) => {
                let (key, _) = self.name(&domain.name);
                self.schema.types.remove(&key);
            }
            Statement::AlterSchema(_) => self.lose(),
            Statement::Set(Set::SingleAssignment { variable, values, .. })
                if variable.to_string().eq_ignore_ascii_case("search_path") =>
            {
                let first = values.first().map(ToString::to_string).unwrap_or_default();
                let first = first.trim_matches(['"', '\'']).to_owned();
                let default = first.is_empty() || first == "public" || first == "$user";
                self.path = (!default).then_some(first);
            }
            _ => {}
        }
    }

    /// The key and the name of what a statement names.
    fn name(&self, name: &ObjectName) -> (String, String) {
        let parts = parse::parts(name).unwrap_or_default();
        self.name_of(&parts)
    }

    fn name_of(&self, parts: &[&Ident]) -> (String, String) {
        let key = |ident: &Ident| self.schema.key(&ident.value, ident.quote_style.is_some());
        let Some((last, before)) = parts.split_last() else { return (String::new(), String::new()) };
        let own = key(last);
        let shown = match self.schema.dialect {
            Dialect::Postgres => own.clone(),
            Dialect::Sqlite => last.value.clone(),
        };
        let schema = before.last().map(|ident| key(ident)).or_else(|| self.path.clone());
        let full = match schema.as_deref() {
            None | Some("public" | "main" | "temp" | "pg_temp") => own,
            Some(schema) => format!("{schema}.{own}"),
        };
        (full, shown)
    }

    /// The key of a table that is there: one that is named without its schema may be in the path, or not.
    fn existing(&self, name: &ObjectName) -> String {
        let (key, _) = self.name(name);
        if self.schema.tables.contains_key(&key) || self.path.is_none() || name.0.len() > 1 {
            return key;
        }
        let plain = parse::parts(name)
            .and_then(|parts| parts.last().map(|ident| self.schema.key(&ident.value, ident.quote_style.is_some())));
        plain.filter(|plain| self.schema.tables.contains_key(plain)).unwrap_or(key)
    }

    fn put(&mut self, key: String, table: Table) {
        self.schema.tables.insert(key, table);
    }

    fn drop(&mut self, object: ObjectType, names: &[ObjectName], cascade: bool) {
        for name in names {
            match object {
                ObjectType::Table | ObjectType::ForeignTable | ObjectType::View | ObjectType::MaterializedView => {
                    let key = self.existing(name);
                    self.schema.tables.remove(&key);
                    self.filled.remove(&key);
                    if cascade {
                        self.drop_readers(&key);
                    }
                }
                ObjectType::Type => {
                    let (key, _) = self.name(name);
                    self.schema.enums.remove(&key);
                    self.schema.types.remove(&key);
                    if cascade {
                        self.open_users(&key);
                    }
                }
                ObjectType::Schema => {
                    let prefix = format!("{}.", name.to_string().trim_matches('"'));
                    let public = prefix == "public.";
                    let gone = |key: &str| key.starts_with(&prefix) || (public && !key.contains('.'));
                    self.schema.tables.retain(|key, _| !gone(key));
                    self.schema.enums.retain(|key, _| !gone(key));
                    self.schema.types.retain(|key, _| !gone(key));
                }
                _ => {}
            }
        }
    }

    /// `DROP .. CASCADE` takes the views with it.
    fn drop_readers(&mut self, key: &str) {
        let reads = |table: &Table| table.body.as_ref().is_some_and(|body| body.access.iter().any(|a| a.table == key));
        let gone: Vec<String> =
            self.schema.tables.iter().filter(|(_, table)| reads(table)).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.schema.tables.remove(&key);
            self.drop_readers(&key);
        }
    }

    /// `DROP TYPE .. CASCADE` takes columns with it.
    fn open_users(&mut self, ty: &str) {
        let named = |ty: &str, of: &SqlType| matches!(of, SqlType::Enum(name) | SqlType::Other(name) if name == ty);
        for table in self.schema.tables.values_mut() {
            if table.columns.iter().any(|column| column.ty.as_ref().is_some_and(|of| named(ty, of))) {
                open(table);
            }
        }
    }

    fn create_type(&mut self, name: &ObjectName, representation: Option<UserDefinedTypeRepresentation>) {
        let (key, _) = self.name(name);
        match representation {
            Some(UserDefinedTypeRepresentation::Enum { labels }) => {
                self.schema.enums.insert(key, labels.into_iter().map(|label| label.value).collect());
            }
            _ => {
                self.schema.types.insert(key.clone(), SqlType::Other(key));
            }
        }
    }

    fn alter_type(&mut self, name: &ObjectName, operation: AlterTypeOperation) {
        let (key, _) = self.name(name);
        match operation {
            AlterTypeOperation::AddValue(add) => {
                if let Some(labels) = self.schema.enums.get_mut(&key)
                    && !labels.contains(&add.value.value)
                {
                    labels.push(add.value.value);
                }
            }
            AlterTypeOperation::RenameValue(rename) => {
                let labels = self.schema.enums.get_mut(&key).into_iter().flatten();
                labels
                    .filter(|label| **label == rename.from.value)
                    .for_each(|label| label.clone_from(&rename.to.value));
            }
            AlterTypeOperation::Rename(rename) => {
                let to = self.schema.key(&rename.new_name.value, rename.new_name.quote_style.is_some());
                let to = match key.rsplit_once('.') {
                    Some((schema, _)) => format!("{schema}.{to}"),
                    None => to,
                };
                self.rename_type(&key, &to);
            }
        }
    }

    fn rename_type(&mut self, from: &str, to: &str) {
        if let Some(labels) = self.schema.enums.remove(from) {
            self.schema.enums.insert(to.to_owned(), labels);
        }
        if let Some(ty) = self.schema.types.remove(from) {
            let own = matches!(&ty, SqlType::Other(name) if name == from);
            self.schema.types.insert(to.to_owned(), if own { SqlType::Other(to.to_owned()) } else { ty });
        }
        for column in self.schema.tables.values_mut().flat_map(|table| &mut table.columns) {
            if let Some(ty) = &mut column.ty {
                rename(ty, from, to);
            }
        }
    }

    /// A change of a table that could not be followed.
    fn open(&mut self, key: &str, origin: Option<&Origin>) {
        match (self.schema.tables.get_mut(key), origin) {
            (Some(table), _) => open(table),
            (None, Some(origin)) => {
                let name = key.rsplit('.').next().unwrap_or(key).to_owned();
                let table = Table::new(name, Vec::new(), origin.clone());
                self.put(key.to_owned(), Table { open: true, ..table });
            }
            (None, None) => {}
        }
    }

    /// It cannot be told what was changed.
    fn lose(&mut self) {
        self.schema.open = true;
        self.schema.tables.values_mut().for_each(open);
        // The labels may be others, too.
        for (name, _) in std::mem::take(&mut self.schema.enums) {
            self.schema.types.insert(name.clone(), SqlType::Other(name));
        }
    }
}

/// A statement without `WITH CHECK OPTION` at its end, which the parser does not know and which changes no column.
fn without_check<'a>(piece: &Piece<'a>) -> &'a str {
    let words: Vec<_> = piece.tokens.iter().rev().take(4).collect();
    let ends = match words.as_slice() {
        [option, check, with, ..] if with.is_word("with") => option.is_word("option") && check.is_word("check"),
        [option, check, _, with] => option.is_word("option") && check.is_word("check") && with.is_word("with"),
        _ => false,
    };
    let at = piece.text.to_ascii_lowercase().rfind("with").filter(|_| ends);
    at.and_then(|at| piece.text.get(..at)).unwrap_or(piece.text)
}

/// Nothing is refused about this table any more.
fn open(table: &mut Table) {
    table.open = true;
    table.view = false;
    table.key.clear();
    table.unique = None;
    for Column { ty, nullable, has_default, generated, .. } in &mut table.columns {
        (*ty, *nullable, *has_default, *generated) = (None, None, true, false);
    }
}

fn rename(ty: &mut SqlType, from: &str, to: &str) {
    match ty {
        SqlType::Array(inner) => rename(inner, from, to),
        SqlType::Enum(name) | SqlType::Other(name) if name == from => *name = to.to_owned(),
        _ => {}
    }
}
