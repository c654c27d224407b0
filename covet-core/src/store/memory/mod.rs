//! The store in memory: for one process, bounded, and the front of the store on disk.
//!
//! The rule: at its bound it forgets what has ended, else what anybody can make any number of: failures at what may be
//! nobody's, failures at keys of handlers, and limits. Each of the three has a share of the room, a quarter, that the others
//! cannot take: whoever floods one of them pushes out of the others no more than they have beyond theirs. Of each that one
//! goes that tells least: of failures those with the fewest attempts, of limits those that still have room before those that
//! are used up, and then what would end soonest. A session, a failure at an account and a used code are never forgotten;
//! when there are only those, it refuses. What it forgot is counted in [`Stats`] and told, for it is a sign of a bound set
//! too low or of a flood.

mod counters;
mod shard;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;

use self::counters::{Charge, Taken};
use self::shard::{Entry, Look, Shard, hash};
use super::{Change, Key, Outcome, Outcomes, Space, State, Step, Store, StoreError, Tag, Versioned, Write};
use crate::rate_limit::{self, Answer, Charged};
use crate::time::Timestamp;

/// How many locks the entries are spread over.
const SHARDS: usize = 64;

/// Which part of the room what may be forgotten has for itself, each kind of it.
const SHARE: usize = 4;

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
    /// What it has forgotten that is durable, for who keeps it elsewhere.
    forgotten: Option<Mutex<Vec<Key>>>,
    sweeping: AtomicUsize,
}

/// How full a memory store is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stats {
    /// How many entries it holds, some perhaps expired.
    pub entries: usize,
    /// How many entries it has forgotten before their time, to make room.
    pub evictions: u64,
}

