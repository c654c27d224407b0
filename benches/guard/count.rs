//! A store that counts how often it is asked.

use std::sync::atomic::{AtomicU64, Ordering};

use covet::store::{Key, MemoryStore, Outcome, Outcomes, Space, Step, Store, StoreError, Tag, Versioned, Write};
use covet::time::Timestamp;
use rocket::async_trait;

/// A memory store and the number of calls to it.
#[derive(Debug, Default)]
pub(crate) struct CountingStore {
    inner: MemoryStore,
    calls: AtomicU64,
}

impl CountingStore {
    /// The calls since it was last asked.
    pub(crate) fn take(&self) -> u64 {
        self.calls.swap(0, Ordering::Relaxed)
    }

    fn counted(&self) -> &MemoryStore {
        self.calls.fetch_add(1, Ordering::Relaxed);
        &self.inner
    }
}

#[async_trait]
impl Store for CountingStore {
    async fn read(&self, key: &Key, now: Timestamp) -> Result<Option<Versioned>, StoreError> {
        self.counted().read(key, now).await
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.counted().swap(key, expected, new, now).await
    }

    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError> {
        self.counted().list(space, owner, now).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.counted().sweep(now).await
    }

    fn run_now(&self, steps: &[Step<'_>], now: Timestamp, outcomes: &mut Outcomes) -> Result<bool, StoreError> {
        self.counted().run_now(steps, now, outcomes)
    }

    async fn run(&self, steps: &[Step<'_>], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        self.counted().run(steps, now).await
    }
}
