//! Whether a rate limit admits one more.

use std::iter;

use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::fixed::Fixed;
use super::{Algorithm, Policy};
use crate::time::{Timestamp, in_order};
use crate::units::Rate;
use crate::window::Window;

/// What is remembered of one limit: a counter for each of its rates.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<Counted>", into = "Vec<Counted>")]
pub struct State {
    // Most limits have one rate, which so needs no allocation.
    pub(super) first: Counted,
    pub(super) rest: Box<[Counted]>,
}

/// The counter of one rate. It knows its length, so that a changed policy finds what was counted for it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counted {
    pub(super) seconds: u64,
    #[serde(flatten)]
    pub(super) counter: Counter,
}

/// What is counted, by the algorithm that counts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Counter {
    Window(Window),
    Bucket(Bucket),
    Fixed(Fixed),
}

/// What a rate limit answered, with all that a response may tell of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// When refused, after how many milliseconds this cost will fit all rates, if nothing else is charged until then.
    pub retry_after_millis: Option<u64>,
    /// The count of the tightest rate: the one that refuses longest, or that has the least left.
    pub quota: u32,
    /// The window of the tightest rate, in seconds.
    pub window_seconds: u64,
    /// How much more the tightest rate would admit now.
    pub remaining: u32,
    /// After how many milliseconds the tightest rate will have more left, if nothing else is charged until then.
    pub reset_millis: u64,
}

impl Answer {
    /// Whether the limit was reached.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        self.retry_after_millis.is_some()
    }

    /// Whether nothing is left, or not what was asked for.
    pub(crate) const fn is_used_up(&self) -> bool {
        self.is_refused() || self.remaining == 0
    }

    /// Whether it refuses longer, or else has less left, or else for longer.
    #[must_use]
    pub fn is_tighter_than(&self, other: &Self) -> bool {
        let urgency = |answer: &Self| (answer.retry_after_millis, u32::MAX - answer.remaining, answer.reset_millis);
        urgency(self) > urgency(other)
    }

    #[must_use]
    pub(crate) fn tighter(self, other: Self) -> Self {
        if other.is_tighter_than(&self) { other } else { self }
    }
}

/// Charges `cost` if every rate has room for it. The state is `None` when it has not changed: a refusal spends nothing.
#[must_use]
pub fn charge(policy: &Policy, state: Option<&State>, cost: u32, now: Timestamp) -> (Option<State>, Answer) {
    let mut state = state.cloned().unwrap_or_else(|| State::new(policy));
    let Charged { answer, changed } = charge_mut(policy, &mut state, cost, now);
    (changed.then_some(state), answer)
}

/// What [`charge_mut`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Charged {
    /// The answer.
    pub answer: Answer,
    /// Whether the state must be written.
    pub changed: bool,
}

/// [`charge`] in place, for a store that holds the state under its own lock.
///
/// A clock set back makes no limit give more, nor refuse for longer than its length: what was counted in the future
/// counts as if it had just been. A clock that only seems to go back, by [ten seconds](crate::time) at most, is no such one:
/// then events are judged in the order in which they come.
pub fn charge_mut(policy: &Policy, state: &mut State, cost: u32, now: Timestamp) -> Charged {
    state.fit(policy);
    let now = now.millis();
    let (first, rest) = policy.limits().split_first();
    let at_first = state.first.counter.in_order(policy, 0, now);
    let mut changed = state.first.counter.rewind(policy, (0, first), at_first);
    let mut answer = state.first.counter.weigh(policy, (0, first), cost, at_first);
    for (at, (rate, counted)) in iter::zip(rest, &mut state.rest).enumerate() {
        let now = counted.counter.in_order(policy, at + 1, now);
        changed |= counted.counter.rewind(policy, (at + 1, *rate), now);
        answer = answer.tighter(counted.counter.weigh(policy, (at + 1, *rate), cost, now));
    }
    if cost > 0 && !answer.is_refused() {
        changed = true;
        state.first.counter.spend(policy, (0, first), cost, at_first);
        for (at, (rate, counted)) in iter::zip(rest, &mut state.rest).enumerate() {
            let now = counted.counter.in_order(policy, at + 1, now);
            counted.counter.spend(policy, (at + 1, *rate), cost, now);
        }
    }
    Charged { answer, changed }
}

