//! What no request can show: floods of attempts, the alarm that they raise, what is counted for the operator.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::net::{IpAddr, Ipv4Addr};

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use super::attempts::{Attempt, Counted, Guessed};
use super::*;
use crate::account::AccountId;
use crate::accounts::SqlAccounts;
use crate::audit::SqlSink;
use crate::engine::Parts;
use crate::keys::{Keys, SecretKey};
use crate::migrate::tests::database;
use crate::password::{Password, PasswordHash};
use crate::policy::Policy;
use crate::store::{MemoryStore, Space, Stats, Store};
use crate::time::SystemClock;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// An engine with room for so many entries, and where its events go.
struct Bench {
    engine: Engine,
    store: Arc<MemoryStore>,
    sink: SqlSink,
    _directory: Box<dyn Send>,
}

impl Bench {
    async fn new(policy: &str, capacity: usize) -> Self {
        Self::of(policy, capacity, |_| {}).await
    }

    async fn of(policy: &str, capacity: usize, change: impl FnOnce(&mut Parts)) -> Self {
        let (directory, pool) = database().await;
        let (store, sink) = (Arc::new(MemoryStore::new(capacity)), SqlSink::new(pool.clone()));
        let mut parts = Parts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            accounts: Arc::new(SqlAccounts::new(pool)),
            keys: Keys::from_secret(&SecretKey::generate().unwrap()),
            sinks: vec![Arc::new(sink.clone())],
            clock: Arc::new(SystemClock),
            #[cfg(feature = "breach")]
            breaches: None,
        };
        change(&mut parts);
        let text = format!(
            "[application]\nname = 'V'\n[password]\nhash = {{ memory = '7MiB', iterations = 5 }}\n[roles.member]\n{policy}"
        );
        let engine = Engine::new(Policy::parse("security.toml", &text).unwrap(), [], parts).unwrap();
        Self { engine, store, sink, _directory: Box::new(directory) }
    }

    /// An attempt at the password of an account, from an address.
    async fn at(&self, account: &Account, facts: &Facts) -> Attempt {
        let counted = Counted::of(&self.engine, account, facts, NOW);
        self.engine.attempt(Guessed::Password, counted, facts, NOW).await.unwrap()
    }

    /// The same at a name that is nobody's.
    async fn at_nobody(&self, name: &str, facts: &Facts) -> Attempt {
        let counted = Counted::of_login(&self.engine, name, None, facts, NOW);
        self.engine.attempt(Guessed::Password, counted, facts, NOW).await.unwrap()
    }

    async fn sign_in(&self, name: &str, password: &str, now: Timestamp) -> bool {
        self.engine.sign_in(name, Password::from(password.to_owned()), &from(0), now).await.is_ok()
    }

    async fn alarms(&self) -> Vec<String> {
        let events = self.sink.recent(1000).await.unwrap().into_iter().rev();
        let alarms = events.filter(|event| event.kind == "malicious_login_failures");
        alarms.map(|event| format!("{:?}", event.details)).collect()
    }
}

fn from(number: u32) -> Facts {
    let client = IpAddr::from(Ipv4Addr::from(0x0b00_0000 + number));
    Facts { client: Some(client), ..Facts::default() }
}

fn account(id: &str) -> Account {
    Account {
        id: AccountId::from(id.to_owned()),
        username: id.to_owned(),
        email: None,
        roles: Vec::new(),
        password_hash: PasswordHash::from(String::new()),
        totp: None,
        disabled: false,
        created_at: NOW,
    }
}

#[tokio::test]
async fn neither_names_of_nobody_nor_addresses_without_end_push_out_the_attempts_at_an_account() {
    const ROOM: usize = 2560;
    let bench = Bench::new("", ROOM).await;
    for number in 0..5 {
        assert!(!bench.at(&account("victim"), &from(number)).await.is_refused());
    }
    assert!(bench.at(&account("victim"), &from(5)).await.is_refused());
    for number in 0..20_000 {
        // Never refused because the store is full.
        assert!(!bench.at_nobody(&format!("nobody {number}"), &from(1000 + number)).await.is_refused(), "{number}");
    }
    let Stats { entries, evictions } = bench.store.stats();
    assert!(entries <= ROOM && evictions > 30_000, "{entries} {evictions}");
    assert!(bench.at(&account("victim"), &from(6)).await.is_refused());
    // There is room for whoever else is attacked, and for sessions.
    for number in 0..200 {
        let attacked = account(&format!("account {number}"));
        for attempt in 0..6 {
            assert_eq!(bench.at(&attacked, &from(number)).await.is_refused(), attempt == 5, "{number} {attempt}");
        }
    }
    assert!(bench.at(&account("victim"), &from(6)).await.is_refused());
}

