//! What a full memory forgets, and what it does not, whoever floods it; and what a sweep gives back.

use super::*;

const ROOM: usize = 6400;

/// What each kind has for itself; in each shard rather less, for they are not filled evenly.
const SAFE: u64 = 640;

const FLOOD: std::ops::Range<u64> = 1_000_000..1_016_000;

const FORGETTABLE: [Space; 3] = [Space::Guess, Space::Attempt, Space::Limit];

const LOCKOUT: lockout::Limits =
    lockout::Limits { max_attempts: 5, window_millis: 86_400_000, delay: lockout::Wait::constant(900_000), cap: None };

/// One attempt, or one request; says whether it was let through.
async fn try_once(store: &impl Store, key: Key, limit: &rate_limit::Policy) -> bool {
    let step = match key.space {
        Space::Limit => suite::charge_step(key, limit, 1),
        _ => Step::Lockout { key, policy: LOCKOUT, event: lockout::Event::Attempt },
    };
    store.run(&[step], NOW).await.unwrap().iter().all(|outcome| !outcome.is_refusal())
}

async fn flood(store: &impl Store, space: Space, limit: &rate_limit::Policy) {
    for number in FLOOD {
        assert!(try_once(store, key(space, number), limit).await, "the store refuses nobody for want of room");
    }
}

async fn kept(store: &impl Store, space: Space) -> u64 {
    let mut kept = 0;
    for number in 0..SAFE {
        kept += u64::from(store.read(&key(space, number), NOW).await.unwrap().is_some());
    }
    kept
}

#[tokio::test]
async fn a_flood_of_one_kind_leaves_each_other_its_share() {
    // Of one rate, counted in place, and of two, which is an entry like any other.
    for limit in [suite::rates(&[(9, 3600)]), suite::rates(&[(9, 3600), (90, 86_400)])] {
        for flooded in FORGETTABLE {
            let store = MemoryStore::new(ROOM);
            for space in FORGETTABLE.into_iter().chain([Space::Lockout]) {
                for number in 0..SAFE {
                    assert!(try_once(&store, key(space, number), &limit).await);
                }
            }
            flood(&store, flooded, &limit).await;
            assert_eq!(kept(&store, Space::Lockout).await, SAFE);
            for other in FORGETTABLE.into_iter().filter(|space| *space != flooded) {
                assert_eq!(kept(&store, other).await, SAFE, "{flooded:?} {other:?}");
            }
            assert!(kept(&store, flooded).await < SAFE, "{flooded:?}");
            let Stats { entries, evictions } = store.stats();
            assert!(entries <= ROOM && evictions > 10_000, "{entries} {evictions}");
            assert_eq!(store.forgotten(), evictions);
        }
    }
}

#[tokio::test]
async fn one_kind_after_the_other_flooded_each_has_its_share_and_the_kept_stay() {
    let (store, limit) = (MemoryStore::new(ROOM), limit());
    for number in 0..SAFE {
        assert!(try_once(&store, key(Space::Lockout, number), &limit).await);
    }
    for space in [Space::Guess, Space::Attempt, Space::Limit, Space::Attempt, Space::Guess] {
        flood(&store, space, &suite::rates(&[(1000, 3600)])).await;
    }
    assert_eq!(kept(&store, Space::Lockout).await, SAFE);
    for space in FORGETTABLE {
        let mut left = 0;
        for number in FLOOD {
            left += usize::from(store.get(&key(space, number), NOW).is_some());
        }
        assert!(left >= ROOM / 4 - 64, "{space:?} {left}");
    }
}

#[tokio::test]
async fn where_most_room_is_taken_for_good_a_flood_still_pushes_out_its_own_kind_only() {
    for flooded in FORGETTABLE {
        let (store, limit) = (MemoryStore::new(ROOM), suite::rates(&[(1000, 3600)]));
        let others = || FORGETTABLE.into_iter().filter(|space| *space != flooded);
        for number in 0..4000 {
            assert!(store.swap(&key(Space::Totp, number), None, totp(1, 60), NOW).await.unwrap());
        }
        for space in others() {
            for number in 0..SAFE / 2 {
                assert!(try_once(&store, key(space, number), &limit).await);
            }
        }
        flood(&store, flooded, &limit).await;
        for space in others() {
            assert_eq!(kept(&store, space).await, SAFE / 2, "{flooded:?} {space:?}");
        }
    }
}

