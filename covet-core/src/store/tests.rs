//! The suite on every store of this crate, and what only one of them promises.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::*;
use crate::time::{Clock as _, SystemClock};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

mod bound;

mod in_memory {
    use super::*;

    crate::store_suite!(async { (MemoryStore::new(100_000), ()) });
}

mod by_swap {
    use super::*;

    crate::store_suite!(async { (OnlySwap(MemoryStore::new(100_000)), ()) });
}

/// A store that has nothing but what the trait demands, so that its provided `run` is tested.
#[derive(Debug)]
struct OnlySwap(MemoryStore);

#[async_trait]
impl Store for OnlySwap {
    async fn read(&self, key: &Key, now: Timestamp) -> Result<Option<Versioned>, StoreError> {
        // Others get their turn between a read and its swap, as they would where the store is far away.
        tokio::task::yield_now().await;
        self.0.read(key, now).await
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        self.0.swap(key, expected, new, now).await
    }

    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError> {
        self.0.list(space, owner, now).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.0.sweep(now).await
    }
}

/// A key spread as a keyed hash would be.
fn key(space: Space, number: u64) -> Key {
    let mut tag = [0; 16];
    let hash = |number: u64| {
        number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    };
    let bytes = hash(number).to_le_bytes().into_iter().chain(hash(!number).to_le_bytes());
    tag.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    Key { space, owner: Tag([7; 16]), id: Tag(tag) }
}

fn totp(last_step: u64, seconds: u64) -> Option<Write> {
    Some(Write { state: State::Totp(mfa::State { last_step }), expires: NOW.plus_millis(seconds * 1000) })
}

fn limit() -> rate_limit::Policy {
    suite::rates(&[(1, 3600)])
}

/// Threads read the clock in one order and are served in another; the window stands still all the same.
#[test]
fn threads_that_overtake_each_other_exceed_no_limit() {
    const LIMIT: usize = 320;
    let (store, policy, began) = (MemoryStore::new(1000), suite::rates(&[(320, 1)]), Instant::now());
    // One of them is overtaken by the others between the clock and the store.
    let serve = |slow: bool| {
        let mut admitted = Vec::new();
        while began.elapsed() < Duration::from_millis(2500) {
            let before = began.elapsed();
            let now = SystemClock.now();
            if slow {
                std::thread::sleep(Duration::from_millis(20));
            }
            let (step, mut outcomes) = (suite::charge_step(key(Space::Limit, 1), &policy, 1), Outcomes::new());
            store.run_now(&[step], now, &mut outcomes).unwrap();
            if !outcomes.iter().any(Outcome::is_refusal) {
                admitted.push((before, began.elapsed()));
            }
        }
        admitted
    };
    let mut admitted: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || serve(thread == 0))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    admitted.sort_unstable();
    // All that certainly lay in one second: begun after its beginning, ended before its end.
    let second = |first: Duration| admitted.iter().filter(move |(begin, end)| *begin >= first && *end < first + SECOND);
    let most = admitted.iter().map(|(begin, _)| second(*begin).count()).max().unwrap();
    assert!((LIMIT / 2..=LIMIT).contains(&most), "{most}");
}

/// Less a little, for the clock counts whole milliseconds.
const SECOND: Duration = Duration::from_millis(997);

async fn charge(store: &impl Store, policy: &rate_limit::Policy, key: Key, now: Timestamp) -> Result<bool, StoreError> {
    let outcomes = store.run(&[suite::charge_step(key, policy, 1)], now).await?;
    Ok(outcomes.iter().all(|outcome| !outcome.is_refusal()))
}

#[tokio::test]
async fn a_flood_of_keys_stays_in_the_bound_and_is_counted() {
    let (store, policy) = (MemoryStore::new(6400), limit());
    for number in 0..20_000 {
        assert!(charge(&store, &policy, key(Space::Limit, number), NOW.plus_millis(number)).await.unwrap());
    }
    let stats = store.stats();
    assert!(stats.entries <= 6400, "{stats:?}");
    assert_eq!(stats.entries as u64 + stats.evictions, 20_000);
}

