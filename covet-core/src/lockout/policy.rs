//! What `[lockout]` says in `security.toml`.

use serde::{Deserialize, Serialize};

use crate::units::{Count, Time};

/// `[lockout]`: how many attempts are too many, and what then.
///
/// The default lets through about twenty guesses an hour, which no password of the default length falls to, and
/// lets the owner back in within a quarter of an hour. NIST SP 800-63B-4 section 3.2.2 allows at most 100 in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How many attempts within `window` lock; a success clears them.
    pub max_attempts: Count<1, 1000>,
    /// How long an attempt counts.
    pub window: Time<60, 86_400>,
    /// How long nobody may try, from the last attempt that counted.
    pub duration: Time<1, 2_592_000>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_attempts: Count::of(5), window: Time::of(300), duration: Time::of(900) }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_section_left_out_means_its_defaults() {
        assert_eq!(toml::from_str::<Policy>("").unwrap(), Policy::default());
        assert_eq!(toml::from_str::<Policy>("max_attempts = 3").unwrap().max_attempts.get(), 3);
        for text in ["max_attempts = 0", "window = \"59s\"", "duration = \"31d\"", "attempts = 3"] {
            toml::from_str::<Policy>(text).unwrap_err();
        }
    }
}
