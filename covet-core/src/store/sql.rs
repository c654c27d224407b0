//! The store of one node: what must survive a restart in a database, and all of it in memory.
//!
//! The rule: a durable entry is written to the database first and to memory second. If it cannot be written there the
//! operation fails and nothing has changed. One process owns the database, so reads never touch it. What memory forgets at
//! its bound the next sweep deletes from the database, so it is bounded as memory is, and in the same order: names that
//! somebody makes up fill no disk.
//!
//! Limits are kept in memory only: forgetting them at a restart is no worse than the restart.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    Change, Key, MemoryStore, Outcome, Outcomes, Space, State, Stats, Step, Store, StoreError, Tag, Versioned, Write,
};
use crate::pool::{Pool, on};
use crate::time::Timestamp;

/// How many expired rows a sweep deletes.
const SWEEP: i64 = 1000;

/// How many rows are read at a time.
const PAGE: i64 = 1000;

/// A memory store whose durable entries are also in a database.
#[derive(Debug, Clone)]
pub struct SqlStore {
    shared: Arc<Shared>,
    /// Durable writes one after the other: they are rare, and SQLite has one writer anyway.
    writing: Arc<Mutex<()>>,
}

#[derive(Debug)]
struct Shared {
    pool: Pool,
    memory: MemoryStore,
}

/// A row that no write of ours can have left.
#[derive(Debug, thiserror::Error)]
#[error("the entry `{space}/{owner}/{id}` of the table `covet_entries` cannot be read: {reason}")]
struct BadRow {
    space: String,
    owner: String,
    id: String,
    reason: String,
}

/// A row of `covet_entries`.
type Row = (String, Vec<u8>, Vec<u8>, String, i64);

impl SqlStore {
    /// Reads the live entries of the database into `memory`, which stands in front of it from then on. The table must
    /// have been created by the migrations.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when they cannot be read, or has an entry that cannot be understood: to skip it
    /// might unlock an account. [`StoreError::Full`] when `memory` cannot hold them.
    pub async fn open(pool: impl Into<Pool>, memory: MemoryStore, now: Timestamp) -> Result<Self, StoreError> {
        let shared = Shared { pool: pool.into(), memory: memory.telling_what_it_forgets() };
        let mut last = (String::new(), Vec::new(), Vec::new());
        loop {
            let rows = shared.page(&last, now).await?;
            let Some((space, owner, id, ..)) = rows.last() else { break };
            last = (space.clone(), owner.clone(), id.clone());
            for row in rows {
                let (key, write) = parse(row).map_err(unavailable)?;
                shared.memory.set(&key, Some(write), now)?;
            }
            shared.delete_forgotten().await?;
        }
        Ok(Self { shared: Arc::new(shared), writing: Arc::default() })
    }

    /// How full its memory is.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.memory.stats()
    }

    /// Runs one step if it changes nothing durable, which is nearly always so.
    fn step_now(&self, step: &Step<'_>, now: Timestamp) -> Result<Option<Outcome>, StoreError> {
        if !step.key().space.is_durable() {
            return self.shared.memory.step(step, now).map(Some);
        }
        let Change { outcome, write } = self.apply(step, now);
        Ok(write.is_none().then_some(outcome))
    }

    async fn step(&self, step: &Step<'_>, now: Timestamp) -> Result<Outcome, StoreError> {
        if let Some(outcome) = self.step_now(step, now)? {
            return Ok(outcome);
        }
        let turn = self.turn().await;
        // Others may have written while this one waited: only now is it decided.
        let (key, change) = (step.key(), self.apply(step, now));
        if change.write.is_some() {
            self.write(turn, *key, change.write, now).await?;
        }
        Ok(change.outcome)
    }

    fn apply(&self, step: &Step<'_>, now: Timestamp) -> Change {
        step.apply(self.shared.memory.get(step.key(), now).as_ref().map(|current| &current.state), now)
    }

    async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.writing).lock_owned().await
    }

    /// Writes the row, then memory. In a task of its own: a caller who goes away halfway must not leave the two apart.
    async fn write(
        &self,
        turn: OwnedMutexGuard<()>,
        key: Key,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move {
            let _turn = turn;
            shared.write(&key, new.filter(|write| write.expires > now), now).await
        });
        task.await.map_err(unavailable)?
    }
}

impl Shared {
    /// The next live rows after one, by their keys.
    async fn page(&self, after: &(String, Vec<u8>, Vec<u8>), now: Timestamp) -> Result<Vec<Row>, StoreError> {
        let (space, owner, id) = after;
        let query = "SELECT space, owner, id, value, expires_at FROM covet_entries
             WHERE (space, owner, id) > ($1, $2, $3) AND expires_at > $4 ORDER BY space, owner, id LIMIT $5";
        let rows = on!(self.pool, pool => {
            let query = sqlx::query_as(query).bind(space).bind(owner).bind(id);
            query.bind(database_millis(now)).bind(PAGE).fetch_all(pool).await
        });
        rows.map_err(unavailable)
    }

