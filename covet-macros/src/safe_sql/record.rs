//! Writes the type of a row by the schema: a record of its columns, and how it is read.

use covet_sql::record::{Field, Holds};
use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens as _;
use syn::Type;

use super::name;

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

    /// The expression of how its rows are read. It is written as text, which the compiler reads faster than single tokens.
    pub(super) fn shape(&self, private: &TokenStream) -> TokenStream {
        let private = private.to_string();
        let sql = format!("{private}::covet_core::sql");
        let types: Vec<_> = self.fields.iter().map(|(_, column)| column.ty(&private)).collect();
        let value = match types.as_slice() {
            [only] => format!("{sql}::shape::Only<{only}>"),
            _ => format!("{sql}::shape::Several"),
        };
        let text = match (self.names(), types.as_slice()) {
            (Some(names), _) => {
                let (record, name) = (self.record(&names, &types, &private), self.name());
                format!("{{ {record} {sql}::statement::known::<_, {value}>({sql}::statement::of::<{name}>()) }}")
            }
            (None, [_]) => format!("{sql}::statement::known::<_, {value}>({sql}::statement::raw())"),
            (None, _) => format!("{sql}::statement::raw()"),
        };
        text.parse().expect("names, and types that were parsed before, are tokens")
    }

    /// What the record is called, unless a type of one of its fields is.
    fn name(&self) -> &'static str {
        let taken = self.fields.iter().any(|(_, column)| match &column.holds {
            Holds::Own(own) => own.contains("Record"),
            _ => false,
        });
        if taken { "Record_" } else { "Record" }
    }

    /// The names of the fields, if each has one of its own.
    fn names(&self) -> Option<Vec<&Ident>> {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| name.as_ref()).collect::<Option<_>>()?;
        let twice = names.iter().enumerate().any(|(at, name)| names.iter().take(at).any(|other| other == name));
        (!twice).then_some(names)
    }

    /// The type itself. It stands in a block of its own, where it hides nothing from the values of the statement.
    fn record(&self, names: &[&Ident], types: &[String], private: &str) -> String {
        // A type of somebody else's need not be `Clone`.
        let cloned = self.fields.iter().all(|(_, column)| column.own.is_none());
        let clone = if cloned { format!(", {private}::Clone") } else { String::new() };
        let (sqlx, record) = (format!("{private}::sqlx"), self.name());
        let (mut fields, mut bounds, mut read) = (String::new(), String::new(), String::new());
        for (at, (name, ty)) in names.iter().zip(types).enumerate() {
            fields += &format!("pub {name}: {ty},");
            bounds += &format!("{ty}: {sqlx}::Decode<'r, R::Database> + {sqlx}::Type<R::Database>,");
            read += &format!("{name}: {sqlx}::Row::try_get(row, {at}usize)?,");
        }
        format!(
            "#[allow(dead_code, non_camel_case_types, non_snake_case, unreachable_pub)]
            #[derive({private}::fmt::Debug {clone})]
            struct {record} {{ {fields} }}
            impl<'r, R: {sqlx}::Row> {sqlx}::FromRow<'r, R> for {record}
            where {private}::usize: {sqlx}::ColumnIndex<R>, {bounds}
            {{
                fn from_row(row: &'r R) -> {private}::Result<Self, {sqlx}::Error> {{
                    {private}::Result::Ok(Self {{ {read} }})
                }}
            }}"
        )
    }
}

impl Column {
    fn ty(&self, private: &str) -> String {
        let ty = match &self.holds {
            Holds::I16 => "i16",
            Holds::I32 => "i32",
            Holds::I64 => "i64",
            Holds::F32 => "f32",
            Holds::F64 => "f64",
            Holds::Bytes => "Vec",
            Holds::Bool => "bool",
            Holds::Text | Holds::Own(_) => "String",
        };
        let ty = match (&self.own, &self.holds) {
            (Some(own), _) => own.to_token_stream().to_string(),
            (None, Holds::Bytes) => format!("{private}::{ty}<{private}::u8>"),
            (None, _) => format!("{private}::{ty}"),
        };
        if self.nullable { format!("{private}::Option<{ty}>") } else { ty }
    }
}

/// The name of a column as that of a field: a keyword is `r#type`.
fn identifier(name: &str) -> Ident {
    if name::is_identifier(name) {
        Ident::new(name, Span::call_site())
    } else {
        Ident::new_raw(name, Span::call_site())
    }
}

/// The name of a table or column as that of a type, for a message.
pub(super) fn named_like(name: &str, span: Span) -> Ident {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    Ident::new(&if name::is_identifier(&name) { name } else { format!("_{name}") }, span)
}
