//! What every store must do: one suite, run on each.
//!
//! [`store_suite!`](crate::store_suite) makes a test of every case. It takes an expression whose future gives a store
//! and whatever must live as long as it:
//!
//! ```ignore
//! mod memory {
//!     covet_core::store_suite!(async { (MemoryStore::new(100_000), ()) });
//! }
//! ```
#![expect(clippy::unwrap_used, reason = "a case that meets what it does not expect has failed")]

pub(in crate::store) mod model;

use std::iter;
use std::sync::Arc;

use self::model::{Model, Numbers};
use super::{Key, Outcome, Space, State, Step, Store, Tag, Tier, Write};
use crate::account::AccountId;
use crate::time::Timestamp;
use crate::units::{Count, Rate};
use crate::{lockout, mfa, rate_limit, session};

/// Makes a test of every case of the suite; see [`store::suite`](crate::store::suite).
#[macro_export]
macro_rules! store_suite {
    (@tests $make:expr; $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let (store, _kept) = $make.await;
            $crate::store::suite::$case(::std::sync::Arc::new(store)).await;
        }
    )*};
    // Hands all cases to another macro, after what it is given.
    (@each ($($then:tt)*) $($given:tt)*) => {
        $($then)* {
            $($given)*
            an_absent_entry_is_absent
            what_was_written_is_read
            a_swap_at_another_version_does_nothing
            a_version_does_not_come_back
            an_expired_entry_does_not_exist
            sweeping_forgets_only_what_has_expired
            the_sessions_of_an_owner_are_listed
            a_batch_runs_in_order_to_the_first_refusal
            a_refused_charge_changes_nothing
            a_limit_in_shadow_tells_and_lets_pass
            a_tier_holds_for_whose_session_the_batch_has_found
            a_limit_holds_under_concurrency
            a_code_is_accepted_once_under_concurrency
            guesses_at_once_are_counted_one_by_one
            only_one_of_many_swaps_wins
            random_steps_answer_as_the_pure_checks_do
        }
    };
    ($make:expr) => {
        $crate::store_suite! { @each ($crate::store_suite!) @tests $make; }
    };
}

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ROUNDS: u8 = 20;
const LOCKOUT: lockout::Limits = lockout::Limits {
    max_attempts: 5,
    window_millis: 300_000,
    delay: lockout::Wait { base_millis: 1000, factor: 2, max_millis: 10_000 },
    cap: None,
};

fn later(seconds: u64) -> Timestamp {
    NOW.plus_millis(seconds * 1000)
}

fn key(space: Space, owner: u8, id: u8) -> Key {
    // Tags are hashes; one that differs in a byte only would put all entries in few places.
    let tag = |number: u8, salt: u8| Tag(std::array::from_fn(|at| number.wrapping_mul(151) ^ (at as u8) ^ salt));
    Key { space, owner: tag(owner, 90), id: tag(id, 17) }
}

fn totp(last_step: u64, expires: Timestamp) -> Write {
    Write { state: State::Totp(mfa::State { last_step }), expires }
}

/// A sliding window of so many in so many seconds.
pub(in crate::store) fn rates(rates: &[(u32, u64)]) -> rate_limit::Policy {
    let rates: Vec<_> = rates.iter().map(|(count, seconds)| Rate::new(*count, *seconds).unwrap()).collect();
    let rates = rate_limit::Rates::new(rates).unwrap();
    rate_limit::Policy::new(rates, rate_limit::Scope::Ip, Count::of(1)).unwrap()
}

fn record(id: u8, now: Timestamp) -> Arc<session::Record> {
    Arc::new(session::Record {
        user: session::User { id: AccountId::from(format!("account-{id}")), name: "Ada".to_owned(), roles: roles(id) },
        handle: format!("handle-{id}"),
        stage: session::Stage::Full,
        created: now,
        seen: now,
        authenticated: now,
        mfa: None,
        mfa_enrolled: false,
        wrong_passwords: 0,
        ip: Some([192, 0, 2, id].into()),
        user_agent: Some("Firefox \"1\"".to_owned()),
    })
}

