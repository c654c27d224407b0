use std::fmt;

use sha1::{Digest as _, Sha1};
use zeroize::Zeroize;

/// The SHA-1 of a password, as lists of stolen passwords have it. For a common password it tells the password, so it is
/// not shown, and wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Sha1Digest([u8; 20]);

impl Sha1Digest {
    /// The digest of a password.
    #[must_use]
    pub fn of(password: &str) -> Self {
        Self(Sha1::digest(password).into())
    }

    /// Reads forty hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 20];
        let digits = text.as_bytes();
        if digits.len() != 40 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let &[high, low] = pair else { return None };
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
        }
        Some(Self(bytes))
    }

    pub(super) const fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// In upper-case hexadecimal: the five digits that are asked for, and the others.
    pub(super) fn split(&self) -> (String, String) {
        let mut prefix: String = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        let suffix = prefix.split_off(5);
        (prefix, suffix)
    }
}

impl Drop for Sha1Digest {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Sha1Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha1Digest(…)")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    const OF_PASSWORD: &str = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";

    #[test]
    fn the_digest_is_sha1_and_splits_after_five_digits() {
        let (prefix, suffix) = Sha1Digest::of("password").split();
        assert_eq!((prefix.as_str(), format!("{prefix}{suffix}").as_str()), ("5BAA6", OF_PASSWORD));
        assert!(Sha1Digest::from_hex(OF_PASSWORD).unwrap() == Sha1Digest::of("password"));
        assert!(Sha1Digest::from_hex(&OF_PASSWORD.to_lowercase()).unwrap() == Sha1Digest::of("password"));
        for wrong in ["", "5BAA6", &OF_PASSWORD[1..], &format!("{OF_PASSWORD}0"), &OF_PASSWORD.replace('5', "G")] {
            assert!(Sha1Digest::from_hex(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", Sha1Digest::of("password")), "Sha1Digest(…)");
    }
}
