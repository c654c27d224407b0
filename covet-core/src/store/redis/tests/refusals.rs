//! Who is known to be refused costs no trip until then.

use super::proxy::Proxy;
use super::*;
use crate::store::{Outcomes, Tier};

#[tokio::test]
async fn a_known_refusal_costs_no_trip_until_it_ends() {
    let server = TestServer::start(&[]);
    let proxy = Proxy::before(&server);
    let store = RedisStore::connect(&proxy.address(), &patient()).await.unwrap();
    let limit = rates(&[(1, 1)]);
    let step = [charge(key(Space::Limit, 0, 1), &limit, 1)];
    let answer = async || {
        let outcomes = store.run(&step, NOW).await.unwrap();
        let [Outcome::Charge(answer)] = outcomes[..] else { panic!("{outcomes:?}") };
        answer
    };
    assert!(!answer().await.is_refused());
    let mut last = answer().await.retry_after_millis.unwrap();
    proxy.commands();
    let (mut refused, start) = (0, std::time::Instant::now());
    while let Some(retry) = answer().await.retry_after_millis {
        assert!(retry <= last, "{retry} after {last}");
        (last, refused) = (retry, refused + 1);
        tokio::task::yield_now().await;
    }
    assert!(refused > 1000 && start.elapsed() < Duration::from_secs(3), "{refused} in {:?}", start.elapsed());
    // The one that was admitted; and perhaps some for what is left of the milliseconds that a trip takes.
    assert!((1..=10).contains(&proxy.commands()));
}

#[tokio::test]
async fn a_known_refusal_is_told_without_waiting_and_ends_the_batch() {
    let server = TestServer::start(&[]);
    let store = RedisStore::connect(&server.address(), &patient()).await.unwrap();
    let limit = rates(&[(1, 600)]);
    let (first, second) = (charge(key(Space::Limit, 0, 1), &limit, 1), charge(key(Space::Limit, 0, 2), &limit, 1));
    let mut outcomes = Outcomes::new();
    assert!(!store.run_now(&[first, second], NOW, &mut outcomes).unwrap());
    store.run(&[first], NOW).await.unwrap();
    store.run(&[first], NOW).await.unwrap();
    assert!(store.run_now(&[first, second], NOW, &mut outcomes).unwrap());
    assert!(outcomes.len() == 1 && outcomes.iter().all(Outcome::is_refusal), "{outcomes:?}");
    // In another place it would hide what those before it do.
    let mut outcomes = Outcomes::new();
    assert!(!store.run_now(&[second, first], NOW, &mut outcomes).unwrap() && outcomes.is_empty());
}

#[tokio::test]
async fn what_may_be_answered_otherwise_is_asked_of_the_server() {
    let server = TestServer::start(&[]);
    let proxy = Proxy::before(&server);
    let store = RedisStore::connect(&proxy.address(), &patient()).await.unwrap();
    let (limit, raised) = (rates(&[(3, 600)]), rates(&[(4, 600)]));
    let entry = key(Space::Limit, 0, 1);
    let run = async |step: Step<'_>| {
        let outcomes = store.run(&[step], NOW).await.unwrap();
        (outcomes.iter().any(Outcome::is_refusal), proxy.commands() > 0)
    };
    run(charge(entry, &limit, 2)).await;
    assert_eq!(run(charge(entry, &limit, 2)).await, (true, true));
    assert_eq!(run(charge(entry, &limit, 2)).await, (true, false));
    // Less may fit, and did.
    assert_eq!(run(charge(entry, &limit, 1)).await, (false, true));
    // So may more under a policy that has changed.
    assert_eq!(run(charge(entry, &limit, 1)).await, (true, true));
    assert_eq!(run(charge(entry, &raised, 1)).await, (false, true));
    assert_eq!(run(charge(entry, &limit, 1)).await, (true, false));
    // A limit in shadow, or that knows tiers, is another for others.
    let shadow = Step::Charge { key: entry, policy: &limit, tiers: &[], cost: 1, shadow: true };
    let tiers = [Tier { roles: Vec::new(), policy: None }];
    let tiered = Step::Charge { key: entry, policy: &limit, tiers: &tiers, cost: 1, shadow: false };
    assert_eq!(run(shadow).await, (false, true));
    assert_eq!(run(tiered).await, (true, true));
    // A counter that was removed here is as new.
    let version = store.read(&entry, NOW).await.unwrap().map(|found| found.version);
    assert!(store.swap(&entry, version, None, NOW).await.unwrap());
    assert_eq!(run(charge(entry, &limit, 1)).await, (false, true));
}
