//! What stands under one lock of the store in memory: its entries, and which of them goes first.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

use super::counters::Counters;
use crate::store::{Key, Space, State, Tag};
use crate::time::Timestamp;

/// How many entries are looked at for one to forget.
const SAMPLE: usize = 16;

/// How many places one look of a sweep is long: under a tenth of a millisecond.
const LOOK: usize = 1024;

/// Entries by what may be forgotten of them. Tables, not maps: their buckets have numbers, so that a random entry can be
/// found and a sweep can stop anywhere.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// Limits that fit there.
    pub(super) counters: Counters,
    limits: HashTable<Entry>,
    guesses: HashTable<Entry>,
    attempts: HashTable<Entry>,
    kept: HashTable<Entry>,
    /// The version of the last write. Of all entries together: one that is removed and comes back has another.
    pub(super) version: u64,
    /// Where the sweep stands: in which part, and how many of its places are left. `None` before the first.
    swept: Option<(Part, usize)>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) state: State,
    pub(super) version: u64,
    pub(super) expires: Timestamp,
    /// Whether it is a limit that had nothing left when it was last charged.
    pub(super) used_up: bool,
}

/// Entries that are forgotten, or kept, for the same reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Guesses,
    Attempts,
    Limits,
    Kept,
}

impl Part {
    /// What may be forgotten; of what has more than its share, the first goes first.
    const FORGETTABLE: [Self; 3] = [Self::Guesses, Self::Attempts, Self::Limits];

    const fn of(space: Space) -> Self {
        match space {
            Space::Guess => Self::Guesses,
            Space::Attempt => Self::Attempts,
            Space::Limit => Self::Limits,
            Space::Session | Space::Lockout | Space::Totp => Self::Kept,
        }
    }

    /// The one that a sweep looks at next.
    const fn next(self) -> Option<Self> {
        match self {
            Self::Guesses => Some(Self::Attempts),
            Self::Attempts => Some(Self::Limits),
            Self::Limits => Some(Self::Kept),
            Self::Kept => None,
        }
    }
}

/// Where an entry is; the counters are behind the other limits.
pub(super) type Place = (Part, usize);

/// How little an entry is needed: what has ended, what tells little, what ends soon.
type Need = (bool, u32, Timestamp);

/// What a look of a sweep found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Look {
    /// Whether a quarter of it or more had ended.
    pub(super) pays: bool,
    /// Whether the whole shard has been looked at.
    pub(super) done: bool,
}

impl Shard {
    pub(super) fn len(&self) -> usize {
        self.counters.len() + self.limits.len() + self.guesses.len() + self.attempts.len() + self.kept.len()
    }

    pub(super) fn find(&self, key: &Key) -> Option<&Entry> {
        self.table(Part::of(key.space)).find(hash(key), |entry| entry.key == *key)
    }

    pub(super) fn find_mut(&mut self, key: &Key) -> Option<&mut Entry> {
        self.table_mut(Part::of(key.space)).find_mut(hash(key), |entry| entry.key == *key)
    }

    /// Puts an entry where there is none, or in the place of the one with its key; says whether there was none.
    pub(super) fn put(&mut self, entry: Entry) -> bool {
        let (key, table) = (entry.key, self.table_mut(Part::of(entry.key.space)));
        match table.entry(hash(&key), |other| other.key == key, |entry| hash(&entry.key)) {
            Slot::Occupied(mut slot) => {
                *slot.get_mut() = entry;
                false
            }
            Slot::Vacant(slot) => {
                slot.insert(entry);
                true
            }
        }
    }

    /// Says whether it was there.
    pub(super) fn remove(&mut self, key: &Key) -> bool {
        let table = self.table_mut(Part::of(key.space));
        let found = table.find_entry(hash(key), |entry| entry.key == *key);
        found.map(|found| found.remove()).is_ok()
    }

    /// Removes whatever is there, and says what it was unless it was a counter.
    pub(super) fn remove_at(&mut self, (part, place): Place) -> Option<Key> {
        let table = self.table_mut(part);
        match place.checked_sub(table.num_buckets()) {
            Some(place) => {
                self.counters.remove_at(place);
                None
            }
            None => table.get_bucket_entry(place).ok().map(|found| found.remove().0.key),
        }
    }

    /// The entry that goes first for a newcomer, where each part has a share of so many entries, and when it ends; `None`
    /// if none may go.
    pub(super) fn least_needed(&self, share: usize, newcomer: &Key, now: Timestamp) -> Option<(Place, Timestamp)> {
        let Some(part) = self.part_to_forget(share, Part::of(newcomer.space)) else {
            let ended = |place| self.need((Part::Kept, place), now).filter(|(live, ..)| !live);
            return (0..self.places(Part::Kept)).find_map(|place| Some(((Part::Kept, place), ended(place)?.2)));
        };
        let places = self.places(part);
        // The name of the newcomer is a keyed hash, so nobody outside can choose the sample.
        let start = mix(half(&newcomer.id) ^ half(&newcomer.owner) ^ self.version) as usize % places.max(1);
        let sample = (start..places).chain(0..start).map(|place| (part, place));
        let sample = sample.filter_map(|place| Some((place, self.need(place, now)?))).take(SAMPLE);
        let (place, (_, _, expires)) = sample.min_by_key(|(_, need)| *need)?;
        Some((place, expires))
    }

    /// What has more than its share; else the newcomer's own; else, for what is never forgotten, anything.
    fn part_to_forget(&self, share: usize, newcomer: Part) -> Option<Part> {
        let forgettable = |part: &Part| self.count(*part) > 0;
        let parts = || Part::FORGETTABLE.into_iter().filter(forgettable);
        let own = || parts().find(|part| *part == newcomer);
        parts().find(|part| self.count(*part) > share).or_else(own).or_else(|| parts().next())
    }

