//! Which values a column takes: asked of a value's type, where it is bound, once the schema has told the column's.
//!
//! `probe.integer::<users, age>()` on a [`Probe`] compiles unless its type is one that a column of whole numbers cannot
//! take; `users` and `age` are types that are made beside the call, so that the message can name them. A type that is not
//! known here, such as one with `#[derive(sqlx::Type)]`, is its owner's business and passes.

use std::borrow::Cow;

use super::probe::{Optional, Probe, Unknown};

/// A type of which it is known what it becomes in a database.
pub trait Known {}

macro_rules! known {
    ($($known:ty),*) => {
        $(impl Known for $known {})*
    };
}

known!(i8, i16, i32, i64, u8, u16, u32, f32, f64, bool, str, String, Cow<'_, str>, Box<str>, [u8], Vec<u8>);

impl<T: Known + ?Sized> Known for &T {}
impl<T: Known> Known for Option<T> {}
impl<const N: usize> Known for [u8; N] {}

/// A kind of column: the trait of the types that it takes, what is said of others, and the method that asks.
macro_rules! column {
    ($(#[$doc:meta])* $takes:ident, $asks:ident, $message:literal, $label:literal, [$($type:ty),* $(,)?]) => {
        $(#[$doc])*
        #[diagnostic::on_unimplemented(message = $message, label = $label)]
        pub trait $takes<Table, Column> {}

        $(
            #[diagnostic::do_not_recommend]
            impl<Table, Column> $takes<Table, Column> for $type {}
        )*

        #[diagnostic::do_not_recommend]
        impl<Table, Column, T: $takes<Table, Column> + ?Sized> $takes<Table, Column> for &T {}

        #[diagnostic::do_not_recommend]
        impl<Table, Column, T: $takes<Table, Column>> $takes<Table, Column> for Option<T> {}

        impl<T: Known + ?Sized> Probe<'_, T> {
            /// Demands a type that the column takes.
            pub const fn $asks<Table, Column>(&self)
            where
                T: $takes<Table, Column>,
            {
            }
        }

        impl Unknown {
            /// Demands nothing.
            pub const fn $asks<Table, Column>(&self) {}
        }
    };
}

column!(
    /// What a column of whole numbers takes; fractions are rounded or kept, as the database does.
    TakesInteger,
    integer,
    "`{Table}.{Column}` is INTEGER; `{Self}` cannot be bound to it",
    "a number is expected",
    [i8, i16, i32, i64, u8, u16, u32, f32, f64]
);

column!(
    /// What a column of whole numbers takes on SQLite, where truth is one.
    TakesIntegerOrBool,
    integer_or_boolean,
    "`{Table}.{Column}` is INTEGER; `{Self}` cannot be bound to it",
    "a number is expected",
    [i8, i16, i32, i64, u8, u16, u32, f32, f64, bool]
);

column!(
    /// What a column of numbers takes.
    TakesNumber,
    number,
    "`{Table}.{Column}` is a number; `{Self}` cannot be bound to it",
    "a number is expected",
    [i8, i16, i32, i64, u8, u16, u32, f32, f64]
);

column!(
    /// What a column of numbers takes on SQLite, where truth is one.
    TakesNumberOrBool,
    number_or_boolean,
    "`{Table}.{Column}` is a number; `{Self}` cannot be bound to it",
    "a number is expected",
    [i8, i16, i32, i64, u8, u16, u32, f32, f64, bool]
);

column!(
    /// What a column of text is compared with.
    TakesText,
    text,
    "`{Table}.{Column}` is TEXT; `{Self}` cannot be bound to it",
    "text is expected",
    [str, String, Cow<'_, str>, Box<str>]
);

column!(
    /// What a column of bytes takes.
    TakesBytes,
    bytes,
    "`{Table}.{Column}` is bytes; `{Self}` cannot be bound to it",
    "bytes are expected, such as `&[u8]`",
    [[u8], Vec<u8>]
);

impl<Table, Column, const N: usize> TakesBytes<Table, Column> for [u8; N] {}

column!(
    /// What a column of truth values takes.
    TakesBool,
    boolean,
    "`{Table}.{Column}` is BOOLEAN; `{Self}` cannot be bound to it",
    "`bool` is expected",
    [bool]
);

column!(
    /// What a column of truth values takes on SQLite, where these are numbers.
    TakesBoolOrInteger,
    boolean_or_integer,
    "`{Table}.{Column}` is BOOLEAN; `{Self}` cannot be bound to it",
    "`bool` is expected",
    [bool, i8, i16, i32, i64, u8, u16, u32, f32, f64]
);

column!(
    /// What a column of moments, days or spans of time takes: a type of its own.
    TakesTime,
    time,
    "`{Table}.{Column}` is a time; `{Self}` cannot be bound to it",
    "a type of `time` or `chrono` is expected",
    []
);

column!(
    /// What a column of a type of its own takes, as UUIDs, JSON and enumerations are: a type of its own.
    TakesOther,
    other,
    "`{Table}.{Column}` has a type of its own; `{Self}` cannot be bound to it",
    "a type that is `sqlx::Type` for this column's is expected",
    []
);

/// What a column takes that is `NOT NULL` and that nothing else fills.
#[diagnostic::on_unimplemented(
    message = "`{Table}.{Column}` is NOT NULL; `{Self}` may be `None`",
    label = "a value that is there is expected",
    note = "take the value out of the `Option` before, or write `coalesce({{name}}, ..)`"
)]
pub trait NeverNull<Table, Column> {}

impl<T: Optional> Probe<'_, T> {
    /// Demands a type that is never `NULL`.
    pub const fn never_null<Table, Column>(&self)
    where
        T: NeverNull<Table, Column>,
    {
    }
}

impl Unknown {
    /// Demands nothing.
    pub const fn never_null<Table, Column>(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Table;
    struct Column;
    struct Mine;

    /// That it compiles is the test.
    #[test]
    fn a_column_takes_its_types_and_whatever_is_not_known() {
        Probe(&7_i32).integer::<Table, Column>();
        Probe(&Some(7_u8)).integer::<Table, Column>();
        Probe(&7_i64).number::<Table, Column>();
        Probe(&&Some(1.5)).number::<Table, Column>();
        Probe(&"a").text::<Table, Column>();
        Probe(&Some(String::new())).text::<Table, Column>();
        Probe(&vec![1_u8]).bytes::<Table, Column>();
        Probe(&true).boolean::<Table, Column>();
        Probe(&Mine).integer::<Table, Column>();
        Probe(&Some(Mine)).text::<Table, Column>();
        Probe(&Mine).time::<Table, Column>();
        Probe(&&Mine).other::<Table, Column>();
        Probe(&true).integer_or_boolean::<Table, Column>();
        Probe(&Some(true)).number_or_boolean::<Table, Column>();
        Probe(&1).boolean_or_integer::<Table, Column>();
        Probe(&1.5).integer::<Table, Column>();
        Probe(&[1_u8]).bytes::<Table, Column>();
        Probe(&Cow::Borrowed("a")).text::<Table, Column>();
        Probe(&std::sync::Arc::<str>::from("a")).integer::<Table, Column>();
        Probe(&std::sync::Arc::<str>::from("a")).never_null::<Table, Column>();
        Probe(&"a").never_null::<Table, Column>();
    }
}
