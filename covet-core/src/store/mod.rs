//! Where what must be remembered between requests is kept: limits, sessions, failures, used codes.
//!
//! The rule: what a step *means* is one pure check ([`Step::apply`]); a store only makes it atomic. So every store
//! gives the same answers, and the suite in `store::suite` proves it for each.
//!
//! A [`Key`] names nothing in clear: its parts are keyed hashes, so neither a memory dump nor the database tells
//! whose limit or session it is.

mod memory;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sql")]
mod sql;
#[cfg(any(test, feature = "test-util"))]
pub mod suite;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

pub use self::memory::{MemoryStore, Stats};
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(feature = "sql")]
pub use self::sql::SqlStore;
pub use crate::tag::Tag;
use crate::time::Timestamp;
use crate::{lockout, mfa, rate_limit, session};

/// What a key is for; also whether it must survive a restart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    /// Counters of a rate limit.
    Limit,
    /// A session.
    Session,
    /// Failed attempts at what an account has.
    Lockout,
    /// Failed attempts at names that no account has. Anybody can make any number of them, so in need they are the first to
    /// be forgotten.
    Guess,
    /// Failed attempts at what handlers guard, by keys of theirs: perhaps at what somebody has, perhaps at what anybody
    /// can make up.
    Attempt,
    /// The last accepted TOTP step of an account.
    Totp,
}

impl Space {
    /// Whether a restart must not forget it. Limits may be forgotten; a session, a failure and a used code may not.
    #[must_use]
    pub const fn is_durable(self) -> bool {
        !matches!(self, Self::Limit)
    }

    /// Its name where entries are kept outside of memory.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Session => "session",
            Self::Lockout => "lockout",
            Self::Guess => "guess",
            Self::Attempt => "attempt",
            Self::Totp => "totp",
        }
    }
}

/// The name of one entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Key {
    /// What it is for.
    pub space: Space,
    /// Whose it is, so that all of one account's entries of a space can be listed; [`Tag::NONE`] for nobody's.
    pub owner: Tag,
    /// Which one of them.
    pub id: Tag,
}

/// The value of one entry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In [`Space::Limit`].
    Limit(rate_limit::State),
    /// In [`Space::Session`]; shared with the request that read it.
    Session(Arc<session::Record>),
    /// In [`Space::Lockout`], [`Space::Guess`] and [`Space::Attempt`].
    Lockout(lockout::State),
    /// In [`Space::Totp`].
    Totp(mfa::State),
}

impl State {
    /// The spaces whose entries have this kind of value.
    #[must_use]
    pub const fn spaces(&self) -> &'static [Space] {
        match self {
            Self::Limit(_) => &[Space::Limit],
            Self::Session(_) => &[Space::Session],
            Self::Lockout(_) => &[Space::Lockout, Space::Guess, Space::Attempt],
            Self::Totp(_) => &[Space::Totp],
        }
    }
}

/// A value with the version it was read at, to be given back to [`Store::swap`].
#[derive(Clone, PartialEq, Debug)]
pub struct Versioned {
    /// The value.
    pub state: State,
    /// Changes at each write of the entry.
    pub version: u64,
}

/// A value to be written, and when it may be forgotten.
#[derive(Clone, PartialEq, Debug)]
pub struct Write {
    /// The value.
    pub state: State,
    /// From then on the entry does not exist. Never absent: an entry without an end is a leak.
    pub expires: Timestamp,
}

/// One step of a batch: data, so that a store may run it wherever its data is.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Charge a rate limit by `cost`; refused, it charges nothing.
    Charge {
        /// Whose counter.
        key: Key,
        /// The limit.
        policy: &'a rate_limit::Policy,
        /// Other limits for some of those whose session the batch has found before; the first that is theirs holds.
        tiers: &'a [Tier],
        /// How much.
        cost: u32,
        /// Whether the batch goes on where the limit is reached.
        shadow: bool,
    },
    /// Read a session, refuse it when it has ended, and note that it was used.
    Session {
        /// Which session.
        key: Key,
        /// Its timeouts.
        policy: &'a session::Policy,
    },
    /// Look at, or count, failed attempts.
    Lockout {
        /// Whose failures.
        key: Key,
        /// How many are too many.
        policy: lockout::Limits,
        /// What happened.
        event: lockout::Event,
    },
    /// Accept a TOTP step if it is newer than every accepted one.
    Totp {
        /// Whose codes.
        key: Key,
        /// The step that the code stands for.
        step: u64,
        /// How long the step must be remembered, in milliseconds.
        remember_millis: u64,
    },
}

