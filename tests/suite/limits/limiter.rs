//! What a handler counts by what it has read.

use std::sync::Arc;

use covet::{Limiter, Problem, public, rate_limit};
use rocket::futures::future::join_all;
use rocket::http::Status;
use rocket::{Route, post};

use crate::attributes::policy::limits::Writing;
use crate::audit::files_with;

use crate::support::{App, Ask, Fragile, Server, Wire, database_url, logged, refusal};

#[rate_limit("pages")]
#[post("/write?<cost>", data = "<key>")]
async fn write(limiter: Limiter<'_>, key: &str, cost: u32) -> Result<(), Problem> {
    Ok(limiter.check::<Writing>(key, cost).await?)
}

#[public]
#[post("/write-or-429", data = "<key>")]
async fn write_or_429(limiter: Limiter<'_>, key: &str) -> Result<(), Status> {
    limiter.check::<Writing>(key, 1).await.map_err(|_| Status::TooManyRequests)
}

#[public]
#[post("/left", data = "<key>")]
async fn left(limiter: Limiter<'_>, key: &str) -> Result<String, Problem> {
    Ok(limiter.peek::<Writing>(key).await?.to_string())
}

#[public]
#[post("/forget", data = "<key>")]
async fn forget(limiter: Limiter<'_>, key: &str) -> Result<(), Problem> {
    Ok(limiter.reset::<Writing>(key).await?)
}

fn routes() -> Vec<Route> {
    covet::routes![write, write_or_429, left, forget]
}

fn ask(path: &str, key: &str) -> Ask {
    Ask { body: key.to_owned(), ..Ask::post(path) }.header("Content-Type", "text/plain")
}

async fn status(server: &Server, path: &str, key: &str) -> u16 {
    server.send(ask(path, key)).await.status
}

fn app(limit: &str) -> App {
    App::new().over(&format!("[rate_limits.writing]\n{limit}"))
}

#[rocket::async_test]
async fn each_key_has_a_count_of_its_own() {
    let app = app("limits = ['10/1h']");
    let server = app.serve_with(routes()).await;
    let left = async |key| server.send(ask("/left", key)).await.body;
    assert_eq!(left("ada").await, "10");
    assert_eq!(status(&server, "/write?cost=7", "ada").await, 200);
    assert_eq!(left("ada").await, "3");
    // What does not fit costs nothing; what fits may follow.
    assert_eq!(status(&server, "/write?cost=4", "ada").await, 429);
    assert_eq!(status(&server, "/write?cost=3", "ada").await, 200);
    assert_eq!(status(&server, "/write?cost=1", "ada").await, 429);
    for other in ["bob", "Ada", "ada ", ""] {
        assert_eq!(status(&server, "/write?cost=10", other).await, 200, "{other:?}");
    }
    // To look costs nothing, and forgetting is of one key.
    assert_eq!((left("ada").await, left("ada").await), ("0".to_owned(), "0".to_owned()));
    assert_eq!(status(&server, "/forget", "ada").await, 200);
    assert_eq!((left("ada").await, left("bob").await), ("10".to_owned(), "0".to_owned()));
    assert_eq!(status(&server, "/write?cost=10", "ada").await, 200);
    app.wait(3599);
    assert_eq!(status(&server, "/write?cost=1", "ada").await, 429);
    app.wait(1);
    assert_eq!(status(&server, "/write?cost=10", "ada").await, 200);
}

#[rocket::async_test]
async fn of_50_at_once_10_are_admitted() {
    let server = app("limits = ['10/1h']").serve_with(routes()).await;
    let replies = join_all((0..50).map(|_| status(&server, "/write?cost=1", "ada"))).await;
    assert_eq!(replies.iter().filter(|status| **status == 200).count(), 10);
    assert_eq!(replies.iter().filter(|status| **status == 429).count(), 40);
}