    /// Looks at the next places, forgets what has ended there, and tells of each entry that was no counter.
    pub(super) fn look(&mut self, now: Timestamp, mut forgot: impl FnMut(Key)) -> Look {
        let (mut part, mut left) = self.swept.unwrap_or_else(|| (Part::Guesses, self.places(Part::Guesses)));
        let (mut ended, mut live) = (0, 0);
        for _ in 0..LOOK {
            while left == 0 {
                let Some(next) = part.next() else {
                    self.swept = None;
                    self.shrink();
                    return Look { pays: pays(ended, live), done: true };
                };
                (part, left) = (next, self.places(next));
            }
            left -= 1;
            match self.need((part, left), now) {
                Some((false, ..)) => {
                    ended += 1;
                    self.remove_at((part, left)).into_iter().for_each(&mut forgot);
                }
                Some(_) => live += 1,
                None => {}
            }
        }
        self.swept = Some((part, left));
        Look { pays: pays(ended, live), done: false }
    }

    /// Gives back the memory of a flood that has passed.
    fn shrink(&mut self) {
        self.counters.shrink();
        for table in [&mut self.limits, &mut self.guesses, &mut self.attempts, &mut self.kept] {
            let wanted = table.len().saturating_mul(2);
            if table.capacity() / 2 > wanted {
                table.shrink_to(wanted, |entry| hash(&entry.key));
            }
        }
    }

    /// The keys of an owner in a space.
    pub(super) fn owned(&self, space: Space, owner: &Tag) -> impl Iterator<Item = Key> {
        let keys = self.table(Part::of(space)).iter().map(|entry| entry.key);
        keys.filter(move |key| key.space == space && key.owner == *owner)
    }

    fn need(&self, (part, place): Place, now: Timestamp) -> Option<Need> {
        let (weight, expires) = match place.checked_sub(self.table(part).num_buckets()) {
            Some(place) => self.counters.at(place).map(|(used_up, expires)| (used_up.into(), expires)),
            None => self.table(part).get_bucket(place).map(|entry| (entry.weight(), entry.expires)),
        }?;
        Some(if expires > now { (true, weight, expires) } else { (false, 0, expires) })
    }

    fn count(&self, part: Part) -> usize {
        self.table(part).len() + if part == Part::Limits { self.counters.len() } else { 0 }
    }

    /// How many places a part has, empty ones included.
    fn places(&self, part: Part) -> usize {
        self.table(part).num_buckets() + if part == Part::Limits { self.counters.places() } else { 0 }
    }

    const fn table(&self, part: Part) -> &HashTable<Entry> {
        match part {
            Part::Guesses => &self.guesses,
            Part::Attempts => &self.attempts,
            Part::Limits => &self.limits,
            Part::Kept => &self.kept,
        }
    }

    const fn table_mut(&mut self, part: Part) -> &mut HashTable<Entry> {
        match part {
            Part::Guesses => &mut self.guesses,
            Part::Attempts => &mut self.attempts,
            Part::Limits => &mut self.limits,
            Part::Kept => &mut self.kept,
        }
    }
}

impl Entry {
    /// How much it tells, beside others of its kind.
    const fn weight(&self) -> u32 {
        match &self.state {
            State::Lockout(failures) => failures.attempts,
            State::Limit(_) | State::Session(_) | State::Totp(_) => self.used_up as u32,
        }
    }
}

const fn pays(ended: usize, live: usize) -> bool {
    ended * 3 >= live
}

/// Where the key stands in its table: eight bytes of each tag as they are. The tags are keyed hashes, or hashes of
/// random ids that this process made, so they are spread evenly already and nobody outside can choose those that are
/// kept: hashing them again would only cost.
pub(super) fn hash(key: &Key) -> u64 {
    let first = |tag: &Tag| tag.0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    // Rotated, so that an owner and an id that are the same do not cancel.
    first(&key.id) ^ first(&key.owner).rotate_left(23) ^ key.space as u64
}

/// The half of a tag that [`hash`] does not use.
fn half(tag: &Tag) -> u64 {
    tag.0.last_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The finaliser of SplitMix64: neighbouring numbers become unrelated ones.
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lockout;

    #[test]
    fn a_flood_that_has_passed_gives_its_memory_back() {
        let begin = Timestamp::from_seconds(1_700_000_000);
        let mut shard = Shard::default();
        for number in 0..5000_u64 {
            let mut id = [0; 16];
            id.iter_mut().zip(mix(number).to_le_bytes()).for_each(|(to, from)| *to = from);
            for space in [Space::Guess, Space::Attempt, Space::Limit, Space::Lockout] {
                let key = Key { space, owner: Tag::NONE, id: Tag(id) };
                let state = State::Lockout(lockout::State::default());
                let expires = begin.plus_millis(if number < 10 { 2000 } else { 1000 });
                assert!(shard.put(Entry { key, state, version: 0, expires, used_up: false }));
            }
        }
        let parts = [Part::Guesses, Part::Attempts, Part::Limits, Part::Kept];
        assert!(parts.iter().all(|part| shard.places(*part) > 5000));
        let mut forgot = 0;
        while !shard.look(begin.plus_millis(1000), |_| forgot += 1).done {}
        assert_eq!((forgot, shard.len()), (4 * 4990, 40));
        assert!(parts.iter().all(|part| shard.places(*part) < 100));
    }
}