#[tokio::test]
async fn a_flood_of_names_of_nobody_spares_the_limits() {
    let bench = Bench::new("[lockout.network]\nlimits = ['3/1h']", 2560).await;
    for number in 0..1000 {
        for _ in 0..3 {
            bench.at_nobody("x", &from(number)).await;
        }
    }
    let mut spared = 0;
    for number in 0..5000 {
        bench.at_nobody(&format!("nobody {number}"), &Facts::default()).await;
    }
    for number in 0..1000 {
        spared += usize::from(bench.at_nobody(&format!("new {number}"), &from(number)).await.is_refused());
    }
    // What goes is chosen among a sample, so a few limits may; by their ends alone they all would, before the names.
    assert!(spared > 950, "{spared}");
}

impl Bench {
    async fn at_key(&self, key: &str) -> bool {
        self.engine.attempt_at("pin", key.as_bytes(), &from(0), NOW).await.is_ok()
    }

    async fn at_pin_of(&self, account: &AccountId) -> bool {
        self.engine.attempt_for("pin", account, &from(0), NOW).await.is_ok()
    }

    async fn register(&self, name: &'static str) -> AccountId {
        let password = Password::from(format!("correct horse of {name}"));
        let registration = Registration { username: name, email: None, password, roles: &["member"] };
        self.engine.register(registration, &from(0), NOW).await.unwrap().id
    }
}

#[tokio::test]
async fn no_flood_of_names_keys_or_addresses_unlocks_what_a_handler_guards() {
    let bench = Bench::new("", 2560).await;
    let ada = bench.register("ada").await;
    for _ in 0..5 {
        assert!(bench.at_pin_of(&ada).await && bench.at_key("safe").await);
    }
    // Names of nobody, as such and as accounts; keys; addresses, each flood larger than the store.
    for number in 0..5000 {
        assert!(!bench.at_nobody(&format!("nobody {number}"), &from(number)).await.is_refused(), "{number}");
        assert!(bench.at_pin_of(&account(&format!("nobody {number}")).id).await, "{number}");
        assert!(bench.at_key(&format!("key {number}")).await, "{number}");
    }
    assert!(!bench.at_pin_of(&ada).await);
    assert!(!bench.at_key("safe").await);
}

#[tokio::test]
async fn a_flood_of_names_of_nobody_spares_what_is_counted_by_keys() {
    let bench = Bench::new("", 2560).await;
    let keys: Vec<_> = (0..100).map(|number| format!("key {number}")).collect();
    for key in &keys {
        assert!(bench.at_key(key).await);
    }
    for number in 0..5000 {
        bench.at_nobody(&format!("nobody {number}"), &from(number)).await;
    }
    for key in &keys {
        for attempt in 1..6 {
            assert_eq!(bench.at_key(key).await, attempt < 5, "{key} {attempt}");
        }
    }
}

#[tokio::test]
async fn what_a_handler_guards_of_an_account_is_counted_apart_and_unlocked_with_it() {
    let bench = Bench::new("", 100_000).await;
    let (ada, eve, nobody) = (bench.register("ada").await, bench.register("eve").await, account("nobody").id);
    for locked in [&ada, &nobody] {
        for attempt in 0..7 {
            assert_eq!(bench.at_pin_of(locked).await, attempt < 5, "{attempt}");
        }
    }
    // Neither another's, nor the password, nor a key that is called the same.
    assert!(bench.at_pin_of(&eve).await && bench.at_key(ada.as_str()).await);
    assert!(bench.sign_in("ada", "correct horse of ada", NOW).await);
    assert!(bench.engine.attempt_for("safe", &ada, &from(0), NOW).await.is_ok());
    assert!(!bench.at_pin_of(&ada).await, "a sign-in is no success at it");
    assert!(bench.engine.unlock(&ada, &from(0), NOW).await.unwrap());
    for _ in 0..4 {
        assert!(bench.at_pin_of(&ada).await);
    }
    let attempt = bench.engine.attempt_for("pin", &ada, &from(0), NOW).await.unwrap();
    assert_eq!(attempt.retry_after(), Some(1));
    bench.engine.attempt_succeeded(&attempt, NOW).await.unwrap();
    assert!(bench.at_pin_of(&ada).await);
    // The log names the account, if there is one.
    let events = bench.sink.recent(100).await.unwrap().into_iter().filter(|event| event.kind == "authn_login_lock");
    let told: Vec<_> = events.map(|event| event.account).collect();
    assert_eq!(told, [Some(ada.clone()), None, Some(ada)]);
}

