//! Whether one may try, and what an attempt changes.

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::time::{Timestamp, in_order};

/// How many attempts are too many, of a password or of a code, and what then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// From which attempt in a row on the next must wait; 0 counts as 1.
    pub max_attempts: u32,
    /// How long after the last attempt the count is forgotten, in milliseconds; never before the wait is over.
    pub window_millis: u64,
    /// How the wait grows.
    pub delay: Wait,
    /// From which attempt in a row on another wait holds, and which, in milliseconds.
    pub cap: Option<(u32, u64)>,
}

/// A wait that grows: `base`, and `factor` times as long after each further attempt, up to `max`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    /// The first wait, in milliseconds.
    pub base_millis: u64,
    /// By what it grows; 0 counts as 1.
    pub factor: u32,
    /// The longest wait, in milliseconds.
    pub max_millis: u64,
}

impl Wait {
    /// A wait that does not grow.
    #[must_use]
    pub const fn constant(millis: u64) -> Self {
        Self { base_millis: millis, factor: 1, max_millis: millis }
    }
}

impl Limits {
    /// The same, but that nobody fails without having to wait.
    #[must_use]
    pub const fn from_the_first(self) -> Self {
        Self { max_attempts: 1, ..self }
    }

    /// How long the next must wait after so many attempts in a row, in milliseconds.
    fn wait(&self, count: u32) -> u64 {
        if let Some((_, millis)) = self.cap.filter(|(attempts, _)| count >= *attempts) {
            return millis;
        }
        let Some(more) = count.checked_sub(self.max_attempts.max(1)) else { return 0 };
        let grown = u64::from(self.delay.factor.max(1)).saturating_pow(more);
        self.delay.base_millis.saturating_mul(grown).min(self.delay.max_millis)
    }
}

impl From<&Policy> for Limits {
    fn from(policy: &Policy) -> Self {
        Self {
            max_attempts: policy.max_attempts.get(),
            window_millis: policy.window.millis(),
            delay: Wait {
                base_millis: policy.delay.base().millis(),
                factor: policy.delay.factor().get(),
                max_millis: policy.delay.max().millis(),
            },
            cap: None,
        }
    }
}

impl From<&crate::mfa::Policy> for Limits {
    /// Attempts at a second factor: after some, a wait between each; after very many, a day.
    fn from(policy: &crate::mfa::Policy) -> Self {
        const DAY: u64 = 86_400_000;
        Self {
            max_attempts: policy.max_attempts.get(),
            window_millis: 30 * DAY,
            delay: Wait::constant(policy.lockout.millis()),
            cap: Some((policy.cumulative_cap.get(), DAY)),
        }
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
        /// How many attempts in a row there were, the one that this answers included; those that a success forgot.
        attempts: u32,
        /// How many milliseconds the next must wait, unless the attempt that this answers succeeds.
        wait_millis: u64,
    },
    /// No; it does not count.
    Locked {
        /// How many attempts in a row there were.
        attempts: u32,
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
        matches!(self, Self::Open { wait_millis: 1.., .. })
    }

    /// How many attempts in a row there were.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        match self {
            Self::Open { attempts, .. } | Self::Locked { attempts, .. } => *attempts,
        }
    }

    /// How many milliseconds the next must wait, unless the attempt that this answers succeeds.
    #[must_use]
    pub const fn wait_millis(&self) -> u64 {
        match self {
            Self::Open { wait_millis, .. } => *wait_millis,
            Self::Locked { retry_after_millis, .. } => *retry_after_millis,
        }
    }

    /// The same in seconds, rounded up, as `Retry-After` tells it; `None` if nobody must wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u64> {
        match self.wait_millis() {
            0 => None,
            millis => Some(millis.div_ceil(1000)),
        }
    }
}

/// What is remembered: how many attempts in a row there were, and when the last. Whether that locked follows from them,
/// so that a changed policy holds at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct State {
    /// How many.
    pub attempts: u32,
    /// When the last of them was, in milliseconds since 1970.
    pub last: u64,
}

/// What a store kept, now or before waits grew: then it was times with how many attempts at each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Now { attempts: u32, last: u64 },
    Before(Vec<(u64, u32)>),
}

impl From<Kept> for State {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Now { attempts, last } => Self { attempts, last },
            Kept::Before(groups) => Self {
                attempts: groups.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count)),
                last: groups.iter().map(|(newest, _)| *newest).max().unwrap_or(0),
            },
        }
    }
}

