//! What a response tells of its limits, and a refusal in full.

use crate::support::{App, Ask, Person, Reply, Wire};

/// The names of the fields of limits that a response has.
fn fields(reply: &Reply) -> Vec<&str> {
    let told = |name: &&str| ["ratelimit", "x-ratelimit", "retry-after"].iter().any(|begin| name.starts_with(begin));
    let mut fields: Vec<_> = reply.headers.iter().map(|(name, _)| name.as_str()).filter(told).collect();
    fields.sort_unstable();
    fields
}

const IETF: [&str; 2] = ["ratelimit", "ratelimit-policy"];
const X: [&str; 3] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

#[rocket::async_test]
async fn a_limit_is_told_in_the_fields_that_it_says() {
    let table: [(&str, Vec<&str>); 4] = [
        (r#"["ietf"]"#, IETF.to_vec()),
        (r#"["x"]"#, X.to_vec()),
        (r#"["ietf", "x"]"#, [&IETF[..], &X[..]].concat()),
        ("[]", Vec::new()),
    ];
    for (headers, expected) in table {
        let app = App::new().over(&format!("[rate_limits.pages]\nlimits = ['1/1m']\nheaders = {headers}"));
        let server = app.serve().await;
        let admitted = server.send(Ask::get("/page")).await;
        assert_eq!((admitted.status, fields(&admitted)), (200, expected.clone()), "{headers}");
        app.wait(15);
        let refused = server.send(Ask::get("/page")).await;
        // When to come again, and which limit it was, is told in any case.
        let expected = [&["retry-after"], &*expected].concat();
        let mut told = fields(&refused);
        told.sort_by_key(|name| *name != "retry-after");
        assert_eq!((refused.status, told), (429, expected), "{headers}");
        assert_eq!((refused.problem().as_str(), refused.header("Retry-After")), ("rate_limited", Some("45")));
        assert_eq!(refused.json()["violated-policies"].to_string(), r#"["pages"]"#);
    }
}

#[rocket::async_test]
async fn of_a_limit_with_several_scopes_the_tightest_is_told() {
    let app = App::new().over("[rate_limits.api]\nlimits = ['9/1m']\nscope = ['user', 'ip']");
    let server = app.serve().await;
    let (ada, bob) =
        (Person::signed_in(&server, "ada", "member").await, Person::signed_in(&server, "bob", "member").await);
    // At one address: what is left of it is less than of either of them.
    for (person, left) in [(&ada, 8), (&bob, 7), (&bob, 6)] {
        let reply = person.post(&server, "/mine", "").await;
        assert_eq!(reply.header("RateLimit"), Some(&*format!("\"api\";r={left};t=60")), "{}", person.name);
    }
}

#[rocket::async_test]
async fn the_older_fields_tell_the_count_what_is_left_and_the_time_of_more() {
    let app = App::new().over("[rate_limits.pages]\nlimits = ['2/1m']\nheaders = ['x']");
    let server = app.serve().await;
    let mut told = Vec::new();
    for wait in [0, 15, 15] {
        app.wait(wait);
        let reply = server.send(Ask::get("/page")).await;
        told.push(X.map(|name| reply.header(name).unwrap().to_owned()));
    }
    // The window of a first request at 1800000000 ends then.
    let expected = [["2", "1", "1800000060"], ["2", "0", "1800000060"], ["2", "0", "1800000060"]];
    assert_eq!(told, expected);
}

#[rocket::async_test]
async fn a_limit_that_is_not_told_leaves_the_others_told() {
    let app = App::new().over("[rate_limits.login]\nheaders = []\n[rate_limits.api]\nheaders = ['x']");
    let server = app.serve().await;
    let ada = Person::signed_in(&server, "ada", "member").await;
    let reply = ada.get(&server, "/several").await;
    assert_eq!(reply.header("RateLimit-Policy"), Some(r#""pages";q=1000;w=60"#));
    assert_eq!((reply.status, reply.header("X-RateLimit-Remaining")), (200, Some("999")));
}

#[rocket::async_test]
async fn a_refusal_in_full() {
    let app = App::new().over("[rate_limits.pages]\nlimits = ['1/1m', '5/1h']\nheaders = ['ietf', 'x']");
    let server = app.serve().await;
    server.send(Ask::get("/page")).await;
    app.wait(15);
    let mut refused = server.send(Ask::get("/page")).await;
    refused.headers.retain(|(name, _)| name != "date" && name != "content-length");
    refused.headers.sort();
    let headers: Vec<_> = refused.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let expected = [
        "cache-control: no-store",
        "content-type: application/problem+json",
        "permissions-policy: interest-cohort=()",
        "ratelimit: \"pages\";r=0;t=45",
        "ratelimit-policy: \"pages\";q=1;w=60",
        "retry-after: 45",
        "server: test",
        "x-content-type-options: nosniff",
        "x-frame-options: SAMEORIGIN",
        "x-ratelimit-limit: 1",
        "x-ratelimit-remaining: 0",
        "x-ratelimit-reset: 1800000060",
    ];
    assert_eq!((refused.status, headers), (429, expected.map(str::to_owned).to_vec()));
    let body = rocket::serde::json::json!({
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Too many requests",
        "status": 429,
        "detail": "You have done this too often. Wait a little, then try again.",
        "code": "rate_limited",
        "violated-policies": ["pages"],
    });
    assert_eq!(refused.json(), body);
}

#[rocket::async_test]
async fn the_state_of_a_limit_is_told_as_the_draft_says() {
    let app = App::new().with("COVET_RATE_LIMITS__PAGES__LIMITS", r#"["2/1m"]"#);
    let wire = app.local().await;
    let fields = async || {
        let reply = wire.send(Ask::get("/page")).await;
        let field = |name: &str| reply.header(name).unwrap_or("none").to_owned();
        (reply.status, field("RateLimit-Policy"), field("RateLimit"), field("Retry-After"))
    };
    let expected = |status, state: &str, retry: &str| {
        (status, r#""pages";q=2;w=60"#.to_owned(), format!(r#""pages";{state}"#), retry.to_owned())
    };
    assert_eq!(fields().await, expected(200, "r=1;t=60", "none"));
    app.wait(15);
    assert_eq!(fields().await, expected(200, "r=0;t=45", "none"));
    assert_eq!(fields().await, expected(429, "r=0;t=45", "45"));
    app.wait(45);
    assert_eq!(fields().await, expected(200, "r=0;t=15", "none"));
}

#[rocket::async_test]
async fn several_limits_are_one_list_and_the_tightest_rate_speaks_for_each() {
    let app = App::new()
        .with("COVET_RATE_LIMITS__PAGES__LIMITS", r#"["9/1m", "5/1h"]"#)
        .with("COVET_RATE_LIMITS__LOGIN__LIMITS", r#"["3/1m"]"#)
        .with("COVET_RATE_LIMITS__API__LIMITS", r#"["2/1m"]"#);
    let wire = app.local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let reply = ada.get(&wire, "/several").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("RateLimit-Policy"), Some(r#""pages";q=5;w=3600, "login";q=3;w=60, "api";q=2;w=60"#));
    assert_eq!(reply.header("RateLimit"), Some(r#""pages";r=4;t=3600, "login";r=2;t=60, "api";r=1;t=60"#));

    ada.get(&wire, "/several").await;
    let refused = ada.get(&wire, "/several").await;
    assert_eq!((refused.status, refused.json()["violated-policies"].to_string()), (429, r#"["api"]"#.to_owned()));
}

#[rocket::async_test]
async fn a_refusal_of_a_limit_is_the_registered_problem() {
    let app = App::new().with("COVET_RATE_LIMITS__PAGES__LIMITS", r#"["1/1m"]"#);
    let wire = app.local().await;
    wire.send(Ask::get("/page")).await;
    let refused = wire.send(Ask::get("/page")).await;
    assert_eq!(refused.problem(), "rate_limited");
    let problem = refused.json();
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(problem["violated-policies"].to_string(), r#"["pages"]"#);

    let page = wire.send(Ask::get("/page").browser()).await;
    assert_eq!((page.status, page.header("Content-Type")), (429, Some("text/html; charset=utf-8")));
    assert_eq!((page.header("Retry-After"), page.header("Cache-Control")), (Some("60"), Some("no-store")));
}