/// Nobody, a customer, and one of the house who also is a customer.
fn roles(id: u8) -> Vec<String> {
    let roles: &[&str] = match id % 3 {
        0 => &[],
        1 => &["pro"],
        _ => &["pro", "staff"],
    };
    roles.iter().map(|role| (*role).to_owned()).collect()
}

fn tiers() -> [Tier; 2] {
    let tier = |role: &str, policy| Tier { roles: vec!["nobody".to_owned(), role.to_owned()], policy };
    [tier("staff", None), tier("pro", Some(rates(&[(4, 60)])))]
}

fn session(id: u8, now: Timestamp) -> Write {
    let record = record(id, now);
    Write { expires: session::expires(&session::Policy::default(), &record), state: State::Session(record) }
}

fn claim(key: Key, step: u64) -> Step<'static> {
    Step::Totp { key, step, remember_millis: 90_000 }
}

/// A charge of whoever has no tier, enforced.
pub(in crate::store) fn charge_step(key: Key, policy: &rate_limit::Policy, cost: u32) -> Step<'_> {
    Step::Charge { key, policy, tiers: &[], cost, shadow: false }
}

/// Runs the same step in `tasks` tasks at once and counts those that were not refused.
async fn at_once<S: Store + 'static>(
    store: &Arc<S>,
    tasks: usize,
    policy: &Arc<rate_limit::Policy>,
    step: impl Fn(&rate_limit::Policy) -> Step<'_> + Send + Sync + Copy + 'static,
) -> usize {
    let tasks: Vec<_> = iter::repeat_with(|| {
        let (store, policy) = (store.clone(), policy.clone());
        tokio::spawn(async move { store.run(&[step(&policy)], NOW).await.unwrap() })
    })
    .take(tasks)
    .collect();
    let mut admitted = 0;
    for task in tasks {
        let outcomes = task.await.unwrap();
        assert_eq!(outcomes.len(), 1);
        admitted += outcomes.iter().filter(|outcome| !outcome.is_refusal()).count();
    }
    admitted
}

/// Nothing is there before it is written, and removing it or expecting it says so.
pub async fn an_absent_entry_is_absent<S: Store>(store: Arc<S>) {
    for space in [Space::Limit, Space::Session, Space::Lockout, Space::Guess, Space::Attempt, Space::Totp] {
        let key = key(space, 1, 1);
        assert_eq!(store.read(&key, NOW).await.unwrap(), None);
        assert!(store.swap(&key, None, None, NOW).await.unwrap());
        assert!(!store.swap(&key, Some(1), None, NOW).await.unwrap());
        assert!(store.list(space, &key.owner, NOW).await.unwrap().is_empty());
    }
}

/// Every kind of value reads back as it was written, and only under its own key.
pub async fn what_was_written_is_read<S: Store>(store: Arc<S>) {
    let policy = rates(&[(100, 60), (1000, 86_400)]);
    let limit = rate_limit::charge(&policy, None, 70, NOW).0.unwrap();
    let attempts = lockout::check(&LOCKOUT, None, lockout::Event::Attempt, NOW).0.unwrap();
    for write in [
        Write { state: State::Limit(limit), expires: later(10) },
        session(1, NOW),
        Write { state: State::Lockout(attempts), expires: later(10) },
        totp(7, later(10)),
    ] {
        for space in write.state.spaces() {
            let entry = key(*space, 1, 1);
            assert!(store.swap(&entry, None, Some(write.clone()), NOW).await.unwrap());
            assert_eq!(store.read(&entry, NOW).await.unwrap().unwrap().state, write.state);
            for other in [key(*space, 2, 1), key(*space, 1, 2)] {
                assert_eq!(store.read(&other, NOW).await.unwrap(), None);
            }
        }
    }
}

