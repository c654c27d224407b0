//! A share of a whole.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

use super::UnitError;

/// A share from a thousandth to the whole, written `0.5`, kept to the thousandth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// A share known to be in range; out of range it does not compile in a `const`.
    ///
    /// # Panics
    ///
    /// When it is out of range.
    #[must_use]
    pub const fn of_per_mille(per_mille: u32) -> Self {
        assert!(1 <= per_mille && per_mille <= 1000, "share out of range");
        Self(per_mille)
    }

    /// The share, if it is in range.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn new(share: f64) -> Result<Self, UnitError> {
        let per_mille = (share * 1000.0).round();
        if (1.0..=1000.0).contains(&per_mille) {
            Ok(Self(per_mille as u32))
        } else {
            Err(UnitError(EXPECTED.to_owned()))
        }
    }

    /// How many in a thousand.
    #[must_use]
    pub const fn per_mille(self) -> u32 {
        self.0
    }
}

const EXPECTED: &str = "a share from 0.001 to 1, such as `0.5`";

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&(f64::from(self.0) / 1000.0), f)
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Share;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_f64<E: de::Error>(self, share: f64) -> Result<Share, E> {
                Share::new(share).map_err(|_| E::invalid_value(Unexpected::Float(share), &self))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Share, E> {
                let share = u32::try_from(number).ok().and_then(|number| Share::new(number.into()).ok());
                share.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Share, E> {
                match u64::try_from(number) {
                    Ok(number) => self.visit_u64(number),
                    Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }
        }
        deserializer.deserialize_f64(Number)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Share {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "minimum": 0.001, "maximum": 1, "description": EXPECTED })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_a_whole() {
        for (share, per_mille) in [(0.5, 500), (1.0, 1000), (0.001, 1), (0.3334, 333)] {
            assert_eq!(Share::new(share).unwrap().per_mille(), per_mille);
        }
        for share in [0.0, -0.5, 1.01, f64::NAN, f64::INFINITY] {
            Share::new(share).unwrap_err();
        }
        assert_eq!(Share::of_per_mille(250).to_string(), "0.25");
        assert_eq!(toml::from_str::<std::collections::BTreeMap<String, Share>>("a = 1").unwrap().len(), 1);
    }
}
