//! Tables and views, as they are changed.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, AlterView, AlterViewOperation, ColumnDef, GeneratedAs,
    Ident, ObjectName, RenameTableNameKind, TableConstraint,
};

use super::split::Piece;
use super::{Catalog, relation};
use crate::schema::Origin;
use crate::types;

impl Catalog {
    pub(super) fn alter_table(&mut self, alter: AlterTable) {
        let key = self.existing(&alter.name);
        if !self.schema.tables.contains_key(&key) {
            // Something of which nothing is known, as an index or a table of an extension.
            return;
        }
        let mut key = key;
        for operation in alter.operations {
            key = self.change(key, operation);
        }
    }

    /// Follows one change; gives the key under which the table is found behind it.
    fn change(&mut self, key: String, operation: AlterTableOperation) -> String {
        match operation {
            AlterTableOperation::AddColumn { column_def, if_not_exists, .. } => {
                for key in self.heirs(&key) {
                    self.add(&key, &column_def, if_not_exists);
                }
            }
            AlterTableOperation::DropColumn { column_names, drop_behavior, .. } => {
                for heir in self.heirs(&key) {
                    let names: Vec<String> = column_names.iter().map(|ident| self.column_name(ident)).collect();
                    if let Some(table) = self.schema.tables.get_mut(&heir) {
                        let gone = |known: &str| names.iter().any(|name| name.eq_ignore_ascii_case(known));
                        table.columns.retain(|column| !gone(&column.name));
                        if table.key.iter().any(|key| gone(key)) {
                            table.key.clear();
                            table.unique = None;
                        }
                    }
                }
                if drop_behavior == Some(sqlparser::ast::DropBehavior::Cascade) {
                    self.drop_readers(&key);
                }
            }
            AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
                let (from, to) = (self.column_name(&old_column_name), self.column_name(&new_column_name));
                for heir in self.heirs(&key) {
                    self.rename_column(&heir, &from, &to);
                }
            }
            AlterTableOperation::RenameTable {
                table_name: RenameTableNameKind::As(name) | RenameTableNameKind::To(name),
            } => return self.rename_table(key, &name),
            AlterTableOperation::AlterColumn { column_name, op } => {
                let name = self.column_name(&column_name);
                for heir in self.heirs(&key) {
                    self.alter_column(&heir, &name, &op);
                }
            }
            AlterTableOperation::AddConstraint { constraint: TableConstraint::PrimaryKey(primary), .. } => {
                let names: Vec<String> = primary
                    .columns
                    .iter()
                    .filter_map(|column| match &column.column.expr {
                        sqlparser::ast::Expr::Identifier(ident) => Some(self.column_name(ident)),
                        _ => None,
                    })
                    .collect();
                if let Some(table) = self.schema.tables.get_mut(&key) {
                    table.key.clone_from(&names);
                    table.unique.iter_mut().for_each(|unique| unique.push(names.clone()));
                    let keyed = table.columns.iter_mut().filter(|column| names.contains(&column.name));
                    keyed.for_each(|column| column.nullable = Some(false));
                }
            }
            AlterTableOperation::AddConstraint { constraint: constraint @ TableConstraint::Unique(_), .. } => {
                let new = self.uniques(&[], &[constraint]);
                if let Some(table) = self.schema.tables.get_mut(&key) {
                    table.unique = table.unique.take().zip(new).map(|(known, new)| [known, new].concat());
                }
            }
            // The index says which columns may not be NULL any more; until it is followed they may.
            AlterTableOperation::AddConstraint { constraint: TableConstraint::PrimaryKeyUsingIndex(_), .. } => {
                if let Some(table) = self.schema.tables.get_mut(&key) {
                    let unsure = table.columns.iter_mut().filter(|column| column.nullable == Some(true));
                    unsure.for_each(|column| column.nullable = None);
                    table.unique = None;
                }
            }
            // It may be the primary key.
            AlterTableOperation::DropConstraint { .. } => {
                if let Some(table) = self.schema.tables.get_mut(&key) {
                    table.key.clear();
                    table.unique = None;
                }
            }
            AlterTableOperation::Inherit { parent } => {
                let parent = self.existing(&parent);
                self.children.push((parent, key.clone()));
            }
            AlterTableOperation::AttachPartitionOf { partition, .. } => {
                let partition = self.existing(&partition);
                // It gets the keys of its parent.
                if let Some(table) = self.schema.tables.get_mut(&partition) {
                    table.unique = None;
                }
                self.children.push((key.clone(), partition));
            }
            AlterTableOperation::NoInherit { parent } => {
                let parent = self.existing(&parent);
                self.children.retain(|(from, child)| !(*from == parent && *child == key));
            }
            AlterTableOperation::SwapWith { .. }
            | AlterTableOperation::ChangeColumn { .. }
            | AlterTableOperation::ModifyColumn { .. } => self.open(&key, None),
            _ => {}
        }
        key
    }

    /// The name of a column, as the database tells it.
    fn column_name(&self, ident: &Ident) -> String {
        match self.postgres() {
            true => self.schema.key(&ident.value, ident.quote_style.is_some()),
            false => ident.value.clone(),
        }
    }

    fn add(&mut self, key: &str, def: &ColumnDef, if_not_exists: bool) {
        let mut column = self.columns(std::slice::from_ref(def), &[], false);
        let unique = self.uniques(std::slice::from_ref(def), &[]);
        let Some(table) = self.schema.tables.get_mut(key) else { return };
        let Some(column) = column.pop() else { return };
        table.unique = table.unique.take().zip(unique).map(|(known, new)| [known, new].concat());
        let known = table.columns.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&column.name));
        match known {
            Some(_) if if_not_exists => {}
            Some(known) => *known = column,
            None => table.columns.push(column),
        }
    }

    fn rename_column(&mut self, key: &str, from: &str, to: &str) {
        let Some(table) = self.schema.tables.get_mut(key) else { return };
        let named = table.columns.iter_mut().find(|column| column.name.eq_ignore_ascii_case(from));
        if let Some(column) = named {
            to.clone_into(&mut column.name);
        }
        let keys = table.key.iter_mut().chain(table.unique.iter_mut().flatten().flatten());
        keys.filter(|key| key.eq_ignore_ascii_case(from)).for_each(|key| to.clone_into(key));
        // Views follow by themselves, under the names that they gave.
        self.follow(|access_table, column| access_table == key && column.eq_ignore_ascii_case(from), key, to);
    }

    fn follow(&mut self, renamed: impl Fn(&str, &str) -> bool, key: &str, to: &str) {
        for body in self.schema.tables.values_mut().filter_map(|table| table.body.as_mut()) {
            for access in &mut body.access {
                if access.column.as_ref().is_some_and(|column| renamed(&access.table, column)) {
                    access.column = Some(to.to_owned());
                }
            }
            for origin in body.columns.iter_mut().filter_map(|column| column.origin.as_mut()) {
                if renamed(&origin.0, &origin.1) {
                    *origin = (key.to_owned(), to.to_owned());
                }
            }
        }
    }

    fn rename_table(&mut self, key: String, name: &ObjectName) -> String {
        let Some(ident) = relation::last(name) else { return key };
        let own = self.schema.key(&ident.value, ident.quote_style.is_some());
        let to = match key.rsplit_once('.') {
            Some((schema, _)) => format!("{schema}.{own}"),
            None => own,
        };
        let name = self.column_name(&ident);
        if let Some(table) = self.schema.tables.get_mut(&key) {
            table.name = name;
        }
        self.rekey(&key, to)
    }

    /// Puts a table under another key, and all that refers to it.
    pub(super) fn rekey(&mut self, key: &str, to: String) -> String {
        if let Some(table) = self.schema.tables.remove(key) {
            self.put(to.clone(), table);
        }
        if self.filled.remove(key) {
            self.filled.insert(to.clone());
        }
        for (parent, child) in &mut self.children {
            for name in [parent, child] {
                if name.as_str() == key {
                    name.clone_from(&to);
                }
            }
        }
        for body in self.schema.tables.values_mut().filter_map(|table| table.body.as_mut()) {
            let accessed = body.access.iter_mut().map(|access| &mut access.table);
            let mentioned = body.mentions.iter_mut().map(|mention| &mut mention.table);
            let origins =
                body.columns.iter_mut().filter_map(|column| column.origin.as_mut()).map(|origin| &mut origin.0);
            for name in accessed.chain(mentioned).chain(origins) {
                if name.as_str() == key {
                    name.clone_from(&to);
                }
            }
        }
        to
    }

    fn alter_column(&mut self, key: &str, name: &str, op: &AlterColumnOperation) {
        let ty = match op {
            AlterColumnOperation::SetDataType { data_type, .. } => types::of(data_type, &self.schema),
            _ => None,
        };
        let Some(table) = self.schema.tables.get_mut(key) else { return };
        let Some(column) = table.columns.iter_mut().find(|column| column.name == *name) else { return };
        match op {
            AlterColumnOperation::SetNotNull => column.nullable = Some(false),
            AlterColumnOperation::DropNotNull => column.nullable = Some(true),
            AlterColumnOperation::SetDefault { .. } => column.has_default = true,
            AlterColumnOperation::DropDefault => column.has_default = false,
            AlterColumnOperation::SetDataType { .. } => {
                column.ty = ty;
                self.open_readers(key);
            }
            AlterColumnOperation::AddGenerated { generated_as, .. } => {
                column.has_default = true;
                column.generated = *generated_as == Some(GeneratedAs::Always);
            }
            AlterColumnOperation::GenericOptions { .. } => {}
        }
    }

    pub(super) fn alter_view(&mut self, alter: &AlterView, piece: &Piece<'_>, origin: &Origin) {
        let key = self.existing(&alter.name);
        match &alter.operation {
            AlterViewOperation::RenameTo { new_name } => drop(self.rename_table(key, new_name)),
            AlterViewOperation::RenameColumn { old_column_name, new_column_name } => {
                let (from, to) = (self.column_name(old_column_name), self.column_name(new_column_name));
                self.rename_column(&key, &from, &to);
            }
            AlterViewOperation::As { columns, query, .. } => {
                let name = self.schema.tables.get(&key).map(|table| table.name.clone()).unwrap_or_default();
                let names: Vec<&Ident> = columns.iter().collect();
                let table = self.view(name, &names, query, piece.text, origin);
                self.put(key, table);
            }
            AlterViewOperation::SetSchema { .. } => self.lose(),
            _ => {}
        }
    }
}
