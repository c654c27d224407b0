//! Whom a limit counts together, whom it counts otherwise, and whom it does not count.

use crate::support::{App, Ask, Person, Server, Wire};

/// Somebody's request from an address.
async fn status(server: &Server, person: &Person, address: &str) -> u16 {
    server.send(Ask::post("/mine").cookie(&person.session).forwarded(address)).await.status
}

/// How many of ten requests pass.
async fn passing(server: &Server, person: &Person) -> usize {
    let mut passing = 0;
    for _ in 0..10 {
        passing += usize::from(status(server, person, "192.0.2.1").await == 200);
    }
    passing
}

async fn serve(limit: &str) -> Server {
    App::new().behind_a_proxy().over(limit).serve().await
}

const HERE: &str = "192.0.2.1";
const THERE: &str = "198.51.100.7";

#[rocket::async_test]
async fn each_of_several_scopes_has_a_count_of_its_own() {
    let server = serve("[rate_limits.api]\nlimits = ['2/1h']\nscope = ['user', 'ip']").await;
    let ada = Person::signed_in(&server, "ada", "member").await;
    let bob = Person::signed_in(&server, "bob", "member").await;
    assert_eq!([status(&server, &ada, HERE).await, status(&server, &ada, HERE).await], [200, 200]);
    // She has spent what is hers, wherever she is; and what is that address's, whoever is there.
    assert_eq!([status(&server, &ada, HERE).await, status(&server, &ada, THERE).await], [429, 429]);
    assert_eq!([status(&server, &bob, HERE).await, status(&server, &bob, THERE).await], [429, 200]);
}

#[rocket::async_test]
async fn a_limit_by_user_or_by_address_alone_counts_only_that() {
    for (scope, expected) in [("user", [429, 429, 200]), ("ip", [429, 200, 429])] {
        let server = serve(&format!("[rate_limits.api]\nlimits = ['1/1h']\nscope = '{scope}'")).await;
        let ada = Person::signed_in(&server, "ada", "member").await;
        let bob = Person::signed_in(&server, "bob", "member").await;
        assert_eq!(status(&server, &ada, HERE).await, 200);
        let then = [(&ada, HERE), (&ada, THERE), (&bob, HERE)];
        for ((person, address), expected) in then.into_iter().zip(expected) {
            assert_eq!(status(&server, person, address).await, expected, "{scope}: {} {address}", person.name);
        }
    }
}

#[rocket::async_test]
async fn a_limit_by_session_counts_each_session() {
    let server = serve("[rate_limits.api]\nlimits = ['1/1h']\nscope = 'session'").await;
    let ada = Person::signed_in(&server, "ada", "member").await;
    let mut elsewhere = ada.clone();
    elsewhere.sign_in(&server).await;
    assert_eq!([status(&server, &ada, HERE).await, status(&server, &ada, THERE).await], [200, 429]);
    assert_eq!([status(&server, &elsewhere, HERE).await, status(&server, &elsewhere, HERE).await], [200, 429]);
}

#[rocket::async_test]
async fn a_limit_by_route_counts_each_route_and_a_global_one_all_of_them() {
    for (scope, expected) in [("route", [200, 429, 200, 429]), ("global", [200, 429, 429, 429])] {
        let server = serve(&format!("[rate_limits.pages]\nlimits = ['1/1h']\nscope = '{scope}'")).await;
        let asks = [
            Ask::get("/page").forwarded(HERE),
            Ask::get("/page").forwarded(THERE),
            Ask::post("/limited").forwarded(HERE),
            Ask::post("/limited").forwarded(THERE),
        ];
        for (ask, expected) in asks.into_iter().zip(expected) {
            assert_eq!(server.send(ask).await.status, expected, "{scope}");
        }
    }
}