/// Judges the event. The state is `None` when it has not changed; attempts while locked are not counted, or an
/// attacker could keep the owner out for ever. A clock set back neither forgets attempts nor makes a wait longer: a last
/// one in the future counts as if it had just been made.
#[must_use]
pub fn check(limits: &Limits, state: Option<&State>, event: Event, now: Timestamp) -> (Option<State>, Answer) {
    let kept = state.copied().unwrap_or_default();
    let at = in_order(now.millis(), kept.last);
    if event == Event::Success {
        let cleared = (kept.attempts > 0).then(State::default);
        return (cleared, Answer::Open { attempts: kept.attempts, wait_millis: 0 });
    }
    let mut live = State { last: kept.last.min(at), ..kept };
    if at >= forgotten_at(limits, &live) {
        live.attempts = 0;
    }
    let rewound = (live.last != kept.last).then_some(live);
    let ends_at = live.last.saturating_add(limits.wait(live.attempts));
    if live.attempts > 0 && ends_at > at {
        return (rewound, Answer::Locked { attempts: live.attempts, retry_after_millis: ends_at - at });
    }
    if event == Event::Look {
        return (rewound, Answer::Open { attempts: live.attempts, wait_millis: 0 });
    }
    let attempts = live.attempts.saturating_add(1);
    let wait_millis = limits.wait(attempts);
    (Some(State { attempts, last: at }), Answer::Open { attempts, wait_millis })
}

/// When the entry may be forgotten: when neither a wait nor an attempt is left.
#[must_use]
pub fn expires(limits: &Limits, state: &State) -> Timestamp {
    Timestamp::from_millis(if state.attempts == 0 { 0 } else { forgotten_at(limits, state) })
}

