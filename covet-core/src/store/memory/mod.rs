//! The store in memory: for one process, bounded, and the front of the store on disk.
//!
//! The rule: at its bound it forgets what has ended, else failures at what may be nobody's, else limits, of each the one
//! that would end soonest; never a session, a failure at an account or a used code. When there are only those, it refuses. What it forgot is counted in [`Stats`], for it is a sign of a bound set too
//! low or of a flood.

mod counters;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use async_trait::async_trait;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;
use parking_lot::Mutex;

use self::counters::{Charge, Counters};
use super::{Change, Key, Outcome, Outcomes, Space, State, Step, Store, StoreError, Tag, Versioned, Write};
use crate::rate_limit::{self, Answer, Charged};
use crate::time::Timestamp;

/// How many locks the entries are spread over.
const SHARDS: usize = 64;

/// How many entries are looked at for one to forget.
const SAMPLE: u64 = 16;

/// How many entries a sweep looks at: under a tenth of a millisecond.
const SWEEP: usize = 1024;

/// A bounded store in the memory of one process.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), covet_core::store::StoreError> {
/// use covet_core::store::{Key, MemoryStore, Space, Step, Store, Tag};
/// use covet_core::time::Timestamp;
///
/// let store = MemoryStore::default();
/// let key = Key { space: Space::Totp, owner: Tag([1; 16]), id: Tag::NONE };
/// let claim = [Step::Totp { key, step: 56_000_000, remember_millis: 90_000 }];
/// let now = Timestamp::from_seconds(1_680_000_000);
/// assert!(!store.run(&claim, now).await?[0].is_refusal());
/// assert!(store.run(&claim, now).await?[0].is_refusal());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    shards: Box<[Mutex<Shard>]>,
    /// Which sessions an owner has. Always locked after a shard, or alone.
    sessions: Box<[Mutex<Owners>]>,
    /// How many entries a shard may hold.
    bound: usize,
    evictions: AtomicU64,
    sweeping: AtomicUsize,
}

/// How full a memory store is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stats {
    /// How many entries it holds, some perhaps expired.
    pub entries: usize,
    /// How many counters it has forgotten before their time, to make room.
    pub evictions: u64,
}

#[derive(Debug, Default)]
struct Shard {
    /// Limits that fit there.
    counters: Counters,
    // A table, not a map: its buckets have numbers, so that a random entry can be found and a sweep can stop anywhere.
    entries: HashTable<Entry>,
    /// The version of the last write. Of all entries together: one that is removed and comes back has another.
    version: u64,
    /// Where the sweep stands; it goes from the end to the front, first of the entries, then of the counters.
    swept: usize,
    counters_swept: usize,
}

/// The sessions of each owner, by id.
type Owners = HashMap<Tag, Vec<Tag>>;

#[derive(Debug)]
struct Entry {
    key: Key,
    state: State,
    version: u64,
    expires: Timestamp,
}

impl MemoryStore {
    /// How many entries the default store holds: some hundred megabytes when full.
    pub const DEFAULT_CAPACITY: usize = 1_000_000;