/// The sessions of each owner, by id.
type Owners = HashMap<Tag, Vec<Tag>>;

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
            forgotten: None,
            sweeping: AtomicUsize::new(0),
        }
    }

    /// The same, which remembers what durable entries it had to forget, until they are taken.
    #[cfg(feature = "sqlite")]
    pub(super) fn telling_what_it_forgets(self) -> Self {
        Self { forgotten: Some(Mutex::default()), ..self }
    }

    /// The durable entries that it has forgotten since this was last asked, and that have not come back.
    #[cfg(feature = "sqlite")]
    pub(super) fn take_forgotten(&self) -> Vec<Key> {
        let forgotten = self.forgotten.as_ref().map(|forgotten| std::mem::take(&mut *forgotten.lock()));
        let mut keys = forgotten.unwrap_or_default();
        keys.retain(|key| self.shard(key).lock().find(key).is_none());
        keys
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
        let entry = self.live(&mut shard, step.key(), now);
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
                self.write_charged(shard, key, (policy, state, &answer), now)?;
                return Ok(answer);
            }
            Charge::Missing => {}
        }
        let version = shard.version + 1;
        if let Some(entry) = self.live(shard, key, now)
            && let State::Limit(state) = &mut entry.state
        {
            let Charged { answer, changed } = rate_limit::charge_mut(policy, state, cost, now);
            entry.expires = entry.expires.max(rate_limit::kept_until(policy, state, &answer, now));
            entry.used_up = answer.is_used_up();
            if changed {
                entry.version = version;
                shard.version = version;
            }
            return Ok(answer);
        }
        let (state, answer) = rate_limit::charge(policy, None, cost, now);
        if let Some(state) = state {
            let expires = rate_limit::kept_until(policy, &state, &answer, now);
            self.make_room(shard, key, now)?;
            if let Some(state) = shard.counters.add(hash(key), state, answer.is_used_up(), expires) {
                self.write_charged(shard, key, (policy, state, &answer), now)?;
            }
        }
        Ok(answer)
    }

    /// Writes a limit that fits no counter.
    fn write_charged(
        &self,
        shard: &mut Shard,
        key: &Key,
        (policy, state, answer): (&rate_limit::Policy, rate_limit::State, &Answer),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires = rate_limit::kept_until(policy, &state, answer, now);
        self.write(shard, key, Write { state: State::Limit(state), expires }, now)?;
        if let Some(entry) = shard.find_mut(key) {
            entry.used_up = answer.is_used_up();
        }
        Ok(())
    }

    /// [`Store::read`], without waiting.
    pub(super) fn get(&self, key: &Key, now: Timestamp) -> Option<Versioned> {
        let mut shard = self.shard(key).lock();
        unpack(&mut shard, key, now);
        let entry = self.live(&mut shard, key, now)?;
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
        unpack(&mut shard, key, now);
        if self.live(&mut shard, key, now).map(|entry| entry.version) != expected {
            return Ok(false);
        }
        self.put(&mut shard, key, new, now)?;
        Ok(true)
    }

    /// Writes or removes whatever is there.
    #[cfg(feature = "sql")]
    pub(super) fn set(&self, key: &Key, new: Option<Write>, now: Timestamp) -> Result<(), StoreError> {
        let mut shard = self.shard(key).lock();
        unpack(&mut shard, key, now);
        self.put(&mut shard, key, new, now)
    }

    /// Makes room for the entry, if it needs any, so that [`MemoryStore::set`] cannot fail until another entry of its
    /// kind is written.
    #[cfg(feature = "sql")]
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
            let keys_of = |shard: &Mutex<Shard>| shard.lock().owned(space, owner).collect::<Vec<_>>();
            self.shards.iter().flat_map(keys_of).collect()
        };
        keys.into_iter().filter_map(|key| Some((key, self.get(&key, now)?))).collect()
    }

    /// [`Store::sweep`], which cannot fail here: once around at most, and no further than it pays. Each look locks one
    /// shard for under a tenth of a millisecond, and others have their turn after it.
    pub(crate) async fn forget_ended(&self, now: Timestamp) {
        let mut shards = SHARDS;
        while shards > 0 {
            let look = self.look(now);
            shards -= usize::from(look.done);
            if !look.pays {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    fn look(&self, now: Timestamp) -> Look {
        let turn = self.sweeping.load(Ordering::Relaxed);
        let shard = self.shards.get(turn % SHARDS).expect("there are as many shards as SHARDS says");
        let look = shard.lock().look(now, |key| self.unlist(&key));
        if look.done {
            self.sweeping.store(turn.wrapping_add(1), Ordering::Relaxed);
        }
        look
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

    /// The entry, if it exists; forgets it if it has expired.
    fn live<'s>(&self, shard: &'s mut Shard, key: &Key, now: Timestamp) -> Option<&'s mut Entry> {
        if shard.find(key)?.expires <= now {
            self.remove(shard, key);
            return None;
        }
        shard.find_mut(key)
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
        let is_new = shard.put(Entry { key: *key, state, version: shard.version, expires, used_up: false });
        if is_new && is_indexed(key) {
            self.sessions_of(&key.owner).lock().entry(key.owner).or_default().push(key.id);
        }
        Ok(())
    }

    fn remove(&self, shard: &mut Shard, key: &Key) {
        if shard.remove(key) {
            self.unlist(key);
        }
    }

    /// Takes an entry that is gone from the sessions of its owner, if it was one.
    fn unlist(&self, key: &Key) {
        if is_indexed(key) {
            let mut sessions = self.sessions_of(&key.owner).lock();
            if let Some(ids) = sessions.get_mut(&key.owner) {
                ids.retain(|id| *id != key.id);
                if ids.is_empty() {
                    sessions.remove(&key.owner);
                }
            }
        }
    }

    /// Forgets one entry of a full shard, the least needed.
    fn make_room(&self, shard: &mut Shard, newcomer: &Key, now: Timestamp) -> Result<(), StoreError> {
        if shard.len() < self.bound {
            return Ok(());
        }
        let (place, expires) =
            shard.least_needed(self.bound / SHARE, newcomer, now).ok_or(StoreError::Full { store: "memory" })?;
        let key = shard.remove_at(place);
        key.iter().for_each(|key| self.unlist(key));
        if expires > now {
            self.evictions.fetch_add(1, Ordering::Relaxed);
            if let Some(forgotten) = &self.forgotten {
                forgotten.lock().extend(key.filter(|key| key.space.is_durable()));
            }
        }
        // Each counter that is charged makes another sample of the next.
        shard.version += 1;
        Ok(())
    }
}

/// Makes a counter an entry like any other, so that it can be read and swapped.
fn unpack(shard: &mut Shard, key: &Key, now: Timestamp) {
    if key.space == Space::Limit
        && let Some(Taken { state, used_up, expires }) = shard.counters.take(hash(key), now)
    {
        shard.version += 1;
        shard.put(Entry { key: *key, state: State::Limit(state), version: shard.version, expires, used_up });
    }
}

/// Whether the sessions of its owner name it.
fn is_indexed(key: &Key) -> bool {
    key.space == Space::Session && key.owner != Tag::NONE
}

fn pick<T>(shards: &[T], byte: u8) -> &T {
    shards.get(usize::from(byte) % SHARDS).expect("there are as many shards as SHARDS says")
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
        self.forget_ended(now).await;
        Ok(())
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn forgotten(&self) -> u64 {
        self.evictions.load(Ordering::Relaxed)
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
