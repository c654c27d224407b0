//! What a statement runs on: a pool, connection or transaction, or a [`Pool`](crate::pool::Pool), of which it is known at
//! run time which database it is.
//!
//! [`Kind`] is what a database is to a statement. Every driver is one; [`Either`] is the one of which the values must suit
//! both drivers, and the rows may come of both.

use futures_core::Stream;
use sqlx::error::BoxDynError;
use sqlx::{Arguments, Database, Error, Executor, SqlStr};
use std::future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::bind::{Binds, Verdict};
use super::dynamic::{self, Text};
use super::shape::FromSqlRow;
use super::statement::{Answer, Answers, looked_at};

/// What a database is to a statement.
pub trait Kind: 'static {
    /// The values as its driver takes them.
    type Arguments;
    /// What its driver gives for a row.
    type Row;
    /// What its driver says of rows that were changed.
    type Done: Send + 'static;
}

impl<DB: Database> Kind for DB {
    type Arguments = DB::Arguments;
    type Row = DB::Row;
    type Done = DB::QueryResult;
}

/// A pool, connection or transaction.
#[diagnostic::on_unimplemented(
    message = "a statement cannot run on `{Self}`",
    label = "give it a `&Pool`, `&mut *transaction` or `&mut *connection`"
)]
pub trait RunsOn<'e>: Sized {
    /// Its database.
    type Kind: Kind;

    /// Changes rows.
    #[doc(hidden)]
    fn execute<'q, B: Binds<'q, Self::Kind>>(self, text: &Text, binds: B) -> Answer<'e, <Self::Kind as Kind>::Done>;

    /// The first row, if there is one.
    #[doc(hidden)]
    fn fetch_optional<'q, S, B>(self, text: &Text, binds: B) -> Answer<'e, Option<S::Output>>
    where
        S: FromSqlRow<Self::Kind>,
        B: Binds<'q, Self::Kind>;

    /// All rows.
    #[doc(hidden)]
    fn fetch_all<'q, S, B>(self, text: &Text, binds: B) -> Answer<'e, Vec<S::Output>>
    where
        S: FromSqlRow<Self::Kind>,
        B: Binds<'q, Self::Kind>;

    /// The rows one after another.
    #[doc(hidden)]
    fn fetch<'q, S, B>(self, text: &Text, binds: B) -> Answers<'e, S::Output>
    where
        S: FromSqlRow<Self::Kind>,
        B: Binds<'q, Self::Kind>;
}

#[diagnostic::do_not_recommend]
impl<'e, E: Executor<'e>> RunsOn<'e> for E {
    type Kind = E::Database;

    fn execute<'q, B: Binds<'q, E::Database>>(
        self,
        text: &Text,
        binds: B,
    ) -> Answer<'e, <E::Database as Database>::QueryResult> {
        match Written::<E::Database>::of(text, binds) {
            Ok(written) => Executor::execute(self, written),
            Err(error) => refused(error),
        }
    }

    fn fetch_optional<'q, S, B>(self, text: &Text, binds: B) -> Answer<'e, Option<S::Output>>
    where
        S: FromSqlRow<E::Database>,
        B: Binds<'q, E::Database>,
    {
        match Written::<E::Database>::of(text, binds) {
            Ok(written) => {
                let row = Executor::fetch_optional(self, written);
                Box::pin(async move { row.await?.map(S::read).transpose() })
            }
            Err(error) => refused(error),
        }
    }

    fn fetch_all<'q, S, B>(self, text: &Text, binds: B) -> Answer<'e, Vec<S::Output>>
    where
        S: FromSqlRow<E::Database>,
        B: Binds<'q, E::Database>,
    {
        match Written::<E::Database>::of(text, binds) {
            Ok(written) => {
                let rows = Executor::fetch_all(self, written);
                Box::pin(async move { rows.await?.into_iter().map(S::read).collect() })
            }
            Err(error) => refused(error),
        }
    }

    fn fetch<'q, S, B>(self, text: &Text, binds: B) -> Answers<'e, S::Output>
    where
        S: FromSqlRow<E::Database>,
        B: Binds<'q, E::Database>,
    {
        Box::pin(match Written::<E::Database>::of(text, binds) {
            Ok(written) => Reading { rows: Some(Executor::fetch(self, written)), refused: None, read: S::read },
            Err(error) => Reading { rows: None, refused: Some(error), read: S::read },
        })
    }
}