/// A swap at a version that is no longer, or never was, changes nothing.
pub async fn a_swap_at_another_version_does_nothing<S: Store>(store: Arc<S>) {
    for entry in [key(Space::Totp, 1, 1), key(Space::Limit, 1, 1)] {
        assert!(store.swap(&entry, None, Some(totp(1, later(10))), NOW).await.unwrap());
        let first = store.read(&entry, NOW).await.unwrap().unwrap();
        assert!(!store.swap(&entry, None, Some(totp(2, later(10))), NOW).await.unwrap());
        assert!(!store.swap(&entry, None, None, NOW).await.unwrap());
        assert!(!store.swap(&entry, Some(first.version + 1), Some(totp(2, later(10))), NOW).await.unwrap());
        assert_eq!(store.read(&entry, NOW).await.unwrap().unwrap(), first);

        assert!(store.swap(&entry, Some(first.version), Some(totp(3, later(10))), NOW).await.unwrap());
        assert!(!store.swap(&entry, Some(first.version), Some(totp(4, later(10))), NOW).await.unwrap());
        let second = store.read(&entry, NOW).await.unwrap().unwrap();
        assert_eq!(second.state, totp(3, NOW).state);

        assert!(store.swap(&entry, Some(second.version), None, NOW).await.unwrap());
        assert_eq!(store.read(&entry, NOW).await.unwrap(), None);
    }
}

/// An entry that is removed and comes back has another version.
pub async fn a_version_does_not_come_back<S: Store>(store: Arc<S>) {
    let entry = key(Space::Totp, 1, 1);
    assert!(store.swap(&entry, None, Some(totp(1, later(10))), NOW).await.unwrap());
    let first = store.read(&entry, NOW).await.unwrap().unwrap().version;
    assert!(store.swap(&entry, Some(first), None, NOW).await.unwrap());
    assert!(store.swap(&entry, None, Some(totp(1, later(10))), NOW).await.unwrap());
    assert!(!store.swap(&entry, Some(first), None, NOW).await.unwrap());
}

/// From the moment it expires an entry cannot be read, listed or expected, and may be made anew.
pub async fn an_expired_entry_does_not_exist<S: Store>(store: Arc<S>) {
    for (id, space) in [(1, Space::Totp), (2, Space::Session), (3, Space::Limit)] {
        let entry = key(space, id, id);
        assert!(store.swap(&entry, None, Some(totp(9, later(10))), NOW).await.unwrap());
        let written = store.read(&entry, later(9)).await.unwrap().unwrap();
        assert_eq!(store.list(space, &entry.owner, later(9)).await.unwrap().len(), 1);

        assert!(store.list(space, &entry.owner, later(10)).await.unwrap().is_empty());
        assert!(!store.swap(&entry, Some(written.version), None, later(10)).await.unwrap());
        assert_eq!(store.read(&entry, later(10)).await.unwrap(), None);
        assert!(store.swap(&entry, None, Some(totp(1, later(20))), later(10)).await.unwrap());
        assert_eq!(store.read(&entry, later(19)).await.unwrap().unwrap().state, totp(1, NOW).state);

        // What has no time left is not kept at all.
        let version = store.read(&entry, later(19)).await.unwrap().unwrap().version;
        assert!(store.swap(&entry, Some(version), Some(totp(2, later(19))), later(19)).await.unwrap());
        assert_eq!(store.read(&entry, later(19)).await.unwrap(), None);
    }
    let used = key(Space::Totp, 9, 9);
    assert_eq!(store.run(&[claim(used, 5)], NOW).await.unwrap(), [Outcome::Totp(true)]);
    assert_eq!(store.run(&[claim(used, 5)], later(89)).await.unwrap(), [Outcome::Totp(false)]);
    assert_eq!(store.run(&[claim(used, 5)], later(90)).await.unwrap(), [Outcome::Totp(true)]);
}