/// What a limit is for those who hold one of some roles.
#[derive(Clone, PartialEq, Debug)]
pub struct Tier {
    /// The roles.
    pub roles: Vec<String>,
    /// The limit; `None` for none.
    pub policy: Option<rate_limit::Policy>,
}

/// What a step answered.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// Of [`Step::Charge`].
    Charge(rate_limit::Answer),
    /// Of [`Step::Charge`] in shadow.
    Shadow(rate_limit::Answer),
    /// Of [`Step::Charge`] for somebody it does not bind.
    Exempt,
    /// Of [`Step::Session`].
    Session(session::Answer),
    /// Of [`Step::Lockout`].
    Lockout(lockout::Answer),
    /// Of [`Step::Totp`]: whether the step was accepted.
    Totp(bool),
}

impl Outcome {
    const fn of_charge(answer: rate_limit::Answer, shadow: bool) -> Self {
        if shadow { Self::Shadow(answer) } else { Self::Charge(answer) }
    }

    /// Whether a limit in shadow is reached.
    #[must_use]
    pub const fn would_refuse(&self) -> bool {
        matches!(self, Self::Shadow(answer) if answer.is_refused())
    }

    /// The session, if one was found.
    #[must_use]
    pub const fn session(&self) -> Option<&Arc<session::Record>> {
        if let Self::Session(answer) = self { answer.live() } else { None }
    }

    /// Whether the batch stops here.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Charge(answer) => answer.is_refused(),
            Self::Shadow(_) | Self::Exempt => false,
            Self::Session(answer) => answer.live().is_none(),
            Self::Lockout(answer) => answer.is_locked(),
            Self::Totp(accepted) => !accepted,
        }
    }
}

/// What the steps of a batch answered, in order; most batches are short.
pub type Outcomes = SmallVec<[Outcome; 4]>;

/// What a step does to its entry.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// The answer.
    pub outcome: Outcome,
    /// The new value; `None` leaves the entry as it is.
    pub write: Option<Write>,
}

impl Step<'_> {
    /// The entry this step is about.
    #[must_use]
    pub const fn key(&self) -> &Key {
        match self {
            Self::Charge { key, .. }
            | Self::Session { key, .. }
            | Self::Lockout { key, .. }
            | Self::Totp { key, .. } => key,
        }
    }

    /// The same step for whoever the batch has found so far: with the limit of their tier. `None` if it does not bind
    /// them.
    #[must_use]
    pub fn for_whom(&self, outcomes: &[Outcome]) -> Option<Cow<'_, Self>> {
        let &Self::Charge { key, tiers: tiers @ [_, ..], cost, shadow, .. } = self else {
            return Some(Cow::Borrowed(self));
        };
        let holds = |record: &session::Record, tier: &Tier| record.user.roles.iter().any(|r| tier.roles.contains(r));
        let session = outcomes.iter().rev().find_map(Outcome::session);
        match session.and_then(|record| tiers.iter().find(|tier| holds(record, tier))) {
            None => Some(Cow::Borrowed(self)),
            Some(tier) => {
                let policy = tier.policy.as_ref()?;
                Some(Cow::Owned(Self::Charge { key, policy, tiers: &[], cost, shadow }))
            }
        }
    }

    /// What the step means: pure, and the same on every store. A value of another kind than the key's space counts
    /// as absent for counters and as ended for sessions.
    #[must_use]
    pub fn apply(&self, state: Option<&State>, now: Timestamp) -> Change {
        match self {
            Self::Charge { policy, cost, shadow, .. } => {
                let state = state.and_then(|s| if let State::Limit(s) = s { Some(s) } else { None });
                let (state, answer) = rate_limit::charge(policy, state, *cost, now);
                let write = state
                    .map(|state| Write { expires: rate_limit::expires(policy, &state), state: State::Limit(state) });
                Change { outcome: Outcome::of_charge(answer, *shadow), write }
            }
            Self::Session { policy, .. } => {
                let record = state.and_then(|s| if let State::Session(s) = s { Some(s) } else { None });
                let (record, answer) = session::check(policy, record, now);
                let write = record
                    .map(|record| Write { expires: session::expires(policy, &record), state: State::Session(record) });
                Change { outcome: Outcome::Session(answer), write }
            }
            Self::Lockout { policy, event, .. } => {
                let state = state.and_then(|s| if let State::Lockout(s) = s { Some(s) } else { None });
                let (state, answer) = lockout::check(policy, state, *event, now);
                let write = state
                    .map(|state| Write { expires: lockout::expires(policy, &state), state: State::Lockout(state) });
                Change { outcome: Outcome::Lockout(answer), write }
            }
            Self::Totp { step, remember_millis, .. } => {
                let state = state.and_then(|s| if let State::Totp(s) = s { Some(s) } else { None });
                let (state, accepted) = mfa::claim_step(state, *step);
                let write =
                    state.map(|state| Write { expires: now.plus_millis(*remember_millis), state: State::Totp(state) });
                Change { outcome: Outcome::Totp(accepted), write }
            }
        }
    }
}

