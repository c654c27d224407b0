//! A token bucket: `burst` at once, then as fast as it refills.
//!
//! The rule: the bucket holds `capacity` tokens and gains `count` of them in each window, evenly. In any time `t` it so
//! admits at most `capacity + count * t / window`. What is kept is when it will be full again, to an exact fraction of a
//! millisecond: nothing is rounded, and nothing has to be written while it refills.

use serde::{Deserialize, Serialize};

use super::Answer;
use super::algorithm::Refill;

/// When the bucket will be full again; a default one is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bucket {
    /// In milliseconds.
    pub(crate) full_at: u64,
    /// And in parts of one, of which [`Refill::parts`] make a millisecond.
    pub(crate) part: u32,
}

impl Bucket {
    /// The earliest moment at which it lacks no more than all of its tokens: it was last charged then, or later.
    pub(super) fn charged_at(&self, refill: &Refill) -> u64 {
        self.full_at.saturating_sub(refill.capacity_parts().saturating_sub(self.part.into()) / refill.parts())
    }

    /// A bucket cannot lack more than all of its tokens. It seems to when the clock was set back, or its capacity
    /// lowered; then it is empty now.
    pub(super) fn rewind(&mut self, refill: &Refill, now: u64) -> bool {
        let rewound = self.lacking(refill, now) > refill.capacity_parts();
        if rewound {
            *self = Self::lacking_at(refill.capacity_parts(), refill, now);
        }
        rewound
    }

    pub(super) fn weigh(&self, refill: &Refill, cost: u32, now: u64) -> Answer {
        let (lacking, capacity, token) = (self.lacking(refill, now), refill.capacity_parts(), refill.token_parts());
        let price = token.saturating_mul(cost.into());
        let wait = |parts: u64| parts.div_ceil(refill.parts());
        let excess = lacking.saturating_add(price).saturating_sub(capacity);
        let fits = excess == 0;
        let retry_after_millis = (!fits).then(|| {
            // A cost over the capacity never fits; say so at most once a filling.
            if price > capacity { wait(capacity) } else { wait(excess) }
        });
        let after = if fits { lacking + price } else { lacking };
        let remaining = capacity.saturating_sub(after) / token;
        let next = (remaining + 1).saturating_mul(token);
        // One more token, or nothing more when all are there.
        let reset_millis = if after == 0 { 0 } else { wait(after - capacity.saturating_sub(next).min(after)) };
        Answer {
            retry_after_millis,
            quota: refill.capacity(),
            window_seconds: refill.filling_seconds(),
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset_millis,
        }
    }

    pub(super) fn spend(&mut self, refill: &Refill, cost: u32, now: u64) {
        let price = refill.token_parts().saturating_mul(cost.into());
        *self = Self::lacking_at(self.lacking(refill, now).saturating_add(price), refill, now);
    }

    /// When it will be full: from then on it is as if it had never been.
    pub(super) fn ends(&self) -> u64 {
        self.full_at.saturating_add(u64::from(self.part > 0))
    }

    /// How much is lacking, in parts of a millisecond of refilling.
    fn lacking(&self, refill: &Refill, now: u64) -> u64 {
        match self.full_at.checked_sub(now) {
            Some(millis) => millis.saturating_mul(refill.parts()).saturating_add(self.part.into()),
            None => 0,
        }
    }

    fn lacking_at(parts: u64, refill: &Refill, now: u64) -> Self {
        let part = u32::try_from(parts % refill.parts()).unwrap_or(u32::MAX);
        Self { full_at: now.saturating_add(parts / refill.parts()), part }
    }
}