#[rocket::async_test]
async fn its_refusal_is_that_of_a_limit_of_the_route() {
    let app = app("limits = ['1/1h']\nheaders = ['ietf', 'x']");
    let server = app.serve_with(routes()).await;
    let admitted = server.send(ask("/write?cost=1", "ada")).await;
    let policies = r#""pages";q=1000;w=60, "writing";q=1;w=3600"#;
    assert_eq!((admitted.status, admitted.header("RateLimit-Policy")), (200, Some(policies)));
    assert_eq!(admitted.header("RateLimit"), Some(r#""pages";r=999;t=60, "writing";r=0;t=3600"#));
    app.wait(600);
    for path in ["/write?cost=1", "/write-or-429"] {
        let refused = server.send(ask(path, "ada")).await;
        assert_eq!((refused.status, refused.problem().as_str()), (429, "rate_limited"), "{path}");
        let problem = refused.json();
        assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
        assert_eq!(problem["violated-policies"].to_string(), r#"["writing"]"#);
        assert_eq!(refused.header("Retry-After"), Some("3000"));
        assert!(refused.header("RateLimit").is_some_and(|told| told.ends_with(r#""writing";r=0;t=3000"#)));
        assert_eq!(refused.header("X-RateLimit-Reset"), Some("1800003600"));
    }
    let page = server.send(ask("/write-or-429", "ada").browser()).await;
    assert_eq!(
        (page.header("Content-Type"), page.header("Retry-After")),
        (Some("text/html; charset=utf-8"), Some("3000"))
    );
}

#[rocket::async_test]
async fn a_limit_of_the_route_comes_first() {
    let server = app("limits = ['9/1h']\n[rate_limits.pages]\nlimits = ['1/1h']").serve_with(routes()).await;
    assert_eq!(status(&server, "/write?cost=1", "ada").await, 200);
    let refused = server.send(ask("/write?cost=1", "ada")).await;
    assert_eq!((refused.status, refused.json()["violated-policies"].to_string()), (429, r#"["pages"]"#.to_owned()));
    assert_eq!(server.send(ask("/left", "ada")).await.body, "8");
}

#[rocket::async_test]
async fn in_shadow_it_tells_only_the_log_and_exempt_networks_it_spares() {
    let shadow = app("limits = ['1/1h']\nmode = 'shadow'").behind_a_proxy().serve_with(routes()).await;
    let exempt = app("limits = ['1/1h']\nexempt = { networks = ['203.0.113.22/32'] }").behind_a_proxy();
    let exempt = exempt.serve_with(routes()).await;
    let lines = |client| logged(&format!("ip={client} ")).into_iter().filter(|line| line.contains("excess_rate_limit"));
    let expected = [("203.0.113.21", &shadow, [200, 200]), ("203.0.113.22", &exempt, [200, 200])];
    for (client, server, expected) in expected.into_iter().chain([("203.0.113.23", &exempt, [200, 429])]) {
        for expected in expected {
            let reply = server.send(ask("/write-or-429", "ada").forwarded(client)).await;
            assert_eq!((reply.status, reply.header("RateLimit").is_some()), (expected, client == "203.0.113.23"));
        }
    }
    assert!(lines("203.0.113.21").all(|line| line.contains("shadow")));
    let counts = ["203.0.113.21", "203.0.113.22", "203.0.113.23"].map(|client| lines(client).count());
    assert_eq!(counts, [1, 0, 1]);
}

#[rocket::async_test]
async fn the_key_is_in_no_log_and_no_file() {
    const KEY: &str = "nobody-shall-read-this@example.org";
    let directory = tempfile::tempdir().unwrap();
    let server =
        app("limits = ['1/1h']").with("COVET_DATABASE_URL", database_url(&directory)).serve_with(routes()).await;
    for path in ["/write?cost=1", "/write?cost=1", "/write-or-429", "/left", "/forget"] {
        let reply = server.send(ask(path, KEY)).await;
        assert!(!format!("{reply:?}").contains(KEY), "{reply:?}");
    }
    assert_eq!(files_with(directory.path(), KEY), [""; 0]);
    server.stop().await;
    assert_eq!(files_with(directory.path(), KEY), [""; 0]);
    assert_eq!(logged(KEY), [""; 0]);
}

#[rocket::async_test]
async fn while_the_store_fails_it_admits_nobody() {
    let store = Arc::new(Fragile::default());
    let server = app("limits = ['9/1h']").store(Arc::clone(&store) as _).serve_with(routes()).await;
    // Routes of which nothing but the handler asks the store.
    let paths = ["/write-or-429", "/left", "/forget"];
    for (broken, expected) in [(false, [200, 200, 200]), (true, [429, 503, 503]), (false, [200, 200, 200])] {
        if broken {
            store.fail_after(0)
        } else {
            store.heal();
            server.send_until(&ask("/left", "ada"), 200).await;
        }
        for (path, expected) in paths.into_iter().zip(expected) {
            assert_eq!(status(&server, path, "ada").await, expected, "{path}");
        }
    }
    store.fail_after(0);
    let refused = server.send(ask("/left", "ada")).await;
    assert_eq!((refused.problem().as_str(), refused.header("Retry-After")), ("unavailable", Some("1")));
}

#[rocket::async_test]
async fn while_the_store_fails_it_does_what_its_policy_says() {
    for (plan, expected) in [("deny", [429, 429]), ("allow", [200, 200]), ("local", [200, 429])] {
        let store = Arc::new(Fragile::default());
        let app = app(&format!("limits = ['1/1h']\non_store_failure = '{plan}'"));
        let server = app.store(Arc::clone(&store) as _).serve_with(routes()).await;
        store.fail_after(0);
        for expected in expected {
            assert_eq!(status(&server, "/write-or-429", "ada").await, expected, "{plan}");
        }
    }
}

#[rocket::async_test]
async fn while_the_store_fails_a_look_tells_what_would_hold_and_nothing_is_said_to_be_reset() {
    for (plan, looks) in [("deny", ["503", "503"]), ("allow", ["8", "8"]), ("local", ["2", "1"])] {
        let store = Arc::new(Fragile::default());
        let app = app(&format!("limits = ['8/1h']\non_store_failure = '{plan}'"));
        let app = app.with("COVET_APPLICATION__REPLICAS", "4");
        let server = app.store(Arc::clone(&store) as _).serve_with(routes()).await;
        let look = async || {
            let reply = server.send(ask("/left", "ada")).await;
            if reply.status == 200 { reply.body } else { reply.status.to_string() }
        };
        for _ in 0..3 {
            assert_eq!(status(&server, "/write-or-429", "ada").await, 200);
        }
        assert_eq!(look().await, "5");
        store.fail_after(0);
        // What the store counted is not known; a look costs nothing.
        assert_eq!([look().await, look().await], [looks[0]; 2], "{plan}");
        status(&server, "/write-or-429", "ada").await;
        assert_eq!(look().await, looks[1], "{plan}");
        // Here it is forgotten, there it stands.
        assert_eq!(status(&server, "/forget", "ada").await, 503, "{plan}");
        assert_eq!(look().await, looks[0], "{plan}");
        store.heal();
        server.send_until(&ask("/forget", "bob"), 200).await;
        assert_eq!(look().await, "5", "{plan}");
        assert_eq!(status(&server, "/forget", "ada").await, 200);
        assert_eq!(look().await, "8", "{plan}");
    }
}

#[rocket::async_test]
async fn a_layer_cannot_take_its_key_from_it() {
    let said = refusal(app("scope = 'ip'").rocket()).await.map(drop).expect_err("it launches");
    assert!(said.contains(":2:9: `rate_limits.writing.scope`: handlers of this program count by `key`"), "{said}");
    refusal(app("scope = 'key'\nlimits = ['7/1h']").rocket()).await.unwrap();
}