#[rocket::async_test]
async fn a_tier_is_given_by_a_role_an_inherited_role_or_a_permission() {
    // An administrator inherits from the members, and only they may read the audit log.
    for (tiers, [guest, member, admin]) in [
        ("admin = ['5/1h']", [1, 1, 5]),
        ("member = ['3/1h']", [1, 3, 3]),
        ("'admin:audit' = ['5/1h']", [1, 1, 5]),
        ("'write:notes' = ['4/1h']", [1, 4, 4]),
    ] {
        let server = serve(&format!("[rate_limits.api]\nlimits = ['1/1h']\ntiers = {{ {tiers} }}")).await;
        for (role, expected) in [("guest", guest), ("member", member), ("admin", admin)] {
            let person = Person::signed_in(&server, role, role).await;
            assert_eq!(passing(&server, &person).await, expected, "{tiers}: {role}");
        }
    }
}

#[rocket::async_test]
async fn of_several_tiers_the_most_generous_holds() {
    // In the long run five an hour are more than six a day.
    let tiers = "member = ['6/1d'], admin = ['5/1h'], 'admin:audit' = ['4/1h']";
    let server = serve(&format!("[rate_limits.api]\nlimits = ['1/1h']\ntiers = {{ {tiers} }}")).await;
    for (role, expected) in [("guest", 1), ("member", 6), ("admin", 5)] {
        let person = Person::signed_in(&server, role, role).await;
        assert_eq!(passing(&server, &person).await, expected, "{role}");
    }
}

#[rocket::async_test]
async fn a_tier_is_told_and_is_of_its_owner_alone() {
    let server = serve("[rate_limits.api]\nlimits = ['1/1h']\ntiers = { admin = ['5/1h'] }").await;
    let root = Person::signed_in(&server, "root", "admin").await;
    let reply = root.post(&server, "/mine", "").await;
    assert_eq!(reply.header("RateLimit-Policy"), Some(r#""api";q=5;w=3600"#));
    // Who names her account and has not her session is nobody.
    assert_eq!(server.send(Ask::post("/mine").cookie(&root.forged())).await.status, 401);
    assert_eq!(root.post(&server, "/mine", "").await.header("RateLimit"), Some(r#""api";r=3;t=3600"#));
}

#[rocket::async_test]
async fn who_holds_an_exempt_role_is_not_counted() {
    let server = serve("[rate_limits.api]\nlimits = ['1/1h']\nexempt = { roles = ['member'] }").await;
    for (role, expected) in [("guest", 1), ("member", 10), ("admin", 10)] {
        let person = Person::signed_in(&server, role, role).await;
        assert_eq!(passing(&server, &person).await, expected, "{role}");
        let told = person.post(&server, "/mine", "").await.header("RateLimit").is_some();
        assert_eq!(told, role == "guest", "{role}");
    }
}

const EXEMPT: &str = "[rate_limits.pages]\nlimits = ['1/1h']\nexempt = { networks = ['198.51.100.0/24'] }";

#[rocket::async_test]
async fn who_is_in_an_exempt_network_is_not_counted() {
    let server = serve(EXEMPT).await;
    for (address, expected) in [(THERE, [200, 200, 200]), ("198.51.101.7", [200, 429, 429])] {
        for expected in expected {
            assert_eq!(server.send(Ask::get("/page").forwarded(address)).await.status, expected, "{address}");
        }
    }
}

#[rocket::async_test]
async fn who_only_says_to_be_in_an_exempt_network_is_counted() {
    let server = App::new().over(EXEMPT).serve().await;
    assert_eq!(server.send(Ask::get("/page").forwarded(THERE)).await.status, 200);
    assert_eq!(server.send(Ask::get("/page").forwarded(THERE)).await.status, 429);
    // Nor does it help to say so to a proxy that is trusted: it adds whom it has it from.
    let server = serve(EXEMPT).await;
    let forged = || Ask::get("/page").forwarded(&format!("{THERE}, 203.0.113.5"));
    assert_eq!([server.send(forged()).await.status, server.send(forged()).await.status], [200, 429]);
}
