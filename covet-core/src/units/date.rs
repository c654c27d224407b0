//! A day of the calendar: when something that is dated begins or ends.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::UnitError;

/// A day of the calendar, UTC, from 1970 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day that there is.
    ///
    /// # Errors
    ///
    /// [`UnitError`] for any other.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, UnitError> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        let valid = (1970..=9999).contains(&year) && (1..=last).contains(&day);
        if valid { Ok(Self { year, month, day }) } else { Err(UnitError(Self::expected())) }
    }

    /// When it begins, in seconds since 1970.
    #[must_use]
    pub fn begins(self) -> u64 {
        // The year begins in March, so that the leap day is its last; of each 146097 days every 400 years.
        let (year, month) = (u64::from(self.year) - u64::from(self.month < 3), (u64::from(self.month) + 9) % 12);
        let day = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + u64::from(self.day) - 1;
        (day - 719_468) * 86_400
    }

    fn expected() -> String {
        "a day, such as `2027-01-31`".to_owned()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let number = |part: &str, digits| {
            let plain = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| part.parse::<u16>().ok()).flatten()
        };
        let mut parts = text.splitn(3, '-');
        let mut next = |digits| parts.next().and_then(|part| number(part, digits)).unwrap_or(0);
        let (year, month, day) = (next(4), next(2), next(2));
        Self::new(year, month as u8, day as u8)
    }
}

text_unit!(Date, [], [], "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_that_there_is() {
        for (text, days) in [("1970-01-01", 0), ("2000-02-29", 11_016), ("2024-03-01", 19_783), ("2027-01-31", 20_849)]
        {
            let date: Date = text.parse().unwrap();
            assert_eq!((date.begins(), date.to_string()), (days * 86_400, text.to_owned()));
        }
        for text in [
            "",
            "2027",
            "2027-1-31",
            "2027-13-01",
            "2027-02-29",
            "1900-02-29",
            "2100-02-29",
            "27-01-31",
            "2027-01-00",
            "2027-01-31T00:00:00",
            "1969-12-31",
        ] {
            text.parse::<Date>().unwrap_err();
        }
    }
}
