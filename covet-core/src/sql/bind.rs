//! The values of a statement: references, in order, encoded for whatever database runs it.
//!
//! They are nested pairs, `((((), &a), &b), &c)`, so that a statement may have any number of them.

use sqlx::error::BoxDynError;
use sqlx::{Arguments, Database};

use super::bounds::Value;

/// A list of values that the database `DB` can hold.
pub trait Binds<'q, DB: Database> {
    /// How many there are.
    const COUNT: usize;

    /// Adds them to the arguments of the driver, in order.
    ///
    /// # Errors
    ///
    /// A value that cannot be encoded.
    fn add_to(self, arguments: &mut DB::Arguments) -> Result<(), BoxDynError>;
}

impl<DB: Database> Binds<'_, DB> for () {
    const COUNT: usize = 0;

    fn add_to(self, _: &mut DB::Arguments) -> Result<(), BoxDynError> {
        Ok(())
    }
}

impl<'q, DB, First, T> Binds<'q, DB> for (First, &T)
where
    DB: Database,
    First: Binds<'q, DB>,
    T: Value<'q, DB>,
{
    const COUNT: usize = First::COUNT + 1;

    fn add_to(self, arguments: &mut DB::Arguments) -> Result<(), BoxDynError> {
        self.0.add_to(arguments)?;
        arguments.add(self.1)
    }
}
