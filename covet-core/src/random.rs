//! Random bytes of the operating system, for ids, salts, nonces and secrets.
//!
//! The rule: there is one source, and when it fails nothing is made up in its place (ASVS v5.0.0-11.5.1).
//!
//! ```
//! let mut nonce = [0; 24];
//! covet_core::random::fill(&mut nonce)?;
//! # Ok::<(), covet_core::random::RandomError>(())
//! ```

/// The operating system gave no random bytes.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the operating system has no random bytes")]
pub struct RandomError(#[source] getrandom::Error);

/// Fills `bytes` with random bytes.
///
/// # Errors
///
/// [`RandomError`] when the operating system has none; the bytes are then of no use.
pub fn fill(bytes: &mut [u8]) -> Result<(), RandomError> {
    getrandom::fill(bytes).map_err(RandomError)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn two_fills_differ() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        fill(&mut a).unwrap();
        fill(&mut b).unwrap();
        assert_ne!(a, b);
        assert_ne!(a, [0; 32]);
    }
}