#[tokio::test]
async fn a_counter_is_the_same_entry_however_it_is_kept() {
    let (store, policy, entry) = (MemoryStore::new(6400), limit(), key(Space::Limit, 1));
    assert!(charge(&store, &policy, entry, NOW).await.unwrap());
    // Read, it is an entry with a version; charged again, the one that was read.
    let read = store.read(&entry, NOW).await.unwrap().unwrap();
    assert!(!charge(&store, &policy, entry, NOW.plus_millis(3_599_999)).await.unwrap());
    assert_eq!(store.stats().entries, 1);
    // Removed by whoever read it, it begins anew; a second time it is another.
    assert!(store.swap(&entry, Some(read.version), None, NOW).await.unwrap());
    assert!(charge(&store, &policy, entry, NOW).await.unwrap());
    assert!(!store.swap(&entry, Some(read.version), None, NOW).await.unwrap());
    assert!(!store.swap(&entry, None, None, NOW).await.unwrap());
    assert!(!charge(&store, &policy, entry, NOW).await.unwrap());
    assert!(charge(&store, &policy, entry, NOW.plus_millis(3_600_000)).await.unwrap());
}

#[tokio::test]
async fn sweeping_forgets_counters_that_have_ended_and_no_other() {
    let (store, policy) = (MemoryStore::new(100_000), limit());
    for number in 0..20_000 {
        let now = NOW.plus_millis((number % 2) * 1_800_000);
        assert!(charge(&store, &policy, key(Space::Limit, number), now).await.unwrap());
    }
    for _ in 0..1000 {
        store.sweep(NOW.plus_millis(3_600_000)).await.unwrap();
    }
    assert_eq!(store.stats(), Stats { entries: 10_000, evictions: 0 });
    for number in 0..20_000 {
        let admitted = charge(&store, &policy, key(Space::Limit, number), NOW.plus_millis(3_600_000)).await.unwrap();
        assert_eq!(admitted, number % 2 == 0);
    }
}

#[tokio::test]
async fn who_keeps_asking_in_vain_is_not_forgotten_in_a_flood() {
    let (store, policy) = (MemoryStore::new(6400), limit());
    let guesser = key(Space::Limit, u64::MAX / 3);
    assert!(charge(&store, &policy, guesser, NOW).await.unwrap());
    for number in 0..50_000 {
        let now = NOW.plus_millis(number);
        charge(&store, &policy, key(Space::Limit, number), now).await.unwrap();
        if number % 100 == 0 {
            assert!(!charge(&store, &policy, guesser, now).await.unwrap(), "{number}");
        }
    }
}