#[tokio::test]
async fn what_cannot_be_counted_is_not_judged() {
    let full = Bench::new("", 64).await;
    let ada = full.register("ada").await;
    for number in 0..1000_u32 {
        let key =
            Key { space: Space::Totp, owner: Tag::NONE, id: full.engine.keys().tag("x", &[&number.to_be_bytes()]) };
        let step = Step::Totp { key, step: 1, remember_millis: 60_000 };
        // Until nothing is left that it may forget.
        let _ = full.engine.store().run(&[step], NOW).await;
    }
    let counted = Counted::of_strangers(&full.engine, &ada);
    for guessed in [Guessed::Password, Guessed::Code] {
        let attempt = full.engine.attempt(guessed, counted, &from(0), NOW).await;
        assert!(matches!(attempt, Err(Failure::Store(StoreError::Full { .. }))), "{guessed:?}");
    }
    assert!(matches!(
        full.engine.attempt_for("pin", &ada, &from(0), NOW).await,
        Err(LockoutError::Failed(Failure::Store(StoreError::Full { .. })))
    ));
    assert!(full.engine.attempt_at("pin", b"safe", &from(0), NOW).await.is_err());
}

#[tokio::test]
async fn a_whole_ipv6_network_is_one() {
    let bench = Bench::new("", 100_000).await;
    let mut judged = 0;
    for number in 0..1000_u128 {
        let address =
            0x2001_0db8_0001_0002_u128 << 64 | number.wrapping_mul(0x9E37_79B9_7F4A_7C15) & u128::from(u64::MAX);
        let facts = Facts { client: Some(IpAddr::V6(address.into())), ..Facts::default() };
        judged += usize::from(!bench.at_nobody(&format!("nobody {number}"), &facts).await.is_refused());
    }
    assert_eq!((judged, bench.store.stats().entries), (100, 101));
}

