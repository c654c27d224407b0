//! Refusals that are known to last.
//!
//! Against: a flood from one address that makes the server work for every request it refuses. The rule: who was told to
//! come back after some time is refused until then without asking again. The memory is bounded: who does not fit is
//! asked for as before.
//!
//! It holds for the same charge under the same policy only, for another may fit; and by this machine's own steady clock,
//! counted from before the server was asked, so that it ends no later than the server's word. A counter that is removed
//! on this node is forgotten here; on other nodes the refusal lasts as long as it was told to.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::rate_limit::Answer;
use crate::store::Key;

/// How many refusals are kept: some two megabytes.
const CAPACITY: usize = 16_384;

/// How often a full memory is searched for what has ended.
const SEARCH: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Refusals {
    known: Mutex<Known>,
    /// So that nobody waits for the lock while nobody is refused.
    count: AtomicUsize,
}

#[derive(Debug)]
struct Known {
    refusals: HashMap<Key, Refusal>,
    searched: Instant,
}

#[derive(Debug)]
struct Refusal {
    /// What was asked, as the server was: it tells the cost and the rates.
    step: Vec<u8>,
    answer: Answer,
    since: Instant,
}

impl Refusals {
    pub(super) fn new(now: Instant) -> Self {
        Self { known: Mutex::new(Known { refusals: HashMap::new(), searched: now }), count: AtomicUsize::new(0) }
    }

    /// Whether nothing is known at all.
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// What the server would still answer, as far as it is known.
    pub(super) fn get(&self, key: &Key, step: &[u8], now: Instant) -> Option<Answer> {
        let mut known = self.known.lock();
        let Entry::Occupied(found) = known.refusals.entry(*key) else { return None };
        match found.get().answer_at(now) {
            Some(answer) => (found.get().step == step).then_some(answer),
            None => {
                found.remove();
                self.count.store(known.refusals.len(), Ordering::Relaxed);
                None
            }
        }
    }

    /// Notes an answer of the server, which was asked at a time.
    pub(super) fn note(&self, key: &Key, step: &[u8], answer: &Answer, asked: Instant) {
        let mut known = self.known.lock();
        if known.refusals.len() >= CAPACITY && !known.refusals.contains_key(key) && !known.make_room(asked) {
            return;
        }
        let refusal = Refusal { step: step.to_vec(), answer: *answer, since: asked };
        known.refusals.insert(*key, refusal);
        self.count.store(known.refusals.len(), Ordering::Relaxed);
    }

    /// Forgets what is known of a counter.
    pub(super) fn forget(&self, key: &Key) {
        let mut known = self.known.lock();
        known.refusals.remove(key);
        self.count.store(known.refusals.len(), Ordering::Relaxed);
    }
}

impl Known {
    fn make_room(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.searched) >= SEARCH {
            self.searched = now;
            self.refusals.retain(|_, refusal| refusal.answer_at(now).is_some());
        }
        self.refusals.len() < CAPACITY
    }
}

impl Refusal {
    /// The answer with what is left of its times; `None` when it has ended.
    fn answer_at(&self, now: Instant) -> Option<Answer> {
        let passed = u64::try_from(now.saturating_duration_since(self.since).as_millis()).unwrap_or(u64::MAX);
        let left = self.answer.retry_after_millis?.checked_sub(passed).filter(|left| *left > 0)?;
        let reset_millis = self.answer.reset_millis.saturating_sub(passed);
        Some(Answer { retry_after_millis: Some(left), reset_millis, ..self.answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Space, Tag};

    fn key(number: u128) -> Key {
        Key { space: Space::Limit, owner: Tag::NONE, id: Tag(number.to_be_bytes()) }
    }

    fn refused(retry_after_millis: u64) -> Answer {
        let retry_after_millis = Some(retry_after_millis);
        Answer { retry_after_millis, quota: 5, window_seconds: 60, remaining: 0, reset_millis: 400 }
    }

    #[test]
    fn a_refusal_lasts_as_long_as_it_was_told_to_and_not_a_millisecond_more() {
        let start = Instant::now();
        let refusals = Refusals::new(start);
        assert!(refusals.is_empty());
        refusals.note(&key(1), b"step", &refused(1000), start);
        let after = |millis| refusals.get(&key(1), b"step", start + Duration::from_millis(millis));
        assert_eq!(after(0), Some(refused(1000)));
        assert_eq!(after(300), Some(Answer { reset_millis: 100, ..refused(700) }));
        assert_eq!(after(999), Some(Answer { reset_millis: 0, ..refused(1) }));
        assert_eq!(after(1000), None);
        assert!(refusals.is_empty());
    }

    #[test]
    fn another_charge_another_counter_and_one_that_was_removed_are_not_known() {
        let start = Instant::now();
        let refusals = Refusals::new(start);
        refusals.note(&key(1), b"step", &refused(1000), start);
        assert_eq!(refusals.get(&key(1), b"steps", start), None);
        assert_eq!(refusals.get(&key(2), b"step", start), None);
        assert!(refusals.get(&key(1), b"step", start).is_some());
        refusals.forget(&key(1));
        assert_eq!(refusals.get(&key(1), b"step", start), None);
    }

    #[test]
    fn a_flood_stays_in_the_bound_and_what_has_ended_makes_room() {
        let start = Instant::now();
        let refusals = Refusals::new(start);
        let kept = || refusals.known.lock().refusals.len();
        for number in 0..2 * CAPACITY as u128 {
            refusals.note(&key(number), b"step", &refused(1500), start);
        }
        assert_eq!(kept(), CAPACITY);
        refusals.note(&key(u128::MAX), b"step", &refused(1500), start + Duration::from_millis(1400));
        assert_eq!(refusals.get(&key(u128::MAX), b"step", start), None);
        refusals.note(&key(u128::MAX), b"step", &refused(1500), start + Duration::from_millis(2400));
        assert_eq!(kept(), 1);
    }
}