/// Rows that are read as they come, or why there are none.
struct Reading<'e, R, T> {
    rows: Option<Answers<'e, R>>,
    refused: Option<Error>,
    read: fn(R) -> Result<T, Error>,
}

impl<R, T> Stream for Reading<'_, R, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let read = self.read;
        match &mut self.rows {
            Some(rows) => rows.as_mut().poll_next(context).map(|row| row.map(|row| row.and_then(read))),
            None => Poll::Ready(self.refused.take().map(Err)),
        }
    }
}

/// A statement and its values as the driver takes them. The values are copied, so the answer does not borrow them.
struct Written<DB: Database> {
    text: SqlStr,
    arguments: Option<DB::Arguments>,
    persistent: bool,
}

impl<DB: Database> Written<DB> {
    fn of<'q, B: Binds<'q, DB>>(text: &Text, binds: B) -> Result<Self, Error> {
        let verdicts = looked_at(&binds);
        let (sql, used) = text.written(dynamic::dialect::<DB>(), &verdicts);
        for (value, verdict) in verdicts.iter().enumerate() {
            if let Verdict::Refused(error) = verdict
                && used.has(value)
            {
                return Err(Error::Encode((*error).into()));
            }
        }
        let mut arguments = DB::Arguments::default();
        arguments.reserve(B::COUNT, 0);
        binds.add_to(&mut arguments, &|value| used.has(value)).map_err(Error::Encode)?;
        Ok(Self { text: dynamic::declared(sql), arguments: Some(arguments), persistent: text.persistent() })
    }
}

impl<DB: Database> sqlx::Execute<'_, DB> for Written<DB> {
    fn sql(self) -> SqlStr {
        self.text
    }

    fn statement(&self) -> Option<&DB::Statement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        Ok(self.arguments.take())
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}

fn refused<'e, T: Send + 'e>(error: Error) -> Answer<'e, T> {
    Box::pin(future::ready(Err(error)))
}

#[cfg(feature = "sql")]
pub use either::{Changed, Either, EitherRow};

#[cfg(feature = "sql")]
mod either {
    use std::marker::PhantomData;

    use sqlx::Database;
    #[cfg(feature = "postgres")]
    use sqlx::Postgres;
    #[cfg(feature = "sqlite")]
    use sqlx::Sqlite;

    use super::super::bind::{Checked, Verdicts};
    use super::super::bounds::{ColumnOf, ReadFrom};
    use super::super::shape::{AsStruct, Known, Raw, Scalar};
    use super::{Answer, Answers, Binds, BoxDynError, Error, FromSqlRow, Kind, RunsOn, Text};
    use crate::pool::{Pool, Transaction};

    /// SQLite or PostgreSQL, as it turns out when the program runs.
    #[derive(Debug)]
    pub enum Either {}

    /// The values as the driver takes them.
    #[doc(hidden)]
    #[derive(Debug)]
    pub enum EitherArguments {
        #[cfg(feature = "sqlite")]
        Sqlite(<Sqlite as Database>::Arguments),
        #[cfg(feature = "postgres")]
        Postgres(<Postgres as Database>::Arguments),
    }

    /// A row as the driver gives it.
    #[derive(Debug)]
    pub enum EitherRow {
        /// Of SQLite.
        #[cfg(feature = "sqlite")]
        Sqlite(<Sqlite as Database>::Row),
        /// Of PostgreSQL.
        #[cfg(feature = "postgres")]
        Postgres(<Postgres as Database>::Row),
    }

    /// What was changed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Changed(u64);

