//! What `covet::schema!()` makes of a table, written by hand.

#![expect(non_upper_case_globals, non_camel_case_types, reason = "they are called like the columns")]

use super::super::*;

/// The table of the tests: `CREATE` makes it.
pub(super) enum notes {}

pub(super) const CREATE: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER, title TEXT, score REAL, \
                                 live BOOLEAN, body BLOB, made DATETIME, \"group\" TEXT)";

impl Table for notes {
    const NAME: &str = "notes";
    const COLUMNS: &[&str] = &["id", "title"];
    const MAX_LIMIT: u32 = 50;
    const MAX_LIST: u32 = 3;
}

macro_rules! columns {
    ($($column:ident $family:ty, $null:ty, $name:literal, $place:literal;)*) => {
        $(
            pub(super) enum $column {}

            impl ColumnOf for $column {
                type Table = notes;
                type Family = $family;
                type Null = $null;
                const NAME: &str = $name;
                const PLACE: &str = $place;
            }

            impl Writable for $column {}

            pub(super) const $column: Column<$column> = Column::new();
        )*
    };
}

columns! {
    id Integer, NotNull, "id", "id";
    owner Integer, Nullable, "owner", "owner";
    title Text, Nullable, "title", "title";
    score Number, Nullable, "score", "score";
    live Bool, Nullable, "live", "live";
    body Bytes, Nullable, "body", "body";
    made Any, Nullable, "made", "made";
    group Text, Nullable, "\"group\"", "notes.\"group\"";
}
