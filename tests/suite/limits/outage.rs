//! What a limit does while its store does not answer.

use std::sync::Arc;

use crate::support::{App, Ask, Fragile, Person, Wire};

/// The answers to so many requests to a route that admits anyone, while the store fails.
async fn while_it_fails(plan: &str, mode: &str, requests: usize) -> Vec<u16> {
    let store = Arc::new(Fragile::default());
    let app = App::new().store(Arc::clone(&store) as _).with("COVET_RATE_LIMITS__PAGES__ON_STORE_FAILURE", plan);
    let app = app.with("COVET_RATE_LIMITS__PAGES__MODE", mode);
    let wire = app.with("COVET_RATE_LIMITS__PAGES__LIMITS", r#"["1/1h"]"#).local().await;
    store.fail_after(0);
    let mut found = Vec::new();
    for _ in 0..requests {
        found.push(wire.send(Ask::post("/limited")).await.status);
    }
    found
}

#[rocket::async_test]
async fn a_limit_does_what_its_policy_says_while_the_store_fails() {
    assert_eq!(while_it_fails("deny", "enforce", 2).await, [503, 503]);
    assert_eq!(while_it_fails("allow", "enforce", 3).await, [200, 200, 200]);
    assert_eq!(while_it_fails("local", "enforce", 3).await, [200, 429, 429]);
}

#[rocket::async_test]
async fn a_process_that_counts_by_itself_admits_its_share() {
    for (replicas, share) in [("1", 9), ("2", 4), ("4", 2), ("9", 1), ("1000", 1)] {
        let store = Arc::new(Fragile::default());
        let limit = "[rate_limits.pages]\nlimits = ['9/1h', '100/1d']\non_store_failure = 'local'";
        let app = App::new().over(limit).with("COVET_APPLICATION__REPLICAS", replicas);
        let wire = app.store(Arc::clone(&store) as _).local().await;
        store.fail_after(0);
        let mut found = Vec::new();
        for _ in 0..10 {
            found.push(wire.send(Ask::post("/limited")).await.status);
        }
        let expected: Vec<u16> = (0..10).map(|at| if at < share { 200 } else { 429 }).collect();
        assert_eq!(found, expected, "{replicas}");
        // The store has counted nothing of it.
        store.heal();
        let back = wire.send_until(&Ask::post("/limited"), 200).await;
        assert_eq!(back.header("RateLimit-Policy"), Some("\"pages\";q=9;w=3600"), "{replicas}");
    }
}

#[rocket::async_test]
async fn a_limit_in_shadow_refuses_nobody_while_the_store_fails() {
    for plan in ["deny", "allow", "local"] {
        assert_eq!(while_it_fails(plan, "shadow", 3).await, [200, 200, 200], "{plan}");
    }
}

#[rocket::async_test]
async fn no_session_is_believed_while_the_store_fails_whatever_a_limit_says() {
    let store = Arc::new(Fragile::default());
    let app = App::new().store(Arc::clone(&store) as _).with("COVET_RATE_LIMITS__API__ON_STORE_FAILURE", "allow");
    let wire = app.local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    assert_eq!(ada.post(&wire, "/mine", "").await.status, 200);
    store.fail_after(0);
    assert_eq!(ada.post(&wire, "/mine", "").await.status, 503);
    store.heal();
    assert!(ada.is_signed_in(&wire).await);
}