    /// A store of at most about `capacity` entries, rounded up to fill its shards.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            sessions: (0..SHARDS).map(|_| Mutex::default()).collect(),
            bound: capacity.div_ceil(SHARDS).max(1),
            evictions: AtomicU64::new(0),
            sweeping: AtomicUsize::new(0),
        }
    }

    /// How full it is, and what it had to forget.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let entries = self.shards.iter().map(|shard| shard.lock().len()).sum();
        Stats { entries, evictions: self.evictions.load(Ordering::Relaxed) }
    }

    /// One step, without waiting.
    pub(super) fn step(&self, step: &Step<'_>, now: Timestamp) -> Result<Outcome, StoreError> {
        if let Step::Charge { key, policy, cost, shadow, .. } = step {
            return Ok(Outcome::of_charge(self.charge(key, policy, *cost, now)?, *shadow));
        }
        let mut shard = self.shard(step.key()).lock();
        let bucket = self.live(&mut shard, step.key(), now);
        let entry = bucket.and_then(|bucket| shard.entries.get_bucket(bucket));
        let Change { outcome, write } = step.apply(entry.map(|entry| &entry.state), now);
        if let Some(write) = write {
            self.write(&mut shard, step.key(), write, now)?;
        }
        Ok(outcome)
    }

    /// A charge in place: what it says is that of [`rate_limit::charge`].
    fn charge(&self, key: &Key, policy: &rate_limit::Policy, cost: u32, now: Timestamp) -> Result<Answer, StoreError> {
        let mut guard = self.shard(key).lock();
        let shard = &mut *guard;
        match shard.counters.charge(hash(key), policy, cost, now) {
            Charge::Done(answer) => return Ok(answer),
            Charge::Outgrown(state, answer) => {
                let expires = rate_limit::kept_until(policy, &state, &answer, now);
                self.write(shard, key, Write { state: State::Limit(state), expires }, now)?;
                return Ok(answer);
            }
            Charge::Missing => {}
        }
        let bucket = self.live(shard, key, now);
        if let Some(entry) = bucket.and_then(|bucket| shard.entries.get_bucket_mut(bucket))
            && let State::Limit(state) = &mut entry.state
        {
            let Charged { answer, changed } = rate_limit::charge_mut(policy, state, cost, now);
            entry.expires = entry.expires.max(rate_limit::kept_until(policy, state, &answer, now));
            if changed {
                shard.version += 1;
                entry.version = shard.version;
            }
            return Ok(answer);
        }
        let (state, answer) = rate_limit::charge(policy, None, cost, now);
        if let Some(state) = state {
            let expires = rate_limit::kept_until(policy, &state, &answer, now);
            self.make_room(shard, key, now)?;
            if let Some(state) = shard.counters.add(hash(key), state, expires) {
                self.write(shard, key, Write { state: State::Limit(state), expires }, now)?;
            }
        }
        Ok(answer)
    }

    /// [`Store::read`], without waiting.
    pub(super) fn get(&self, key: &Key, now: Timestamp) -> Option<Versioned> {
        let mut shard = self.shard(key).lock();
        self.unpack(&mut shard, key, now);
        let bucket = self.live(&mut shard, key, now)?;
        let entry = shard.entries.get_bucket(bucket)?;
        Some(Versioned { state: entry.state.clone(), version: entry.version })
    }

    /// [`Store::swap`], without waiting.
    pub(super) fn replace(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut shard = self.shard(key).lock();
        self.unpack(&mut shard, key, now);
        let bucket = self.live(&mut shard, key, now);
        let current = bucket.and_then(|bucket| shard.entries.get_bucket(bucket)).map(|entry| entry.version);
        if current != expected {
            return Ok(false);
        }
        self.put(&mut shard, key, new, now)?;
        Ok(true)
    }

    /// Writes or removes whatever is there.
    #[cfg(feature = "sqlite")]
    pub(super) fn set(&self, key: &Key, new: Option<Write>, now: Timestamp) -> Result<(), StoreError> {
        let mut shard = self.shard(key).lock();
        self.unpack(&mut shard, key, now);
        self.put(&mut shard, key, new, now)
    }

    /// Makes room for the entry, if it needs any, so that [`MemoryStore::set`] cannot fail until another entry of its
    /// kind is written.
    #[cfg(feature = "sqlite")]
    pub(super) fn reserve(&self, key: &Key, now: Timestamp) -> Result<(), StoreError> {
        let mut shard = self.shard(key).lock();
        if shard.find(key).is_some() { Ok(()) } else { self.make_room(&mut shard, key, now) }
    }

    /// [`Store::list`], without waiting.
    pub(super) fn owned(&self, space: Space, owner: &Tag, now: Timestamp) -> Vec<(Key, Versioned)> {
        let indexed = Key { space, owner: *owner, id: Tag::NONE };
        let keys: Vec<Key> = if is_indexed(&indexed) {
            let ids = self.sessions_of(owner).lock().get(owner).cloned().unwrap_or_default();
            ids.into_iter().map(|id| Key { id, ..indexed }).collect()
        } else {
            self.scan(space, owner)
        };
        keys.into_iter().filter_map(|key| Some((key, self.get(&key, now)?))).collect()
    }

    /// Looks at the next [`SWEEP`] entries and forgets the expired ones.
    pub(crate) fn sweep_some(&self, now: Timestamp) {
        let turn = self.sweeping.load(Ordering::Relaxed);
        let Some(shard) = self.shards.get(turn % SHARDS) else { return };
        let mut shard = shard.lock();
        if shard.swept == 0 && shard.counters_swept == 0 {
            (shard.swept, shard.counters_swept) = (shard.entries.num_buckets(), shard.counters.places());
        }
        let mut looks = SWEEP;
        while looks > 0 && shard.swept > 0 {
            looks -= 1;
            shard.swept -= 1;
            let bucket = shard.swept;
            if shard.entries.get_bucket(bucket).is_some_and(|entry| entry.expires <= now) {
                self.remove_at(&mut shard, bucket);
            }
        }
        while looks > 0 && shard.counters_swept > 0 {
            looks -= 1;
            shard.counters_swept -= 1;
            let place = shard.counters_swept;
            if shard.counters.expires(place).is_some_and(|expires| expires <= now) {
                shard.counters.remove_at(place);
            }
        }
        if shard.swept == 0 && shard.counters_swept == 0 {
            // A flood that has passed gives its memory back.
            let wanted = shard.entries.len().saturating_mul(2);
            if shard.entries.capacity() / 2 > wanted {
                shard.entries.shrink_to(wanted, |entry| hash(&entry.key));
            }
            shard.counters.shrink();
            self.sweeping.store(turn.wrapping_add(1), Ordering::Relaxed);
        }
    }

    /// Makes a counter an entry like any other, so that it can be read and swapped.
    fn unpack(&self, shard: &mut Shard, key: &Key, now: Timestamp) {
        if key.space == Space::Limit
            && let Some((state, expires)) = shard.counters.take(hash(key), now)
        {
            shard.version += 1;
            let entry = Entry { key: *key, state: State::Limit(state), version: shard.version, expires };
            shard.entries.insert_unique(hash(key), entry, |entry| hash(&entry.key));
        }
    }

    fn shard(&self, key: &Key) -> &Mutex<Shard> {
        // Other bits of the name than those the table of the shard goes by.
        let ([.., id], [.., owner]) = (key.id.0, key.owner.0);
        pick(&self.shards, id ^ owner)
    }

    fn sessions_of(&self, owner: &Tag) -> &Mutex<Owners> {
        let [.., last] = owner.0;
        pick(&self.sessions, last)
    }

    /// Where the entry is, if it exists; forgets it if it has expired.
    fn live(&self, shard: &mut Shard, key: &Key, now: Timestamp) -> Option<usize> {
        let bucket = shard.find(key)?;
        if shard.entries.get_bucket(bucket)?.expires > now {
            return Some(bucket);
        }
        self.remove_at(shard, bucket);
        None
    }

    fn put(&self, shard: &mut Shard, key: &Key, new: Option<Write>, now: Timestamp) -> Result<(), StoreError> {
        match new {
            Some(write) => self.write(shard, key, write, now),
            None => {
                self.remove(shard, key);
                Ok(())
            }
        }
    }

    fn write(&self, shard: &mut Shard, key: &Key, new: Write, now: Timestamp) -> Result<(), StoreError> {
        let Write { state, expires } = new;
        if expires <= now {
            self.remove(shard, key);
            return Ok(());
        }
        if shard.find(key).is_none() {
            self.make_room(shard, key, now)?;
        }
        shard.version += 1;
        let entry = Entry { key: *key, state, version: shard.version, expires };
        match shard.entries.entry(hash(key), |entry| entry.key == *key, |entry| hash(&entry.key)) {
            Slot::Occupied(mut slot) => *slot.get_mut() = entry,
            Slot::Vacant(slot) => {
                slot.insert(entry);
                if is_indexed(key) {
                    self.sessions_of(&key.owner).lock().entry(key.owner).or_default().push(key.id);
                }
            }
        }
        Ok(())
    }

    fn remove(&self, shard: &mut Shard, key: &Key) {
        if let Some(bucket) = shard.find(key) {
            self.remove_at(shard, bucket);
        }
    }

    fn remove_at(&self, shard: &mut Shard, bucket: usize) {
        let Ok(occupied) = shard.entries.get_bucket_entry(bucket) else { return };
        let (Entry { key, .. }, _) = occupied.remove();
        if is_indexed(&key) {
            let mut sessions = self.sessions_of(&key.owner).lock();
            if let Some(ids) = sessions.get_mut(&key.owner) {
                ids.retain(|id| *id != key.id);
                if ids.is_empty() {
                    sessions.remove(&key.owner);
                }
            }
        }
    }

    /// Forgets one entry of a full shard: of a sample, the one that is least needed.
    fn make_room(&self, shard: &mut Shard, newcomer: &Key, now: Timestamp) -> Result<(), StoreError> {
        if shard.len() < self.bound {
            return Ok(());
        }
        // The name of the newcomer is a keyed hash, so nobody outside can choose the sample.
        let start = half(&newcomer.id) ^ half(&newcomer.owner) ^ shard.version;
        let places = shard.entries.num_buckets() + shard.counters.places();
        let sample = (0..SAMPLE).map(|draw| mix(start.wrapping_add(draw)) as usize % places);
        let sampled = shard.least_needed(sample, now);
        let victim = sampled.or_else(|| shard.least_needed(0..places, now));
        let (place, expires) = victim.ok_or(StoreError::Full { store: "memory" })?;
        if expires > now {
            self.evictions.fetch_add(1, Ordering::Relaxed);
        }
        match place.checked_sub(shard.entries.num_buckets()) {
            None => self.remove_at(shard, place),
            Some(place) => shard.counters.remove_at(place),
        }
        // Each counter that is charged makes another sample of the next.
        shard.version += 1;
        Ok(())
    }

    fn scan(&self, space: Space, owner: &Tag) -> Vec<Key> {
        let keys_of = |shard: &Mutex<Shard>| {
            let shard = shard.lock();
            let owned = shard.entries.iter().filter(|entry| entry.key.space == space && entry.key.owner == *owner);
            owned.map(|entry| entry.key).collect::<Vec<_>>()
        };
        self.shards.iter().flat_map(keys_of).collect()
    }
}

