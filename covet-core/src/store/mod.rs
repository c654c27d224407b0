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
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(test, feature = "test-util"))]
pub mod suite;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use self::memory::{MemoryStore, Stats};
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
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
    /// Failed attempts.
    Lockout,
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
            Self::Totp => "totp",
        }
    }
}

/// 128 bits that stand for a name without telling it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag(pub [u8; 16]);

impl Tag {
    /// The tag of nothing: keys that belong to no account.
    pub const NONE: Self = Self([0; 16]);
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
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
    /// In [`Space::Lockout`].
    Lockout(lockout::State),
    /// In [`Space::Totp`].
    Totp(mfa::State),
}

impl State {
    /// The space whose entries have this kind of value.
    #[must_use]
    pub const fn space(&self) -> Space {
        match self {
            Self::Limit(_) => Space::Limit,
            Self::Session(_) => Space::Session,
            Self::Lockout(_) => Space::Lockout,
            Self::Totp(_) => Space::Totp,
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
        /// How much.
        cost: u32,
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

/// What a step answered.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// Of [`Step::Charge`].
    Charge(rate_limit::Answer),
    /// Of [`Step::Session`].
    Session(session::Answer),
    /// Of [`Step::Lockout`].
    Lockout(lockout::Answer),
    /// Of [`Step::Totp`]: whether the step was accepted.
    Totp(bool),
}

impl Outcome {
    /// Whether the batch stops here.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Charge(answer) => answer.is_refused(),
            Self::Session(answer) => answer.live().is_none(),
            Self::Lockout(answer) => answer.is_locked(),
            Self::Totp(accepted) => !accepted,
        }
    }
}

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

    /// What the step means: pure, and the same on every store. A value of another kind than the key's space counts
    /// as absent for counters and as ended for sessions.
    #[must_use]
    pub fn apply(&self, state: Option<&State>, now: Timestamp) -> Change {
        match self {
            Self::Charge { policy, cost, .. } => {
                let state = state.and_then(|s| if let State::Limit(s) = s { Some(s) } else { None });
                let (state, answer) = rate_limit::charge(policy, state, *cost, now);
                let write = state
                    .map(|state| Write { expires: rate_limit::expires(policy, &state), state: State::Limit(state) });
                Change { outcome: Outcome::Charge(answer), write }
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

    /// All live entries of an owner in a space.
    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError>;

    /// Forgets what has expired; called now and then, bounded work a call.
    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Runs the steps in order, each atomically, up to and including the first refusal.
    async fn run(&self, steps: &[Step<'_>], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(steps.len());
        for step in steps {
            let outcome = run_by_swap(self, step, now).await?;
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
