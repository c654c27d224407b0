//! A sliding window that never undercounts: the memory of rate limits.
//!
//! The rule: an event counts while `now - t < length`. Events are kept in groups of at most `limit / 32`, rounded up,
//! each with the time of its *newest* event, and a group counts until that event leaves. So the window is exact for
//! limits up to [`GROUPS`], and for larger ones counts at most one group too many, never one too few.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// How many groups a full window is made of.
pub(crate) const GROUPS: u32 = 32;

/// How many groups are ever kept: a full window cannot need more, and one more is the room of a changed policy.
const MOST: usize = GROUPS as usize + 1;

/// Events of one window, oldest first.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u32)>", into = "Vec<(u64, u32)>")]
pub(crate) struct Window {
    total: u32,
    // Most windows are one group, which so needs no allocation.
    groups: SmallVec<[Group; 1]>,
}

/// Events counted together: twelve bytes, the time in two halves so that none is lost to alignment.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Group {
    newest: [u32; 2],
    count: u32,
}

/// What a window holds at a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Live {
    /// How many events count.
    pub(crate) count: u32,
    /// When the oldest of them will stop to, if any does.
    pub(crate) frees_at: Option<u64>,
}

impl Window {
    /// The time of the newest event: no later check may take place before it, whatever the clock says.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.groups.last().map(|group| group.newest())
    }

    /// The window of one group, or of none if the count is 0.
    pub(crate) fn of_single(newest: u64, count: u32) -> Self {
        Self { total: count, groups: (count > 0).then(|| Group::new(newest, count)).into_iter().collect() }
    }

    /// The newest event and the count of a window of at most one group.
    pub(crate) fn single(&self) -> Option<(u64, u32)> {
        match self.groups.as_slice() {
            [] => Some((0, 0)),
            [group] => Some((group.newest(), group.count)),
            _ => None,
        }
    }

    /// All events kept, of which some may have left the window since the last was added.
    #[cfg(any(test, feature = "redis"))]
    pub(crate) fn total(&self) -> u32 {
        self.total
    }

    /// Moves all events as many milliseconds towards the past as the newest lies in the future: the clock was set back.
    /// Their order and distances stay, so as much counts as before, and it leaves after the length of the window, not
    /// when the clock has caught up. Says whether it had to.
    pub(crate) fn rewind(&mut self, now: u64) -> bool {
        let Some(ahead) = self.newest().and_then(|newest| newest.checked_sub(now)).filter(|ahead| *ahead > 0) else {
            return false;
        };
        for group in &mut self.groups {
            *group = Group::new(group.newest().saturating_sub(ahead), group.count);
        }
        true
    }

    /// What counts at `now`. Changes nothing: what a refused event forgot, a clock set back would want again.
    pub(crate) fn live(&self, now: u64, length: u64) -> Live {
        let mut count = self.total;
        for group in &self.groups {
            let frees_at = group.newest().saturating_add(length);
            if frees_at > now {
                return Live { count, frees_at: Some(frees_at) };
            }
            count = count.saturating_sub(group.count);
        }
        Live { count: 0, frees_at: None }
    }

    /// When at most `count` of the kept events will still count; `None` when that is so from the start.
    pub(crate) fn falls_to(&self, count: u32, length: u64) -> Option<u64> {
        let mut left = self.total;
        let mut at = None;
        for group in &self.groups {
            if left <= count {
                break;
            }
            left = left.saturating_sub(group.count);
            at = Some(group.newest().saturating_add(length));
        }
        at
    }

    /// Adds `count` events at `now`, which is not before [`Window::newest`], in groups made for `limit`; forgets what
    /// has left the window.
    pub(crate) fn add(&mut self, mut count: u32, limit: u32, now: u64, length: u64) {
        let left = |group: &Group| group.newest().saturating_add(length) <= now;
        self.forget(self.groups.iter().take_while(|group| left(group)).count());
        self.total = self.total.saturating_add(count);
        let size = limit.div_ceil(GROUPS).max(1);
        if let Some(newest) = self.groups.last_mut().filter(|group| group.count < size) {
            let joined = count.min(size - newest.count);
            *newest = Group::new(now, newest.count + joined);
            count -= joined;
        }
        while count > 0 {
            let group = count.min(size);
            self.push(Group::new(now, group));
            count -= group;
        }
    }

    /// Takes back `count` of the events that are kept, the oldest first: what is left counts for at least as long as if
    /// they had never been.
    pub(crate) fn take_back(&mut self, mut count: u32) {
        while let Some(oldest) = self.groups.first_mut().filter(|_| count > 0) {
            let taken = count.min(oldest.count);
            oldest.count -= taken;
            self.total -= taken;
            count -= taken;
            if oldest.count == 0 {
                self.groups.remove(0);
            }
        }
    }

    /// Forgets the oldest groups.
    fn forget(&mut self, groups: usize) {
        for group in self.groups.drain(..groups) {
            self.total = self.total.saturating_sub(group.count);
        }
    }

    /// A full ring, which only a changed limit leaves behind, counts its two oldest groups as one, the longer way.
    fn push(&mut self, group: Group) {
        if self.groups.len() >= MOST {
            let oldest = self.groups.remove(0);
            if let Some(next) = self.groups.first_mut() {
                next.count = next.count.saturating_add(oldest.count);
            }
        }
        self.groups.push(group);
    }
}