#[tokio::test]
async fn of_failures_those_that_lock_outlast_a_flood_of_others() {
    for space in [Space::Guess, Space::Attempt] {
        let (store, limit) = (MemoryStore::new(ROOM), limit());
        for number in 0..SAFE {
            for _ in 0..5 {
                assert!(try_once(&store, key(space, number), &limit).await);
            }
        }
        flood(&store, space, &limit).await;
        for number in 0..SAFE {
            assert!(!try_once(&store, key(space, number), &limit).await, "{space:?} {number}");
        }
    }
}

#[tokio::test]
async fn limits_that_are_used_up_outlast_a_flood_of_others() {
    use rate_limit::Algorithm::{FixedWindow, SlidingWindow, TokenBucket};
    for algorithm in [SlidingWindow, TokenBucket, FixedWindow] {
        for rates in [&[(3, 3600)][..], &[(3, 3600), (3, 86_400)]] {
            let (store, limit) = (MemoryStore::new(ROOM), suite::rates(rates).counted_by(algorithm, None).unwrap());
            for number in 0..SAFE {
                for _ in 0..3 {
                    assert!(try_once(&store, key(Space::Limit, number), &limit).await);
                }
                // Half of them are read, as a refund does, which makes no difference.
                if number % 2 == 0 {
                    assert!(store.read(&key(Space::Limit, number), NOW).await.unwrap().is_some());
                }
            }
            flood(&store, Space::Limit, &limit).await;
            for number in 0..SAFE {
                assert!(!try_once(&store, key(Space::Limit, number), &limit).await, "{algorithm:?} {number}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_never_forgotten_takes_the_room_of_all_else_before_it_is_refused() {
    let (store, limit) = (MemoryStore::new(ROOM), limit());
    for space in FORGETTABLE {
        flood(&store, space, &limit).await;
    }
    let mut written = 0;
    for number in 0..2 * ROOM as u64 {
        written += usize::from(store.swap(&key(Space::Totp, number), None, totp(1, 60), NOW).await.is_ok());
    }
    assert_eq!((written, store.stats().entries), (ROOM, ROOM));
    // And gives it to the first newcomer when it has ended.
    let later = NOW.plus_millis(60_000);
    let step = Step::Lockout { key: key(Space::Guess, 0), policy: LOCKOUT, event: lockout::Event::Attempt };
    assert!(matches!(store.run(&[step], NOW).await, Err(StoreError::Full { .. })));
    assert!(!store.run(&[step], later).await.unwrap().iter().any(Outcome::is_refusal));
}

/// What expires at the 60th second, and what later.
async fn with_ended(ended: u64, live: u64) -> MemoryStore {
    let store = MemoryStore::new(1_000_000);
    let (minute, hour) = (suite::rates(&[(1, 60)]), limit());
    for number in 0..ended + live {
        let limit = if number < ended { &minute } else { &hour };
        assert!(try_once(&store, key(Space::Limit, number), limit).await);
    }
    store
}

#[tokio::test]
async fn a_flood_that_has_passed_is_forgotten_in_one_sweep_that_lets_others_have_their_turn() {
    let store = with_ended(100_000, 1000).await;
    let later = NOW.plus_millis(60_000);
    let mut sweep = store.sweep(later);
    let mut turns = 0;
    std::future::poll_fn(|context| {
        turns += 1;
        sweep.as_mut().poll(context)
    })
    .await
    .unwrap();
    assert_eq!(store.stats(), Stats { entries: 1000, evictions: 0 });
    // Each looks at a thousand places.
    assert!(turns > 100, "{turns}");
}

#[tokio::test]
async fn a_sweep_that_finds_little_stops_and_the_next_goes_on_from_there() {
    let store = with_ended(10_000, 90_000).await;
    let later = NOW.plus_millis(60_000);
    store.sweep(later).await.unwrap();
    let left = store.stats().entries;
    assert!((99_000..100_000).contains(&left), "{left}");
    for _ in 0..1000 {
        store.sweep(later).await.unwrap();
    }
    assert_eq!(store.stats(), Stats { entries: 90_000, evictions: 0 });
}
