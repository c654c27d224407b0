//! A cluster of three servers: the same suite, as far as a batch is of one account; and what is in several slots.

use std::path::PathBuf;
use std::sync::Arc;

use redis::cluster_routing::Slot;

use super::*;
use crate::store::suite;

/// Three servers that share the slots, started and ended with this value.
struct Cluster(Vec<Node>);

struct Node {
    server: TestServer,
    /// What the server remembers of the cluster.
    config: PathBuf,
}

const SLOTS: [[&str; 2]; 3] = [["0", "5460"], ["5461", "10922"], ["10923", "16383"]];

impl Cluster {
    async fn start() -> Self {
        let nodes: Vec<Node> = SLOTS.iter().map(|_| Node::start()).collect();
        let mut first: Option<&Node> = None;
        for (epoch, (node, [begin, end])) in nodes.iter().zip(SLOTS).enumerate() {
            let mut beside = beside(&node.server).await;
            let _: () = ask(&mut beside, &["CLUSTER", "SET-CONFIG-EPOCH", &(epoch + 1).to_string()]).await;
            let _: () = ask(&mut beside, &["CLUSTER", "ADDSLOTSRANGE", begin, end]).await;
            if let Some(first) = first {
                let port = first.server.port().to_string();
                let _: () = ask(&mut beside, &["CLUSTER", "MEET", "127.0.0.1", &port]).await;
            }
            first = first.or(Some(node));
        }
        let cluster = Self(nodes);
        for node in &cluster.0 {
            node.until_it_knows_all(cluster.0.len()).await;
        }
        cluster
    }

    async fn store(&self, prefix: &str) -> RedisStore {
        let urls: Vec<String> = self.0.iter().map(|node| node.server.url()).collect();
        let options = patient().with_prefix(prefix.parse().unwrap());
        RedisStore::connect(&urls.join(" ").parse().unwrap(), &options).await.unwrap()
    }
}

impl Node {
    fn start() -> Self {
        // The servers of a cluster speak with each other on a port of theirs plus 10000.
        let ports = std::iter::repeat_with(server::free_port).filter(|port| *port < 50_000).take(100);
        let start = |port| {
            let config = std::env::temp_dir().join(format!("covet-cluster-{}-{port}.conf", std::process::id()));
            let arguments = ["--cluster-enabled", "yes", "--cluster-config-file", config.to_str()?];
            Some(Self { server: TestServer::try_start(port, &arguments)?, config })
        };
        ports.filter_map(start).next().unwrap()
    }

    async fn until_it_knows_all(&self, nodes: usize) {
        let mut beside = beside(&self.server).await;
        loop {
            let info: String = ask(&mut beside, &["CLUSTER", "INFO"]).await;
            if info.contains("cluster_state:ok") && info.contains(&format!("cluster_known_nodes:{nodes}")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.config);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_passes_the_suite() {
    let cluster = Cluster::start().await;
    macro_rules! run {
        // A batch may be of several accounts there, whose slots do not wait for each other.
        (@one random_steps_answer_as_the_pure_checks_do) => {};
        (@one $case:ident) => {
            suite::$case(Arc::new(cluster.store(stringify!($case)).await.with_callers_clock())).await;
        };
        ($($case:ident)*) => { $(run!(@one $case);)* };
    }
    crate::store_suite! { @each (run!) }
}

#[tokio::test]
async fn a_batch_in_several_slots_stops_at_the_first_refusal_in_order() {
    let cluster = Cluster::start().await;
    let store = cluster.store("covet").await;
    let (once, sessions, now) = (rates(&[(1, 600)]), session::Policy::default(), present());
    let slot = |key: &Key| Slot::for_key(store.keys.entry(key));
    let addresses = [key(Space::Limit, 0, 1), key(Space::Limit, 0, 2)];
    let (live, own) = (key(Space::Session, 3, 1), key(Space::Limit, 3, 2));
    assert!(slot(&live) == slot(&own) && addresses.iter().all(|address| slot(address) != slot(&own)));
    let new = session(&sessions, session::Stage::Full, now);
    assert!(store.swap(&live, None, Some(new), now).await.unwrap());

    let [first, second] = addresses;
    let read = Step::Session { key: live, policy: &sessions };
    let batch = [charge(first, &once, 1), read, charge(own, &once, 1)];
    let refused = |outcomes: Vec<Outcome>| outcomes.iter().map(Outcome::is_refusal).collect::<Vec<_>>();
    assert_eq!(refused(store.run(&batch, now).await.unwrap()), [false, false, false]);
    assert_eq!(refused(store.run(&batch, now).await.unwrap()), [true]);
    let batch = [charge(second, &once, 1), read, charge(own, &once, 1), read];
    assert_eq!(refused(store.run(&batch, now).await.unwrap()), [false, false, true]);
    let stranger = Step::Session { key: key(Space::Session, 4, 1), policy: &sessions };
    let batch = [stranger, charge(key(Space::Limit, 4, 2), &once, 1)];
    assert_eq!(refused(store.run(&batch, now).await.unwrap()), [true]);
    // Nobody is charged but by their own session.
    assert_eq!(store.read(&key(Space::Limit, 4, 2), now).await.unwrap(), None);
}

#[tokio::test]
async fn one_node_is_enough_to_find_the_cluster_and_its_loss_is_told_in_time() {
    let mut cluster = Cluster::start().await;
    let options = Options::default().with_response_timeout(Duration::from_millis(300));
    let (lost, kept) = (cluster.0.pop().unwrap(), &cluster.0);
    let store = RedisStore::connect(&kept.first().unwrap().server.address(), &options).await.unwrap();
    let keys: Vec<Key> = (1..100).map(|id| key(Space::Totp, 0, id)).collect();
    for key in &keys {
        let claim = [Step::Totp { key: *key, step: 1, remember_millis: 600_000 }];
        // The first to a node has to connect to it.
        while store.run(&claim, NOW).await.is_err() {}
    }
    drop(lost);
    let mut failed = 0;
    for key in keys.iter().take(20) {
        let start = std::time::Instant::now();
        failed += usize::from(store.read(key, NOW).await.is_err());
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
    assert!(failed > 0);
}

#[tokio::test]
async fn several_addresses_of_no_cluster_are_refused() {
    let server = TestServer::start(&[]);
    let address = format!("{0} {0}", server.url()).parse().unwrap();
    let error = RedisStore::connect(&address, &patient()).await.unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("not of a cluster"), "{error:?}");
}

#[tokio::test]
async fn the_limit_holds_for_many_nodes_of_the_application_on_a_cluster() {
    let cluster = Cluster::start().await;
    let (one, other) = (Arc::new(cluster.store("covet").await), Arc::new(cluster.store("covet").await));
    let policy = Arc::new(rates(&[(100, 3600)]));
    for round in 0..5 {
        let attempt = |at: usize| {
            let (store, policy) = (Arc::clone(if at.is_multiple_of(2) { &one } else { &other }), Arc::clone(&policy));
            let key = key(Space::Limit, 0, round);
            tokio::spawn(async move { store.run(&[charge(key, &policy, 1)], NOW).await.unwrap() })
        };
        let outcomes = batch::all((0..200).map(attempt)).await;
        let admitted =
            outcomes.into_iter().filter(|outcomes| !outcomes.as_ref().unwrap().iter().any(Outcome::is_refusal));
        assert_eq!(admitted.count(), 100);
    }
}
