//! The store of several nodes: all of it in Redis, decided there.
//!
//! Against: limits that count on each node for itself, and decisions on what was true a moment ago. The rule: a batch
//! is one script call, so one round trip, and atomic; the script is the translation of the pure checks. The server's
//! clock decides, so nodes whose clocks differ count alike. Every key is written with its time to live in the same
//! step.
//!
//! Who is refused by the first limit of a batch is refused without a trip until that limit has room again; the server's
//! word for how long is taken by this machine's steady clock.
//!
//! What cannot be an entry of Covet, be it another type, another layout or cut short, is no entry: a counter begins anew,
//! a session has ended, and the next write replaces it.
//!
//! The server must not evict (`maxmemory-policy noeviction`): what it forgets in need would unlock accounts and revive
//! used codes. Full, it refuses, which is [`StoreError::Full`].

mod address;
mod answer;
mod batch;
mod connection;
mod encode;
mod eviction;
mod failure;
mod keys;
mod link;
mod list;
mod refusals;
mod script;
#[cfg(any(test, feature = "test-util"))]
pub mod server;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use redis::Value;

pub use self::address::{Address, AddressError, Options};
use self::answer::Answers;
use self::batch::Part;
use self::failure::{Failure, lacks_script};
pub use self::keys::{Prefix, PrefixError};
use self::link::Link;
use self::refusals::Refusals;
use self::script::{Prepared, Scripts};
use super::{Key, Outcome, Outcomes, Space, Step, Store, StoreError, Tag, Versioned, Write};
use crate::random;
use crate::time::Timestamp;

/// How many entries are read in one call.
const MOST_READ: usize = 256;

/// A store in Redis.
pub struct RedisStore {
    link: Link,
    scripts: Scripts,
    keys: Prefix,
    response_timeout: Duration,
    clock: Clock,
    refusals: Refusals,
    /// The version of what is written next: from a random start, so that no two processes write the same.
    nonces: AtomicU64,
}

/// Whose time decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Clock {
    Server,
    #[cfg(any(test, feature = "test-util"))]
    Caller,
}

impl RedisStore {
    /// Connects to the server, and makes sure that it can run the script.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it cannot be reached, refuses the password, is a replica, or may not run scripts.
    pub async fn connect(address: &Address, options: &Options) -> Result<Self, StoreError> {
        let mut start = [0; 8];
        random::fill(&mut start).map_err(|error| Failure::Other(error.to_string()))?;
        let store = Self {
            link: Link::open(address, options).await?,
            scripts: Scripts::new(),
            keys: options.prefix().clone(),
            // Until it is known to work: it has the time of a connection.
            response_timeout: options.connection_timeout(),
            clock: Clock::Server,
            refusals: Refusals::new(Instant::now()),
            nonces: AtomicU64::new(u64::from_ne_bytes(start)),
        };
        let nothing = Key { space: Space::Limit, owner: Tag::NONE, id: Tag::NONE };
        store.read(&nothing, Timestamp::from_millis(0)).await?;
        store.warn_of_eviction().await;
        Ok(Self { response_timeout: options.response_timeout(), ..store })
    }

