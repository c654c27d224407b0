//! Whether a rate limit admits one more.

use std::iter;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::time::Timestamp;
use crate::units::Rate;
use crate::window::Window;

/// What is remembered of one counter: a window for each rate of the limit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<Counted>", into = "Vec<Counted>")]
pub struct State {
    // Most limits have one rate, which so needs one allocation, not two.
    first: Counted,
    rest: Box<[Counted]>,
}

/// The window of one rate. It knows its length, so that a changed policy finds what was counted for it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Counted {
    seconds: u64,
    window: Window,
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

    /// Of two rates the one that refuses longer, or else has less left, or else for longer.
    fn tighter(self, other: Self) -> Self {
        let urgency = |answer: &Self| (answer.retry_after_millis, u32::MAX - answer.remaining, answer.reset_millis);
        if urgency(&other) > urgency(&self) { other } else { self }
    }
}

/// Charges `cost` if every rate has room for it. The state is `None` when it has not changed: a refusal spends nothing.
#[must_use]
pub fn charge(policy: &Policy, state: Option<&State>, cost: u32, now: Timestamp) -> (Option<State>, Answer) {
    let mut state = state.cloned().unwrap_or_else(|| State::new(policy));
    let answer = charge_mut(policy, &mut state, cost, now);
    let changed = cost > 0 && !answer.is_refused();
    (changed.then_some(state), answer)
}

/// [`charge`] in place, for a store that holds the state under its own lock.
pub fn charge_mut(policy: &Policy, state: &mut State, cost: u32, now: Timestamp) -> Answer {
    state.fit(policy);
    // A clock set back must not empty a window: time stands still until it has caught up.
    let at = state.newest().map_or(now.millis(), |newest| newest.max(now.millis()));
    let (first, rest) = policy.limits().split_first();
    let mut answer = weigh(first, &state.first.window, cost, now.millis(), at);
    for (rate, counted) in iter::zip(rest, &state.rest) {
        answer = answer.tighter(weigh(*rate, &counted.window, cost, now.millis(), at));
    }
    if cost > 0 && !answer.is_refused() {
        state.first.window.add(cost, first.count(), at, first.millis());
        for (rate, counted) in iter::zip(rest, &mut state.rest) {
            counted.window.add(cost, rate.count(), at, rate.millis());
        }
    }
    answer
}

/// When the entry may be forgotten: when its newest event has left the longest window.
#[must_use]
pub fn expires(policy: &Policy, state: &State) -> Timestamp {
    Timestamp::from_millis(state.newest().unwrap_or(0)).plus_millis(policy.longest_millis())
}

/// Whether one rate has room for `cost` at time `at`; the waits are told from `now`, the caller's own time.
fn weigh(rate: Rate, window: &Window, cost: u32, now: u64, at: u64) -> Answer {
    let (quota, length) = (rate.count(), rate.millis());
    let live = window.live(at, length);
    let fits = live.count.checked_add(cost).is_some_and(|count| count <= quota);
    let retry_after_millis = (!fits).then(|| {
        let frees_at = quota.checked_sub(cost).and_then(|room| window.falls_to(room, length));
        // A cost over the quota never fits; say so at most once a window.
        frees_at.map_or(length, |frees_at| frees_at.saturating_sub(now))
    });
    let remaining = quota.saturating_sub(if fits { live.count + cost } else { live.count });
    let frees_at = live.frees_at.unwrap_or_else(|| at.saturating_add(length));
    let reset_millis = frees_at.saturating_sub(now);
    Answer { retry_after_millis, quota, window_seconds: rate.seconds(), remaining, reset_millis }
}

impl State {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        let windows = policy.limits().as_slice().iter().map(|rate| Counted::of(*rate, Window::default()));
        Self::from(windows.collect::<Vec<_>>())
    }

    /// What a store kept: the windows with their lengths in seconds.
    #[cfg(feature = "redis")]
    pub(crate) fn from_windows(windows: Vec<(u64, Window)>) -> Self {
        Self::from(windows.into_iter().map(|(seconds, window)| Counted { seconds, window }).collect::<Vec<_>>())
    }

    /// The windows with their lengths in seconds, as a store keeps them.
    #[cfg(feature = "redis")]
    pub(crate) fn windows_by_seconds(&self) -> impl Iterator<Item = (u64, &Window)> {
        self.windows().map(|counted| (counted.seconds, &counted.window))
    }

    fn windows(&self) -> impl Iterator<Item = &Counted> {
        iter::once(&self.first).chain(&self.rest)
    }

    /// The newest event: every event is in every window, and the longest keeps it.
    fn newest(&self) -> Option<u64> {
        let first = self.first.window.newest();
        self.rest.iter().fold(first, |newest, counted| newest.max(counted.window.newest()))
    }

    /// Makes the windows those of the policy, which may have changed since. A window that is new to it begins with
    /// the events of the shortest that is longer, or else of the longest: what is known, not nothing.
    fn fit(&mut self, policy: &Policy) {
        let (first, rest) = policy.limits().split_first();
        let same = |(rate, counted): (&Rate, &Counted)| rate.seconds() == counted.seconds;
        let fits = same((&first, &self.first)) && rest.len() == self.rest.len();
        if fits && iter::zip(rest, &self.rest).all(same) {
            return;
        }
        self.refit(policy);
    }

    #[cold]
    fn refit(&mut self, policy: &Policy) {
        let known = |rate: &Rate| {
            let longer = self.windows().filter(|counted| counted.seconds >= rate.seconds());
            let nearest = longer.min_by_key(|counted| counted.seconds);
            let nearest = nearest.or_else(|| self.windows().max_by_key(|counted| counted.seconds));
            Counted::of(*rate, nearest.map(|counted| counted.window.clone()).unwrap_or_default())
        };
        *self = Self::from(policy.limits().as_slice().iter().map(known).collect::<Vec<_>>());
    }
}

impl Counted {
    fn of(rate: Rate, window: Window) -> Self {
        Self { seconds: rate.seconds(), window }
    }
}

impl From<Vec<Counted>> for State {
    fn from(windows: Vec<Counted>) -> Self {
        let mut windows = windows.into_iter();
        Self { first: windows.next().unwrap_or_default(), rest: windows.collect() }
    }
}

impl From<State> for Vec<Counted> {
    fn from(state: State) -> Self {
        iter::once(state.first).chain(state.rest).collect()
    }
}