#[tokio::test]
async fn the_alarm_is_told_once_and_holds_for_strangers_only() {
    let policy = "[lockout]\nglobal = { min_attempts = 10 }\nnetwork = { limits = ['40/1h'] }";
    let bench = Bench::new(policy, 100_000).await;
    let ada = account("ada");
    for number in 0..9 {
        bench.engine.count_sign_in(true, NOW).await;
        assert_eq!(bench.at(&account(&format!("before {number}")), &from(1)).await.retry_after(), None);
    }
    bench.engine.count_sign_in(true, NOW).await;
    bench.engine.count_sign_in(true, NOW).await;
    assert_eq!(bench.alarms().await, [r#"{"alarm": "raised"}"#]);
    // Strangers wait from the first failure on, longer each time; networks fail a quarter as often.
    assert_eq!(bench.at(&ada, &from(2)).await.retry_after(), Some(1));
    assert!(bench.at(&ada, &from(2)).await.is_refused());
    for number in 0..10 {
        assert!(!bench.at_nobody(&format!("nobody {number}"), &from(3)).await.is_refused());
    }
    assert!(bench.at_nobody("nobody", &from(3)).await.is_refused());
    // A known device notices nothing.
    let device = crate::lockout::Device::new([7; 16], NOW).cookie_value(
        bench.engine.keys(),
        &ada.id,
        &bench.engine.credentials(&ada),
    );
    let known = Facts { device: crate::lockout::DeviceCookie::parse(&device), ..from(3) };
    for expected in [None, None, None, None, Some(1)] {
        assert_eq!(bench.at(&ada, &known).await.retry_after(), expected);
    }
    for seconds in [1, 200, 400, 500] {
        bench.engine.sweep(NOW.plus_millis(seconds * 1000)).await;
    }
    assert_eq!(bench.alarms().await, [r#"{"alarm": "raised"}"#, r#"{"alarm": "over"}"#]);
    assert_eq!(bench.at(&account("after"), &from(4)).await.retry_after(), None);
}

fn counted(snapshotter: &Snapshotter) -> Vec<String> {
    let seen = snapshotter.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let labels: Vec<_> = key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(gauge) => gauge.to_string(),
            DebugValue::Histogram(_) => "histogram".to_owned(),
        };
        format!("{}{{{}}} {value}", key.key().name(), labels.join(","))
    });
    let mut seen: Vec<_> = seen.collect();
    seen.sort();
    seen
}

#[tokio::test]
async fn sign_ins_locks_unlocks_and_alarms_are_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _local = metrics::set_default_local_recorder(&recorder);
    let bench = Bench::new("[lockout]\nmax_attempts = 2\nglobal = { min_attempts = 10 }", 100_000).await;
    let registration = Registration {
        username: "ada",
        email: None,
        password: Password::from("correct horse of ada".to_owned()),
        roles: &["member"],
    };
    let ada = bench.engine.register(registration, &from(0), NOW).await.unwrap();
    assert!(bench.sign_in("ada", "correct horse of ada", NOW).await);
    // The second locks; what meets the lock is a failure and no lock.
    for _ in 0..3 {
        assert!(!bench.sign_in("ada", "wrong", NOW).await);
    }
    assert!(bench.engine.unlock(&ada.id, &from(0), NOW).await.unwrap());
    assert!(!bench.engine.unlock(&account("nobody").id, &from(0), NOW).await.unwrap());
    // With those that were judged, ten in all.
    for _ in 0..7 {
        bench.engine.count_sign_in(true, NOW).await;
    }
    let expected = [
        "covet_lockouts_total{after=authn_login_fail} 1",
        "covet_login_alarms_total{} 1",
        "covet_login_alarm{} 1",
        "covet_logins_total{outcome=failure} 3",
        "covet_logins_total{outcome=success} 1",
        "covet_unlocks_total{} 1",
    ];
    assert_eq!(counted(&snapshotter), expected);
    bench.engine.sweep(NOW.plus_millis(600_000)).await;
    assert!(counted(&snapshotter).contains(&"covet_login_alarm{} 0".to_owned()));
}

#[cfg(feature = "breach")]
mod breaches {
    use super::*;
    use crate::flow::{RegisterError, Registration};
    use crate::password::Fault;
    use crate::password::breach::{BreachError, Breaches, Sha1Digest};

    /// Knows one password, or nothing at all.
    #[derive(Debug)]
    struct Known(Option<(Sha1Digest, u64)>);

    impl Breaches for Known {
        fn count(&self, digest: &Sha1Digest) -> Result<u64, BreachError> {
            let (known, count) = self.0.as_ref().ok_or(BreachError::Malformed { line: 1 })?;
            Ok(if known == digest { *count } else { 0 })
        }
    }

    async fn register(known: Option<(&str, u64)>, policy: &str) -> Result<Account, RegisterError> {
        let known = Known(known.map(|(password, count)| (Sha1Digest::of(password), count)));
        let bench = Bench::of(policy, 1000, |parts| parts.breaches = Some(Arc::new(known))).await;
        let password = Password::from("river ink zebra quartz".to_owned());
        let registration = Registration { username: "ada", email: None, password, roles: &[] };
        bench.engine.register(registration, &from(0), NOW).await
    }

    #[tokio::test]
    async fn a_stolen_password_is_refused_by_how_often_it_was_found() {
        const TWICE: &str = "[password.breach]\nmin_count = 3";
        let stolen = Some(("river ink zebra quartz", 2));
        match register(stolen, "").await {
            Err(RegisterError::Password(faults)) => assert_eq!(faults, [Fault::Breached { count: 2 }]),
            other => panic!("{other:?}"),
        }
        assert!(register(stolen, TWICE).await.is_ok());
        assert!(register(Some(("another one", 9)), "").await.is_ok());
    }

    #[tokio::test]
    async fn when_nobody_can_tell_the_policy_decides() {
        assert!(register(None, "").await.is_ok());
        let denied = register(None, "[password.breach]\non_failure = 'deny'").await;
        assert!(matches!(denied, Err(RegisterError::Failed(Failure::Breach(_)))), "{denied:?}");
    }
}