    /// The same, but the time is what the caller says. Only for tests: nodes whose clocks differ would not count alike.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub fn with_callers_clock(self) -> Self {
        Self { clock: Clock::Caller, ..self }
    }

    /// Runs the steps, which are all in one slot.
    async fn call(&self, steps: &[Prepared], now: Timestamp) -> Result<Answers, Failure> {
        let told = (self.clock != Clock::Server).then_some(now);
        let shared = encode::run(self.nonces.fetch_add(1, Ordering::Relaxed), told);
        let script = self.scripts.of(steps);
        let answer = self.in_time(async {
            match self.link.send(&script.by_hash(&shared, steps)).await {
                Err(error) if lacks_script(&error) => self.link.send(&script.whole(&shared, steps)).await,
                answer => answer,
            }
        });
        Ok(Answers::new(answer.await?))
    }

    async fn in_time(&self, answer: impl Future<Output = redis::RedisResult<Value>>) -> Result<Value, Failure> {
        match tokio::time::timeout(self.response_timeout, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Failure::Timeout(self.response_timeout)),
        }
    }

    /// Runs the steps of several slots at once.
    async fn run_parts(&self, steps: &[Step<'_>], parts: Vec<Part>, now: Timestamp) -> Result<Vec<Outcome>, Failure> {
        let answers = batch::all(parts.iter().map(|part| self.call(&part.steps, now))).await;
        let mut outcomes = Vec::with_capacity(steps.len());
        for (part, answers) in parts.iter().zip(answers) {
            let steps = part.places.iter().filter_map(|place| steps.get(*place));
            outcomes.extend(part.places.iter().copied().zip(answers?.outcomes(steps)?));
        }
        Ok(batch::merge(outcomes))
    }

    /// The refusal that is known to await the first step of a batch. In another place it would hide what the steps
    /// before it do.
    fn known_refusal(&self, steps: &[Step<'_>]) -> Option<Outcome> {
        let step = steps.first().filter(|_| !self.refusals.is_empty()).and_then(lasting)?;
        let (bytes, _) = encode::step(step, false).ok()?;
        self.refusals.get(step.key(), &bytes, Instant::now()).map(Outcome::Charge)
    }

    /// Notes whether the first step of a batch was refused, in a trip that began at a time.
    fn note_refusal(&self, steps: &[Step<'_>], outcomes: &[Outcome], began: Instant) {
        if let (Some(step), Some(Outcome::Charge(answer))) = (steps.first().and_then(lasting), outcomes.first())
            && self.clock == Clock::Server
            && answer.is_refused()
            && let Ok((bytes, _)) = encode::step(step, false)
        {
            self.refusals.note(step.key(), &bytes, answer, began);
        }
    }

    fn prepare(&self, step: &Step<'_>) -> Result<Prepared, Failure> {
        let index = self.keys.index_of(step.key());
        Ok(Prepared { key: self.keys.entry(step.key()), step: encode::step(step, index.is_some())?, index })
    }

    /// The entries of these keys, as far as they exist.
    async fn read_all(
        &self,
        keys: impl IntoIterator<Item = Key>,
        now: Timestamp,
    ) -> Result<Vec<(Key, Versioned)>, Failure> {
        let keys: Vec<Key> = keys.into_iter().collect();
        let mut found = Vec::new();
        for keys in keys.chunks(MOST_READ) {
            let read = |key| Prepared { key: self.keys.entry(key), index: None, step: encode::read() };
            let mut answers = self.call(&keys.iter().map(read).collect::<Vec<_>>(), now).await?;
            for key in keys {
                let entry = answers.entry()?.and_then(|entry| encode::entry(&entry));
                found.extend(entry.map(|entry| (*key, entry)));
            }
        }
        Ok(found)
    }
}

/// The step, if its refusal is the same for everybody and lasts.
fn lasting<'s, 'p>(step: &'s Step<'p>) -> Option<&'s Step<'p>> {
    matches!(step, Step::Charge { tiers: [], shadow: false, .. }).then_some(step)
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut store = f.debug_struct("RedisStore");
        store.field("cluster", &self.link.is_cluster()).field("prefix", &self.keys).field("clock", &self.clock);
        store.field("response_timeout", &self.response_timeout).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn read(&self, key: &Key, now: Timestamp) -> Result<Option<Versioned>, StoreError> {
        Ok(self.read_all([*key], now).await?.pop().map(|(_, entry)| entry))
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let index = self.keys.index_of(key);
        let step = encode::swap(expected, new.as_ref(), index.is_some()).map_err(Failure::from)?;
        let swapped = self.call(&[Prepared { key: self.keys.entry(key), index, step }], now).await?.yes()?;
        self.refusals.forget(key);
        Ok(swapped)
    }

    /// Sessions by their index; all else by looking at every key of the server, which no request needs. Of nobody
    /// there is nothing: what belongs to nobody is not kept together.
    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError> {
        if *owner == Tag::NONE {
            return Ok(Vec::new());
        }
        let ids = self.ids(space, owner).await?;
        Ok(self.read_all(ids.into_iter().map(|id| Key { space, owner: *owner, id }), now).await?)
    }

    /// The server forgets by itself.
    async fn sweep(&self, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    /// What is known without asking the server.
    fn run_now(&self, steps: &[Step<'_>], _: Timestamp, outcomes: &mut Outcomes) -> Result<bool, StoreError> {
        let refusal = if outcomes.is_empty() { self.known_refusal(steps) } else { None };
        let known = refusal.is_some();
        outcomes.extend(refusal);
        Ok(known)
    }

    async fn run(&self, steps: &[Step<'_>], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(refusal) = self.known_refusal(steps) {
            return Ok(vec![refusal]);
        }
        let began = Instant::now();
        let prepared = steps.iter().map(|step| self.prepare(step)).collect::<Result<Vec<_>, _>>()?;
        let outcomes = if self.link.is_cluster() {
            self.run_parts(steps, batch::split(prepared), now).await?
        } else {
            self.call(&prepared, now).await?.outcomes(steps)?
        };
        self.note_refusal(steps, &outcomes, began);
        Ok(outcomes)
    }
}
