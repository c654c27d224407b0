//! Whether so many sign-ins fail that somebody must be guessing at many accounts.

use super::Global;
use crate::time::Timestamp;

/// How long a slot of the count lasts, and how many are looked at: together five minutes.
const SLOT_MILLIS: u64 = 30_000;
const SLOTS: usize = 10;

/// The share of the sign-ins that failed, over the last five minutes, and what was made of it. Of one process: a share is
/// a ratio, so that the sign-ins of one node tell it as well as those of all.
///
/// Raised when the share reaches its threshold among at least so many attempts; over when it falls below three quarters
/// of that, or when not half as many attempts are left.
///
/// ```
/// use covet_core::lockout::{Alarm, AlarmChange, Global};
/// use covet_core::time::Timestamp;
///
/// let (policy, now, mut alarm) = (Global::default(), Timestamp::from_seconds(1_700_000_000), Alarm::default());
/// let changes: Vec<_> = (0..200).filter_map(|_| alarm.count(&policy, true, now)).collect();
/// assert_eq!(changes, [AlarmChange::Raised]);
/// assert_eq!(alarm.look(&policy, now.plus_millis(300_000)), Some(AlarmChange::Over));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Alarm {
    slots: [Slot; SLOTS],
    raised: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    turn: u64,
    attempts: u32,
    failures: u32,
}

/// What has become of an alarm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlarmChange {
    /// It was raised.
    Raised,
    /// It is over.
    Over,
}

impl Alarm {
    /// Whether it is raised.
    #[must_use]
    pub const fn is_raised(&self) -> bool {
        self.raised
    }

    /// Counts a sign-in, and says what has become of the alarm by it.
    pub fn count(&mut self, policy: &Global, failed: bool, now: Timestamp) -> Option<AlarmChange> {
        let turn = self.turn(now);
        let place = usize::try_from(turn % SLOTS as u64).unwrap_or(0);
        if let Some(slot) = self.slots.get_mut(place) {
            if slot.turn != turn {
                *slot = Slot { turn, ..Slot::default() };
            }
            slot.attempts = slot.attempts.saturating_add(1);
            slot.failures = slot.failures.saturating_add(failed.into());
        }
        self.look(policy, now)
    }

    /// The present turn: not before one that was counted in, unless the clock was set back by more than all turns.
    fn turn(&self, now: Timestamp) -> u64 {
        let (turn, newest) = (now.millis() / SLOT_MILLIS, self.slots.iter().map(|slot| slot.turn).max().unwrap_or(0));
        if newest.saturating_sub(turn) < SLOTS as u64 { turn.max(newest) } else { turn }
    }

