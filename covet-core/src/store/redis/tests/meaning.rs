//! The script means what the pure checks mean, also where the suite does not look: policies that change, clocks that are
//! set back, limits of any size; and the values it leaves are the same, not only its answers.

use super::*;
use crate::store::Tier;
use crate::store::suite::model::{Model, Numbers};

fn limits() -> Vec<rate_limit::Policy> {
    use rate_limit::Algorithm::{FixedWindow, TokenBucket};
    let windows = [
        &[(3, 2)][..],
        &[(1, 1), (2, 60)],
        &[(40, 5), (50, 60)],
        &[(50, 60), (40, 5)],
        &[(45, 5), (200, 5), (3, 5)],
        &[(2, 5), (4, 20), (7, 60), (9, 300), (5, 30), (8, 90), (10, 600), (6, 45)],
        &[(5000, 60)],
        &[(100, 30), (100_000_000, 31_622_400)],
        &[(3200, 600)],
        &[(1, 600)],
    ]
    .map(rates);
    let buckets = [
        (&[(7, 3)][..], Some(4)),
        (&[(7, 3)], Some(11)),
        (&[(1, 7)], None),
        (&[(9, 2), (50, 45)], None),
        (&[(50, 45), (10, 7), (9, 2)], None),
        (&[(999_983, 600)], None),
    ];
    let buckets = buckets.map(|(limits, burst)| rates(limits).counted_by(TokenBucket, burst.map(Count::of)).unwrap());
    let fixed = [&[(6, 2)][..], &[(9, 3), (40, 60)], &[(40, 60), (70, 600), (9, 3)], &[(100_000_000, 31_622_400)]];
    let fixed = fixed.map(|limits| rates(limits).counted_by(FixedWindow, None).unwrap());
    windows.into_iter().chain(buckets).chain(fixed).collect()
}

/// Nobody's, one that is not bound, and one with another algorithm than the limit has.
fn tiers(limits: &[rate_limit::Policy]) -> Vec<Tier> {
    let tier = |roles: &[&str], policy| Tier { roles: roles.iter().map(|role| (*role).to_owned()).collect(), policy };
    vec![
        tier(&[], None),
        tier(&["nobody", "staf"], None),
        tier(&["staff", "\0"], None),
        tier(&["pro", "nobody"], limits.last().cloned()),
        tier(&["pro", "free"], limits.first().cloned()),
    ]
}

fn sessions() -> Vec<session::Policy> {
    ["", "idle_timeout = \"60s\"", "idle_timeout = \"10m\"\nmax_lifetime = \"15m\"", "max_lifetime = \"300s\""]
        .map(|text| toml::from_str(text).unwrap())
        .into()
}

fn lockouts() -> Vec<lockout::Limits> {
    let wait = |base_millis, factor, max_millis| lockout::Wait { base_millis, factor, max_millis };
    [
        (5, 300_000, wait(1000, 2, 900_000), None),
        (0, 60_000, wait(1, 3, 1), None),
        (1, 1, wait(60_000, 1, 60_000), None),
        (3, 600_000, wait(7, 3, 40_000), Some((6, 70_000))),
        (2, 1 << 44, wait(0, u32::MAX, 5), Some((0, 1))),
        (1, 900_000, wait(1, u32::MAX, 1 << 44), None),
        (1, 600_000, wait(1, 0, 20), Some((4, 0))),
    ]
    .map(|(max_attempts, window_millis, delay, cap)| lockout::Limits { max_attempts, window_millis, delay, cap })
    .into()
}