    /// Deletes what memory had to forget; nothing may be written meanwhile. What cannot be deleted is at its end.
    async fn delete_forgotten(&self) -> Result<(), StoreError> {
        for key in self.memory.take_forgotten() {
            self.delete(&key).await?;
        }
        Ok(())
    }

    async fn write(&self, key: &Key, new: Option<Write>, now: Timestamp) -> Result<(), StoreError> {
        if let Some(write) = &new {
            self.memory.reserve(key, now)?;
            self.upsert(key, write).await?;
        } else {
            self.delete(key).await?;
        }
        self.memory.set(key, new, now)
    }

    async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let query = "DELETE FROM covet_entries WHERE space = $1 AND owner = $2 AND id = $3";
        let (owner, id) = (key.owner.0.as_slice(), key.id.0.as_slice());
        let done = on!(self.pool, pool => {
            sqlx::query(query).bind(key.space.name()).bind(owner).bind(id).execute(pool).await.map(drop)
        });
        done.map_err(unavailable)
    }

    async fn upsert(&self, key: &Key, write: &Write) -> Result<(), StoreError> {
        let value = serde_json::to_string(&write.state).map_err(unavailable)?;
        let query = "INSERT INTO covet_entries (space, owner, id, value, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (space, owner, id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
        let (owner, id, expires) = (key.owner.0.as_slice(), key.id.0.as_slice(), database_millis(write.expires));
        let done = on!(self.pool, pool => {
            let query = sqlx::query(query).bind(key.space.name()).bind(owner).bind(id).bind(value).bind(expires);
            query.execute(pool).await.map(drop)
        });
        done.map_err(unavailable)
    }
}

/// Databases have no unsigned numbers; the end of its time is far enough.
fn database_millis(time: Timestamp) -> i64 {
    i64::try_from(time.millis()).unwrap_or(i64::MAX)
}

fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable { store: "database", source: source.into() }
}

fn parse((space, owner, id, value, expires): Row) -> Result<(Key, Write), BadRow> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let bad = |reason: String| BadRow { space: space.clone(), owner: hex(&owner), id: hex(&id), reason };
    let tag = |bytes: &[u8]| bytes.try_into().map(Tag).map_err(|_| bad("its key is not of 16 bytes".to_owned()));
    let state: State = serde_json::from_str(&value).map_err(|error| bad(error.to_string()))?;
    let spaces = state.spaces();
    let Some(space_of) = spaces.iter().find(|known| known.name() == space) else {
        let kinds: Vec<_> = spaces.iter().map(|space| space.name()).collect();
        return Err(bad(format!("its value is that of a {}", kinds.join(" or a "))));
    };
    let expires = u64::try_from(expires).map_err(|_| bad("it expires before 1970".to_owned()))?;
    let key = Key { space: *space_of, owner: tag(&owner)?, id: tag(&id)? };
    Ok((key, Write { state, expires: Timestamp::from_millis(expires) }))
}

#[async_trait]
impl Store for SqlStore {
    async fn read(&self, key: &Key, now: Timestamp) -> Result<Option<Versioned>, StoreError> {
        Ok(self.shared.memory.get(key, now))
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if !key.space.is_durable() {
            return self.shared.memory.replace(key, expected, new, now);
        }
        let turn = self.turn().await;
        if self.shared.memory.get(key, now).map(|current| current.version) != expected {
            return Ok(false);
        }
        if expected.is_some() || new.is_some() {
            self.write(turn, *key, new, now).await?;
        }
        Ok(true)
    }

    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Ok(self.shared.memory.owned(space, owner, now))
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.shared.memory.forget_ended(now).await;
        let _turn = self.turn().await;
        self.shared.delete_forgotten().await?;
        let query = "DELETE FROM covet_entries WHERE (space, owner, id) IN
             (SELECT space, owner, id FROM covet_entries WHERE expires_at <= $1 LIMIT $2)";
        let done = on!(self.shared.pool, pool => {
            sqlx::query(query).bind(database_millis(now)).bind(SWEEP).execute(pool).await.map(drop)
        });
        done.map_err(unavailable)
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn forgotten(&self) -> u64 {
        self.shared.memory.forgotten()
    }

    fn run_now(&self, steps: &[Step<'_>], now: Timestamp, outcomes: &mut Outcomes) -> Result<bool, StoreError> {
        for step in steps {
            let outcome = match step.for_whom(outcomes) {
                Some(step) => self.step_now(&step, now)?,
                None => Some(Outcome::Exempt),
            };
            let Some(outcome) = outcome else { return Ok(false) };
            let refused = outcome.is_refusal();
            outcomes.push(outcome);
            if refused {
                break;
            }
        }
        Ok(true)
    }

    async fn run(&self, steps: &[Step<'_>], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(steps.len());
        for step in steps {
            let outcome = match step.for_whom(&outcomes) {
                Some(step) => self.step(&step, now).await?,
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
