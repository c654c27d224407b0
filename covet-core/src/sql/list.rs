//! Lists that are bound whole, for `IN {ids}`: an array on PostgreSQL, a text of JSON on SQLite, which has none.
//!
//! The text of the statement is the same for any number of values, also for none: nothing is in an empty list, and
//! everything is not in it.

use std::borrow::Cow;

use sqlx::Database;
use sqlx::error::BoxDynError;

use super::bind::{BindError, Verdict};

/// A list of values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of values for `IN`",
    label = "`IN {{name}}` takes a list",
    note = "give it a `Vec`, an array or a slice; write `IN ({{a}}, {{b}})` for single values"
)]
pub trait ListOf {
    /// One of the values.
    type Item;

    /// All of them; `None` where there is no list, so that the part of the statement is left out.
    fn items(&self) -> Option<&[Self::Item]>;
}

impl<T> ListOf for [T] {
    type Item = T;

    fn items(&self) -> Option<&[T]> {
        Some(self)
    }
}

impl<T> ListOf for Vec<T> {
    type Item = T;

    fn items(&self) -> Option<&[T]> {
        Some(self)
    }
}

impl<T> ListOf for Box<[T]> {
    type Item = T;

    fn items(&self) -> Option<&[T]> {
        Some(self)
    }
}

impl<T, const N: usize> ListOf for [T; N] {
    type Item = T;

    fn items(&self) -> Option<&[T]> {
        Some(self)
    }
}

impl<L: ListOf + ?Sized> ListOf for &L {
    type Item = L::Item;

    fn items(&self) -> Option<&[L::Item]> {
        L::items(self)
    }
}

impl<L: ListOf> ListOf for Option<L> {
    type Item = L::Item;

    fn items(&self) -> Option<&[L::Item]> {
        self.as_ref().and_then(L::items)
    }
}

/// Whether a list is there and not too long.
#[doc(hidden)]
pub fn check<L: ListOf>(list: &L, most: u32) -> Verdict {
    match list.items().map(<[L::Item]>::len) {
        None => Verdict::Absent,
        Some(length) if length > most as usize => Verdict::Refused(BindError::TooMany(length, most)),
        Some(_) => Verdict::Fine,
    }
}

/// A list that the database `DB` can hold.
#[diagnostic::on_unimplemented(
    message = "the values of `{Self}` cannot be a list of this database",
    label = "this statement binds it",
    note = "a list holds integers, text or `bool`; a type of yours implements `covet::sql::ListItem`"
)]
pub trait ListOn<DB: Database> {
    /// Adds it to the arguments of the driver, as one.
    ///
    /// # Errors
    ///
    /// A value that cannot be encoded.
    fn add_list(&self, arguments: &mut DB::Arguments) -> Result<(), BoxDynError>;
}

/// A value of a list, as SQLite gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A whole number.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// True or false.
    Bool(bool),
}

/// A type whose values can be in a list. Implement it for a type that wraps one of these.
pub trait ListItem {
    /// The value.
    fn item(&self) -> Item<'_>;
}

macro_rules! int_items {
    ($($int:ty),*) => {
        $(impl ListItem for $int {
            fn item(&self) -> Item<'_> {
                Item::Int(i64::from(*self))
            }
        })*
    };
}

int_items!(i8, i16, i32, i64, u8, u16, u32);

macro_rules! text_items {
    ($($text:ty),*) => {
        $(impl ListItem for $text {
            fn item(&self) -> Item<'_> {
                Item::Text(self)
            }
        })*
    };
}

text_items!(str, String, Cow<'_, str>, Box<str>, std::sync::Arc<str>);

impl ListItem for bool {
    fn item(&self) -> Item<'_> {
        Item::Bool(*self)
    }
}

impl ListItem for crate::account::AccountId {
    fn item(&self) -> Item<'_> {
        Item::Text(self.as_str())
    }
}

impl<T: ListItem + ?Sized> ListItem for &T {
    fn item(&self) -> Item<'_> {
        T::item(self)
    }
}

/// A JSON array of the values.
#[cfg(feature = "sqlite")]
fn json<T: ListItem>(items: &[T]) -> Result<String, BoxDynError> {
    let value = |item: &T| match item.item() {
        Item::Int(int) => Ok(serde_json::Value::from(int)),
        Item::Bool(bool) => Ok(serde_json::Value::from(bool)),
        Item::Text(text) => match super::bind::text_fault(text) {
            None => Ok(serde_json::Value::from(text)),
            Some(fault) => Err(fault),
        },
    };
    let values: Result<Vec<_>, BindError> = items.iter().map(value).collect();
    Ok(serde_json::Value::Array(values?).to_string())
}

#[cfg(feature = "sqlite")]
impl<L> ListOn<sqlx::Sqlite> for L
where
    L: ListOf,
    L::Item: ListItem,
{
    fn add_list(&self, arguments: &mut sqlx::sqlite::SqliteArguments) -> Result<(), BoxDynError> {
        sqlx::Arguments::add(arguments, self.items().map(json).transpose()?)
    }
}

#[cfg(feature = "postgres")]
impl<L> ListOn<sqlx::Postgres> for L
where
    L: ListOf,
    L::Item: for<'i> sqlx::Encode<'i, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + sqlx::postgres::PgHasArrayType,
{
    fn add_list(&self, arguments: &mut sqlx::postgres::PgArguments) -> Result<(), BoxDynError> {
        sqlx::Arguments::add(arguments, self.items())
    }
}

#[cfg(all(test, feature = "sqlite"))]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_json_whatever_its_text_holds() {
        assert_eq!(json(&[1_i64, -2]).unwrap(), "[1,-2]");
        assert_eq!(json(&["a\"],[\"b", "'"]).unwrap(), r#"["a\"],[\"b","'"]"#);
        assert_eq!(json::<String>(&[]).unwrap(), "[]");
        assert!(json(&["a\0"]).is_err());
    }

    #[test]
    fn a_list_may_be_missing_and_may_not_be_too_long() {
        assert_eq!(check(&None::<Vec<i64>>, 2), Verdict::Absent);
        assert_eq!(check(&[1, 2], 2), Verdict::Fine);
        assert_eq!(check(&&[1, 2, 3][..], 2), Verdict::Refused(BindError::TooMany(3, 2)));
    }
}
