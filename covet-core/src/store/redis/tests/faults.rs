//! A server that hangs, dies, is full or refuses: a bounded wait, an error, and use of it again as soon as it is back.

use std::process::Command;
use std::time::Instant;

use super::*;

/// How soon a server that is back is used again.
const BACK: Duration = Duration::from_secs(2);

async fn charged(store: &RedisStore) -> Result<bool, StoreError> {
    let limit = rates(&[(1_000_000, 60)]);
    let outcomes = store.run(&[charge(key(Space::Limit, 0, 1), &limit, 1)], NOW).await?;
    Ok(!outcomes.iter().any(Outcome::is_refusal))
}

fn signal(server: &TestServer, signal: &str) {
    assert!(Command::new("kill").args([signal, &server.process().to_string()]).status().unwrap().success());
}

/// The text of an error and of its cause.
fn told(error: &StoreError) -> String {
    format!("{error}: {}", std::error::Error::source(error).map(ToString::to_string).unwrap_or_default())
}

#[tokio::test]
async fn a_server_that_hangs_costs_a_bounded_wait() {
    let server = TestServer::start(&[]);
    let options = Options::default().with_response_timeout(Duration::from_millis(200));
    let store = RedisStore::connect(&server.address(), &options).await.unwrap();
    signal(&server, "-STOP");
    let start = Instant::now();
    let many = (0..500).map(|_| charged(&store));
    for result in batch::all(many).await {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { store: "redis", .. }));
        assert_eq!(told(&error), "the redis store failed: no answer within 200ms");
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    signal(&server, "-CONT");
    let start = Instant::now();
    while charged(&store).await.is_err() {
        assert!(start.elapsed() < BACK);
    }
}

#[tokio::test]
async fn a_server_that_was_killed_is_used_again_when_it_is_back() {
    let server = TestServer::start(&[]);
    let store = RedisStore::connect(&server.address(), &patient()).await.unwrap();
    let impatient = Options::default().with_response_timeout(Duration::from_millis(100));
    let hasty = RedisStore::connect(&server.address(), &impatient).await.unwrap();
    let port = server.port();
    drop(server);
    hasty.read(&key(Space::Totp, 1, 1), NOW).await.unwrap_err();

    let _server = TestServer::try_start(port, &[]).unwrap();
    let start = Instant::now();
    // One that was never disturbed before may learn of the loss from its first request.
    while charged(&store).await.is_err() {}
    assert!(start.elapsed() < BACK, "{:?}", start.elapsed());
    let start = Instant::now();
    while charged(&hasty).await.is_err() {
        assert!(start.elapsed() < BACK);
    }
}

#[tokio::test]
async fn a_password_that_is_refused_for_a_while_does_not_end_it() {
    let server = TestServer::start(&[]);
    let mut beside = beside(&server).await;
    let impatient = Options::default().with_response_timeout(Duration::from_millis(100));
    let store = RedisStore::connect(&server.address(), &impatient).await.unwrap();
    let _: () = ask(&mut beside, &["CONFIG", "SET", "requirepass", "another"]).await;
    let _: u64 = ask(&mut beside, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
    for _ in 0..20 {
        charged(&store).await.unwrap_err();
    }
    let _: () = ask(&mut beside, &["CONFIG", "SET", "requirepass", ""]).await;
    let start = Instant::now();
    while charged(&store).await.is_err() {
        assert!(start.elapsed() < BACK);
    }
}

#[tokio::test]
async fn a_full_server_refuses_what_is_new_and_forgets_nothing() {
    let server = TestServer::start(&[]);
    let mut beside = beside(&server).await;
    let store = RedisStore::connect(&server.address(), &patient()).await.unwrap();
    let claim = [Step::Totp { key: key(Space::Totp, 1, 1), step: 7, remember_millis: 60_000 }];
    assert_eq!(store.run(&claim, NOW).await.unwrap(), [Outcome::Totp(true)]);
    let _: () = ask(&mut beside, &["CONFIG", "SET", "maxmemory", "1"]).await;
    let error = charged(&store).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { store: "redis" }), "{error:?}");
    assert_eq!(store.run(&claim, NOW).await.unwrap(), [Outcome::Totp(false)]);
    let _: () = ask(&mut beside, &["CONFIG", "SET", "maxmemory", "0"]).await;
    assert!(charged(&store).await.unwrap());
}

