//! Numbers of rows, for `LIMIT {n}` and `OFFSET {n}`: SQLite takes a negative one for no limit, so there is none.

/// A number of rows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of rows",
    label = "`LIMIT` and `OFFSET` take a `u32`, `u16` or `u8`",
    note = "a negative limit is no limit on SQLite; an `Option` stands in a part that is left out: `{{? LIMIT {{n}}}}`"
)]
pub trait RowCount {
    /// The number.
    fn rows(&self) -> u32;
}

/// A number of rows, or none, which leaves the part of the statement out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of rows",
    label = "`LIMIT` and `OFFSET` take a `u32`, `u16` or `u8`, or an `Option` of these",
    note = "a negative limit is no limit on SQLite"
)]
pub trait MaybeRowCount {
    /// The number, if there is one.
    fn maybe_rows(&self) -> Option<u32>;
}

macro_rules! row_counts {
    ($($int:ty),*) => {
        $(
            impl RowCount for $int {
                fn rows(&self) -> u32 {
                    u32::from(*self)
                }
            }

            impl MaybeRowCount for $int {
                fn maybe_rows(&self) -> Option<u32> {
                    Some(u32::from(*self))
                }
            }
        )*
    };
}

row_counts!(u8, u16, u32, std::num::NonZeroU32);

impl<T: RowCount + ?Sized> RowCount for &T {
    fn rows(&self) -> u32 {
        T::rows(self)
    }
}

impl<T: MaybeRowCount + ?Sized> MaybeRowCount for &T {
    fn maybe_rows(&self) -> Option<u32> {
        T::maybe_rows(self)
    }
}

impl<T: RowCount> MaybeRowCount for Option<T> {
    fn maybe_rows(&self) -> Option<u32> {
        self.as_ref().map(T::rows)
    }
}

/// A number that is always there.
#[doc(hidden)]
pub fn rows<T: RowCount>(value: &T) -> Option<u32> {
    Some(value.rows())
}

/// A number that may be missing.
#[doc(hidden)]
pub fn maybe_rows<T: MaybeRowCount>(value: &T) -> Option<u32> {
    value.maybe_rows()
}
