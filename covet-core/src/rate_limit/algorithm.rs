//! How requests are counted, and how a token bucket refills.

use serde::{Deserialize, Serialize};

use crate::units::{Count, Rate};

/// How many a token bucket holds.
pub type Burst = Count<1, { Rate::MAX_COUNT }>;

/// How requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// At most the count in any window of the length, wherever it begins. For counts over 32 it may refuse up to 1/32
    /// of the count too early, never too late.
    #[default]
    SlidingWindow,
    /// `burst` at once, then evenly as many as the rate says: in any time `t` at most `burst + count * t / window`.
    TokenBucket,
    /// At most the count from one full window of the clock to the next: up to twice the count about the turn.
    FixedWindow,
}

/// How a token bucket refills, in whole numbers: [`Refill::parts`] each millisecond, of which a token is
/// [`Refill::token_parts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refill {
    capacity: u32,
    parts: u32,
    token_parts: u64,
}

impl Refill {
    /// What a double holds exactly, as scripts that have no other numbers must.
    const MAX: u64 = 1 << 53;

    pub(super) fn new(rate: Rate, capacity: u32) -> Option<Self> {
        let divisor = gcd(rate.count().into(), rate.millis());
        let parts = u32::try_from(u64::from(rate.count()) / divisor).ok()?;
        let token_parts = rate.millis() / divisor;
        // Twice, for a full bucket and the cost of one more request are added up.
        let fits = u64::from(capacity).checked_mul(token_parts)?.checked_mul(2)? < Self::MAX;
        fits.then_some(Self { capacity, parts, token_parts })
    }
}

#[cfg(feature = "runtime")]
impl Refill {
    pub(super) const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How many parts come back in a millisecond.
    pub(super) fn parts(&self) -> u64 {
        self.parts.into()
    }

    /// How many parts a token is.
    pub(super) const fn token_parts(&self) -> u64 {
        self.token_parts
    }

    /// How long an empty bucket takes to be full.
    pub(super) fn filling_seconds(&self) -> u64 {
        self.capacity_parts().div_ceil(self.parts()).div_ceil(1000)
    }

    /// How many parts a full bucket has.
    pub(super) fn capacity_parts(&self) -> u64 {
        self.token_parts * u64::from(self.capacity)
    }
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