/// Gives back `cost` that was charged before. The state is `None` when nothing changes. Of a sliding window the oldest that
/// is kept is given back, whatever the clock says, for who gives back may have another than who charged: if it no longer counts, nothing is given back; so that it never admits more than if the cost had not been charged at all; buckets and
/// fixed windows give nothing back.
#[must_use]
pub fn refund(policy: &Policy, state: &State, cost: u32) -> Option<State> {
    let mut refunded = state.clone();
    refunded.fit(policy);
    refunded.first.counter.take_back(cost);
    for counted in &mut refunded.rest {
        counted.counter.take_back(cost);
    }
    (refunded != *state).then_some(refunded)
}

/// When the entry may be forgotten: when it is as if nothing had ever been counted.
#[must_use]
pub fn expires(policy: &Policy, state: &State) -> Timestamp {
    let (first, rest) = policy.limits().split_first();
    let ends = iter::zip(rest, &state.rest).map(|(rate, counted)| counted.counter.ends(*rate));
    Timestamp::from_millis(ends.fold(state.first.counter.ends(first), u64::max))
}

/// How long a store that must forget something keeps the entry: who is refused is not forgotten sooner for that.
pub(crate) fn kept_until(policy: &Policy, state: &State, answer: &Answer, now: Timestamp) -> Timestamp {
    let expires = expires(policy, state);
    if answer.is_refused() { expires.max(now.plus_millis(policy.longest_millis())) } else { expires }
}

/// A rate, and its place in the policy.
type Placed = (usize, Rate);

impl Counter {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::SlidingWindow => Self::Window(Window::default()),
            Algorithm::TokenBucket => Self::Bucket(Bucket::default()),
            Algorithm::FixedWindow => Self::Fixed(Fixed::default()),
        }
    }

    const fn is_of(&self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::Window(_), Algorithm::SlidingWindow)
                | (Self::Bucket(_), Algorithm::TokenBucket)
                | (Self::Fixed(_), Algorithm::FixedWindow)
        )
    }

    /// When an event is judged that read `now`.
    fn in_order(&self, policy: &Policy, at: usize, now: u64) -> u64 {
        let latest = match self {
            Self::Window(window) => window.newest().unwrap_or(0),
            Self::Fixed(fixed) => fixed.start,
            Self::Bucket(bucket) => bucket.charged_at(&policy.refill(at)),
        };
        in_order(now, latest)
    }

    /// Brings what was counted in the future, before the clock was set back, into the present.
    fn rewind(&mut self, policy: &Policy, (at, rate): Placed, now: u64) -> bool {
        match self {
            Self::Window(window) => window.rewind(now),
            Self::Bucket(bucket) => bucket.rewind(&policy.refill(at), now),
            Self::Fixed(fixed) => fixed.rewind(rate, now),
        }
    }

    /// Whether there is room for `cost` now.
    fn weigh(&self, policy: &Policy, (at, rate): Placed, cost: u32, now: u64) -> Answer {
        match self {
            Self::Window(window) => weigh(rate, window, cost, now),
            Self::Bucket(bucket) => bucket.weigh(&policy.refill(at), cost, now),
            Self::Fixed(fixed) => fixed.weigh(rate, cost, now),
        }
    }

    fn spend(&mut self, policy: &Policy, (at, rate): Placed, cost: u32, now: u64) {
        match self {
            Self::Window(window) => window.add(cost, rate.count(), now, rate.millis()),
            Self::Bucket(bucket) => bucket.spend(&policy.refill(at), cost, now),
            Self::Fixed(fixed) => fixed.spend(rate, cost, now),
        }
    }

    fn take_back(&mut self, cost: u32) {
        if let Self::Window(window) = self {
            window.take_back(cost);
        }
    }

    /// From when on it is as if nothing had been counted.
    fn ends(&self, rate: Rate) -> u64 {
        match self {
            Self::Window(window) => window.newest().map_or(0, |newest| newest.saturating_add(rate.millis())),
            Self::Bucket(bucket) => bucket.ends(),
            Self::Fixed(fixed) => fixed.ends(rate),
        }
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new(Algorithm::default())
    }
}

