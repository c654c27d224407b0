use serde::{Deserialize, Serialize};

use crate::units::{Count, Time};

/// The section `[mfa]`: the second factor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Policy {
    /// Codes of an authenticator application.
    pub totp: Totp,

    /// Wrong codes before the second factor of the account is locked. A code of 6 digits is guessed in a few thousand
    /// attempts an hour unless something counts them (NIST 800-63B-4 section 3.2.2; ASVS v5.0.0-6.3.1).
    pub max_attempts: Count<1, 100>,

    /// How long one waits from then on between two codes.
    pub lockout: Time<30, 86_400>,

    /// Wrong codes in a row after which the sign-ins that await a code end, and only one a day is judged, until one is
    /// right (NIST SP 800-63B-4 section 3.2.2: no more than 100). They are remembered for 30 days after the last.
    pub cumulative_cap: Count<5, 100>,
}

impl Default for Policy {
    /// 5 attempts, then one every 5 minutes, and after 100 one a day: whoever knows the password has guessed a code of 6
    /// digits within a year once in 700 times, with each attempt in the audit log.
    fn default() -> Self {
        Self {
            totp: Totp::default(),
            max_attempts: Count::of(5),
            lockout: Time::of(300),
            cumulative_cap: Count::of(100),
        }
    }
}

/// Time-based one-time passwords (RFC 6238).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Totp {
    /// Digits of a code: 6, 7 or 8. Every authenticator application shows 6.
    pub digits: Count<6, 8>,

    /// How long a code is shown. Every application uses 30 seconds; ASVS v5.0.0-6.5.5 allows no more.
    pub period: Time<15, 120>,

    /// How many periods before and after the present one are accepted as well, for clocks that are off and people who
    /// type slowly. RFC 6238 section 5.2 advises at most 1. A code is accepted once, whatever the drift.
    pub drift: Count<0, 2>,

    /// The hash function of the HMAC. The known attacks on SHA-1 do not touch HMAC (RFC 6238 appendix B, RFC 4226
    /// appendix B.2), and many applications silently ignore the other two and show wrong codes.
    pub algorithm: Algorithm,
}

impl Default for Totp {
    /// What every authenticator application understands.
    fn default() -> Self {
        Self { digits: Count::of(6), period: Time::of(30), drift: Count::of(1), algorithm: Algorithm::Sha1 }
    }
}

impl Totp {
    /// How long an accepted step must be remembered so that it is not accepted again: until it has left the drift.
    #[must_use]
    pub const fn remember_millis(&self) -> u64 {
        self.period.millis() * (2 * self.drift.get() as u64 + 2)
    }
}

/// The hash function of the HMAC of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Algorithm {
    /// HMAC-SHA-1.
    #[serde(rename = "SHA1")]
    Sha1,
    /// HMAC-SHA-256.
    #[serde(rename = "SHA256")]
    Sha256,
    /// HMAC-SHA-512.
    #[serde(rename = "SHA512")]
    Sha512,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_the_default() {
        assert_eq!(toml::from_str::<Policy>("").unwrap(), Policy::default());
    }

    #[test]
    fn values_are_read_and_mistakes_refused() {
        let policy: Policy = toml::from_str(
            "totp = { digits = 8, period = '60s', drift = 0, algorithm = 'SHA512' }\nmax_attempts = 3\nlockout = '1h'",
        )
        .unwrap();
        assert_eq!((policy.totp.digits.get(), policy.totp.algorithm), (8, Algorithm::Sha512));
        for mistake in [
            "totp = { digits = 5 }",
            "totp = { digits = 9 }",
            "totp = { period = '10s' }",
            "totp = { drift = 3 }",
            "totp = { algorithm = 'MD5' }",
            "totp = { skew = 1 }",
            "max_attempts = 0",
            "lockout = '2d'",
            "cumulative_cap = 101",
        ] {
            assert!(toml::from_str::<Policy>(mistake).is_err(), "{mistake}");
        }
    }

    #[test]
    fn a_step_is_remembered_until_it_has_left_the_drift() {
        assert_eq!(Totp::default().remember_millis(), 120_000);
    }
}