#[tokio::test]
async fn policies_that_change_and_clocks_set_back_answer_as_the_pure_checks_do() {
    let (address, options, _server) = server::shared();
    let store = RedisStore::connect(&address, &options).await.unwrap().with_callers_clock();
    let (limits, sessions, lockouts) = (limits(), sessions(), lockouts());
    let tiers = tiers(&limits);
    let (mut model, mut numbers) = (Model::default(), Numbers(0x2545_F491_4F6C_DD1D));
    // Ahead of the real time, so that nothing is gone from the server that the model still has.
    let mut now = NOW;
    for round in 0..12_000 {
        now = match numbers.below(40) {
            0 => Timestamp::from_millis(now.millis() - numbers.below(90_000)),
            1 => now.plus_millis(numbers.below(1_200_000)),
            _ => now.plus_millis(numbers.below(1500)),
        };
        let mut steps = Vec::new();
        for _ in 0..=numbers.below(3) {
            let (owner, id) = (numbers.below(3) as u8, numbers.below(2) as u8);
            steps.push(match numbers.below(5) {
                0 | 1 => {
                    let cost = *numbers.of(&[0, 1, 1, 1, 2, 3, 40, 70, u32::MAX]);
                    let (policy, tiers) = (numbers.of(&limits), *numbers.of(&[&[], &tiers[..]]));
                    let shadow = numbers.below(4) == 0;
                    Step::Charge { key: key(Space::Limit, owner, id), policy, tiers, cost, shadow }
                }
                2 => Step::Session { key: key(Space::Session, owner, id), policy: numbers.of(&sessions) },
                3 => {
                    use lockout::Event::{Attempt, Look, Success};
                    let event = *numbers.of(&[Attempt, Attempt, Attempt, Attempt, Look, Success]);
                    Step::Lockout { key: key(Space::Lockout, owner, id), policy: *numbers.of(&lockouts), event }
                }
                _ => {
                    let step = now.seconds() / 30 + numbers.below(3);
                    Step::Totp { key: key(Space::Totp, owner, id), step, remember_millis: numbers.below(120_000) }
                }
            });
        }
        assert_eq!(store.run(&steps, now).await.unwrap(), model.run(&steps, now), "round {round}: {now:?} {steps:?}");
        let changed = steps.last().unwrap().key();
        let found = store.read(changed, now).await.unwrap();
        assert_eq!(found.as_ref().map(|found| &found.state), model.read(changed, now), "round {round}: {steps:?}");

        if numbers.below(4) == 0 {
            let changed = key(Space::Session, numbers.below(3) as u8, numbers.below(2) as u8);
            let stage = *numbers.of(&[session::Stage::Full, session::Stage::PendingMfa]);
            let roles = *numbers.of(&[&[][..], &["pro"], &["free", "staff"], &["o", "free", "", "pro"]]);
            let new = with_roles(roles, numbers.of(&sessions), stage, now);
            let version = store.read(&changed, now).await.unwrap().map(|found| found.version);
            assert!(store.swap(&changed, version, Some(new.clone()), now).await.unwrap());
            model.set(changed, Some(new));
        }
    }
}

#[tokio::test]
async fn a_limit_of_one_rate_counts_as_the_pure_check_does_however_its_count_changes() {
    let (address, options, _server) = server::shared();
    let store = RedisStore::connect(&address, &options).await.unwrap().with_callers_clock();
    let limits = [1, 5, 32, 33, 40, 100, 3200, 100_000_000].map(|count| rates(&[(count, 60)]));
    let (mut model, mut numbers) = (Model::default(), Numbers(0x6A09_E667_F3BC_C908));
    let (mut now, mut limit) = (NOW, &limits[0]);
    for round in 0..12_000 {
        now = match numbers.below(100) {
            0 => Timestamp::from_millis(now.millis() - numbers.below(9000)),
            1 => now.plus_millis(numbers.below(90_000)),
            _ => now.plus_millis(numbers.below(700)),
        };
        if numbers.below(20) == 0 {
            limit = numbers.of(&limits);
        }
        let cost = *numbers.of(&[0, 1, 1, 1, 1, 2, 4, 100]);
        let step = [charge(key(Space::Limit, 0, numbers.below(2) as u8), limit, cost)];
        assert_eq!(store.run(&step, now).await.unwrap(), model.run(&step, now), "round {round}: {now:?} {step:?}");
        let found = store.read(step[0].key(), now).await.unwrap();
        assert_eq!(found.as_ref().map(|found| &found.state), model.read(step[0].key(), now), "round {round}: {step:?}");
    }
}

