//! The types of columns and values.

use std::fmt;

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

/// As PostgreSQL tells it in messages.
impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SmallInt => "smallint",
            Self::Int => "integer",
            Self::BigInt => "bigint",
            Self::Real => "real",
            Self::Double => "double precision",
            Self::Numeric => "numeric",
            Self::Text => "text",
            Self::Bytes => "bytea",
            Self::Bool => "boolean",
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamptz",
            Self::Interval => "interval",
            Self::Uuid => "uuid",
            Self::Json => "json",
            Self::Jsonb => "jsonb",
            Self::Array(inner) => return write!(f, "{inner}[]"),
            Self::Enum(name) | Self::Other(name) => name,
        })
    }
}
