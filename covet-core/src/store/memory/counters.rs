//! The counters of rate limits, twenty bytes each.
//!
//! Nearly every limit has one rate, and nearly every counter of it fits one number: when, and how many. Such a counter
//! is found by 64 bits of its key, which is a keyed hash: of a million keys two are the same once in ten million
//! stores, and nobody outside can look for such a pair. Whatever fits no number is an entry like any other.

use hashbrown::HashTable;

use crate::rate_limit::{self, Answer, Charged, Policy};
use crate::time::Timestamp;

/// Counters by the hash of their keys.
#[derive(Debug, Default)]
pub(super) struct Counters(HashTable<Counter>);

/// In halves, so that nothing is lost to alignment.
#[derive(Clone, Copy, Debug)]
struct Counter {
    hash: [u32; 2],
    packed: [u32; 2],
    /// In pairs of seconds, rounded up: until the year 2106. The highest bit says whether the limit is used up.
    expires: u32,
}

/// The highest bit of [`Counter::expires`].
const USED_UP: u32 = 1 << 31;

/// What became of a charge.
pub(super) enum Charge {
    /// The counter was charged in place.
    Done(Answer),
    /// It has outgrown its place and is no longer here.
    Outgrown(rate_limit::State, Answer),
    /// There is no such counter.
    Missing,
}

/// A counter that was taken out.
pub(super) struct Taken {
    pub(super) state: rate_limit::State,
    pub(super) used_up: bool,
    pub(super) expires: Timestamp,
}

impl Counters {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many places the table has, empty ones included.
    pub(super) fn places(&self) -> usize {
        self.0.num_buckets()
    }

    /// Whether the counter at a place is used up and when it may be forgotten, if there is one.
    pub(super) fn at(&self, place: usize) -> Option<(bool, Timestamp)> {
        self.0.get_bucket(place).map(|counter| (counter.is_used_up(), counter.expires()))
    }

    /// Charges a counter that is here.
    pub(super) fn charge(&mut self, hash: u64, policy: &Policy, cost: u32, now: Timestamp) -> Charge {
        let Ok(mut found) = self.0.find_entry(hash, |counter| counter.is(hash)) else { return Charge::Missing };
        let counter = found.get_mut();
        let mut state = match counter.live(now) {
            Some(packed) => rate_limit::State::unpack(policy, packed),
            None => rate_limit::State::new(policy),
        };
        let Charged { answer, changed } = rate_limit::charge_mut(policy, &mut state, cost, now);
        let (used_up, expires) = (answer.is_used_up(), rate_limit::kept_until(policy, &state, &answer, now));
        if !changed {
            counter.expires = end(used_up, expires.max(counter.expires()));
            return Charge::Done(answer);
        }
        let Some(packed) = state.pack() else {
            found.remove();
            return Charge::Outgrown(state, answer);
        };
        *counter = Counter::new(hash, packed, used_up, expires);
        Charge::Done(answer)
    }

    /// Adds a counter that is not here, if its state fits; otherwise gives it back.
    pub(super) fn add(
        &mut self,
        hash: u64,
        state: rate_limit::State,
        used_up: bool,
        expires: Timestamp,
    ) -> Option<rate_limit::State> {
        let Some(packed) = state.pack() else { return Some(state) };
        self.0.insert_unique(hash, Counter::new(hash, packed, used_up, expires), Counter::hash);
        None
    }

    /// Takes a counter out, if it is here and has not expired; the lengths of its windows are not known here.
    pub(super) fn take(&mut self, hash: u64, now: Timestamp) -> Option<Taken> {
        let found = self.0.find_entry(hash, |counter| counter.is(hash)).ok()?;
        let (counter, _) = found.remove();
        let state = rate_limit::State::unpack_unknown(counter.live(now)?);
        Some(Taken { state, used_up: counter.is_used_up(), expires: counter.expires() })
    }

    pub(super) fn remove_at(&mut self, place: usize) {
        if let Ok(found) = self.0.get_bucket_entry(place) {
            found.remove();
        }
    }

    /// Gives back the memory of a flood that has passed.
    pub(super) fn shrink(&mut self) {
        let wanted = self.0.len().saturating_mul(2);
        if self.0.capacity() / 2 > wanted {
            self.0.shrink_to(wanted, Counter::hash);
        }
    }
}

impl Counter {
    fn new(hash: u64, packed: u64, used_up: bool, expires: Timestamp) -> Self {
        Self { hash: halves(hash), packed: halves(packed), expires: end(used_up, expires) }
    }

    fn hash(&self) -> u64 {
        whole(self.hash)
    }

    fn is(&self, hash: u64) -> bool {
        self.hash == halves(hash)
    }

    fn live(&self, now: Timestamp) -> Option<u64> {
        (self.expires() > now).then(|| whole(self.packed))
    }

    const fn is_used_up(&self) -> bool {
        self.expires & USED_UP != 0
    }

    fn expires(&self) -> Timestamp {
        Timestamp::from_seconds(u64::from(self.expires & !USED_UP) * 2)
    }
}

fn end(used_up: bool, expires: Timestamp) -> u32 {
    let pairs = expires.millis().div_ceil(2000).min((USED_UP - 1).into()) as u32;
    if used_up { pairs | USED_UP } else { pairs }
}

const fn halves(number: u64) -> [u32; 2] {
    [(number >> 32) as u32, number as u32]
}

const fn whole([high, low]: [u32; 2]) -> u64 {
    (high as u64) << 32 | low as u64
}
