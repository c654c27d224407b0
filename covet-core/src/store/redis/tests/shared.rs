//! Several nodes that share a server.

use std::sync::{Arc, Barrier};

use super::*;

#[test]
fn nodes_that_share_a_server_admit_exactly_the_limit() {
    const NODES: usize = 2;
    let (address, options, _server) = server::shared();
    let start = Arc::new(Barrier::new(NODES));
    // A node is a thread with a runtime and a connection of its own.
    let node = |_| {
        let (address, options, start) = (address.clone(), options.clone(), Arc::clone(&start));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let store = Arc::new(runtime.block_on(RedisStore::connect(&address, &options)).unwrap());
            let policy = Arc::new(rates(&[(100, 3600)]));
            let rounds = (0..20).map(|round| {
                start.wait();
                runtime.block_on(admitted(&store, &policy, key(Space::Limit, 0, round)))
            });
            rounds.collect::<Vec<_>>()
        })
    };
    let nodes: Vec<_> = (0..NODES).map(node).collect();
    let counts: Vec<Vec<usize>> = nodes.into_iter().map(|node| node.join().unwrap()).collect();
    for round in 0..20 {
        assert_eq!(counts.iter().filter_map(|node| node.get(round)).sum::<usize>(), 100, "{round}: {counts:?}");
    }
}

/// How many of 100 at once are admitted.
async fn admitted(store: &Arc<RedisStore>, policy: &Arc<rate_limit::Policy>, key: Key) -> usize {
    let attempt = || {
        let (store, policy) = (Arc::clone(store), Arc::clone(policy));
        tokio::spawn(async move { store.run(&[charge(key, &policy, 1)], NOW).await.unwrap() })
    };
    let tasks: Vec<_> = std::iter::repeat_with(attempt).take(100).collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += usize::from(!task.await.unwrap().iter().any(Outcome::is_refusal));
    }
    admitted
}

#[tokio::test]
async fn prefixes_keep_applications_apart() {
    let server = TestServer::start(&[]);
    let limit = rates(&[(1, 60)]);
    for prefix in ["one", "two"] {
        let options = patient().with_prefix(prefix.parse().unwrap());
        let store = RedisStore::connect(&server.address(), &options).await.unwrap();
        let step = [charge(key(Space::Limit, 0, 1), &limit, 1)];
        let refused = async || store.run(&step, NOW).await.unwrap().iter().any(Outcome::is_refusal);
        assert_eq!((refused().await, refused().await), (false, true));
    }
}
