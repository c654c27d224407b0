//! A limit in plain numbers, for a store that counts elsewhere.

use super::{Algorithm, Policy};
use crate::units::Rate;

/// One rate, and what an answer tells of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RemoteRate {
    pub(crate) seconds: u64,
    /// How many it admits at once.
    pub(crate) quota: u32,
    /// In how many seconds.
    pub(crate) window_seconds: u64,
    /// How its bucket refills, if it has one.
    pub(crate) refill: Option<RemoteRefill>,
}

/// How a token bucket refills.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RemoteRefill {
    /// How many parts come back in a millisecond.
    pub(crate) parts: u64,
    /// How many parts a token is.
    pub(crate) token_parts: u64,
}

impl Policy {
    /// The rates in order.
    pub(crate) fn remote_rates(&self) -> impl Iterator<Item = RemoteRate> {
        self.limits().as_slice().iter().enumerate().map(|(at, rate)| self.remote(at, *rate))
    }

    fn remote(&self, at: usize, rate: Rate) -> RemoteRate {
        let (seconds, quota) = (rate.seconds(), rate.count());
        match self.algorithm() {
            Algorithm::SlidingWindow | Algorithm::FixedWindow => {
                RemoteRate { seconds, quota, window_seconds: seconds, refill: None }
            }
            Algorithm::TokenBucket => {
                let refill = self.refill(at);
                RemoteRate {
                    seconds,
                    quota: refill.capacity(),
                    window_seconds: refill.filling_seconds(),
                    refill: Some(RemoteRefill { parts: refill.parts(), token_parts: refill.token_parts() }),
                }
            }
        }
    }
}