/// However often it is called, a sweep forgets nothing that is live.
pub async fn sweeping_forgets_only_what_has_expired<S: Store>(store: Arc<S>) {
    for id in 0..40 {
        let expires = later(if id % 2 == 0 { 10 } else { 20 });
        assert!(store.swap(&key(Space::Totp, id, id), None, Some(totp(1, expires)), NOW).await.unwrap());
    }
    for _ in 0..200 {
        store.sweep(later(15)).await.unwrap();
    }
    for id in 0..40 {
        let found = store.read(&key(Space::Totp, id, id), later(15)).await.unwrap();
        assert_eq!(found.is_some(), id % 2 == 1, "{id}");
    }
}

/// All sessions of an owner, no one else's, none that was revoked.
pub async fn the_sessions_of_an_owner_are_listed<S: Store>(store: Arc<S>) {
    for id in 1..=3 {
        assert!(store.swap(&key(Space::Session, 1, id), None, Some(session(id, NOW)), NOW).await.unwrap());
    }
    assert!(store.swap(&key(Space::Session, 2, 4), None, Some(session(4, NOW)), NOW).await.unwrap());
    assert!(store.swap(&key(Space::Totp, 1, 5), None, Some(totp(1, later(10))), NOW).await.unwrap());
    let owner = key(Space::Session, 1, 0).owner;
    let mut listed = store.list(Space::Session, &owner, NOW).await.unwrap();
    listed.sort_by_key(|(key, _)| *key);
    let mut expected: Vec<_> = (1..=3).map(|id| (key(Space::Session, 1, id), session(id, NOW).state)).collect();
    expected.sort_by_key(|(key, _)| *key);
    assert_eq!(listed.iter().map(|(key, found)| (*key, found.state.clone())).collect::<Vec<_>>(), expected);

    let (revoked, found) = listed.pop().unwrap();
    assert!(store.swap(&revoked, Some(found.version), None, NOW).await.unwrap());
    let left = store.list(Space::Session, &owner, NOW).await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|(key, _)| *key != revoked));
    assert_eq!(store.list(Space::Totp, &owner, NOW).await.unwrap().len(), 1);
}

/// Each step of a batch sees what those before it did, and none runs after a refusal.
pub async fn a_batch_runs_in_order_to_the_first_refusal<S: Store>(store: Arc<S>) {
    let (once, sessions) = (rates(&[(1, 60)]), session::Policy::default());
    let charge = |id| charge_step(key(Space::Limit, 1, id), &once, 1);
    let live = key(Space::Session, 1, 1);
    assert!(store.swap(&live, None, Some(session(1, NOW)), NOW).await.unwrap());
    let read = |key| Step::Session { key, policy: &sessions };

    let outcomes = store.run(&[charge(1), read(live), charge(2), charge(2), charge(3)], NOW).await.unwrap();
    let refused: Vec<_> = outcomes.iter().map(Outcome::is_refusal).collect();
    assert_eq!(refused, [false, false, false, true]);
    assert_eq!(store.read(&key(Space::Limit, 1, 3), NOW).await.unwrap(), None);

    let outcomes = store.run(&[read(key(Space::Session, 1, 2)), charge(3)], NOW).await.unwrap();
    assert_eq!(outcomes, [Outcome::Session(session::Answer::Missing)]);
    assert_eq!(store.read(&key(Space::Limit, 1, 3), NOW).await.unwrap(), None);
    assert!(store.run(&[], NOW).await.unwrap().is_empty());
}

/// A charge that does not fit one of its rates is not counted by the others.
pub async fn a_refused_charge_changes_nothing<S: Store>(store: Arc<S>) {
    let (policy, entry) = (rates(&[(2, 60), (3, 3600)]), key(Space::Limit, 1, 1));
    let charge = |cost| [charge_step(entry, &policy, cost)];
    assert!(!store.run(&charge(2), NOW).await.unwrap().iter().any(Outcome::is_refusal));
    let before = store.read(&entry, NOW).await.unwrap();
    for cost in [1, 2, 3, u32::MAX] {
        assert!(store.run(&charge(cost), later(1)).await.unwrap().iter().all(Outcome::is_refusal));
        assert_eq!(store.read(&entry, later(1)).await.unwrap(), before);
    }
    assert!(!store.run(&charge(1), later(60)).await.unwrap().iter().any(Outcome::is_refusal));
    assert!(store.run(&charge(1), later(61)).await.unwrap().iter().all(Outcome::is_refusal));
}