/// Redis undoes nothing of a script that fails, so what was charged stays charged: never too little.
#[tokio::test]
async fn a_batch_that_fails_in_the_middle_has_charged_what_came_before() {
    let server = TestServer::start(&[]);
    let mut beside = beside(&server).await;
    let store = RedisStore::connect(&server.address(), &patient()).await.unwrap();
    let (limit, policy) = (rates(&[(5, 3600)]), session::Policy::default());
    let (counter, session) = (key(Space::Limit, 0, 1), key(Space::Session, 1, 1));
    // Its use has to be noted, also in the index of its owner, which the server then does not permit.
    let seen = present().minus_millis(policy.idle_timeout.millis() - 60_000);
    let write = super::session(&policy, session::Stage::Full, seen);
    assert!(store.swap(&session, None, Some(write), present()).await.unwrap());
    let batch = [charge(counter, &limit, 1), Step::Session { key: session, policy: &policy }];
    let left = async || match store.run(&[charge(counter, &limit, 0)], NOW).await.unwrap().as_slice() {
        [Outcome::Charge(answer)] => answer.remaining,
        other => panic!("{other:?}"),
    };

    let _: () = ask(&mut beside, &["ACL", "SETUSER", "default", "-zadd"]).await;
    let error = store.run(&batch, NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed { store: "redis", .. }), "{}", told(&error));
    assert_eq!(left().await, 4);

    let _: () = ask(&mut beside, &["ACL", "SETUSER", "default", "+zadd"]).await;
    let outcomes = store.run(&batch, NOW).await.unwrap();
    assert!(!outcomes.iter().any(Outcome::is_refusal), "{outcomes:?}");
    assert_eq!(left().await, 3);
}

#[tokio::test]
async fn a_server_that_becomes_a_replica_refuses_and_serves_when_it_is_promoted() {
    let (primary, server) = (TestServer::start(&[]), TestServer::start(&[]));
    let store = RedisStore::connect(&server.address(), &patient()).await.unwrap();
    assert!(charged(&store).await.unwrap());
    let mut beside = beside(&server).await;
    let _: () = ask(&mut beside, &["REPLICAOF", "127.0.0.1", &primary.port().to_string()]).await;
    let error = charged(&store).await.unwrap_err();
    assert!(told(&error).contains("READONLY"), "{}", told(&error));
    let _: () = ask(&mut beside, &["REPLICAOF", "NO", "ONE"]).await;
    let start = Instant::now();
    while charged(&store).await.is_err() {}
    assert!(start.elapsed() < BACK, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_replica_refuses_to_connect_until_it_is_promoted_and_tells_where_it_is() {
    let primary = TestServer::start(&[]);
    let port = primary.port().to_string();
    for writable in ["no", "yes"] {
        let replica = TestServer::start(&["--replicaof", "127.0.0.1", &port, "--replica-read-only", writable]);
        let error = RedisStore::connect(&replica.address(), &patient()).await.unwrap_err();
        let expected = format!(
            "the redis store failed: the server at `127.0.0.1:{}` has the role `replica`, where what is written is lost; \
             write the address of its primary",
            replica.port()
        );
        assert_eq!(told(&error), expected);
        let _: () = ask(&mut beside(&replica).await, &["REPLICAOF", "NO", "ONE"]).await;
        assert!(charged(&RedisStore::connect(&replica.address(), &patient()).await.unwrap()).await.unwrap());
    }
    assert!(charged(&RedisStore::connect(&primary.address(), &patient()).await.unwrap()).await.unwrap());
}

#[tokio::test]
async fn a_server_that_is_not_there_refuses_to_connect() {
    let options = Options::default().with_connection_timeout(Duration::from_millis(500));
    let nobody = format!("redis://:hunter2@127.0.0.1:{}", server::free_port()).parse().unwrap();
    let error = RedisStore::connect(&nobody, &options).await.unwrap_err();
    assert_eq!(told(&error), "the redis store failed: the connection failed: connection refused");
}
