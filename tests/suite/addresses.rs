//! Who a request is from: the peer, and nobody that it only says it is.

use crate::support::{App, Ask, Person, Wire};

const ONE_AN_HOUR: &str = r#"["1/1h"]"#;

fn app() -> App {
    App::new().with("COVET_RATE_LIMITS__PAGES__LIMITS", ONE_AN_HOUR)
}

fn page() -> Ask {
    Ask::get("/page")
}

#[rocket::async_test]
async fn a_stranger_who_forges_addresses_is_counted_as_itself() {
    let server = app().serve().await;
    assert_eq!(server.send(page()).await.status, 200);
    for name in ["X-Real-IP", "X-Forwarded-For", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "Via"] {
        assert_eq!(server.send(page().header(name, "198.51.100.7")).await.status, 429, "{name}");
    }
    for forwarded in ["for=198.51.100.8", "for=\"[2001:db8::1]\"", "for=198.51.100.9;proto=https, for=198.51.100.10"] {
        assert_eq!(server.send(page().header("Forwarded", forwarded)).await.status, 429, "{forwarded}");
    }
    let twice = page().header("X-Forwarded-For", "198.51.100.11").header("X-Forwarded-For", "198.51.100.12");
    assert_eq!(server.send(twice).await.status, 429);
}

#[rocket::async_test]
async fn of_a_trusted_proxy_the_rightmost_untrusted_address_counts() {
    let server = app().with("COVET_HTTP__TRUSTED_PROXIES", r#"["127.0.0.0/8", "10.0.0.0/8"]"#).serve().await;
    let ask = async |value: &str| server.send(page().header("X-Forwarded-For", value)).await.status;
    assert_eq!(ask("198.51.100.1").await, 200);
    // What the client itself wrote stands further left.
    assert_eq!(ask("203.0.113.99, 198.51.100.1").await, 429);
    assert_eq!(ask("203.0.113.99, 198.51.100.1, 10.1.2.3").await, 429);
    assert_eq!(ask("198.51.100.1:4711").await, 429);
    assert_eq!(ask("::ffff:198.51.100.1").await, 429);
    assert_eq!(ask("198.51.100.2").await, 200);
    // Nothing can be believed beyond a word that is no address: it is the proxy's own.
    assert_eq!(ask("198.51.100.3, nonsense").await, 200);
    assert_eq!(ask("198.51.100.4, nonsense").await, 429);
    assert_eq!(server.send(page()).await.status, 429);
    // Other headers are not what a trusted proxy speaks by.
    assert_eq!(server.send(page().header("X-Real-IP", "198.51.100.5")).await.status, 429);
}

#[rocket::async_test]
async fn a_trusted_proxy_may_speak_by_either_header_and_not_by_two_that_differ() {
    let server = app().with("COVET_HTTP__TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#).serve().await;
    let ask = async |forwarded: &str| server.send(page().header("Forwarded", forwarded)).await.status;
    assert_eq!(ask("for=198.51.100.1").await, 200);
    assert_eq!(ask("for=203.0.113.99, for=198.51.100.1;proto=https").await, 429);
    assert_eq!(ask("for=198.51.100.2").await, 200);
    assert_eq!(server.send(page().header("X-Forwarded-For", "198.51.100.2")).await.status, 429);
    // They are the proxy's own, whatever they say.
    for (last, status) in [("3", 200), ("4", 429)] {
        let both =
            page().header("Forwarded", format!("for=198.51.100.{last}")).header("X-Forwarded-For", "198.51.100.9");
        assert_eq!(server.send(both).await.status, status);
    }
}

#[rocket::async_test]
async fn whoever_has_no_address_is_counted_with_all_who_have_none() {
    let rocket = app().rocket();
    let client = rocket::local::asynchronous::Client::untracked(rocket).await.unwrap();
    assert_eq!(client.get("/page").dispatch().await.status().code, 200);
    assert_eq!(
        client
            .get("/page")
            .header(rocket::http::Header::new("X-Forwarded-For", "192.0.2.1"))
            .dispatch()
            .await
            .status()
            .code,
        429
    );
    assert_eq!(client.send(page()).await.status, 200);
}

#[rocket::async_test]
async fn an_ipv6_client_is_its_network() {
    let wire = app().local().await;
    let ask = async |remote| wire.send(page().from(remote)).await.status;
    assert_eq!(ask("[2001:db8:1:2::1]:1").await, 200);
    assert_eq!(ask("[2001:db8:1:2:ffff:ffff:ffff:ffff]:1").await, 429);
    assert_eq!(ask("[2001:db8:1:3::1]:1").await, 200);
    assert_eq!(ask("192.0.2.7:1").await, 200);
    assert_eq!(ask("[::ffff:192.0.2.7]:1").await, 429);
}

#[rocket::async_test]
async fn the_audit_log_has_the_peer_and_not_what_it_says_it_is() {
    let wire = App::new().local().await;
    let admin = Person::signed_in(&wire, "root", "admin").await;
    let forged = Ask::post("/login").json(&rocket::serde::json::json!({ "name": "root", "password": "wrong" }));
    wire.send(forged.from("203.0.113.5:9").header("X-Real-IP", "198.51.100.66")).await;
    let mine = admin.get(&wire, "/events").await.body;
    assert!(mine.contains("authn_login_fail"), "{mine}");
    assert!(!crate::support::logged("ip=203.0.113.5").is_empty());
    assert!(crate::support::logged("198.51.100.66").is_empty());
}

#[rocket::async_test]
async fn who_has_no_address_is_counted_with_all_who_have_none_and_with_nobody_else() {
    let client = app().local().await;
    for address in ["127.0.0.1:4711", "0.0.0.0:4711", "[::]:4711"] {
        for expected in [200, 429] {
            let request = client.get("/page").remote(address.parse().unwrap());
            assert_eq!(request.dispatch().await.status().code, expected, "{address}");
        }
    }
    for expected in [200, 429] {
        assert_eq!(client.get("/page").dispatch().await.status().code, expected);
    }
}
