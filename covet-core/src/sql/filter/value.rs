//! The values of a statement that is put together when the program runs: owned, as their number is not known before.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::{Arguments, Database};

use crate::sql::bind::{BindError, Binds, Checked, Verdict, Verdicts, bytes_fault, text_fault};

/// A value of a statement; `None` is `NULL` of that type.
#[doc(hidden)]
#[derive(Clone)]
pub enum Value {
    /// A whole number.
    Int(Option<i64>),
    /// A number.
    Real(Option<f64>),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// True or false.
    Bool(Option<bool>),
    /// Of a type that knows itself how it is bound.
    Own(Arc<dyn Own>),
    /// All values of a list, and how many there may be.
    List(List, u32),
    /// A number of rows, and how many may be asked for.
    Limit(u32, u32),
}

/// A list that is bound as one value.
#[doc(hidden)]
#[derive(Clone)]
pub enum List {
    /// Of whole numbers.
    Int(Vec<i64>),
    /// Of texts.
    Text(Vec<String>),
    /// Of truth values.
    Bool(Vec<bool>),
}

impl Value {
    fn fault(&self) -> Option<BindError> {
        match self {
            Self::Text(text) => text.as_deref().and_then(text_fault),
            Self::Bytes(bytes) => bytes.as_ref().and_then(|bytes| bytes_fault(bytes.len())),
            Self::List(list, most) => list.fault(*most),
            Self::Limit(rows, most) => (rows > most).then_some(BindError::LimitTooHigh(*rows, *most)),
            Self::Own(value) => value.text().and_then(text_fault),
            Self::Int(_) | Self::Real(_) | Self::Bool(_) => None,
        }
    }
}

impl List {
    fn fault(&self, most: u32) -> Option<BindError> {
        let (length, text) = match self {
            Self::Int(items) => (items.len(), None),
            Self::Text(items) => (items.len(), items.iter().find_map(|text| text_fault(text))),
            Self::Bool(items) => (items.len(), None),
        };
        if length > most as usize { Some(BindError::TooMany(length, most)) } else { text }
    }
}

/// The values of a statement, in order.
#[derive(Clone, Default)]
pub struct Values(pub(super) Vec<Value>);

// The values stay out of `Debug`: they may be secrets.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Value").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("List").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

impl Checked for Values {
    /// Not known before: it only makes room.
    const COUNT: usize = 0;

    fn verdicts(&self, verdicts: &mut Verdicts) {
        verdicts.extend(self.0.iter().map(|value| Verdict::of(false, value.fault())));
    }
}

impl<DB: Engine> Binds<'_, DB> for Values {
    fn add_to(self, arguments: &mut DB::Arguments, _: &dyn Fn(usize) -> bool) -> Result<(), BoxDynError> {
        arguments.reserve(self.0.len(), 0);
        self.0.into_iter().try_for_each(|value| DB::add(value, arguments))
    }
}

/// A database that holds such values: SQLite or PostgreSQL.
pub trait Engine: Database {
    /// Adds a value to the arguments of the driver.
    ///
    /// # Errors
    ///
    /// A value that cannot be encoded.
    #[doc(hidden)]
    fn add(value: Value, arguments: &mut Self::Arguments) -> Result<(), BoxDynError>;
}

macro_rules! engine {
    ($feature:literal, $database:ty, $arguments:ty, $own:ident) => {
        #[cfg(feature = $feature)]
        impl Engine for $database {
            fn add(value: Value, arguments: &mut $arguments) -> Result<(), BoxDynError> {
                use crate::sql::list::ListOn;

                match value {
                    Value::Int(value) => arguments.add(value),
                    Value::Real(value) => arguments.add(value),
                    Value::Text(value) => arguments.add(value),
                    Value::Bytes(value) => arguments.add(value),
                    Value::Bool(value) => arguments.add(value),
                    Value::Own(value) => value.$own(arguments),
                    Value::List(List::Int(items), _) => ListOn::<$database>::add_list(&items, arguments),
                    Value::List(List::Text(items), _) => ListOn::<$database>::add_list(&items, arguments),
                    Value::List(List::Bool(items), _) => ListOn::<$database>::add_list(&items, arguments),
                    Value::Limit(rows, _) => arguments.add(i64::from(rows)),
                }
            }
        }
    };
}

engine!("sqlite", sqlx::Sqlite, sqlx::sqlite::SqliteArguments, add_to_sqlite);
engine!("postgres", sqlx::Postgres, sqlx::postgres::PgArguments, add_to_postgres);

/// A value of a type that is not known here, which each database of this program can hold.
#[doc(hidden)]
pub trait Own: Send + Sync {
    /// The text that it is, if it is text after all.
    fn text(&self) -> Option<&str>;

    #[cfg(feature = "sqlite")]
    fn add_to_sqlite(&self, arguments: &mut sqlx::sqlite::SqliteArguments) -> Result<(), BoxDynError>;

    #[cfg(feature = "postgres")]
    fn add_to_postgres(&self, arguments: &mut sqlx::postgres::PgArguments) -> Result<(), BoxDynError>;
}

impl<T: OnSqlite + OnPostgres + Send + Sync + 'static> Own for T {
    fn text(&self) -> Option<&str> {
        text_in(self)
    }

    #[cfg(feature = "sqlite")]
    fn add_to_sqlite(&self, arguments: &mut sqlx::sqlite::SqliteArguments) -> Result<(), BoxDynError> {
        arguments.add(self)
    }

    #[cfg(feature = "postgres")]
    fn add_to_postgres(&self, arguments: &mut sqlx::postgres::PgArguments) -> Result<(), BoxDynError> {
        arguments.add(self)
    }
}

fn text_in(value: &dyn Any) -> Option<&str> {
    fn of<T: AsRef<str> + 'static>(value: &dyn Any) -> Option<&str> {
        let maybe = || value.downcast_ref::<Option<T>>()?.as_ref();
        value.downcast_ref::<T>().or_else(maybe).map(T::as_ref)
    }
    of::<String>(value)
        .or_else(|| of::<&str>(value))
        .or_else(|| of::<Cow<'_, str>>(value))
        .or_else(|| of::<Box<str>>(value))
}

/// A type that the database can hold, if this program has that database.
macro_rules! on {
    ($feature:literal, $on:ident, $database:ty) => {
        #[doc(hidden)]
        #[cfg(feature = $feature)]
        pub trait $on: for<'q> sqlx::Encode<'q, $database> + sqlx::Type<$database> {}

        #[cfg(feature = $feature)]
        impl<T: for<'q> sqlx::Encode<'q, $database> + sqlx::Type<$database>> $on for T {}

        #[doc(hidden)]
        #[cfg(not(feature = $feature))]
        pub trait $on {}

        #[cfg(not(feature = $feature))]
        impl<T> $on for T {}
    };
}

on!("sqlite", OnSqlite, sqlx::Sqlite);
on!("postgres", OnPostgres, sqlx::Postgres);
