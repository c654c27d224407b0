//! Stores that fail, and stores and accounts that change while they are looked at.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use covet::store::{Key, MemoryStore, Outcome, Space, Step, Store, StoreError, Tag, Versioned, Write};
use covet::{Account, AccountId, Accounts, Timestamp};
use covet_core::accounts::{AccountsError, NewAccount, SealedTotp, SqlAccounts};
use covet_core::password::PasswordHash;
use rocket::futures::future::{Either, join, select};
use rocket::tokio::sync::Notify;

use super::{App, database_url};

/// A point that is stopped at once, while something else happens.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    next: Mutex<Option<&'static str>>,
    found: Notify,
    go_on: Notify,
}

impl Pause {
    async fn at(&self, point: &str) {
        if self.next.lock().unwrap().take_if(|next| *next == point).is_some() {
            self.found.notify_one();
            self.go_on.notified().await;
        }
    }

    /// What becomes of the first, when the second happens once the first has come that far.
    pub(crate) async fn during<A, B>(
        &self,
        point: &'static str,
        first: impl Future<Output = A>,
        second: impl Future<Output = B>,
    ) -> (A, B) {
        *self.next.lock().unwrap() = Some(point);
        let second = async {
            self.found.notified().await;
            let done = second.await;
            self.go_on.notify_one();
            done
        };
        join(first, second).await
    }

    /// What happens that far, and no further: as if the process had stopped.
    pub(crate) async fn stop_at(&self, point: &'static str, what: impl Future) {
        *self.next.lock().unwrap() = Some(point);
        match select(pin!(what), pin!(self.found.notified())).await {
            Either::Left(_) => panic!("it does not come to {point}"),
            Either::Right(_) => {}
        }
    }
}

/// A store that can be made to fail.
#[derive(Debug, Default)]
pub(crate) struct Fragile {
    store: MemoryStore,
    pub(crate) pause: Pause,
    /// After how many operations it fails, if it shall.
    left: Mutex<Option<usize>>,
    /// Whether it says that it removes what it keeps.
    pub(crate) keeps: AtomicBool,
}

impl Fragile {
    /// It fails from the operation on that comes after so many.
    pub(crate) fn fail_after(&self, operations: usize) {
        *self.left.lock().unwrap() = Some(operations);
    }

    /// It fails no more.
    pub(crate) fn heal(&self) {
        *self.left.lock().unwrap() = None;
    }

    fn store(&self) -> Result<&MemoryStore, StoreError> {
        let mut left = self.left.lock().unwrap();
        match &mut *left {
            Some(0) => return Err(StoreError::Unavailable { store: "fragile", source: "it is broken".into() }),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(&self.store)
    }
}

#[rocket::async_trait]
impl Store for Fragile {
    async fn read(&self, key: &Key, now: Timestamp) -> Result<Option<Versioned>, StoreError> {
        self.store()?.read(key, now).await
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let store = self.store()?;
        if new.is_none() && self.keeps.load(Ordering::SeqCst) {
            return Ok(true);
        }
        store.swap(key, expected, new, now).await
    }

    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError> {
        let listed = self.store()?.list(space, owner, now).await;
        self.pause.at("list").await;
        listed
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.store()?.sweep(now).await
    }

    async fn run(&self, steps: &[Step<'_>], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        self.store()?.run(steps, now).await
    }
}

/// Accounts that are looked up, or about to be written, while something else happens.
#[derive(Debug)]
pub(crate) struct Interrupted {
    accounts: SqlAccounts,
    pub(crate) pause: Pause,
}

impl Interrupted {
    /// An application with its database in a folder, and its accounts.
    pub(crate) fn app(directory: &tempfile::TempDir) -> (App, Arc<Self>) {
        let pool = sqlx::SqlitePool::connect_lazy(&database_url(directory)).unwrap();
        let accounts = Arc::new(Self { accounts: SqlAccounts::new(pool), pause: Pause::default() });
        (App::on_file(directory).accounts(Arc::clone(&accounts) as _), accounts)
    }
}

#[rocket::async_trait]
impl Accounts for Interrupted {
    async fn find(&self, login: &str) -> Result<Option<Account>, AccountsError> {
        let account = self.accounts.find(login).await;
        self.pause.at("find").await;
        account
    }

    async fn get(&self, id: &AccountId) -> Result<Option<Account>, AccountsError> {
        let account = self.accounts.get(id).await;
        self.pause.at("get").await;
        account
    }

    async fn create(&self, new: NewAccount, now: Timestamp) -> Result<Account, AccountsError> {
        self.accounts.create(new, now).await
    }

    async fn set_password_hash(
        &self,
        id: &AccountId,
        expected: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, AccountsError> {
        self.pause.at("set_password_hash").await;
        self.accounts.set_password_hash(id, expected, new).await
    }

    async fn set_totp(
        &self,
        id: &AccountId,
        expected: Option<&SealedTotp>,
        new: Option<SealedTotp>,
    ) -> Result<bool, AccountsError> {
        self.accounts.set_totp(id, expected, new).await
    }

    async fn set_roles(&self, id: &AccountId, roles: &[String]) -> Result<(), AccountsError> {
        self.pause.at("set_roles").await;
        self.accounts.set_roles(id, roles).await
    }

    async fn set_disabled(&self, id: &AccountId, disabled: bool) -> Result<(), AccountsError> {
        self.pause.at("set_disabled").await;
        self.accounts.set_disabled(id, disabled).await
    }

    async fn list(&self, limit: u32, offset: u32) -> Result<Vec<Account>, AccountsError> {
        self.accounts.list(limit, offset).await
    }

    async fn count(&self) -> Result<u64, AccountsError> {
        self.accounts.count().await
    }
}
