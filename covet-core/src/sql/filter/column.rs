//! Tables and columns as types, and which values a column is compared with.
//!
//! A value that [`Fits`] the family of a column can be compared with it. An `Option` fits none, as nothing equals `NULL`.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use super::condition::Condition;
use super::select::{By, Direction};
use super::text::Parts;
use super::value::{List, OnPostgres, OnSqlite, Value};
use crate::sql::form::ESCAPE;
use crate::sql::identifier::Order;
use crate::sql::like::{LikePattern, LikeText};

/// A table; `covet::schema!()` makes a type of each.
pub trait Table: 'static {
    /// Its name, as it stands in a statement.
    const NAME: &'static str;
    /// Its columns, as they stand behind `SELECT`.
    const COLUMNS: &'static [&'static str];
    /// The most rows that a limit can ask for: `[sql] max_limit`.
    const MAX_LIMIT: u32;
    /// The most values of a list: `[sql] max_list`.
    const MAX_LIST: u32;
}

/// A column; `covet::schema!()` makes a type of each.
pub trait ColumnOf: 'static {
    /// Its table.
    type Table: Table;
    /// Which values it takes.
    type Family: Family;
    /// [`Nullable`] or [`NotNull`].
    type Null;
    /// Its name, as it stands behind `SET`.
    const NAME: &'static str;
    /// Its name, as it stands in an expression: with the table where it is quoted, as SQLite takes a quoted name that it
    /// does not know for a text.
    const PLACE: &'static str;
}

/// A column that can be written: one that is not computed, of a table that is no view.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written",
    label = "the database computes this column, or it belongs to a view"
)]
pub trait Writable: ColumnOf {}

/// A column that may be `NULL`.
#[derive(Debug)]
pub enum Nullable {}

/// A column that is never `NULL`.
#[derive(Debug)]
pub enum NotNull {}

/// The values that a column takes.
pub trait Family {
    /// A value of it.
    type Value;

    /// What is bound.
    #[doc(hidden)]
    fn bound(value: Option<Self::Value>) -> Value;
}

