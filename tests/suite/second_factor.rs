//! The second factor: a code works once, and half a sign-in opens nothing.

use rocket::futures::future::join_all;

use crate::support::{App, Ask, Person, Wire, code};

const STEP: u64 = 30;

#[rocket::async_test]
async fn of_50_uses_of_one_code_at_once_one_succeeds() {
    // More attempts than would ever be let through, so that the code alone decides.
    let app = App::new().with("COVET_MFA__MAX_ATTEMPTS", "100");
    let server = app.serve().await;
    let mut ada = Person::enrolled(&server, "ada", "member", app.now()).await;
    for round in 0..10 {
        app.wait(600);
        let mut pending = Vec::new();
        for _ in 0..5 {
            assert_eq!(ada.sign_in(&server).await.body, "second factor");
            pending.push(ada.clone());
        }
        let code = app.code(&ada.uri);
        let tries = (0..50).map(|at| pending[at % 5].post(&server, "/mfa/verify", &code));
        let replies = join_all(tries).await;
        let given: Vec<_> = replies.iter().filter_map(|reply| reply.session()).collect();
        assert_eq!(given.len(), 1, "round {round}");
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1, "round {round}");
        assert_eq!(server.send(Ask::get("/vault").cookie(&given[0])).await.status, 200);
    }
}

#[rocket::async_test]
async fn a_code_of_an_older_step_is_refused_after_a_newer_one() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    app.wait(10 * STEP);
    let now = app.now().seconds();
    let of = |step: i64| code(&ada.uri, covet::Timestamp::from_seconds(now.saturating_add_signed(step * 30)));
    // Within the drift all three would do; each acceptance leaves the newer ones.
    let (before, present, after, beyond) = (of(-1), of(0), of(1), of(2));
    let mut verify = async |code: &str| {
        ada.sign_in(&wire).await;
        ada.post(&wire, "/mfa/verify", code).await.status
    };
    assert_eq!(verify(&beyond).await, 422);
    assert_eq!(verify(&present).await, 200);
    assert_eq!(verify(&present).await, 422);
    assert_eq!(verify(&before).await, 422);
    assert_eq!(verify(&after).await, 200);
    assert_eq!(verify(&after).await, 422);
}

#[rocket::async_test]
async fn the_code_of_the_enrolment_does_not_sign_in() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    ada.sign_in(&wire).await;
    assert_eq!(ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.problem(), "invalid_code");
    app.wait(STEP);
    assert_eq!(ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.status, 200);
}

#[rocket::async_test]
async fn a_used_code_stays_used_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory);
    let server = app.serve().await;
    let mut ada = Person::enrolled(&server, "ada", "member", app.now()).await;
    app.wait(10 * STEP);
    ada.sign_in(&server).await;
    let used = app.code(&ada.uri);
    assert_eq!(ada.post(&server, "/mfa/verify", &used).await.status, 200);
    ada.sign_in(&server).await;
    server.stop().await;

    let server = app.serve().await;
    assert_eq!(ada.post(&server, "/mfa/verify", &used).await.problem(), "invalid_code");
    app.wait(STEP);
    assert_eq!(ada.post(&server, "/mfa/verify", &app.code(&ada.uri)).await.status, 200);
}

#[rocket::async_test]
async fn half_a_sign_in_opens_nothing_else() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::enrolled(&wire, "ada", "admin", app.now()).await;
    let (before, owned) = (ada.session.clone(), ada.sessions(&wire).await);
    assert_eq!(ada.sign_in(&wire).await.body, "second factor");
    for path in ["/me", "/vault", "/audit", "/sessions", "/several", "/events", "/guarded-by-type"] {
        assert_eq!(ada.get(&wire, path).await.status, 401, "{path}");
    }
    let new = format!("{}\nsomething quite new and long", ada.password);
    let routes = [
        ("/signed-in", ""),
        ("/proven", ""),
        ("/fresh", ""),
        ("/permitted", ""),
        ("/ruled", ""),
        ("/mine", ""),
        ("/mfa/enroll", ""),
        ("/mfa/confirm", "123456"),
        ("/password", &new),
        ("/logout-all", ""),
        ("/sessions/revoke", &owned[0].0),
        ("/accounts/ada/disable", ""),
    ];
    for (path, body) in routes {
        let reply = ada.post(&wire, path, body).await;
        assert_eq!((reply.status, reply.problem().as_str()), (401, "second_factor_pending"), "{path}");
    }
    assert_eq!(ada.get(&wire, "/stage").await.body, "pending nobody");
    assert!(Person { session: before, ..ada.clone() }.is_signed_in(&wire).await);

    app.wait(STEP);
    ada.session = ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.session().unwrap();
    for path in ["/me", "/vault", "/audit", "/sessions", "/several", "/events", "/guarded-by-type"] {
        assert_eq!(ada.get(&wire, path).await.status, 200, "{path}");
    }
    assert_eq!(ada.get(&wire, "/stage").await.body, "signed in ada");
}