/// The store could not answer: the caller denies, it never guesses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store is out of reach or failed.
    #[error("the {store} store failed")]
    Unavailable {
        /// Which store.
        store: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store answers, but failed at what it was asked; others may have what they ask.
    #[error("the {store} store failed at this")]
    Failed {
        /// Which store.
        store: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Others kept changing the entry.
    #[error("the {store} store is contended")]
    Contended {
        /// Which store.
        store: &'static str,
    },
    /// The store is at its bound and refuses to forget what must not be forgotten.
    #[error("the {store} store is full")]
    Full {
        /// Which store.
        store: &'static str,
    },
}

impl StoreError {
    /// Which store.
    #[must_use]
    pub const fn store(&self) -> &'static str {
        match self {
            Self::Unavailable { store, .. }
            | Self::Failed { store, .. }
            | Self::Contended { store }
            | Self::Full { store } => store,
        }
    }
}

/// Keeps entries. All operations are atomic for one entry; an expired entry does not exist.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// Reads one entry.
    async fn read(&self, key: &Key, now: Timestamp) -> Result<Option<Versioned>, StoreError>;

    /// Writes (`Some`) or removes (`None`) the entry if it is still at the `expected` version, where `None` means that
    /// it must not exist. Says whether it did.
    async fn swap(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// All live entries of an owner in a space; of [`Space::Limit`] perhaps not all, for nobody lists counters.
    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError>;

    /// Forgets what has expired; called now and then, and never long without letting others have their turn.
    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError>;

    /// How many entries it has forgotten before their time, for want of room. Whoever asks now and then learns of a flood.
    fn forgotten(&self) -> u64 {
        0
    }

    /// Whether it is elsewhere, so that a few failures in a row mean that it is away and not worth waiting for. One in
    /// this process is not away as a whole: what needs no disk goes on when the disk is full.
    fn is_remote(&self) -> bool {
        true
    }

    /// Runs the first steps of a batch as far as it can without waiting, adds their outcomes, and says whether the
    /// batch is done. If not, the steps that have no outcome yet are for [`Store::run`]. A store in memory so spares
    /// the guard of a request a future. It may stop before a session but not after one: the tiers of later charges go
    /// by it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when a step fails.
    fn run_now(&self, steps: &[Step<'_>], now: Timestamp, outcomes: &mut Outcomes) -> Result<bool, StoreError> {
        let _ = (steps, now, outcomes);
        Ok(false)
    }

    /// Runs the steps in order, each atomically, up to and including the first refusal.
    async fn run(&self, steps: &[Step<'_>], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(steps.len());
        for step in steps {
            let outcome = match step.for_whom(&outcomes) {
                Some(step) => run_by_swap(self, &step, now).await?,
                None => Outcome::Exempt,
            };
            let refused = outcome.is_refusal();
            outcomes.push(outcome);
            if refused {
                break;
            }
        }
        Ok(outcomes)
    }
}

/// One step by read, apply and compare-and-swap: right on every store, if not the fastest.
async fn run_by_swap<S: Store + ?Sized>(store: &S, step: &Step<'_>, now: Timestamp) -> Result<Outcome, StoreError> {
    const TRIES: usize = 1000;
    for _ in 0..TRIES {
        let current = store.read(step.key(), now).await?;
        let Change { outcome, write } = step.apply(current.as_ref().map(|c| &c.state), now);
        let Some(write) = write else { return Ok(outcome) };
        if store.swap(step.key(), current.map(|c| c.version), Some(write), now).await? {
            return Ok(outcome);
        }
    }
    Err(StoreError::Contended { store: "shared" })
}
