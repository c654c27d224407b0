//! `schema!()`: the tables of the migrations as modules.

use std::path::Path;
use std::sync::Arc;

use covet_core::policy::FILE_NAME;
use covet_core::sql::Kind;
use covet_core::sql::policy::Dialect;
use covet_sql::{Schema, Sources, catalog, source};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use self::table::{Column, Table};
use crate::mistake;
use crate::paths::private;
use crate::policy::{self, Found};

mod name;
mod table;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    if !input.is_empty() {
        let help = format!("the migrations are those of `[sql]` in {FILE_NAME}");
        return mistake::on(input, "arguments", "`schema!()` takes no arguments", help).into_compile_error();
    }
    let found = match policy::find() {
        Ok(found) => found,
        Err(none) => return failed(none.error_once(Span::call_site())),
    };
    match read(&found) {
        Ok(read) => module(&found, &read),
        Err(error) => failed(Some(error)),
    }
}

/// The error, and a module that the rest of the program can name.
fn failed(error: Option<syn::Error>) -> TokenStream {
    let error = error.map(syn::Error::into_compile_error);
    quote! {
        #error
        pub mod schema {}
    }
}

/// The migrations of each database that has some.
fn read(found: &Found) -> syn::Result<Vec<(Dialect, Arc<Sources>)>> {
    let sql = &found.document.policy.sql;
    let folder = found.path.parent().unwrap_or_else(|| Path::new(""));
    let dialects = [Dialect::Sqlite, Dialect::Postgres];
    let meant = dialects.into_iter().filter(|dialect| sql.dialects.is_empty() || sql.dialects.contains(dialect));
    let mut all = Vec::new();
    for dialect in meant {
        match source::read(sql, dialect, folder) {
            Ok(sources) => all.extend(sources.map(|sources| (dialect, sources))),
            Err(error) => return Err(mistake::at(Span::call_site(), "sql::migrations", &error, error.help())),
        }
    }
    if all.is_empty() {
        let message = format!("{FILE_NAME} does not say what tables there are");
        let help = "write `migrations = \"migrations\"` below `[sql]`, or `schema = \"schema.sql\"`";
        return Err(mistake::at(Span::call_site(), "sql::migrations", message, help));
    }
    Ok(all)
}

fn module(found: &Found, read: &[(Dialect, Arc<Sources>)]) -> TokenStream {
    let private = private();
    let schemas: Vec<Schema> =
        read.iter().map(|(dialect, sources)| catalog::build(sources.texts(), *dialect)).collect();
    let tables = table::unguarded(table::tables(&schemas), &found.document.policy.sql);
    let files = read.iter().flat_map(|(_, sources)| sources.files()).map(|file| file.display().to_string());
    let rebuild = policy::rebuild_on_change(found);
    let marks = tables.iter().map(|table| mark(table, found));
    let modules = tables.iter().map(|table| table_module(table, found));
    quote! {
        /// The tables of the migrations: a module for each, with a constant for each column.
        #[allow(dead_code, non_camel_case_types, non_upper_case_globals)]
        pub mod schema {
            #rebuild
            #(const _: &[#private::u8] = #private::include_bytes!(#files);)*

            #[doc(hidden)]
            pub mod __tables {
                #(#marks)*
            }

            #(#modules)*
        }
    }
}

fn filter() -> TokenStream {
    let private = private();
    quote!(#private::covet_core::sql::filter)
}

/// The type of a table.
fn mark(table: &Table, found: &Found) -> TokenStream {
    let (private, filter, ident) = (private(), filter(), &table.ident);
    let sql = &found.document.policy.sql;
    let (max_limit, max_list, name) = (sql.max_limit.get(), sql.max_list.get(), &table.name);
    let columns = table.columns.iter().map(|column| &column.place);
    let doc = format!("The table `{}`.", table.shown);
    quote! {
        #[doc = #doc]
        #[derive(Debug)]
        pub enum #ident {}

        impl #filter::Table for #ident {
            const NAME: &'static #private::str = #name;
            const COLUMNS: &'static [&'static #private::str] = &[#(#columns),*];
            const MAX_LIMIT: #private::u32 = #max_limit;
            const MAX_LIST: #private::u32 = #max_list;
        }
    }
}

fn table_module(table: &Table, found: &Found) -> TokenStream {
    let (filter, ident) = (filter(), &table.ident);
    let permits = |kind| found.document.policy.sql.permits(kind);
    let writes = |kind| permits(kind) && !table.view;
    let (column, of) = (format_ident!("Column"), quote!(#filter::ColumnOf));
    let columns = table.columns.iter().map(|it| column_items(it, table, &column, &of));
    let select = permits(Kind::Select).then(|| {
        quote! {
            /// Its rows.
            pub const fn select() -> #filter::Select<Table> {
                #filter::Select::new()
            }

            /// How many rows it has.
            pub const fn count() -> #filter::Count<Table> {
                #filter::Count::new()
            }
        }
    });
    let update = writes(Kind::Update).then(|| {
        quote! {
            /// Changes rows.
            pub const fn update() -> #filter::Update<Table> {
                #filter::Update::new()
            }
        }
    });
    let delete = writes(Kind::Delete).then(|| {
        quote! {
            /// Deletes rows.
            pub const fn delete() -> #filter::Delete<Table> {
                #filter::Delete::new()
            }
        }
    });
    let doc = format!("The table `{}`, made in {}:{}.", table.shown, table.origin.file, table.origin.line);
    quote! {
        #[doc = #doc]
        pub mod #ident {
            /// Its type.
            pub type Table = super::__tables::#ident;

            #select
            #update
            #delete
            #(#columns)*
        }
    }
}

/// The type of a column, and the constant.
fn column_items(column: &Column, table: &Table, constant: &Ident, of: &TokenStream) -> TokenStream {
    let (private, filter) = (private(), filter());
    let Column { ident, name, place, family, nullable, writable, shown } = column;
    let family = Ident::new(family.name(), Span::call_site());
    let null = Ident::new(if *nullable { "Nullable" } else { "NotNull" }, Span::call_site());
    let writable = (*writable && !table.view).then(|| quote!(impl #filter::Writable for #ident {}));
    let doc = format!("`{}.{shown}`.", table.shown);
    quote! {
        #[doc = #doc]
        #[derive(Debug)]
        pub enum #ident {}

        impl #of for #ident {
            type Table = Table;
            type Family = #filter::#family;
            type Null = #filter::#null;
            const NAME: &'static #private::str = #name;
            const PLACE: &'static #private::str = #place;
        }

        #writable

        #[doc = #doc]
        pub const #ident: #filter::#constant<#ident> = #filter::#constant::new();
    }
}
