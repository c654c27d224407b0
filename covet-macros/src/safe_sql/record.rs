//! Writes the type of a row by the schema: a record of its columns, and how it is read.

use covet_sql::record::{Field, Holds};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

/// A row whose columns all have a type.
pub(super) struct Record {
    fields: Vec<(Option<Ident>, Column)>,
}

struct Column {
    holds: Holds,
    /// The type of [`Holds::Own`].
    own: Option<Type>,
    nullable: bool,
}

impl Record {
    /// What the fields are; `Err` with what should have been a type.
    pub(super) fn of(fields: Vec<Field>) -> Result<Self, String> {
        let field = |field: Field| {
            let own = match &field.holds {
                Holds::Own(text) => Some(syn::parse_str(text).map_err(|_| text.clone())?),
                _ => None,
            };
            let name = field.name.map(|name| identifier(&name));
            Ok((name, Column { holds: field.holds, own, nullable: field.nullable }))
        };
        Ok(Self { fields: fields.into_iter().map(field).collect::<Result<_, String>>()? })
    }

    /// The expression of how its rows are read.
    pub(super) fn shape(&self, private: &TokenStream, sql: &TokenStream) -> TokenStream {
        let types: Vec<_> = self.fields.iter().map(|(_, column)| column.ty(private)).collect();
        let value = match types.as_slice() {
            [only] => quote!(#sql::shape::Only<#only>),
            _ => quote!(#sql::shape::Several),
        };
        match (self.names(), types.as_slice()) {
            (Some(names), _) => {
                let (record, name) = (self.record(&names, &types, private), self.name());
                quote!({ #record #sql::statement::known::<_, #value>(#sql::statement::of::<#name>()) })
            }
            (None, [_]) => quote!(#sql::statement::known::<_, #value>(#sql::statement::raw())),
            (None, _) => quote!(#sql::statement::raw()),
        }
    }

    /// What the record is called, unless a type of one of its fields is.
    fn name(&self) -> Ident {
        let taken = self.fields.iter().any(|(_, column)| match &column.holds {
            Holds::Own(own) => own.contains("Record"),
            _ => false,
        });
        Ident::new(if taken { "Record_" } else { "Record" }, Span::call_site())
    }

    /// The names of the fields, if each has one of its own.
    fn names(&self) -> Option<Vec<&Ident>> {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| name.as_ref()).collect::<Option<_>>()?;
        let twice = names.iter().enumerate().any(|(at, name)| names.iter().take(at).any(|other| other == name));
        (!twice).then_some(names)
    }

    /// The type itself. It stands in a block of its own, where it hides nothing from the values of the statement.
    fn record(&self, names: &[&Ident], types: &[TokenStream], private: &TokenStream) -> TokenStream {
        // A type of somebody else's need not be `Clone`.
        let clone = self.fields.iter().all(|(_, column)| column.own.is_none()).then(|| quote!(, #private::Clone));
        let (sqlx, index, record) = (quote!(#private::sqlx), 0..names.len(), self.name());
        quote! {
            #[allow(dead_code, non_camel_case_types, non_snake_case, unreachable_pub)]
            #[derive(#private::fmt::Debug #clone)]
            struct #record { #(pub #names: #types),* }
            impl<'r, R: #sqlx::Row> #sqlx::FromRow<'r, R> for #record
            where
                #private::usize: #sqlx::ColumnIndex<R>,
                #(#types: #sqlx::Decode<'r, R::Database> + #sqlx::Type<R::Database>),*
            {
                fn from_row(row: &'r R) -> #private::Result<Self, #sqlx::Error> {
                    #private::Result::Ok(Self { #(#names: #sqlx::Row::try_get(row, #index)?),* })
                }
            }
        }
    }
}

impl Column {
    fn ty(&self, private: &TokenStream) -> TokenStream {
        let ty = match (&self.holds, &self.own) {
            (_, Some(own)) => quote!(#own),
            (Holds::I16, _) => quote!(#private::i16),
            (Holds::I32, _) => quote!(#private::i32),
            (Holds::I64, _) => quote!(#private::i64),
            (Holds::F32, _) => quote!(#private::f32),
            (Holds::F64, _) => quote!(#private::f64),
            (Holds::Bytes, _) => quote!(#private::Vec<#private::u8>),
            (Holds::Bool, _) => quote!(#private::bool),
            (Holds::Text | Holds::Own(_), _) => quote!(#private::String),
        };
        if self.nullable { quote!(#private::Option<#ty>) } else { ty }
    }
}

/// The name of a column as that of a field: a keyword is `r#type`.
fn identifier(name: &str) -> Ident {
    syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
}

/// The name of a table or column as that of a type, for a message.
pub(super) fn named_like(name: &str, span: Span) -> Ident {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let mut ident = syn::parse_str(&name).unwrap_or_else(|_| format_ident!("_{name}"));
    ident.set_span(span);
    ident
}