#[tokio::test]
async fn no_key_is_without_a_time_to_live() {
    let server = TestServer::start(&[]);
    let store = || async {
        let store = RedisStore::connect(&server.address(), &patient()).await.unwrap().with_callers_clock();
        std::sync::Arc::new(store)
    };
    let mut beside = beside(&server).await;
    let mut seen = 0;
    macro_rules! after {
        ($($case:ident)*) => {$(
            crate::store::suite::$case(store().await).await;
            let keys: Vec<String> = ask(&mut beside, &["KEYS", "*"]).await;
            for key in &keys {
                let left: i64 = ask(&mut beside, &["PTTL", key]).await;
                assert!(left != -1, "{key} of {}", stringify!($case));
            }
            seen += keys.len();
            let _: () = ask(&mut beside, &["FLUSHALL"]).await;
        )*};
    }
    crate::store_suite! { @each (after!) }
    assert!(seen > 100, "{seen}");
}

#[tokio::test]
async fn what_is_no_entry_is_absent_and_replaced() {
    use rate_limit::Algorithm::{FixedWindow, SlidingWindow, TokenBucket};
    for algorithm in [SlidingWindow, TokenBucket, FixedWindow] {
        what_is_no_entry_is_absent(rates(&[(5, 60), (50, 600)]).counted_by(algorithm, None).unwrap()).await;
    }
}

async fn what_is_no_entry_is_absent(limit: rate_limit::Policy) {
    let server = TestServer::start(&[]);
    let store = RedisStore::connect(&server.address(), &patient()).await.unwrap();
    let mut beside = beside(&server).await;
    let (sessions, now) = (session::Policy::default(), present());
    let entry = |space| store.keys.entry(&key(space, 1, 1));
    let (open, patient) = (session::Answer::Missing, lockout::Limits { max_attempts: 100, ..LOCKOUT });
    let steps = [
        charge(key(Space::Limit, 1, 1), &limit, 1),
        Step::Lockout { key: key(Space::Lockout, 1, 1), policy: patient, event: lockout::Event::Attempt },
        Step::Totp { key: key(Space::Totp, 1, 1), step: 7, remember_millis: 60_000 },
        Step::Session { key: key(Space::Session, 1, 1), policy: &sessions },
    ];
    let fresh = |outcomes: &[Outcome]| {
        let [Outcome::Charge(charge), Outcome::Lockout(lockout), Outcome::Totp(true), Outcome::Session(ended)] =
            outcomes
        else {
            panic!("{outcomes:?}")
        };
        assert_eq!((charge.remaining, lockout.attempts(), ended), (4, 1, &open));
    };
    let spaces = [Space::Limit, Space::Lockout, Space::Totp, Space::Session];
    // Another type, and values that begin as ours do or not at all.
    for garbage in [
        &["RPUSH", "", "x"][..],
        &["HSET", "", "a", "b"],
        &["SET", "", ""],
        &["SET", "", "not ours"],
        &["SET", "", "{\"totp\":{\"last_step\":18446744073709551615}}"],
        &["SET", "", "WAST"],
        &["SET", "", "?~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"],
    ] {
        for space in spaces {
            let (name, mut command) = (entry(space), garbage.to_vec());
            if let Some(place) = command.get_mut(1) {
                *place = &name;
            }
            let _: () = ask(&mut beside, &["DEL", &name]).await;
            let _: redis::Value = ask(&mut beside, &command).await;
        }
        fresh(&store.run(&steps, now).await.unwrap());
    }
    // Entries of the right kind, cut short anywhere.
    for length in 0..40 {
        let write = session(&sessions, session::Stage::Full, now);
        let _: () = ask(&mut beside, &["DEL", &entry(Space::Session), &entry(Space::Totp)]).await;
        assert!(store.swap(&key(Space::Session, 1, 1), None, Some(write), now).await.unwrap());
        for space in spaces {
            cut(&mut beside, &entry(space), length).await;
        }
        // Those that are complete sooner are whole; the session never is, its record is longer.
        let outcomes = store.run(&steps, now).await.unwrap();
        assert!(outcomes.iter().take(2).all(|outcome| !outcome.is_refusal()), "{length}: {outcomes:?}");
        let totp = mfa::State { last_step: 7 };
        let whole = store.read(&key(Space::Totp, 1, 1), now).await.unwrap().unwrap();
        assert_eq!(whole.state, State::Totp(totp));
        let ended = store.run(&steps[3..], now).await.unwrap();
        assert_eq!(ended, [Outcome::Session(session::Answer::Missing)], "{length}");
    }
}