impl Group {
    fn new(newest: u64, count: u32) -> Self {
        Self { newest: [(newest >> 32) as u32, newest as u32], count }
    }

    fn newest(self) -> u64 {
        let [high, low] = self.newest;
        u64::from(high) << 32 | u64::from(low)
    }
}

/// Reads what a store kept; the total is counted again, and the order made certain, rather than believed.
impl From<Vec<(u64, u32)>> for Window {
    fn from(mut groups: Vec<(u64, u32)>) -> Self {
        groups.sort_by_key(|(newest, _)| *newest);
        let mut window = Self::default();
        for (newest, count) in groups.into_iter().filter(|(_, count)| *count > 0) {
            window.total = window.total.saturating_add(count);
            window.push(Group::new(newest, count));
        }
        window
    }
}

impl From<Window> for Vec<(u64, u32)> {
    fn from(window: Window) -> Self {
        window.groups.into_iter().map(|group| (group.newest(), group.count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_until_the_window_has_passed() {
        let mut window = Window::default();
        window.add(1, 5, 1000, 60);
        window.add(1, 5, 1010, 60);
        assert_eq!(window.live(1059, 60), Live { count: 2, frees_at: Some(1060) });
        assert_eq!(window.live(1060, 60), Live { count: 1, frees_at: Some(1070) });
        assert_eq!(window.live(1070, 60), Live { count: 0, frees_at: None });
    }

    #[test]
    fn a_large_limit_counts_in_groups_by_their_newest_event() {
        let mut window = Window::default();
        for t in 0..100 {
            window.add(1, 100, 1000 + t, 1000);
        }
        assert_eq!(window.groups.len(), 25);
        assert_eq!(window.live(2002, 1000).count, 100);
        assert_eq!(window.live(2003, 1000).count, 96);
    }

    #[test]
    fn no_group_is_larger_than_its_share_of_the_limit_whatever_one_event_costs() {
        let mut window = Window::default();
        for t in 0..40 {
            window.add(7, 320, t, 1000);
        }
        let counts: Vec<_> = window.groups.iter().map(|group| group.count).collect();
        assert_eq!(counts, [10; 28]);
    }

    #[test]
    fn a_lowered_limit_never_makes_room_by_forgetting() {
        let mut window = Window::default();
        window.add(3200, 3200, 0, 1000);
        for t in 1..100 {
            window.add(1, 1, t, 1000);
        }
        assert_eq!((window.groups.len(), window.live(100, 1000).count), (MOST, 3299));
        // The groups joined stand until the newest of them leaves, so the count falls late, not early.
        assert_eq!(window.live(1000, 1000).count, 3299);
    }

    #[test]
    fn what_is_taken_back_is_the_oldest_that_counts() {
        let mut window = Window::default();
        for t in [0, 10, 20, 30] {
            window.add(1, 5, t, 100);
        }
        // The oldest no longer counts, and is what is given back.
        window.take_back(1);
        assert_eq!(window.live(105, 100), Live { count: 3, frees_at: Some(110) });
        window.take_back(9);
        assert_eq!(window, Window::default());
        window.take_back(1);
        assert_eq!(window, Window::default());
    }

    #[test]
    fn a_window_reads_back_as_it_was_kept() {
        let mut window = Window::default();
        window.add(40, 100, 5, 1000);
        window.add(3, 100, 9, 1000);
        let kept = Vec::from(window.clone());
        assert_eq!(Window::from(kept), window);
        assert_eq!(Window::from(vec![(9, 1), (5, 2), (7, 0)]), Window::from(vec![(5, 2), (9, 1)]));
    }
}