#[rocket::async_test]
async fn half_a_sign_in_waits_ten_minutes() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    ada.sign_in(&wire).await;
    app.wait(599);
    assert_eq!(ada.get(&wire, "/stage").await.body, "pending nobody");
    app.wait(1);
    let reply = ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await;
    assert_eq!((reply.status, reply.session()), (401, None));
}

#[rocket::async_test]
async fn the_session_is_a_new_one_after_each_proof() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::signed_in(&wire, "ada", "member").await;
    let signed_in = ada.session.clone();
    let uri = ada.post(&wire, "/mfa/enroll", "").await.body;
    let confirmed = ada.post(&wire, "/mfa/confirm", &app.code(&uri)).await.session().unwrap();
    ada.sign_in(&wire).await;
    let pending = ada.session.clone();
    app.wait(STEP);
    let verified = ada.post(&wire, "/mfa/verify", &app.code(&uri)).await.session().unwrap();
    app.wait(STEP);
    ada.session = verified.clone();
    let stepped_up = ada.post(&wire, "/mfa/verify", &app.code(&uri)).await.session().unwrap();

    for (session, stage) in [
        (&signed_in, "anonymous nobody"),
        (&confirmed, "signed in ada"),
        (&pending, "anonymous nobody"),
        (&verified, "anonymous nobody"),
        (&stepped_up, "signed in ada"),
    ] {
        assert_eq!(wire.send(Ask::get("/stage").cookie(session)).await.body, stage);
    }
}

#[rocket::async_test]
async fn wrong_codes_lock_the_second_factor_and_a_new_sign_in_does_not_unlock_it() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    app.wait(STEP);
    for wrong in ["000000", "00000", "", "abcdef", "٠٠٠٠٠٠"] {
        ada.sign_in(&wire).await;
        assert_eq!(ada.post(&wire, "/mfa/verify", wrong).await.status, 422, "{wrong}");
    }
    ada.sign_in(&wire).await;
    let locked = ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await;
    assert_eq!((locked.status, locked.session()), (422, None));
    app.wait(299);
    assert_eq!(ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.status, 422);
    app.wait(1);
    assert_eq!(ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.status, 200);
}

#[rocket::async_test]
async fn an_enrolment_that_was_not_confirmed_is_asked_for_nowhere() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::signed_in(&wire, "ada", "member").await;
    let first = ada.post(&wire, "/mfa/enroll", "").await.body;
    assert_eq!(ada.sign_in(&wire).await.body, "done");
    assert_eq!(ada.post(&wire, "/mfa/verify", &app.code(&first)).await.problem(), "not_enrolled");
    let second = ada.post(&wire, "/mfa/enroll", "").await.body;
    assert_ne!(first, second);
    assert_eq!(ada.post(&wire, "/mfa/confirm", &app.code(&first)).await.problem(), "invalid_code");
    let confirmed = ada.post(&wire, "/mfa/confirm", &app.code(&second)).await;
    assert_eq!(confirmed.status, 200);
    ada.session = confirmed.session().unwrap();
    assert_eq!(ada.post(&wire, "/mfa/enroll", "").await.problem(), "already_enrolled");
}

#[rocket::async_test]
async fn an_enrolment_ends_the_sessions_that_were_begun_without_a_second_factor() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::signed_in(&wire, "ada", "member").await;
    let bob = Person::signed_in(&wire, "bob", "member").await;
    let elsewhere = ada.clone();
    ada.sign_in(&wire).await;
    let before = ada.clone();
    ada.uri = ada.post(&wire, "/mfa/enroll", "").await.body;
    // Not before it is confirmed.
    assert_eq!(ada.post(&wire, "/mfa/confirm", "000000").await.status, 422);
    assert!(elsewhere.is_signed_in(&wire).await);
    let reply = ada.post(&wire, "/mfa/confirm", &app.code(&ada.uri)).await;
    ada.session = reply.session().unwrap();
    assert_eq!(ada.get(&wire, "/vault").await.status, 200);
    assert!(!elsewhere.is_signed_in(&wire).await && !before.is_signed_in(&wire).await);
    assert!(bob.is_signed_in(&wire).await);
}

#[rocket::async_test]
async fn a_code_of_one_account_is_worth_nothing_to_another() {
    let app = App::new();
    let wire = app.local().await;
    let ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    let mut bob = Person::enrolled(&wire, "bob", "member", app.now()).await;
    app.wait(STEP);
    bob.sign_in(&wire).await;
    assert_eq!(bob.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.status, 422);
    assert_eq!(bob.post(&wire, "/mfa/verify", &app.code(&bob.uri)).await.status, 200);
    // Nor does one account use up the step of another.
    assert_eq!(ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.status, 200);
}