impl Shard {
    fn len(&self) -> usize {
        self.entries.len() + self.counters.len()
    }

    /// Of these places, those of the counters after those of the entries, the one that may be forgotten first, and when.
    fn least_needed(&self, places: impl Iterator<Item = usize>, now: Timestamp) -> Option<(usize, Timestamp)> {
        // What has ended is needed less than anything.
        let rank =
            |expires: Timestamp, space: Space| Some((if expires <= now { 0 } else { space.need()? + 1 }, expires));
        let need = |place: usize| match place.checked_sub(self.entries.num_buckets()) {
            Some(place) => rank(self.counters.expires(place)?, Space::Limit),
            None => self.entries.get_bucket(place).and_then(|entry| rank(entry.expires, entry.key.space)),
        };
        let (place, (_, expires)) =
            places.filter_map(|place| Some((place, need(place)?))).min_by_key(|(_, need)| *need)?;
        Some((place, expires))
    }

    fn find(&self, key: &Key) -> Option<usize> {
        self.entries.find_bucket_index(hash(key), |entry| entry.key == *key)
    }
}

/// Whether the sessions of its owner name it.
fn is_indexed(key: &Key) -> bool {
    key.space == Space::Session && key.owner != Tag::NONE
}

fn pick<T>(shards: &[T], byte: u8) -> &T {
    shards.get(usize::from(byte) % SHARDS).expect("there are as many shards as SHARDS says")
}

/// Where the key stands in its table: eight bytes of each tag as they are. The tags are keyed hashes, or hashes of
/// random ids that this process made, so they are spread evenly already and nobody outside can choose those that are
/// kept: hashing them again would only cost.
fn hash(key: &Key) -> u64 {
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

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn read(&self, key: &Key, now: Timestamp) -> Result<Option<Versioned>, StoreError> {
        Ok(self.get(key, now))
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.replace(key, expected, new, now)
    }

    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Ok(self.owned(space, owner, now))
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.sweep_some(now);
        Ok(())
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn run_now(&self, steps: &[Step<'_>], now: Timestamp, outcomes: &mut Outcomes) -> Result<bool, StoreError> {
        for step in steps {
            let outcome = step.for_whom(outcomes).map_or(Ok(Outcome::Exempt), |step| self.step(&step, now))?;
            let refused = outcome.is_refusal();
            outcomes.push(outcome);
            if refused {
                break;
            }
        }
        Ok(true)
    }

    async fn run(&self, steps: &[Step<'_>], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = Outcomes::new();
        self.run_now(steps, now, &mut outcomes)?;
        Ok(outcomes.into_vec())
    }
}