    /// What has become of the alarm with time.
    pub fn look(&mut self, policy: &Global, now: Timestamp) -> Option<AlarmChange> {
        let turn = self.turn(now);
        // What a clock that was set back has left in the future is not of the last five minutes.
        let recent = |slot: &&Slot| slot.turn <= turn && turn - slot.turn < SLOTS as u64;
        let sum = |of: fn(&Slot) -> u32| self.slots.iter().filter(recent).map(|slot| u64::from(of(slot))).sum::<u64>();
        let (attempts, failures) = (sum(|slot| slot.attempts), sum(|slot| slot.failures));
        let (least, share) = (u64::from(policy.min_attempts.get()), u64::from(policy.alert_failure_share.per_mille()));
        let raised = match self.raised {
            false => attempts >= least && failures * 1000 >= share * attempts,
            true => attempts * 2 >= least && failures * 4000 >= share * attempts * 3,
        };
        let change = if raised { AlarmChange::Raised } else { AlarmChange::Over };
        let changed = raised != self.raised;
        self.raised = raised;
        changed.then_some(change)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(text: &str) -> Global {
        toml::from_str(text).unwrap()
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_010);

    fn feed(alarm: &mut Alarm, policy: &Global, failures: u32, successes: u32, now: Timestamp) -> Vec<AlarmChange> {
        let all = (0..failures).map(|_| true).chain((0..successes).map(|_| false));
        all.filter_map(|failed| alarm.count(policy, failed, now)).collect()
    }

    #[test]
    fn it_is_raised_by_a_share_of_enough_attempts_and_told_once() {
        let policy = policy("alert_failure_share = 0.5\nmin_attempts = 100");
        let mut alarm = Alarm::default();
        assert_eq!(feed(&mut alarm, &policy, 99, 0, NOW), []);
        assert_eq!(feed(&mut alarm, &policy, 1, 0, NOW), [AlarmChange::Raised]);
        assert_eq!(feed(&mut alarm, &policy, 1000, 0, NOW), []);
        let mut alarm = Alarm::default();
        assert_eq!(feed(&mut alarm, &policy, 49, 0, NOW), []);
        assert_eq!(feed(&mut alarm, &policy, 0, 1000, NOW), [], "people who mistype now and then");
    }

    #[test]
    fn it_is_over_below_three_quarters_of_the_threshold_or_when_the_attempts_cease() {
        let policy = policy("alert_failure_share = 0.4\nmin_attempts = 100");
        let mut alarm = Alarm::default();
        assert_eq!(feed(&mut alarm, &policy, 300, 0, NOW), [AlarmChange::Raised]);
        // 300 of 1000 are three tenths, which is three quarters of four.
        assert_eq!(feed(&mut alarm, &policy, 0, 700, NOW), []);
        assert_eq!(feed(&mut alarm, &policy, 0, 1, NOW), [AlarmChange::Over]);

        let mut alarm = Alarm::default();
        feed(&mut alarm, &policy, 300, 0, NOW);
        assert_eq!(alarm.look(&policy, NOW.plus_millis(269_999)), None);
        assert_eq!(alarm.look(&policy, NOW.plus_millis(300_000)), Some(AlarmChange::Over));
        assert_eq!(alarm.look(&policy, NOW.plus_millis(900_000)), None);
    }

    #[test]
    fn a_clock_set_back_loses_no_count_and_after_five_minutes_begins_a_new_one() {
        let policy = policy("alert_failure_share = 0.5\nmin_attempts = 100");
        let count = |back: u64| {
            let mut alarm = Alarm::default();
            feed(&mut alarm, &policy, 60, 0, NOW);
            feed(&mut alarm, &policy, 40, 0, NOW.minus_millis(back))
        };
        // A turn of half a minute begins at `NOW`; a clock that is ten turns behind is believed.
        for back in [0, 10_000, 30_000, 9 * 30_000] {
            assert_eq!(count(back), [AlarmChange::Raised], "{back}");
        }
        for back in [10 * 30_000, 86_400_000] {
            assert_eq!(count(back), [], "{back}");
        }
    }

    proptest! {
        #[test]
        fn it_says_what_the_slow_count_says(
            share in 1..=1000_u32,
            least in 10..60_u32,
            events in proptest::collection::vec((0..20_000_u64, 0..3_u8), 1..400),
        ) {
            let policy = policy(&format!("alert_failure_share = {}\nmin_attempts = {least}", f64::from(share) / 1000.0));
            let (mut alarm, mut all, mut now, mut raised) = (Alarm::default(), Vec::new(), NOW, false);
            for (step, what) in events {
                now = now.plus_millis(step);
                let change = match what {
                    2 => alarm.look(&policy, now),
                    failed => {
                        all.push((now.millis() / 30_000, failed == 1));
                        alarm.count(&policy, failed == 1, now)
                    }
                };
                let recent: Vec<_> = all.iter().filter(|(turn, _)| now.millis() / 30_000 - turn < 10).collect();
                let failures = recent.iter().filter(|(_, failed)| *failed).count() as f64;
                let (attempts, share) = (recent.len() as f64, f64::from(share) / 1000.0);
                // To the rounding of what is compared.
                let slow = if raised {
                    attempts * 2.0 >= f64::from(least) && failures + 1e-9 >= share * 0.75 * attempts
                } else {
                    attempts >= f64::from(least) && failures + 1e-9 >= share * attempts
                };
                let expected = if slow { AlarmChange::Raised } else { AlarmChange::Over };
                prop_assert_eq!(change, (slow != raised).then_some(expected));
                prop_assert_eq!(alarm.is_raised(), slow);
                raised = slow;
            }
        }
    }
}