/// It counts as any other, and the batch goes on.
pub async fn a_limit_in_shadow_tells_and_lets_pass<S: Store>(store: Arc<S>) {
    let policy = rates(&[(1, 60)]);
    let charge =
        |id, shadow| Step::Charge { key: key(Space::Limit, 1, id), policy: &policy, tiers: &[], cost: 1, shadow };
    let batch = [charge(1, true), charge(2, false)];
    for (would_refuse, refused) in [(false, false), (true, true)] {
        let outcomes = store.run(&batch, NOW).await.unwrap();
        let found: Vec<_> = outcomes.iter().map(|outcome| (outcome.would_refuse(), outcome.is_refusal())).collect();
        assert_eq!(found, [(would_refuse, false), (false, refused)]);
    }
    assert!(store.run(&[charge(1, false)], NOW).await.unwrap().iter().all(Outcome::is_refusal));
}

/// One without a role has one, a customer four, one of the house as many as they like; a stranger has that of nobody.
pub async fn a_tier_holds_for_whose_session_the_batch_has_found<S: Store>(store: Arc<S>) {
    let (policy, tiers, sessions) = (rates(&[(1, 60)]), tiers(), session::Policy::default());
    for (id, admits) in [(3, 1), (1, 4), (2, 20)] {
        let read = Step::Session { key: key(Space::Session, id, id), policy: &sessions };
        let limit = key(Space::Limit, id, 1);
        let charge = Step::Charge { key: limit, policy: &policy, tiers: &tiers, cost: 1, shadow: false };
        assert!(store.swap(read.key(), None, Some(session(id, NOW)), NOW).await.unwrap());
        let mut admitted = 0;
        for _ in 0..20 {
            let outcomes = store.run(&[read, charge], NOW).await.unwrap();
            admitted += usize::from(!outcomes.last().unwrap().is_refusal());
            assert_eq!(outcomes.last() == Some(&Outcome::Exempt), id == 2);
        }
        assert_eq!(admitted, admits, "{id}");
        let by_nobody = store.run(&[charge], NOW).await.unwrap();
        assert_eq!(by_nobody.last().unwrap().is_refusal(), id != 2, "{id}");
    }
}

/// 200 at once, of which the limit admits 100.
pub async fn a_limit_holds_under_concurrency<S: Store + 'static>(store: Arc<S>) {
    let policy = Arc::new(rates(&[(100, 60)]));
    for round in 0..ROUNDS {
        let key = key(Space::Limit, 1, round);
        assert_eq!(at_once(&store, 200, &policy, move |policy| charge_step(key, policy, 1)).await, 100);
    }
}

/// One code, presented 50 times at once.
pub async fn a_code_is_accepted_once_under_concurrency<S: Store + 'static>(store: Arc<S>) {
    let policy = Arc::new(rates(&[(1, 1)]));
    for round in 0..ROUNDS {
        let key = key(Space::Totp, 1, round);
        assert_eq!(at_once(&store, 50, &policy, move |_| claim(key, 56_666_666)).await, 1);
    }
}

/// 50 guesses at once, of which 5 may be verified.
pub async fn guesses_at_once_are_counted_one_by_one<S: Store + 'static>(store: Arc<S>) {
    let policy = Arc::new(rates(&[(1, 1)]));
    for round in 0..ROUNDS {
        let key = key(Space::Lockout, 1, round);
        let attempt = Step::Lockout { key, policy: LOCKOUT, event: lockout::Event::Attempt };
        assert_eq!(at_once(&store, 50, &policy, move |_| attempt).await, 5);
    }
}

