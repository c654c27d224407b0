//! Several nodes that share a Redis: each with a database of its own, all with one secret key.

use std::sync::Arc;
use std::time::Duration;

use covet::store::MemoryStore;
use covet_core::accounts::SqlAccounts;
use covet_core::migrate::migrate;
use covet_core::store::redis::server::TestServer;
use sqlx::sqlite::SqlitePoolOptions;

use crate::launch::{assert_says, refused};
use crate::support::{App, Ask, Person, Server, Wire, try_sign_in};

/// A node. It waits long, for a machine that runs tests is slow.
fn node(redis: &TestServer) -> App {
    App::new().with("COVET_REDIS_URL", redis.url()).with("COVET_REDIS_TIMEOUT", "10s").in_the_present()
}

async fn two(app: &App) -> (Server, Server) {
    (app.serve().await, app.serve().await)
}

#[rocket::async_test]
async fn a_session_that_began_on_one_node_lives_and_ends_on_all() {
    let redis = TestServer::start(&[]);
    let (one, other) = two(&node(&redis)).await;
    let ada = Person::signed_in(&one, "ada", "member").await;
    assert!(ada.is_signed_in(&one).await && ada.is_signed_in(&other).await);
    assert_eq!(ada.sessions(&other).await.len(), 1);

    assert_eq!(ada.post(&other, "/logout", "").await.status, 200);
    assert!(!ada.is_signed_in(&one).await && !ada.is_signed_in(&other).await);
}

#[rocket::async_test]
async fn a_session_outlives_the_node_where_it_began() {
    let redis = TestServer::start(&[]);
    let app = node(&redis);
    let one = app.serve().await;
    let ada = Person::signed_in(&one, "ada", "member").await;
    one.stop().await;
    assert!(ada.is_signed_in(&app.serve().await).await);
}

#[rocket::async_test]
async fn limits_count_across_nodes() {
    let redis = TestServer::start(&[]);
    let limits = r#"["10/1h"]"#;
    let app =
        node(&redis).with("COVET_RATE_LIMITS__PAGES__LIMITS", limits).with("COVET_RATE_LIMITS__API__LIMITS", limits);
    let (one, other) = two(&app).await;
    let ada = Person::signed_in(&one, "ada", "member").await;
    let (mut pages, mut mine) = (Vec::new(), Vec::new());
    for at in 0..20 {
        let node = if at % 2 == 0 { &one } else { &other };
        pages.push(node.send(Ask::get("/page")).await.status);
        mine.push(ada.post(node, "/mine", "").await.status);
    }
    let expected: Vec<u16> = (0..20).map(|at| if at < 10 { 200 } else { 429 }).collect();
    assert_eq!((&pages, &mine), (&expected, &expected));
}

#[rocket::async_test]
async fn guesses_count_across_nodes() {
    let redis = TestServer::start(&[]);
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    migrate(&pool.clone().into()).await.unwrap();
    let (one, other) = two(&node(&redis).accounts(Arc::new(SqlAccounts::new(pool)))).await;
    let mut ada = Person::register(&one, "ada", "member").await;
    for at in 0..5 {
        let guess = try_sign_in(if at % 2 == 0 { &one } else { &other }, "ada", "not the password of ada").await;
        assert_eq!(guess.status, 401);
    }
    for node in [&one, &other] {
        assert_eq!(ada.sign_in(node).await.status, 401);
    }
}

#[rocket::async_test]
async fn without_its_redis_nothing_launches_and_no_secret_is_told() {
    let free = covet_core::store::redis::server::free_port();
    let app = App::new().with("COVET_REDIS_URL", format!("redis://:hunter2@127.0.0.1:{free}"));
    let said = refused(app).await;
    assert_says(&said, &["COVET_REDIS_URL: Redis cannot be used", "connection refused"]);
    assert!(!said.contains("hunter2"), "{said}");

    let said = refused(App::new().with("COVET_REDIS_URL", "http://:hunter2@localhost")).await;
    assert_says(&said, &["COVET_REDIS_URL: the address number 1 is not one such as `redis://"]);
    assert!(!said.contains("hunter2"), "{said}");

    let redis = TestServer::start(&[]);
    let app = App::new().with("COVET_REDIS_URL", redis.url());
    let said = refused(app.clone().store(Arc::new(MemoryStore::default()))).await;
    assert_says(&said, &["COVET_REDIS_URL is set, but the application brings a store of its own"]);
    for wrong in ["50", "0ms", "11s", "ms", "+5ms", "5 ms", "1m"] {
        let said = refused(app.clone().with("COVET_REDIS_TIMEOUT", wrong)).await;
        assert_says(&said, &["COVET_REDIS_TIMEOUT: expected a time from `1ms` to `10s`"]);
    }
}

#[rocket::async_test]
async fn while_its_redis_is_away_requests_are_refused_and_then_answered_again() {
    let redis = TestServer::start(&[]);
    let server = node(&redis).with("COVET_REDIS_TIMEOUT", "100ms").serve().await;
    let ask = || server.send(Ask::get("/page"));
    let port = redis.port();
    drop(redis);
    let start = std::time::Instant::now();
    assert_eq!(ask().await.status, 503);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());

    let _redis = TestServer::try_start(port, &[]).unwrap();
    let start = std::time::Instant::now();
    while ask().await.status == 503 {
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}
