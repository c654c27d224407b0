//! Rate limits through HTTP: never one more than the policy says, and told as the draft says.

use rocket::futures::future::join_all;

use crate::support::{App, Ask, Person, Wire};

mod algorithms;
mod cost;
mod limiter;
mod outage;
mod shadow;
mod told;
mod whom;

#[rocket::async_test]
async fn of_200_requests_at_once_a_limit_of_100_admits_exactly_100() {
    for round in 0..20 {
        let app = App::new().with("COVET_RATE_LIMITS__PAGES__LIMITS", r#"["100/1h"]"#);
        let server = app.serve().await;
        let replies = join_all((0..200).map(|_| server.send(Ask::get("/page")))).await;
        let count = |status| replies.iter().filter(|reply| reply.status == status).count();
        assert_eq!((count(200), count(429)), (100, 100), "round {round}");
    }
}

#[rocket::async_test]
async fn a_user_limit_counts_the_account_whatever_its_session_and_address() {
    let app = App::new().with("COVET_RATE_LIMITS__API__LIMITS", r#"["10/1h"]"#);
    let wire = app.local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let mut elsewhere = ada.clone();
    elsewhere.sign_in(&wire).await;
    let bob = Person::signed_in(&wire, "bob", "member").await;

    let asks = (0..20).map(|at| {
        let (session, remote) =
            if at % 2 == 0 { (&ada.session, "192.0.2.1:1") } else { (&elsewhere.session, "198.51.100.7:1") };
        wire.send(Ask::post("/mine").cookie(session).from(remote))
    });
    let replies = join_all(asks).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 10);
    assert_eq!(replies.iter().filter(|reply| reply.status == 429).count(), 10);
    assert_eq!(bob.post(&wire, "/mine", "").await.status, 200);
}

#[rocket::async_test]
async fn nobody_spends_the_limit_of_an_account_without_its_session() {
    let app = App::new().with("COVET_RATE_LIMITS__API__LIMITS", r#"["1/1h"]"#);
    let wire = app.local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    for _ in 0..5 {
        assert_eq!(wire.send(Ask::post("/mine").cookie(&ada.forged())).await.status, 401);
    }
    assert_eq!(ada.post(&wire, "/mine", "").await.status, 200);
    assert_eq!(ada.post(&wire, "/mine", "").await.status, 429);
}

#[rocket::async_test]
async fn a_limit_opens_again_when_its_window_has_passed_and_not_a_second_before() {
    let app = App::new().with("COVET_RATE_LIMITS__PAGES__LIMITS", r#"["2/1m"]"#);
    let wire = app.local().await;
    let mut status = Vec::new();
    for wait in [0, 20, 0, 39, 1, 0] {
        app.wait(wait);
        status.push(wire.send(Ask::get("/page")).await.status);
    }
    assert_eq!(status, [200, 200, 429, 429, 200, 429]);
}