#[tokio::test]
async fn a_full_store_forgets_limits_but_nothing_durable() {
    let (store, policy) = (MemoryStore::new(64), limit());
    for number in 0..2000 {
        charge(&store, &policy, key(Space::Limit, number), NOW).await.unwrap();
    }
    let mut kept = Vec::new();
    let mut refused = 0;
    for number in 0..2000 {
        match store.swap(&key(Space::Totp, number), None, totp(number, 60), NOW).await {
            Ok(swapped) => {
                assert!(swapped);
                kept.push(number);
            }
            Err(StoreError::Full { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((kept.len(), refused), (64, 1936));
    for number in &kept {
        assert!(store.read(&key(Space::Totp, *number), NOW).await.unwrap().is_some());
    }
    let full = charge(&store, &policy, key(Space::Limit, 5000), NOW).await;
    assert!(matches!(full, Err(StoreError::Full { .. })));
    // What has expired makes room again.
    assert!(charge(&store, &policy, key(Space::Limit, 5000), NOW.plus_millis(60_000)).await.unwrap());
}

#[tokio::test]
async fn a_sweep_gives_back_what_has_expired() {
    let store = MemoryStore::new(1_000_000);
    for number in 0..20_000 {
        let session = key(Space::Session, number);
        assert!(store.swap(&session, None, totp(1, if number < 100 { 60 } else { 10 }), NOW).await.unwrap());
    }
    for _ in 0..64 {
        store.sweep(NOW.plus_millis(10_000)).await.unwrap();
    }
    assert_eq!(store.stats(), Stats { entries: 100, evictions: 0 });
    assert_eq!(store.list(Space::Session, &Tag([7; 16]), NOW).await.unwrap().len(), 100);
}

#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod postgres {
    use super::*;

    // Where there is no server, what is proven is the store in front of a database in memory.
    crate::store_suite!(async {
        let pool = crate::migrate::tests::databases().await.pop().unwrap();
        (SqlStore::open(pool.clone(), MemoryStore::new(100_000), NOW).await.unwrap(), pool)
    });

    #[tokio::test]
    async fn what_is_durable_is_there_when_the_store_is_opened_again_and_what_has_expired_is_not() {
        for pool in crate::migrate::tests::databases().await {
            let open = |now| SqlStore::open(pool.clone(), MemoryStore::new(100_000), now);
            let store = open(NOW).await.unwrap();
            let (kept, gone, expired) = (key(Space::Totp, 1), key(Space::Totp, 2), key(Space::Totp, 3));
            for (key, seconds) in [(kept, 60), (gone, 60), (expired, 10)] {
                assert!(store.swap(&key, None, totp(1, seconds), NOW).await.unwrap());
            }
            let version = store.read(&gone, NOW).await.unwrap().map(|found| found.version);
            assert!(store.swap(&gone, version, None, NOW).await.unwrap());
            let later = NOW.plus_millis(20_000);
            store.sweep(later).await.unwrap();
            let again = open(NOW).await.unwrap();
            for (key, there) in [(kept, true), (gone, false), (expired, false)] {
                assert_eq!(again.read(&key, NOW).await.unwrap().is_some(), there, "{key:?}");
            }
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Waker};

    use sqlx::SqlitePool;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

    use super::*;

    crate::store_suite!(async {
        let file = File::new().await;
        (file.open(NOW).await.unwrap(), file)
    });

    /// A database of a test's own, removed with it.
    struct File(PathBuf);

    impl File {
        async fn new() -> Self {
            static FILES: AtomicU32 = AtomicU32::new(0);
            let name = format!("covet-store-{}-{}", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
            let dir = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&dir).unwrap();
            let file = Self(dir);
            let migration = sqlx::raw_sql(include_str!("../../migrations/sqlite/0001_store.sql"));
            migration.execute(&file.pool().await).await.unwrap();
            file
        }

        async fn pool(&self) -> SqlitePool {
            let options = SqliteConnectOptions::new()
                .filename(self.0.join("covet.db"))
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Off);
            SqlitePool::connect_with(options).await.unwrap()
        }

        async fn open(&self, now: Timestamp) -> Result<SqlStore, StoreError> {
            self.open_for(100_000, now).await
        }

        async fn open_for(&self, capacity: usize, now: Timestamp) -> Result<SqlStore, StoreError> {
            SqlStore::open(self.pool().await, MemoryStore::new(capacity), now).await
        }

        async fn rows(&self, space: Space) -> i64 {
            let rows = sqlx::query_scalar("SELECT count(*) FROM covet_entries WHERE space = ?").bind(space.name());
            rows.fetch_one(&self.pool().await).await.unwrap()
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    #[tokio::test]
    async fn what_is_durable_survives_a_restart_and_a_limit_does_not() {
        let (file, policy) = (File::new().await, limit());
        let store = file.open(NOW).await.unwrap();
        let (kept, revoked, gone) = (key(Space::Session, 1), key(Space::Session, 2), key(Space::Session, 3));
        for (key, seconds) in [(kept, 60), (revoked, 60), (gone, 10)] {
            let record = session_record();
            let write = Write { state: State::Session(record), expires: NOW.plus_millis(seconds * 1000) };
            assert!(store.swap(&key, None, Some(write), NOW).await.unwrap());
        }
        let version = store.read(&revoked, NOW).await.unwrap().unwrap().version;
        assert!(store.swap(&revoked, Some(version), None, NOW).await.unwrap());
        assert!(charge(&store, &policy, key(Space::Limit, 1), NOW).await.unwrap());
        assert!(!charge(&store, &policy, key(Space::Limit, 1), NOW).await.unwrap());
        let claim = [Step::Totp { key: key(Space::Totp, 1), step: 5, remember_millis: 90_000 }];
        assert_eq!(store.run(&claim, NOW).await.unwrap(), [Outcome::Totp(true)]);
        drop(store);

        let now = NOW.plus_millis(20_000);
        let store = file.open(now).await.unwrap();
        let session = store.read(&kept, now).await.unwrap().unwrap();
        assert_eq!(session.state, State::Session(session_record()));
        assert_eq!(store.read(&revoked, now).await.unwrap(), None);
        assert_eq!(store.read(&gone, now).await.unwrap(), None);
        assert_eq!(store.list(Space::Session, &kept.owner, now).await.unwrap().len(), 1);
        assert_eq!(store.run(&claim, now).await.unwrap(), [Outcome::Totp(false)]);
        assert!(charge(&store, &policy, key(Space::Limit, 1), now).await.unwrap());
    }

    #[tokio::test]
    async fn locked_account_stays_locked_after_restart() {
        let file = File::new().await;
        let delay = lockout::Wait::constant(900_000);
        let limits = lockout::Limits { max_attempts: 2, window_millis: 300_000, delay, cap: None };
        let step = |event| [Step::Lockout { key: key(Space::Lockout, 1), policy: limits, event }];
        let store = file.open(NOW).await.unwrap();
        for _ in 0..2 {
            assert!(!store.run(&step(lockout::Event::Attempt), NOW).await.unwrap().iter().any(Outcome::is_refusal));
        }
        drop(store);
        let store = file.open(NOW.plus_millis(899_999)).await.unwrap();
        let answers = store.run(&step(lockout::Event::Look), NOW.plus_millis(899_999)).await.unwrap();
        assert_eq!(answers, [Outcome::Lockout(lockout::Answer::Locked { attempts: 2, retry_after_millis: 1 })]);
        // A success clears the file as well.
        store.run(&step(lockout::Event::Success), NOW.plus_millis(899_999)).await.unwrap();
        drop(store);
        let store = file.open(NOW.plus_millis(899_999)).await.unwrap();
        let answers = store.run(&step(lockout::Event::Look), NOW.plus_millis(899_999)).await.unwrap();
        assert_eq!(answers, [Outcome::Lockout(lockout::Answer::Open { attempts: 0, wait_millis: 0 })]);
    }

    #[tokio::test]
    async fn what_cannot_be_written_has_not_happened() {
        let file = File::new().await;
        let store = file.open(NOW).await.unwrap();
        let used = key(Space::Totp, 1);
        assert!(store.swap(&used, None, totp(1, 60), NOW).await.unwrap());
        let before = store.read(&used, NOW).await.unwrap();
        sqlx::raw_sql("ALTER TABLE covet_entries RENAME TO moved").execute(&file.pool().await).await.unwrap();

        let error = store.run(&[Step::Totp { key: used, step: 2, remember_millis: 60_000 }], NOW).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { store: "database", .. }));
        store.swap(&used, before.as_ref().map(|b| b.version), None, NOW).await.unwrap_err();
        assert_eq!(store.read(&used, NOW).await.unwrap(), before);
        store.swap(&key(Space::Totp, 2), None, totp(1, 60), NOW).await.unwrap_err();
        assert_eq!(store.read(&key(Space::Totp, 2), NOW).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_write_is_finished_though_its_caller_went_away() {
        let file = File::new().await;
        let store = file.open(NOW).await.unwrap();
        for number in 0..20 {
            let key = key(Space::Totp, number);
            let mut write = store.swap(&key, None, totp(1, 60), NOW);
            // Once begun, then dropped, as when a client disconnects.
            assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert!(store.swap(&key(Space::Totp, 20), None, totp(1, 60), NOW).await.unwrap());
        let reopened = file.open(NOW).await.unwrap();
        assert!(store.read(&key(Space::Totp, 0), NOW).await.unwrap().is_some());
        for number in 0..=20 {
            let found = |entry: Option<Versioned>| entry.map(|found| found.state);
            let in_memory = found(store.read(&key(Space::Totp, number), NOW).await.unwrap());
            let in_file = found(reopened.read(&key(Space::Totp, number), NOW).await.unwrap());
            assert_eq!(in_memory, in_file, "{number}");
        }
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_read_refuses_to_open() {
        for (space, value, reason) in [
            ("lockout", "{}", "cannot be read"),
            ("session", r#"{"totp":{"last_step":1}}"#, "its value is that of a totp"),
            ("limit", r#"{"lockout":[]}"#, "its value is that of a lockout or a guess"),
            ("totp", r#"{"totp":{"last_step":-1}}"#, "cannot be read"),
        ] {
            let file = File::new().await;
            sqlx::query("INSERT INTO covet_entries VALUES (?, zeroblob(16), zeroblob(16), ?, ?)")
                .bind(space)
                .bind(value)
                .bind(i64::MAX)
                .execute(&file.pool().await)
                .await
                .unwrap();
            let error = file.open(NOW).await.unwrap_err();
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert!(source.contains(reason) && source.contains(space), "{source}");
        }
    }

    #[tokio::test]
    async fn a_sweep_deletes_rows_that_have_expired() {
        let file = File::new().await;
        let store = file.open(NOW).await.unwrap();
        for number in 0..10 {
            let write = totp(1, if number < 3 { 60 } else { 10 });
            assert!(store.swap(&key(Space::Totp, number), None, write, NOW).await.unwrap());
        }
        store.sweep(NOW.plus_millis(10_000)).await.unwrap();
        assert_eq!(file.rows(Space::Totp).await, 3);
    }

    const LOCKOUT: lockout::Limits = lockout::Limits {
        max_attempts: 5,
        window_millis: 86_400_000,
        delay: lockout::Wait::constant(900_000),
        cap: None,
    };

    async fn attempt(store: &SqlStore, key: Key) -> bool {
        let step = Step::Lockout { key, policy: LOCKOUT, event: lockout::Event::Attempt };
        store.run(&[step], NOW).await.unwrap().iter().all(|outcome| !outcome.is_refusal())
    }

    #[tokio::test]
    async fn names_that_somebody_makes_up_fill_no_disk_and_unlock_nothing() {
        const ROOM: usize = 640;
        let file = File::new().await;
        let store = file.open_for(ROOM, NOW).await.unwrap();
        let (ada, pin) = (key(Space::Lockout, 1), key(Space::Attempt, 1));
        for locked in [ada, pin] {
            for _ in 0..5 {
                assert!(attempt(&store, locked).await);
            }
        }
        for number in 0..3000 {
            assert!(attempt(&store, key(Space::Guess, number)).await, "{number}");
        }
        // Of those who come from many addresses as well.
        for number in 0..3000 {
            assert!(charge(&store, &limit(), key(Space::Limit, number), NOW).await.unwrap());
        }
        store.sweep(NOW).await.unwrap();
        let guesses = file.rows(Space::Guess).await;
        assert!((100..ROOM as i64 / 2).contains(&guesses), "{guesses}");
        let in_memory = async |store: &SqlStore| {
            let mut found = 0;
            for number in 0..3000 {
                found += i64::from(store.read(&key(Space::Guess, number), NOW).await.unwrap().is_some());
            }
            found
        };
        assert_eq!(in_memory(&store).await, guesses, "the file has what memory has");
        drop(store);
        let store = file.open_for(ROOM, NOW).await.unwrap();
        assert_eq!(in_memory(&store).await, guesses);
        for locked in [ada, pin] {
            assert!(!attempt(&store, locked).await);
        }
    }

    #[tokio::test]
    async fn what_was_forgotten_and_came_back_is_still_in_the_file() {
        let file = File::new().await;
        let store = file.open_for(64, NOW).await.unwrap();
        let guess = key(Space::Guess, 1);
        assert!(attempt(&store, guess).await);
        // Charges make it go, which writes nothing; then it is written again, before any sweep.
        for number in 0..1000 {
            assert!(charge(&store, &limit(), key(Space::Limit, number), NOW).await.unwrap());
        }
        assert_eq!(store.read(&guess, NOW).await.unwrap(), None);
        for _ in 0..2 {
            assert!(attempt(&store, guess).await);
            store.sweep(NOW).await.unwrap();
        }
        drop(store);
        let found = file.open(NOW).await.unwrap().read(&guess, NOW).await.unwrap().unwrap();
        assert!(matches!(found.state, State::Lockout(lockout::State { attempts: 2, .. })));
    }

    #[tokio::test]
    async fn a_file_that_is_larger_than_memory_is_opened_by_what_matters() {
        let file = File::new().await;
        let store = file.open(NOW).await.unwrap();
        for number in 0..2500 {
            assert!(attempt(&store, key(Space::Guess, number)).await);
        }
        for number in 0..100 {
            assert!(attempt(&store, key(Space::Lockout, number)).await);
        }
        drop(store);
        let store = file.open_for(640, NOW).await.unwrap();
        for number in 0..100 {
            assert!(store.read(&key(Space::Lockout, number), NOW).await.unwrap().is_some(), "{number}");
        }
        assert!(store.stats().entries <= 640);
        assert!(file.rows(Space::Guess).await <= 540);
        // Of what is never forgotten all is needed.
        drop(store);
        assert!(matches!(file.open_for(64, NOW).await, Err(StoreError::Full { .. })));
    }

    fn session_record() -> Arc<session::Record> {
        Arc::new(session::Record {
            user: session::User {
                id: "7f3a".parse().unwrap(),
                name: "Ada".to_owned(),
                roles: vec!["member".to_owned(), "admin".to_owned()],
            },
            handle: "h".to_owned(),
            stage: session::Stage::PendingMfa,
            created: NOW,
            seen: NOW,
            authenticated: NOW,
            mfa: Some(NOW),
            mfa_enrolled: true,
            wrong_passwords: 0,
            ip: Some("2001:db8::1".parse().unwrap()),
            user_agent: None,
        })
    }
}