/// Whether a sliding window has room for `cost`.
fn weigh(rate: Rate, window: &Window, cost: u32, now: u64) -> Answer {
    let (quota, length) = (rate.count(), rate.millis());
    let live = window.live(now, length);
    let fits = live.count.checked_add(cost).is_some_and(|count| count <= quota);
    let retry_after_millis = (!fits).then(|| {
        let frees_at = quota.checked_sub(cost).and_then(|room| window.falls_to(room, length));
        // A cost over the quota never fits; say so at most once a window.
        frees_at.map_or(length, |frees_at| frees_at.saturating_sub(now))
    });
    let remaining = quota.saturating_sub(if fits { live.count + cost } else { live.count });
    let reset_millis = live.frees_at.map_or(length, |frees_at| frees_at.saturating_sub(now));
    Answer { retry_after_millis, quota, window_seconds: rate.seconds(), remaining, reset_millis }
}

impl State {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        let counted = |rate: &Rate| Counted::of(*rate, Counter::new(policy.algorithm()));
        let (first, rest) = policy.limits().split_first();
        Self { first: counted(&first), rest: rest.iter().map(counted).collect() }
    }

    /// What a store kept: counters with their lengths in seconds.
    #[cfg(feature = "redis")]
    pub(crate) fn from_counters(counters: impl IntoIterator<Item = (u64, Counter)>) -> Self {
        let counted = |(seconds, counter)| Counted { seconds, counter };
        Self::from(counters.into_iter().map(counted).collect::<Vec<_>>())
    }

    /// The counters with their lengths in seconds, as a store keeps them.
    #[cfg(feature = "redis")]
    pub(crate) fn by_seconds(&self) -> impl Iterator<Item = (u64, &Counter)> {
        self.counters().map(|counted| (counted.seconds, &counted.counter))
    }

    fn counters(&self) -> impl Iterator<Item = &Counted> {
        iter::once(&self.first).chain(&self.rest)
    }

    /// Makes the counters those of the policy, which may have changed since. A rate that is new to it begins with what
    /// was counted for the shortest that is longer, or else for the longest: what is known, not nothing. What another
    /// algorithm counted says nothing to this one.
    fn fit(&mut self, policy: &Policy) {
        let (first, rest) = policy.limits().split_first();
        let algorithm = policy.algorithm();
        let same =
            |(rate, counted): (&Rate, &Counted)| rate.seconds() == counted.seconds && counted.counter.is_of(algorithm);
        let fits = same((&first, &self.first)) && rest.len() == self.rest.len();
        if fits && iter::zip(rest, &self.rest).all(same) {
            return;
        }
        self.refit(policy);
    }

    #[cold]
    fn refit(&mut self, policy: &Policy) {
        let algorithm = policy.algorithm();
        let usable = || self.counters().filter(|counted| counted.counter.is_of(algorithm));
        let known = |rate: &Rate| {
            let longer = usable().filter(|counted| counted.seconds >= rate.seconds());
            let nearest = longer.min_by_key(|counted| counted.seconds);
            let nearest = nearest.or_else(|| usable().max_by_key(|counted| counted.seconds));
            Counted::of(*rate, nearest.map_or_else(|| Counter::new(algorithm), |counted| counted.counter.clone()))
        };
        *self = Self::from(policy.limits().as_slice().iter().map(known).collect::<Vec<_>>());
    }
}

impl Counted {
    fn of(rate: Rate, counter: Counter) -> Self {
        Self { seconds: rate.seconds(), counter }
    }
}

impl From<Vec<Counted>> for State {
    fn from(counters: Vec<Counted>) -> Self {
        let mut counters = counters.into_iter();
        Self { first: counters.next().unwrap_or_default(), rest: counters.collect() }
    }
}

impl From<State> for Vec<Counted> {
    fn from(state: State) -> Self {
        iter::once(state.first).chain(state.rest).collect()
    }
}
