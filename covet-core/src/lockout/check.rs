//! Whether one may try, and what an attempt changes.

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::time::Timestamp;
use crate::window::Window;

/// How many attempts are too many: of a password, or of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many attempts lock; 0 counts as 1.
    pub max_attempts: u32,
    /// How long an attempt counts, in milliseconds.
    pub window_millis: u64,
    /// How long the lock lasts from the last counted attempt, in milliseconds.
    pub duration_millis: u64,
}

impl From<&Policy> for Limits {
    fn from(policy: &Policy) -> Self {
        Self {
            max_attempts: policy.max_attempts.get(),
            window_millis: policy.window.millis(),
            duration_millis: policy.duration.millis(),
        }
    }
}

impl From<&crate::mfa::Policy> for Limits {
    /// Attempts at a second factor: they count as long as their lock lasts.
    fn from(policy: &crate::mfa::Policy) -> Self {
        let millis = policy.lockout.millis();
        Self { max_attempts: policy.max_attempts.get(), window_millis: millis, duration_millis: millis }
    }
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Nothing: only whether it is locked.
    Look,
    /// A password or code is about to be verified.
    Attempt,
    /// It was right.
    Success,
}

/// Whether one may try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Yes.
    Open {
        /// How many more attempts count before it is locked; 0 after the one that locked it.
        left: u32,
    },
    /// No.
    Locked {
        /// After how many milliseconds one may again.
        retry_after_millis: u64,
    },
}

impl Answer {
    /// Whether one may not try.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        matches!(self, Self::Locked { .. })
    }

    /// Whether it is locked from now on, unless the attempt that this answers succeeds.
    #[must_use]
    pub const fn locks(&self) -> bool {
        matches!(self, Self::Open { left: 0 })
    }
}

/// What is remembered: the attempts that counted, up to the last. Whether that locked follows from them, so that a
/// changed policy holds at once.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct State {
    attempts: Window,
}

#[cfg(feature = "redis")]
impl State {
    /// The attempts, as a store keeps them.
    pub(crate) fn attempts(&self) -> &Window {
        &self.attempts
    }
}

#[cfg(feature = "redis")]
impl From<Window> for State {
    fn from(attempts: Window) -> Self {
        Self { attempts }
    }
}

/// Judges the event. The state is `None` when it has not changed; attempts while locked are not counted, or an
/// attacker could keep the owner out for ever. A clock set back neither forgets attempts nor makes a lock longer: those
/// in the future count as if they had just been made.
#[must_use]
pub fn check(limits: &Limits, state: Option<&State>, event: Event, now: Timestamp) -> (Option<State>, Answer) {
    let max = limits.max_attempts.max(1);
    let mut attempts = state.map(|state| state.attempts.clone()).unwrap_or_default();
    if event == Event::Success {
        let cleared = (attempts.total() > 0).then(State::default);
        return (cleared, Answer::Open { left: max });
    }
    let at = now.millis();
    let rewound = attempts.rewind(at);
    let answer = match locked_until(limits, &attempts).filter(|ends_at| *ends_at > at) {
        Some(ends_at) => Answer::Locked { retry_after_millis: ends_at - at },
        None if event == Event::Look => {
            let counted = attempts.live(at, limits.window_millis).count;
            Answer::Open { left: max.saturating_sub(counted).max(1) }
        }
        None => {
            attempts.add(1, max, at, limits.window_millis);
            attempts.keep(max);
            let left = max.saturating_sub(attempts.total());
            return (Some(State { attempts }), Answer::Open { left });
        }
    };
    (rewound.then_some(State { attempts }), answer)
}

/// When the entry may be forgotten: when neither a lock nor an attempt is left.
#[must_use]
pub fn expires(limits: &Limits, state: &State) -> Timestamp {
    let newest = Timestamp::from_millis(state.attempts.newest().unwrap_or(0));
    newest.plus_millis(limits.window_millis.max(limits.duration_millis))
}