macro_rules! family {
    ($(#[$doc:meta])* $family:ident, $value:ty, $bound:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $family {}

        impl Family for $family {
            type Value = $value;

            fn bound(value: Option<$value>) -> Value {
                $bound(value)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Table, Column, V: Fits<$family>> Compared<$family, Table, Column, Sure> for V {
            fn value(self) -> Value {
                $family::bound(Some(self.fit()))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Null, Table, Column, V: Fits<$family>> Assigned<$family, Null, Table, Column, Sure> for V {
            fn value(self) -> Value {
                $family::bound(Some(self.fit()))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<Table, Column, V: Fits<$family>> Assigned<$family, Nullable, Table, Column, Perhaps> for Option<V> {
            fn value(self) -> Value {
                $family::bound(self.map(V::fit))
            }
        }
    };
}

family!(
    /// Whole numbers.
    Integer,
    i64,
    Value::Int
);
family!(
    /// Numbers.
    Number,
    AnyNumber,
    |value| match value {
        Some(AnyNumber::Whole(value)) => Value::Int(Some(value)),
        Some(AnyNumber::Real(value)) => Value::Real(Some(value)),
        None => Value::Real(None),
    }
);
family!(
    /// Text.
    Text,
    String,
    Value::Text
);
family!(
    /// Bytes.
    Bytes,
    Vec<u8>,
    Value::Bytes
);
family!(
    /// Truth values.
    Bool,
    bool,
    Value::Bool
);

/// Values of a type of their own, such as times, UUIDs, JSON and enumerations: whatever each database of the program
/// can hold.
#[derive(Debug)]
pub enum Any {}

impl Family for Any {
    type Value = Value;

    fn bound(value: Option<Value>) -> Value {
        value.unwrap_or(Value::Text(None))
    }
}

#[diagnostic::do_not_recommend]
impl<Table, Column, V> Compared<Any, Table, Column, Sure> for V
where
    V: OnSqlite + OnPostgres + Send + Sync + 'static,
{
    fn value(self) -> Value {
        Value::Own(Arc::new(self))
    }
}

// It is there so that an `Option` is in doubt, and refused.
#[diagnostic::do_not_recommend]
impl<Table, Column, V> Compared<Any, Table, Column, Perhaps> for Option<V>
where
    Option<V>: OnSqlite + OnPostgres + Send + Sync + 'static,
{
    fn value(self) -> Value {
        Value::Own(Arc::new(self))
    }
}

#[diagnostic::do_not_recommend]
impl<Null, Table, Column, V> Assigned<Any, Null, Table, Column, Sure> for V
where
    V: OnSqlite + OnPostgres + Send + Sync + 'static,
{
    fn value(self) -> Value {
        Value::Own(Arc::new(self))
    }
}

/// A number, whole or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AnyNumber {
    /// A whole number.
    Whole(i64),
    /// Any other.
    Real(f64),
}

/// A family whose values can be in a list.
#[diagnostic::on_unimplemented(
    message = "values of `{Self}` cannot be in a list",
    label = "a list holds whole numbers, text or `bool`",
    note = "join conditions by `|`, or write it as `safe_sql!`"
)]
pub trait Listed: Family {
    /// What is bound.
    #[doc(hidden)]
    fn list(values: Vec<Self::Value>) -> List;
}

impl Listed for Integer {
    fn list(values: Vec<i64>) -> List {
        List::Int(values)
    }
}

impl Listed for Text {
    fn list(values: Vec<String>) -> List {
        List::Text(values)
    }
}

impl Listed for Bool {
    fn list(values: Vec<bool>) -> List {
        List::Bool(values)
    }
}

/// A value that a column of this family takes. Implement it for a type that wraps one:
///
/// ```
/// use covet_core::sql::filter::{Fits, Integer};
///
/// struct NoteId(i64);
///
/// impl Fits<Integer> for NoteId {
///     fn fit(self) -> i64 {
///         self.0
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of the family `{F}` does not take `{Self}`",
    note = "implement `covet::sql::filter::Fits<{F}>` for a type that wraps such a value"
)]
pub trait Fits<F: Family> {
    /// The value.
    fn fit(self) -> F::Value;
}

#[diagnostic::do_not_recommend]
impl<F: Family, V: Fits<F> + Clone> Fits<F> for &V {
    fn fit(self) -> F::Value {
        self.clone().fit()
    }
}

macro_rules! fits {
    ($family:ty, $into:expr, [$($type:ty),*]) => {
        $(impl Fits<$family> for $type {
            fn fit(self) -> <$family as Family>::Value {
                $into(self)
            }
        })*
    };
}

fits!(Integer, i64::from, [i8, i16, i32, i64, u8, u16, u32]);
fits!(Number, |int| AnyNumber::Whole(Fits::<Integer>::fit(int)), [i8, i16, i32, i64, u8, u16, u32]);
fits!(Number, |real| AnyNumber::Real(f64::from(real)), [f32]);
fits!(Number, AnyNumber::Real, [f64]);
fits!(Text, Into::into, [&str, String, Cow<'_, str>, Box<str>]);
fits!(Text, |text: Arc<str>| text.as_ref().to_owned(), [Arc<str>]);
fits!(Text, |id: crate::account::AccountId| id.as_str().to_owned(), [crate::account::AccountId]);
fits!(Bytes, Into::into, [&[u8], Vec<u8>]);
fits!(Bool, |value| value, [bool]);

impl<const N: usize> Fits<Bytes> for [u8; N] {
    fn fit(self) -> Vec<u8> {
        self.to_vec()
    }
}

/// It is a value.
#[doc(hidden)]
#[derive(Debug)]
pub enum Sure {}

/// It may be `None`.
#[doc(hidden)]
#[derive(Debug)]
pub enum Perhaps {}

/// A value that a column is compared with.
#[diagnostic::on_unimplemented(
    message = "`{Table}.{Column}` is of the family `{F}`; it cannot be compared with `{Self}`",
    label = "a value that may be in the column is expected",
    note = "nothing equals `NULL`: in place of an `Option` write `.filter_some(value.map(|value| column.eq(value)))`, or `column.is_null()`",
    note = "a type of yours implements `covet::sql::filter::Fits<{F}>`"
)]
pub trait Compared<F, Table, Column, Doubt> {
    /// The value.
    #[doc(hidden)]
    fn value(self) -> Value;
}

/// A value that is written to a column.
#[diagnostic::on_unimplemented(
    message = "`{Table}.{Column}` is of the family `{F}`, {Null}; `{Self}` cannot be written to it",
    label = "a value that may be in the column is expected",
    note = "a type of yours implements `covet::sql::filter::Fits<{F}>`"
)]
pub trait Assigned<F, Null, Table, Column, Doubt> {
    /// The value.
    #[doc(hidden)]
    fn value(self) -> Value;
}