/// Leaves of a value only so many bytes.
async fn cut(beside: &mut MultiplexedConnection, name: &str, length: usize) {
    let whole: Vec<u8> = ask(beside, &["GET", name]).await;
    let part = whole.get(..length).unwrap_or(&whole);
    let _: () = redis::cmd("SET").arg(name).arg(part).query_async(beside).await.unwrap();
}

#[tokio::test]
async fn what_is_no_index_lists_the_sessions_all_the_same() {
    let server = TestServer::start(&[]);
    let store = RedisStore::connect(&server.address(), &patient()).await.unwrap();
    let (sessions, now) = (session::Policy::default(), present());
    let write = |id| {
        let new = session(&sessions, session::Stage::Full, now);
        let (store, entry) = (&store, key(Space::Session, 1, id));
        async move { assert!(store.swap(&entry, None, Some(new), now).await.unwrap()) }
    };
    let owner = key(Space::Session, 1, 1).owner;
    write(1).await;
    let _: () = ask(&mut beside(&server).await, &["SET", &store.keys.index(&owner), "x"]).await;
    assert_eq!(store.list(Space::Session, &owner, now).await.unwrap().len(), 1);
    write(2).await;
    assert!(!store.list(Space::Session, &owner, now).await.unwrap().is_empty());
    assert!(store.list(Space::Session, &Tag::NONE, now).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_index_forgets_the_sessions_that_are_gone() {
    let server = TestServer::start(&[]);
    let store = RedisStore::connect(&server.address(), &patient()).await.unwrap().with_callers_clock();
    let policy: session::Policy = toml::from_str("idle_timeout = \"60s\"").unwrap();
    let mut beside = beside(&server).await;
    let index = store.keys.index(&key(Space::Session, 1, 1).owner);
    for id in 1..=20 {
        let now = NOW.plus_millis(u64::from(id) * 30_000);
        let new = session(&policy, session::Stage::Full, now);
        assert!(store.swap(&key(Space::Session, 1, id), None, Some(new), now).await.unwrap());
        let noted: u64 = ask(&mut beside, &["ZCARD", &index]).await;
        assert_eq!(noted, u64::from(id.min(2)));
    }
    // It lives as long as the last session, and goes with it.
    let left: u64 = ask(&mut beside, &["PTTL", &index]).await;
    assert!((50_000..=60_000).contains(&left), "{left}");
    let now = NOW.plus_millis(600_000);
    for id in 19..=20 {
        let version = store.read(&key(Space::Session, 1, id), now).await.unwrap().map(|found| found.version);
        assert!(store.swap(&key(Space::Session, 1, id), version, None, now).await.unwrap());
    }
    assert!(store.list(Space::Session, &key(Space::Session, 1, 1).owner, now).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_servers_clock_decides_whatever_the_caller_says() {
    let server = TestServer::start(&[]);
    let store = RedisStore::connect(&server.address(), &patient()).await.unwrap();
    let limit = rates(&[(1, 3600)]);
    let step = [charge(key(Space::Limit, 0, 1), &limit, 1)];
    assert!(!store.run(&step, Timestamp::from_millis(0)).await.unwrap().iter().any(Outcome::is_refusal));
    for caller in [Timestamp::from_millis(0), NOW, present().plus_millis(400 * 86_400_000)] {
        let outcomes = store.run(&step, caller).await.unwrap();
        let [Outcome::Charge(answer)] = outcomes[..] else { panic!("{outcomes:?}") };
        assert!((3_590_000..=3_600_000).contains(&answer.retry_after_millis.unwrap()), "{answer:?}");
    }
}