/// When the lock ends that the last attempt brought about, if it did.
fn locked_until(limits: &Limits, attempts: &Window) -> Option<u64> {
    let last = attempts.newest()?;
    let counted = attempts.live(last, limits.window_millis).count;
    (counted >= limits.max_attempts.max(1)).then(|| last.saturating_add(limits.duration_millis))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { max_attempts: 3, window_millis: 300_000, duration_millis: 900_000 };

    fn run(limits: Limits, events: &[(u64, Event)]) -> Vec<Answer> {
        let mut state = None;
        let answer = |(seconds, event): &(u64, Event)| {
            let (next, answer) = check(&limits, state.as_ref(), *event, Timestamp::from_seconds(*seconds));
            state = next.or(state.take());
            answer
        };
        events.iter().map(answer).collect()
    }

    const fn open(left: u32) -> Answer {
        Answer::Open { left }
    }

    const fn locked(seconds: u64) -> Answer {
        Answer::Locked { retry_after_millis: seconds * 1000 }
    }

    #[test]
    fn the_last_attempt_locks_for_the_duration() {
        use Event::{Attempt, Look};
        let answers = run(
            LIMITS,
            &[
                (0, Look),
                (0, Attempt),
                (10, Attempt),
                (20, Look),
                (20, Attempt),
                (20, Look),
                (600, Attempt),
                (919, Attempt),
                (920, Look),
                (920, Attempt),
            ],
        );
        let expected =
            [open(3), open(2), open(1), open(1), open(0), locked(900), locked(320), locked(1), open(3), open(2)];
        assert_eq!(answers, expected);
    }

    #[test]
    fn a_success_clears_and_an_old_attempt_does_not_count() {
        use Event::{Attempt, Look, Success};
        let answers = run(LIMITS, &[(0, Attempt), (1, Attempt), (2, Attempt), (2, Success), (2, Look)]);
        assert_eq!(answers, [open(2), open(1), open(0), open(3), open(3)]);
        let answers = run(LIMITS, &[(0, Attempt), (1, Attempt), (300, Attempt), (301, Attempt)]);
        assert_eq!(answers, [open(2), open(1), open(1), open(1)]);
        assert_eq!(check(&LIMITS, None, Event::Success, Timestamp::from_seconds(0)), (None, open(3)));
    }

    #[test]
    fn a_lock_shorter_than_the_window_is_renewed_by_the_next_attempt() {
        use Event::{Attempt, Look};
        let limits = Limits { duration_millis: 10_000, ..LIMITS };
        let answers =
            run(limits, &[(0, Attempt), (0, Attempt), (0, Attempt), (10, Look), (10, Attempt), (11, Attempt)]);
        assert_eq!(answers, [open(2), open(1), open(0), open(1), open(0), locked(9)]);
    }

    #[test]
    fn a_clock_set_back_neither_unlocks_nor_locks_for_longer() {
        use Event::{Attempt, Look};
        let answers = run(
            LIMITS,
            &[
                (1000, Attempt),
                (1000, Attempt),
                (1000, Attempt),
                (10, Look),
                (100, Attempt),
                (909, Look),
                (910, Attempt),
            ],
        );
        assert_eq!(answers, [open(2), open(1), open(0), locked(900), locked(810), locked(1), open(2)]);
    }

    /// The rule again, word by word: all attempts that were let through, nothing forgotten.
    fn slow(limits: &Limits, counted: &[u64], now: u64) -> bool {
        let Some(last) = counted.last() else { return false };
        let within = counted.iter().filter(|attempt| last - **attempt < limits.window_millis).count();
        within >= limits.max_attempts as usize && now < last + limits.duration_millis
    }

    proptest! {
        #[test]
        fn it_locks_as_the_slow_rule_does(
            max_attempts in 1..=32_u32,
            window_millis in 1..2000_u64,
            duration_millis in 1..2000_u64,
            events in proptest::collection::vec((-100..300_i64, 0..20_u8), 1..300),
        ) {
            let limits = Limits { max_attempts, window_millis, duration_millis };
            let (mut state, mut counted, mut clock) = (None, Vec::new(), 10_000_u64);
            for (step, event) in events {
                clock = clock.saturating_add_signed(step);
                let event = match event { 0 => Event::Success, 1..5 => Event::Look, _ => Event::Attempt };
                let (next, answer) = check(&limits, state.as_ref(), event, Timestamp::from_millis(clock));
                if event == Event::Success {
                    counted.clear();
                } else {
                    let ahead = counted.last().map_or(0, |last: &u64| last.saturating_sub(clock));
                    counted.iter_mut().for_each(|attempt| *attempt -= ahead);
                    prop_assert_eq!(answer.is_locked(), slow(&limits, &counted, clock));
                    if let Answer::Locked { retry_after_millis } = answer {
                        prop_assert!(retry_after_millis <= duration_millis);
                        prop_assert!(!slow(&limits, &counted, clock + retry_after_millis));
                        prop_assert!(slow(&limits, &counted, clock + retry_after_millis - 1));
                    }
                    if event == Event::Attempt && !answer.is_locked() {
                        counted.push(clock);
                    }
                }
                if let Some(next) = next {
                    prop_assert!(expires(&limits, &next).millis() >= next.attempts.newest().unwrap_or(0));
                    state = Some(next);
                }
            }
        }

        #[test]
        fn a_large_limit_never_locks_late(
            max_attempts in 33..300_u32,
            steps in proptest::collection::vec(0..20_u64, 1..600),
        ) {
            let limits = Limits { max_attempts, window_millis: 2000, duration_millis: 500 };
            let (mut state, mut counted, mut clock) = (None, Vec::new(), 0);
            for step in steps {
                clock += step;
                let (next, answer) = check(&limits, state.as_ref(), Event::Attempt, Timestamp::from_millis(clock));
                prop_assert!(answer.is_locked() || !slow(&limits, &counted, clock));
                if !answer.is_locked() {
                    counted.push(clock);
                }
                state = next.or(state);
            }
        }
    }
}