/// A column of a table.
pub struct Column<C>(PhantomData<fn() -> C>);

impl<C> Clone for Column<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Column<C> {}

impl<C: ColumnOf> std::fmt::Debug for Column<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Column").field(&C::NAME).finish()
    }
}

impl<C> Column<C> {
    /// The column.
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident $operator:literal),*) => {
        $(
            $(#[$doc])*
            pub fn $name<V, Doubt>(self, value: V) -> Condition<C::Table>
            where
                V: Compared<C::Family, C::Table, C, Doubt>,
            {
                Condition::of(Parts::of(C::PLACE).text($operator).value(value.value()))
            }
        )*
    };
}

impl<C: ColumnOf> Column<C> {
    comparisons!(
        /// It is this.
        eq " = ",
        /// It is something else; not so for `NULL`, of which nothing is known.
        ne " <> ",
        /// It is greater.
        gt " > ",
        /// It is greater, or this.
        gte " >= ",
        /// It is less.
        lt " < ",
        /// It is less, or this.
        lte " <= "
    );

    /// It is one of these. Nothing is one of none.
    pub fn in_<V>(self, values: impl IntoIterator<Item = V>) -> Condition<C::Table>
    where
        C::Family: Listed,
        V: Fits<C::Family>,
    {
        let list = C::Family::list(values.into_iter().map(V::fit).collect());
        let parts = Parts::of(C::PLACE).each(" IN (SELECT value FROM json_each(", " = ANY(");
        Condition::of(parts.value(Value::List(list, C::Table::MAX_LIST)).each("))", ")"))
    }

    /// It is `NULL`.
    pub fn is_null(self) -> Condition<C::Table> {
        Condition::of(Parts::of(C::PLACE).text(" IS NULL"))
    }

    /// It is not `NULL`.
    pub fn is_not_null(self) -> Condition<C::Table> {
        Condition::of(Parts::of(C::PLACE).text(" IS NOT NULL"))
    }

    /// The first, smallest or oldest first.
    pub const fn asc(self) -> By<C::Table> {
        By::new(C::PLACE, Direction::Ascending)
    }

    /// The last, largest or newest first.
    pub const fn desc(self) -> By<C::Table> {
        By::new(C::PLACE, Direction::Descending)
    }

    /// In an order that was chosen, such as a `covet::Direction`.
    pub fn order(self, order: impl Order) -> By<C::Table> {
        if order.is_descending() { self.desc() } else { self.asc() }
    }
}

/// PostgreSQL minds case in all of these, SQLite does not mind that of ASCII letters.
impl<C: ColumnOf<Family = Text>> Column<C> {
    /// It matches this pattern.
    pub fn like(self, pattern: LikePattern) -> Condition<C::Table> {
        // `ESCAPE`, in quotes.
        const { assert!(ESCAPE == '!') };
        let pattern = Value::Text(Some(pattern.as_str().to_owned()));
        Condition::of(Parts::of(C::PLACE).text(" LIKE ").value(pattern).text(" ESCAPE '!'"))
    }

    /// This text is in it.
    pub fn contains(self, text: impl LikeText) -> Condition<C::Table> {
        self.like(LikePattern::containing(text.text()))
    }

    /// It begins with this text.
    pub fn starts_with(self, text: impl LikeText) -> Condition<C::Table> {
        self.like(LikePattern::starting_with(text.text()))
    }

    /// It ends with this text.
    pub fn ends_with(self, text: impl LikeText) -> Condition<C::Table> {
        self.like(LikePattern::ending_with(text.text()))
    }
}
