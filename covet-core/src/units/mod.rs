//! The units of `security.toml`: times, sizes, counts and rates that cannot hold a value out of range.
//!
//! Each type carries its range, so a policy that was read is a policy that is valid, and an error can say what
//! would have been accepted:
//!
//! ```
//! use covet_core::units::Time;
//!
//! type IdleTimeout = Time<60, 86_400>;
//! assert_eq!("5m".parse::<IdleTimeout>().unwrap().seconds(), 300);
//! assert_eq!("1s".parse::<IdleTimeout>().unwrap_err().to_string(), "expected a duration from `1m` to `1d`, such as `\"5m\"`");
//! ```

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

/// A value that is not written as its unit demands; the text says what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct UnitError(String);

/// A duration of whole seconds from `MIN` to `MAX`, written `90s`, `5m`, `8h` or `30d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Time<MIN, MAX> {
    /// A duration known to be in range; out of range it does not compile in a `const`.
    ///
    /// # Panics
    ///
    /// When `seconds` is out of range.
    #[must_use]
    pub const fn of(seconds: u64) -> Self {
        assert!(MIN <= seconds && seconds <= MAX, "duration out of range");
        Self(seconds)
    }

    /// The duration in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// The duration in milliseconds.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 * 1000
    }

    /// The duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Count<MIN, MAX> {
    /// A number known to be in range; out of range it does not compile in a `const`.
    ///
    /// # Panics
    ///
    /// When `count` is out of range.
    #[must_use]
    pub const fn of(count: u32) -> Self {
        assert!(MIN <= count && count <= MAX, "count out of range");
        Self(count)
    }

    /// The number, if it is in range.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn new(count: u32) -> Result<Self, UnitError> {
        if (MIN..=MAX).contains(&count) { Ok(Self(count)) } else { Err(UnitError(Self::expected())) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    fn expected() -> String {
        format!("a whole number from {MIN} to {MAX}")
    }
}

/// An amount of memory from `MIN` to `MAX` kibibytes, written `512KiB`, `19MiB` or `1GiB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Size<MIN, MAX> {
    /// A size known to be in range; out of range it does not compile in a `const`.
    ///
    /// # Panics
    ///
    /// When `kibibytes` is out of range.
    #[must_use]
    pub const fn of(kibibytes: u32) -> Self {
        assert!(MIN <= kibibytes && kibibytes <= MAX, "size out of range");
        Self(kibibytes)
    }

    /// The size in kibibytes.
    #[must_use]
    pub const fn kibibytes(self) -> u32 {
        self.0
    }
}

/// At most `count` in any window of `seconds`, written `5/5m`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    count: u32,
    seconds: u64,
}

impl Rate {
    /// The largest count of a rate.
    pub const MAX_COUNT: u32 = 100_000_000;
    /// The longest window: a year.
    pub const MAX_SECONDS: u64 = 366 * 86_400;

    /// `count` in any window of `seconds`.
    ///
    /// # Errors
    ///
    /// [`UnitError`] when the count is 0 or over [`Rate::MAX_COUNT`], or the window 0 or over [`Rate::MAX_SECONDS`].
    pub fn new(count: u32, seconds: u64) -> Result<Self, UnitError> {
        let valid = (1..=Self::MAX_COUNT).contains(&count) && (1..=Self::MAX_SECONDS).contains(&seconds);
        if valid { Ok(Self { count, seconds }) } else { Err(UnitError(Self::expected())) }
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// In how many seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.seconds
    }

    /// In how many milliseconds.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.seconds * 1000
    }

    /// The part of one of so many: rounded down, but at least 1.
    #[must_use]
    pub fn share(self, parts: u32) -> Self {
        Self { count: (self.count / parts.max(1)).max(1), ..self }
    }

    fn expected() -> String {
        format!("a rate, a count of 1 to {} in a window of `1s` to `366d`, such as `\"5/5m\"`", Self::MAX_COUNT)
    }
}

const TIMES: [(&str, u64); 4] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
const SIZES: [(&str, u64); 3] = [("GiB", 1 << 20), ("MiB", 1 << 10), ("KiB", 1)];

/// `5m` by a table of suffixes: digits, then one suffix, nothing else.
fn parse_with(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (digits, factor) = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then_some(())?;
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// The largest unit that divides `value` evenly.
fn display_with(value: u64, units: &[(&str, u64)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match units.iter().find(|(_, factor)| value > 0 && value.is_multiple_of(*factor)) {
        Some((unit, factor)) => write!(f, "{}{unit}", value / factor),
        None => write!(f, "0{}", units.last().map_or("", |(unit, _)| unit)),
    }
}

impl<const MIN: u64, const MAX: u64> fmt::Display for Time<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display_with(self.0, &TIMES, f)
    }
}

impl<const MIN: u32, const MAX: u32> fmt::Display for Size<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display_with(u64::from(self.0), &SIZES, f)
    }
}

impl<const MIN: u32, const MAX: u32> fmt::Display for Count<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.count)?;
        display_with(self.seconds, &TIMES, f)
    }
}

impl<const MIN: u64, const MAX: u64> FromStr for Time<MIN, MAX> {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let seconds = parse_with(text, &TIMES).filter(|seconds| (MIN..=MAX).contains(seconds));
        seconds.map(Self).ok_or_else(|| UnitError(Self::expected()))
    }
}

impl<const MIN: u64, const MAX: u64> Time<MIN, MAX> {
    fn expected() -> String {
        format!(
            "a duration from `{}` to `{}`, such as `\"{}\"`",
            Self(MIN),
            Self(MAX),
            if MAX < 300 { Self(MAX) } else { Self(MIN.max(300)) }
        )
    }
}