fn forgotten_at(limits: &Limits, state: &State) -> u64 {
    state.last.saturating_add(limits.window_millis.max(limits.wait(state.attempts)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use proptest::prelude::*;

    use super::Event::{Attempt, Look, Success};
    use super::*;
    use crate::time::DISORDER_MILLIS;

    const LIMITS: Limits = Limits {
        max_attempts: 3,
        window_millis: 86_400_000,
        delay: Wait { base_millis: 1000, factor: 2, max_millis: 900_000 },
        cap: None,
    };

    fn run(limits: Limits, events: &[(u64, Event)]) -> Vec<Answer> {
        let mut state = None;
        let answer = |(seconds, event): &(u64, Event)| {
            let (next, answer) = check(&limits, state.as_ref(), *event, Timestamp::from_seconds(*seconds));
            state = next.or(state.take());
            answer
        };
        events.iter().map(answer).collect()
    }

    const fn open(attempts: u32, wait: u64) -> Answer {
        Answer::Open { attempts, wait_millis: wait * 1000 }
    }

    const fn locked(attempts: u32, seconds: u64) -> Answer {
        Answer::Locked { attempts, retry_after_millis: seconds * 1000 }
    }

    #[test]
    fn from_the_last_free_attempt_on_the_wait_doubles_and_what_meets_it_does_not_count() {
        let table = [
            (0, Attempt, open(1, 0)),
            (0, Attempt, open(2, 0)),
            (0, Look, open(2, 0)),
            (10, Attempt, open(3, 1)),
            (10, Attempt, locked(3, 1)),
            (11, Look, open(3, 0)),
            (11, Attempt, open(4, 2)),
            (12, Attempt, locked(4, 1)),
            (12, Look, locked(4, 1)),
            (13, Attempt, open(5, 4)),
            (17, Attempt, open(6, 8)),
            (1000, Attempt, open(7, 16)),
            (1000 + 86_399, Look, open(7, 0)),
            (1000 + 86_400, Look, open(0, 0)),
            (1000 + 86_400, Attempt, open(1, 0)),
        ];
        let (events, expected): (Vec<_>, Vec<_>) =
            table.iter().map(|(at, event, answer)| ((*at, *event), *answer)).unzip();
        assert_eq!(run(LIMITS, &events), expected);
    }

    #[test]
    fn a_success_forgets_and_tells_how_many() {
        let answers = run(LIMITS, &[(0, Attempt), (1, Attempt), (2, Attempt), (2, Success), (2, Look)]);
        assert_eq!(answers, [open(1, 0), open(2, 0), open(3, 1), open(3, 0), open(0, 0)]);
        // Where there is nothing to forget nothing is written.
        for nothing in [None, Some(&State::default())] {
            assert_eq!(check(&LIMITS, nothing, Success, Timestamp::from_seconds(0)), (None, open(0, 0)));
        }
    }

    /// Where a power wraps, the 33rd or 64th lock lasts no time at all.
    #[test]
    fn the_wait_grows_to_its_end_and_never_wraps() {
        let now = Timestamp::from_seconds(1_700_000_000);
        for factor in [2, 3, 10, 1 << 16, u32::MAX] {
            let limits = Limits { delay: Wait { factor, ..LIMITS.delay }, ..LIMITS };
            for before in [20, 34, 35, 40, 65, 66, 67, 100, 1 << 31, u32::MAX - 1, u32::MAX] {
                let state = State { attempts: before, last: 0 };
                let limits = Limits { window_millis: u64::MAX, ..limits };
                let (next, answer) = check(&limits, Some(&state), Attempt, now);
                assert_eq!(answer.wait_millis(), 900_000, "{factor} {before}");
                let soon = now.plus_millis(899_999);
                assert!(check(&limits, next.as_ref(), Attempt, soon).1.is_locked(), "{factor} {before}");
            }
        }
        let longest = Limits { delay: Wait { base_millis: u64::MAX, factor: 2, max_millis: u64::MAX }, ..LIMITS };
        assert_eq!(longest.wait(u32::MAX), u64::MAX);
    }

    /// The figure that the documentation gives of the default.
    #[test]
    fn a_stranger_has_109_guesses_on_the_first_day_and_96_on_each_other() {
        let limits = Limits::from(&Policy::default());
        let (mut state, mut at, mut days) = (None, 0, [0; 3]);
        while let Some(day) = days.get_mut(at as usize / 86_400_000) {
            *day += 1;
            let (next, answer) = check(&limits, state.as_ref(), Attempt, Timestamp::from_millis(at));
            assert!(!answer.is_locked());
            (state, at) = (next, at + answer.wait_millis());
        }
        assert_eq!(days, [109, 96, 96]);
    }

    #[test]
    fn from_the_cap_on_another_wait_holds() {
        let limits = Limits { cap: Some((5, 86_400_000)), delay: Wait::constant(10_000), ..LIMITS };
        let events = [0, 0, 0, 9, 10, 20, 30, 86_419, 86_420, 86_421].map(|at| (at, Attempt));
        let expected = [
            open(1, 0),
            open(2, 0),
            open(3, 10),
            locked(3, 1),
            open(4, 10),
            open(5, 86_400),
            locked(5, 86_390),
            locked(5, 1),
            open(1, 0),
            open(2, 0),
        ];
        assert_eq!(run(limits, &events), expected);
        // Remembered for longer than the wait, it goes on from there.
        let limits = Limits { window_millis: 30 * 86_400_000, ..limits };
        assert_eq!(run(limits, &events).split_off(8), [open(6, 86_400), locked(6, 86_399)]);
    }

    #[test]
    fn wrong_codes_are_remembered_for_a_month_and_after_a_hundred_one_waits_a_day() {
        const DAY: u64 = 86_400_000;
        let limits = Limits::from(&crate::mfa::Policy::default());
        let last = Timestamp::from_seconds(1_700_000_000);
        for (before, wait) in [(98, 300_000), (99, DAY), (500, DAY)] {
            let state = State { attempts: before, last: last.millis() - DAY };
            let (next, answer) = check(&limits, Some(&state), Attempt, last);
            assert_eq!((answer.attempts(), answer.wait_millis()), (before + 1, wait));
            let look = |millis| check(&limits, next.as_ref(), Look, last.plus_millis(millis)).1.attempts();
            assert_eq!((look(30 * DAY - 1), look(30 * DAY)), (before + 1, 0));
        }
    }

    #[test]
    fn a_wait_longer_than_the_window_is_waited_out() {
        let limits = Limits { window_millis: 1, delay: Wait::constant(900_000), max_attempts: 1, cap: None };
        let answers = run(limits, &[(0, Attempt), (899, Attempt), (900, Attempt), (901, Attempt)]);
        assert_eq!(answers, [open(1, 900), locked(1, 1), open(1, 900), locked(1, 899)]);
    }

    #[test]
    fn a_clock_set_back_neither_unlocks_nor_locks_for_longer() {
        let limits = Limits { delay: Wait::constant(900_000), ..LIMITS };
        let events = [
            (1000, Attempt),
            (1000, Attempt),
            (1000, Attempt),
            (10, Look),
            (100, Attempt),
            (909, Look),
            (910, Attempt),
        ];
        let expected =
            [open(1, 0), open(2, 0), open(3, 900), locked(3, 900), locked(3, 810), locked(3, 1), open(4, 900)];
        assert_eq!(run(limits, &events), expected);
    }

    #[test]
    fn what_was_kept_before_waits_grew_still_locks() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let before = format!("[[5,2],[{},1]]", now.millis());
        let state: State = serde_json::from_str(&before).unwrap();
        assert_eq!(state, State { attempts: 3, last: now.millis() });
        assert!(check(&LIMITS, Some(&state), Attempt, now).1.is_locked());
        assert_eq!(serde_json::from_str::<State>("[]").unwrap(), State::default());
        let again = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&again).unwrap(), state);
    }

    /// The wait after so many attempts, multiplied out.
    fn slow_wait(limits: &Limits, count: u32) -> u64 {
        let mut wait = if count < limits.max_attempts { 0 } else { u128::from(limits.delay.base_millis) };
        for _ in limits.max_attempts..count {
            wait = (wait * u128::from(limits.delay.factor)).min(1 << 100);
        }
        match limits.cap {
            Some((attempts, millis)) if count >= attempts => millis,
            _ => wait.min(limits.delay.max_millis.into()) as u64,
        }
    }

    /// How many attempts in a row, of all that were let through, and how long the next must wait.
    fn slow(limits: &Limits, all: &[u64]) -> (u32, u64) {
        let (mut count, mut wait, mut last) = (0, 0, None);
        for attempt in all {
            if last.is_some_and(|last| attempt - last >= limits.window_millis.max(wait)) {
                count = 0;
            }
            count += 1;
            wait = slow_wait(limits, count);
            last = Some(*attempt);
        }
        (count, wait)
    }

    fn slow_answer(limits: &Limits, all: &mut Vec<u64>, event: Event, now: u64) -> Answer {
        let (count, wait) = slow(limits, all);
        let since = all.last().map_or(u64::MAX, |last| now - last);
        if since < wait {
            return Answer::Locked { attempts: count, retry_after_millis: wait - since };
        }
        if event == Look {
            let forgotten = since >= limits.window_millis.max(wait);
            return Answer::Open { attempts: if forgotten { 0 } else { count }, wait_millis: 0 };
        }
        all.push(now);
        let (attempts, wait_millis) = slow(limits, all);
        Answer::Open { attempts, wait_millis }
    }

    proptest! {
        #[test]
        fn it_answers_as_the_slow_rule_does(
            max_attempts in 1..=8_u32,
            window_millis in 1..4000_u64,
            delay in (0..300_u64, 1..=4_u32, 0..2000_u64),
            cap in proptest::option::of((1..=12_u32, 0..3000_u64)),
            events in proptest::collection::vec(
                (prop_oneof![9 => -100..300_i64, 1 => -30_000..0_i64], 0..20_u8), 1..300),
        ) {
            let (base_millis, factor, max_millis) = delay;
            let limits = Limits { max_attempts, window_millis, delay: Wait { base_millis, factor, max_millis }, cap };
            let longest = max_millis.max(cap.map_or(0, |(_, millis)| millis));
            let (mut state, mut all, mut clock) = (None, Vec::new(), 10_000_000_u64);
            for (step, event) in events {
                clock = clock.saturating_add_signed(step);
                let event = match event { 0 => Success, 1..5 => Look, _ => Attempt };
                let (next, answer) = check(&limits, state.as_ref(), event, Timestamp::from_millis(clock));
                if event == Success {
                    all.clear();
                } else {
                    let ahead = all.last().map_or(0, |last: &u64| last.saturating_sub(clock));
                    let (ahead, later) = if ahead <= DISORDER_MILLIS { (0, ahead) } else { (ahead, 0) };
                    all.iter_mut().for_each(|attempt| *attempt -= ahead);
                    prop_assert_eq!(answer, slow_answer(&limits, &mut all, event, clock + later));
                    prop_assert!(answer.wait_millis() <= longest, "no lock is longer than its length");
                }
                if let Some(next) = next {
                    // A store may forget it when it says, and not while it means anything.
                    let end = expires(&limits, &next);
                    let after = check(&limits, Some(&next), Attempt, end);
                    prop_assert!(next.attempts == 0 || after.1 == check(&limits, None, Attempt, end).1);
                    state = Some(next);
                }
            }
        }

        /// However many try at once, and whatever the clock does, the guesses are those of the rule and no more: those
        /// that are free, one for each wait, and once more for each jump.
        #[test]
        fn a_jump_of_the_clock_frees_one_window_at_most(
            jumps in proptest::collection::vec(
                proptest::sample::select(vec![0, 3_600_000, -7_200_000, 400 * 86_400_000]), 1..40),
        ) {
            let limits = LIMITS;
            let (mut state, mut clock, mut judged) = (None, 10 * 400 * 86_400_000_u64, 0);
            for jump in &jumps {
                clock = clock.saturating_add_signed(*jump);
                for _ in 0..20 {
                    let (next, answer) = check(&limits, state.as_ref(), Attempt, Timestamp::from_millis(clock));
                    judged += usize::from(!answer.is_locked());
                    prop_assert!(answer.wait_millis() <= limits.delay.max_millis);
                    state = next.or(state);
                }
            }
            prop_assert!(judged <= limits.max_attempts as usize * (1 + jumps.iter().filter(|jump| **jump != 0).count()));
        }
    }
}