/// Of many swaps from the same version one wins, and its value stays.
pub async fn only_one_of_many_swaps_wins<S: Store + 'static>(store: Arc<S>) {
    for round in 0..ROUNDS {
        let entry = key(Space::Totp, 1, round);
        let swap = |value| {
            let store = store.clone();
            tokio::spawn(async move { store.swap(&entry, None, Some(totp(value, later(10))), NOW).await.unwrap() })
        };
        let tasks: Vec<_> = (0..50).map(swap).collect();
        let mut winners = Vec::new();
        for (value, task) in iter::zip(0..50, tasks) {
            if task.await.unwrap() {
                winners.push(totp(value, NOW).state);
            }
        }
        let kept = store.read(&entry, NOW).await.unwrap().unwrap().state;
        assert_eq!(winners, [kept]);
    }
}

/// Batches, swaps and sweeps at random.
pub async fn random_steps_answer_as_the_pure_checks_do<S: Store>(store: Arc<S>) {
    use rate_limit::Algorithm::{FixedWindow, TokenBucket};
    let policies = [
        rates(&[(3, 2)]),
        rates(&[(40, 5), (50, 60)]),
        rates(&[(100, 30)]),
        rates(&[(7, 3)]).counted_by(TokenBucket, Some(Count::of(4))).unwrap(),
        rates(&[(9, 2), (50, 45)]).counted_by(TokenBucket, None).unwrap(),
        rates(&[(6, 2)]).counted_by(FixedWindow, None).unwrap(),
        rates(&[(9, 3), (40, 60)]).counted_by(FixedWindow, None).unwrap(),
    ];
    let tiers = tiers();
    let sessions = session::Policy::default();
    let (mut model, mut numbers, mut now) = (Model::default(), Numbers(0x9E37_79B9_7F4A_7C15), NOW);
    for round in 0..1500 {
        now = now.plus_millis(if numbers.below(20) == 0 { numbers.below(700_000) } else { numbers.below(1500) });
        let mut steps = Vec::new();
        for _ in 0..=numbers.below(4) {
            let (kind, owner, id) = (numbers.below(4), numbers.below(3) as u8, numbers.below(3) as u8);
            let cost = 1 + numbers.below(3) as u32;
            steps.push(match kind {
                0 => {
                    let which = numbers.below(policies.len() as u64);
                    let Some(policy) = policies.get(which as usize) else { continue };
                    let (key, tiers) =
                        (key(Space::Limit, owner, which as u8), if which == 1 { &tiers[..] } else { &[] });
                    Step::Charge { key, policy, tiers, cost, shadow: numbers.below(8) == 0 }
                }
                1 => Step::Session { key: key(Space::Session, owner, id), policy: &sessions },
                2 => {
                    use lockout::Event::{Attempt, Look, Success};
                    let event = *numbers.of(&[Attempt, Attempt, Look, Success]);
                    let space = *numbers.of(&[Space::Lockout, Space::Guess, Space::Attempt]);
                    Step::Lockout { key: key(space, owner, 0), policy: LOCKOUT, event }
                }
                _ => claim(key(Space::Totp, owner, 0), now.seconds() / 30),
            });
        }
        assert_eq!(store.run(&steps, now).await.unwrap(), model.run(&steps, now), "round {round}: {steps:?}");

        let owner = numbers.below(3) as u8;
        let changed = key(Space::Session, owner, numbers.below(3) as u8);
        let current = store.read(&changed, now).await.unwrap();
        assert_eq!(current.as_ref().map(|found| &found.state), model.read(&changed, now), "round {round}");
        let new = (numbers.below(4) > 0).then(|| session(owner, now));
        assert!(store.swap(&changed, current.map(|found| found.version), new.clone(), now).await.unwrap());
        model.set(changed, new);

        let listed = store.list(Space::Session, &changed.owner, now).await.unwrap().len();
        let live = |(key, write): &(&Key, &Write)| {
            key.space == Space::Session && key.owner == changed.owner && write.expires > now
        };
        assert_eq!(listed, model.0.iter().filter(live).count(), "round {round}");
        if round % 50 == 0 {
            store.sweep(now).await.unwrap();
            model.0.retain(|_, write| write.expires > now);
        }
    }
}