impl<const MIN: u32, const MAX: u32> FromStr for Size<MIN, MAX> {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let size = parse_with(text, &SIZES).and_then(|kib| u32::try_from(kib).ok());
        size.filter(|kib| (MIN..=MAX).contains(kib)).map(Self).ok_or_else(|| UnitError(Self::expected()))
    }
}

impl<const MIN: u32, const MAX: u32> Size<MIN, MAX> {
    fn expected() -> String {
        format!("a size from `{}` to `{}`, such as `\"{}\"`", Self(MIN), Self(MAX), Self(MIN.max(19 << 10)))
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let parts = text.split_once('/').filter(|(count, _)| count.bytes().all(|b| b.is_ascii_digit()));
        let parsed = parts.and_then(|(count, window)| Some((count.parse().ok()?, parse_with(window, &TIMES)?)));
        let (count, seconds) = parsed.ok_or_else(|| UnitError(Self::expected()))?;
        Self::new(count, seconds)
    }
}

/// Serde, Debug and JSON Schema of a unit written as a string: one text form everywhere.
macro_rules! text_unit {
    ($ty:ident, [$($generics:tt)*], [$($args:tt)*], $pattern:literal) => {
        impl<$($generics)*> fmt::Debug for $ty<$($args)*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl<$($generics)*> Serialize for $ty<$($args)*> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de, $($generics)*> Deserialize<'de> for $ty<$($args)*> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text<$($generics)*>;
                impl<$($generics)*> Visitor<'_> for Text<$($args)*> {
                    type Value = $ty<$($args)*>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(&<$ty<$($args)*>>::expected())
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                        text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
                    }
                }
                deserializer.deserialize_str(Text::<$($args)*>)
            }
        }

        #[cfg(feature = "schema")]
        impl<$($generics)*> schemars::JsonSchema for $ty<$($args)*> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($ty).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": Self::expected() })
            }
        }
    };
}

mod date;
mod share;

pub use self::date::Date;
pub use self::share::Share;

text_unit!(Time, [const MIN: u64, const MAX: u64], [MIN, MAX], "^[0-9]+(s|m|h|d)$");
text_unit!(Size, [const MIN: u32, const MAX: u32], [MIN, MAX], "^[0-9]+(KiB|MiB|GiB)$");
text_unit!(Rate, [], [], "^[0-9]+/[0-9]+(s|m|h|d)$");

impl<const MIN: u32, const MAX: u32> fmt::Debug for Count<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MIN: u32, const MAX: u32> Serialize for Count<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Count<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number<const MIN: u32, const MAX: u32>;
        impl<const MIN: u32, const MAX: u32> Visitor<'_> for Number<MIN, MAX> {
            type Value = Count<MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&Count::<MIN, MAX>::expected())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                let count = u32::try_from(number).ok().and_then(|count| Count::new(count).ok());
                count.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                match u64::try_from(number) {
                    Ok(number) => self.visit_u64(number),
                    Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }
        }
        deserializer.deserialize_u32(Number::<MIN, MAX>)
    }
}

#[cfg(feature = "schema")]
impl<const MIN: u32, const MAX: u32> schemars::JsonSchema for Count<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    type Any = Time<0, { u64::MAX }>;

    #[test]
    fn a_duration_is_digits_and_one_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("5m", 300), ("8h", 28_800), ("30d", 2_592_000)] {
            assert_eq!(text.parse::<Any>().unwrap().seconds(), seconds, "{text}");
        }
        for text in [
            "",
            "5",
            "m",
            "5 m",
            " 5m",
            "5m ",
            "+5m",
            "-5m",
            "5.5m",
            "5M",
            "5min",
            "1h30m",
            "5₅m",
            "99999999999999999999d",
        ] {
            text.parse::<Any>().unwrap_err();
        }
    }

    #[test]
    fn a_value_out_of_its_range_cannot_exist() {
        assert_eq!("10s".parse::<Time<10, 20>>().unwrap().seconds(), 10);
        assert_eq!("20s".parse::<Time<10, 20>>().unwrap().seconds(), 20);
        "9s".parse::<Time<10, 20>>().unwrap_err();
        "21s".parse::<Time<10, 20>>().unwrap_err();
        "7KiB".parse::<Size<8, 1024>>().unwrap_err();
        assert_eq!("1MiB".parse::<Size<8, 1024>>().unwrap().kibibytes(), 1024);
        "5GiB".parse::<Size<8, { u32::MAX }>>().unwrap();
        "5000GiB".parse::<Size<8, { u32::MAX }>>().unwrap_err();
    }

    #[test]
    fn a_rate_is_a_count_in_a_window() {
        let rate: Rate = "5/5m".parse().unwrap();
        assert_eq!((rate.count(), rate.seconds()), (5, 300));
        for text in ["", "5", "/5m", "5/", "0/5m", "5/0s", "5/5", "5/400d", "-5/5m", "5/5m/5m", "100000001/1s"] {
            text.parse::<Rate>().unwrap_err();
        }
    }

    #[test]
    fn a_unit_reads_back_as_it_is_shown() {
        for text in ["0s", "59s", "90s", "5m", "8h", "30d"] {
            assert_eq!(text.parse::<Any>().unwrap().to_string(), text);
        }
        assert_eq!("60s".parse::<Any>().unwrap().to_string(), "1m");
        assert_eq!("50/1d".parse::<Rate>().unwrap().to_string(), "50/1d");
        assert_eq!("19MiB".parse::<Size<0, { u32::MAX }>>().unwrap().to_string(), "19MiB");
    }
}
