//! The types of columns and values.

/// A type, as far as it decides which values fit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlType {
    /// 16 bits.
    SmallInt,
    /// 32 bits; on SQLite any integer is a [`Self::BigInt`].
    Int,
    /// 64 bits.
    BigInt,
    /// 32 bits.
    Real,
    /// 64 bits.
    Double,
    /// Decimal.
    Numeric,
    /// Any text.
    Text,
    /// Bytes.
    Bytes,
    /// True or false.
    Bool,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day and a time without a zone.
    Timestamp,
    /// A moment.
    TimestampTz,
    /// A span of time.
    Interval,
    /// A UUID.
    Uuid,
    /// JSON, as text.
    Json,
    /// JSON, as binary.
    Jsonb,
    /// Any number of one type.
    Array(Box<SqlType>),
    /// A type of [`Schema::enums`](crate::Schema::enums).
    Enum(String),
    /// Any type that has no more meaning here, by its name.
    Other(String),
}
