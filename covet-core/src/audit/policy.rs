//! What `[audit]` says in `security.toml`.

use serde::{Deserialize, Serialize};

use crate::units::Time;

/// `[audit]`: how long events are kept in the database.
///
/// The default covers the twelve months that PCI DSS v4.0.1 requirement 10.5.1 asks for, and a month to look back on
/// them. Addresses of people are personal data, to be kept no longer than is needed (GDPR article 5(1)(e)), so there is
/// no "for ever".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How long an event is kept in the database. The log is kept by whoever collects it.
    pub retention: Time<86_400, 315_360_000>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { retention: Time::of(400 * 86_400) }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_section_left_out_means_its_defaults() {
        assert_eq!(toml::from_str::<Policy>("").unwrap(), Policy::default());
        assert_eq!(Policy::default().retention.to_string(), "400d");
        assert_eq!(toml::from_str::<Policy>("retention = \"1d\"").unwrap().retention.seconds(), 86_400);
        for text in ["retention = \"23h\"", "retention = \"3651d\"", "retention = 400", "keep = \"400d\""] {
            toml::from_str::<Policy>(text).unwrap_err();
        }
    }
}