    impl Changed {
        /// How many rows.
        #[must_use]
        pub const fn rows_affected(self) -> u64 {
            self.0
        }
    }

    impl Kind for Either {
        type Arguments = EitherArguments;
        type Row = EitherRow;
        type Done = Changed;
    }

    /// What holds of each database that this program is built for.
    macro_rules! each {
        ($($database:ty),+) => {
            pub trait BindsOnEach<'q>: $(Binds<'q, $database> +)+ {}
            impl<'q, B: $(Binds<'q, $database> +)+> BindsOnEach<'q> for B {}

            pub trait ReadFromEach: $(ReadFrom<<$database as Database>::Row> +)+ {}
            impl<T: $(ReadFrom<<$database as Database>::Row> +)+> ReadFromEach for T {}

            pub trait ColumnOfEach: $(ColumnOf<$database> +)+ {}
            impl<T: $(ColumnOf<$database> +)+> ColumnOfEach for T {}
        };
    }

    #[cfg(all(feature = "sqlite", feature = "postgres"))]
    each!(Sqlite, Postgres);
    #[cfg(not(feature = "postgres"))]
    each!(Sqlite);
    #[cfg(not(feature = "sqlite"))]
    each!(Postgres);

    impl<'q, B: BindsOnEach<'q>> Binds<'q, Either> for B {
        fn add_to(self, arguments: &mut EitherArguments, used: &dyn Fn(usize) -> bool) -> Result<(), BoxDynError> {
            match arguments {
                #[cfg(feature = "sqlite")]
                EitherArguments::Sqlite(arguments) => Binds::<Sqlite>::add_to(self, arguments, used),
                #[cfg(feature = "postgres")]
                EitherArguments::Postgres(arguments) => Binds::<Postgres>::add_to(self, arguments, used),
            }
        }
    }

    impl FromSqlRow<Either> for Raw {
        type Output = EitherRow;

        fn read(row: EitherRow) -> Result<EitherRow, Error> {
            Ok(row)
        }
    }

    impl<T: ReadFromEach + Send + 'static> FromSqlRow<Either> for AsStruct<T> {
        type Output = T;

        fn read(row: EitherRow) -> Result<T, Error> {
            match row {
                #[cfg(feature = "sqlite")]
                EitherRow::Sqlite(row) => T::from_row(&row),
                #[cfg(feature = "postgres")]
                EitherRow::Postgres(row) => T::from_row(&row),
            }
        }
    }

    impl<T: ColumnOfEach + Send + 'static> FromSqlRow<Either> for Scalar<T> {
        type Output = T;

        fn read(row: EitherRow) -> Result<T, Error> {
            match row {
                #[cfg(feature = "sqlite")]
                EitherRow::Sqlite(row) => <Self as FromSqlRow<Sqlite>>::read(row),
                #[cfg(feature = "postgres")]
                EitherRow::Postgres(row) => <Self as FromSqlRow<Postgres>>::read(row),
            }
        }
    }

    impl<S: FromSqlRow<Either>, V> FromSqlRow<Either> for Known<S, V> {
        type Output = S::Output;

        fn read(row: EitherRow) -> Result<S::Output, Error> {
            S::read(row)
        }
    }

    /// What suits either database, on the one that it is.
    struct On<DB, T>(T, PhantomData<DB>);

    macro_rules! on {
        ($database:ident) => {
            impl<T: Checked> Checked for On<$database, T> {
                const COUNT: usize = T::COUNT;

                fn verdicts(&self, verdicts: &mut Verdicts) {
                    self.0.verdicts(verdicts);
                }
            }

            impl<'q, T: Binds<'q, Either>> Binds<'q, $database> for On<$database, T> {
                fn add_to(
                    self,
                    arguments: &mut <$database as Database>::Arguments,
                    used: &dyn Fn(usize) -> bool,
                ) -> Result<(), BoxDynError> {
                    let mut either = EitherArguments::$database(std::mem::take(arguments));
                    self.0.add_to(&mut either, used)?;
                    match either {
                        EitherArguments::$database(filled) => *arguments = filled,
                        #[cfg(all(feature = "sqlite", feature = "postgres"))]
                        _ => {}
                    }
                    Ok(())
                }
            }

            impl<S: FromSqlRow<Either>> FromSqlRow<$database> for On<$database, S> {
                type Output = S::Output;

                fn read(row: <$database as Database>::Row) -> Result<S::Output, Error> {
                    S::read(EitherRow::$database(row))
                }
            }
        };
    }

    #[cfg(feature = "sqlite")]
    on!(Sqlite);
    #[cfg(feature = "postgres")]
    on!(Postgres);

    const fn on<DB, T>(binds: T) -> On<DB, T> {
        On(binds, PhantomData)
    }

    macro_rules! runs_on {
        ($either:ident, $borrowed:ty, $connection:ident => $executor:expr) => {
            impl<'e> RunsOn<'e> for $borrowed {
                type Kind = Either;

                fn execute<'q, B: Binds<'q, Either>>(self, text: &Text, binds: B) -> Answer<'e, Changed> {
                    match self {
                        #[cfg(feature = "sqlite")]
                        $either::Sqlite($connection) => {
                            let done = RunsOn::execute($executor, text, on::<Sqlite, _>(binds));
                            Box::pin(async move { done.await.map(|done| Changed(done.rows_affected())) })
                        }
                        #[cfg(feature = "postgres")]
                        $either::Postgres($connection) => {
                            let done = RunsOn::execute($executor, text, on::<Postgres, _>(binds));
                            Box::pin(async move { done.await.map(|done| Changed(done.rows_affected())) })
                        }
                    }
                }

                fn fetch_optional<'q, S, B>(self, text: &Text, binds: B) -> Answer<'e, Option<S::Output>>
                where
                    S: FromSqlRow<Either>,
                    B: Binds<'q, Either>,
                {
                    match self {
                        #[cfg(feature = "sqlite")]
                        $either::Sqlite($connection) => {
                            RunsOn::fetch_optional::<On<Sqlite, S>, _>($executor, text, on::<Sqlite, _>(binds))
                        }
                        #[cfg(feature = "postgres")]
                        $either::Postgres($connection) => {
                            RunsOn::fetch_optional::<On<Postgres, S>, _>($executor, text, on::<Postgres, _>(binds))
                        }
                    }
                }

                fn fetch_all<'q, S, B>(self, text: &Text, binds: B) -> Answer<'e, Vec<S::Output>>
                where
                    S: FromSqlRow<Either>,
                    B: Binds<'q, Either>,
                {
                    match self {
                        #[cfg(feature = "sqlite")]
                        $either::Sqlite($connection) => {
                            RunsOn::fetch_all::<On<Sqlite, S>, _>($executor, text, on::<Sqlite, _>(binds))
                        }
                        #[cfg(feature = "postgres")]
                        $either::Postgres($connection) => {
                            RunsOn::fetch_all::<On<Postgres, S>, _>($executor, text, on::<Postgres, _>(binds))
                        }
                    }
                }

                fn fetch<'q, S, B>(self, text: &Text, binds: B) -> Answers<'e, S::Output>
                where
                    S: FromSqlRow<Either>,
                    B: Binds<'q, Either>,
                {
                    match self {
                        #[cfg(feature = "sqlite")]
                        $either::Sqlite($connection) => {
                            RunsOn::fetch::<On<Sqlite, S>, _>($executor, text, on::<Sqlite, _>(binds))
                        }
                        #[cfg(feature = "postgres")]
                        $either::Postgres($connection) => {
                            RunsOn::fetch::<On<Postgres, S>, _>($executor, text, on::<Postgres, _>(binds))
                        }
                    }
                }
            }
        };
    }

    runs_on!(Pool, &'e Pool, pool => pool);
    runs_on!(Transaction, &'e mut Transaction, transaction => &mut **transaction);
}
