//! Sessions end when they should, and once ended stay so.

use crate::support::{App, Ask, OTHER_KEY, Person, Wire, database_url};

#[rocket::async_test]
async fn a_session_ends_when_it_is_not_used() {
    let app = App::new().with("COVET_SESSIONS__IDLE_TIMEOUT", "30m");
    let wire = app.local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    for _ in 0..4 {
        app.wait(1739);
        assert!(ada.is_signed_in(&wire).await);
    }
    app.wait(1800);
    assert!(!ada.is_signed_in(&wire).await);
}

#[rocket::async_test]
async fn a_session_ends_however_much_it_is_used() {
    let app = App::new().with("COVET_SESSIONS__MAX_LIFETIME", "8h");
    let wire = app.local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    for _ in 0..31 {
        app.wait(900);
        assert!(ada.is_signed_in(&wire).await);
    }
    app.wait(899);
    assert!(ada.is_signed_in(&wire).await);
    app.wait(1);
    assert!(!ada.is_signed_in(&wire).await);
}

#[rocket::async_test]
async fn a_revoked_session_is_dead_on_its_next_request_and_the_others_live() {
    let server = App::new().serve().await;
    let here = Person::signed_in(&server, "ada", "member").await;
    let mut there = here.clone();
    there.sign_in(&server).await;
    let bob = Person::signed_in(&server, "bob", "member").await;

    let sessions = here.sessions(&server).await;
    assert_eq!(sessions.iter().map(|(_, current)| *current).collect::<Vec<_>>(), [true, false]);
    let handle = &sessions[1].0;
    assert!(there.is_signed_in(&server).await);
    assert_eq!(bob.post(&server, "/sessions/revoke", handle).await.body, "false", "it is not bob's");
    assert!(there.is_signed_in(&server).await);
    assert_eq!(here.post(&server, "/sessions/revoke", handle).await.body, "true");
    assert!(!there.is_signed_in(&server).await);
    assert!(here.is_signed_in(&server).await);
    assert_eq!(here.post(&server, "/sessions/revoke", handle).await.body, "false");
    assert_eq!(here.sessions(&server).await.len(), 1);
}

#[rocket::async_test]
async fn a_handle_opens_nothing() {
    let wire = App::new().local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let (handle, _) = ada.sessions(&wire).await.remove(0);
    assert!(!ada.session.contains(&handle));
    for value in [handle.clone(), format!("{handle}{}", &ada.session[handle.len()..])] {
        assert_eq!(wire.send(Ask::get("/me").cookie(&value)).await.status, 401);
    }
}

#[rocket::async_test]
async fn signing_out_ends_this_session_and_everywhere_ends_all_of_one_account() {
    let wire = App::new().local().await;
    let first = Person::signed_in(&wire, "ada", "member").await;
    let (mut second, mut third) = (first.clone(), first.clone());
    second.sign_in(&wire).await;
    third.sign_in(&wire).await;
    let bob = Person::signed_in(&wire, "bob", "member").await;

    assert_eq!(first.post(&wire, "/logout", "").await.status, 200);
    assert!(!first.is_signed_in(&wire).await);
    assert!(second.is_signed_in(&wire).await);
    assert_eq!(second.post(&wire, "/logout-all", "").await.body, "2");
    for person in [&second, &third] {
        assert!(!person.is_signed_in(&wire).await);
    }
    assert!(bob.is_signed_in(&wire).await);
}

#[rocket::async_test]
async fn sessions_and_revocations_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory);
    let server = app.serve().await;
    let ada = Person::signed_in(&server, "ada", "member").await;
    let mut revoked = ada.clone();
    revoked.sign_in(&server).await;
    let other = ada.sessions(&server).await.into_iter().find(|(_, current)| !current).unwrap();
    assert_eq!(ada.post(&server, "/sessions/revoke", &other.0).await.body, "true");
    server.stop().await;

    let server = app.serve().await;
    assert!(ada.is_signed_in(&server).await);
    assert!(!revoked.is_signed_in(&server).await);
    server.stop().await;

    // Time that passes meanwhile counts.
    app.wait(1801);
    let server = app.serve().await;
    assert!(!ada.is_signed_in(&server).await);
}

#[rocket::async_test]
async fn everything_that_is_kept_has_an_end() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory);
    let server = app.serve().await;
    let ada = Person::enrolled(&server, "ada", "member", app.now()).await;
    crate::support::try_sign_in(&server, "ada", "not the right horse").await;
    ada.clone().sign_in(&server).await;
    crate::support::try_sign_in(&server, "nobody", "not the right horse").await;
    server.stop().await;

    let pool = sqlx::SqlitePool::connect(&database_url(&directory)).await.unwrap();
    let query = "SELECT space, (expires_at - 1800000000000) / 1000 FROM covet_entries ORDER BY space, expires_at";
    let kept: Vec<(String, i64)> = sqlx::query_as(query).fetch_all(&pool).await.unwrap();
    let (longest, steps) = (86_400, 4 * 30);
    // Attempts that ended in a success are forgotten at once; those at a name that is nobody's are kept as any other.
    let expected = [("guess", longest), ("session", 10 * 60), ("session", 30 * 60), ("totp", steps)];
    let seen: Vec<_> = kept.iter().map(|(space, end)| (space.as_str(), *end)).collect();
    assert_eq!(seen, expected);
}

#[rocket::async_test]
async fn a_locked_account_stays_locked_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory);
    let server = app.serve().await;
    let mut ada = Person::register(&server, "ada", "member").await;
    for _ in 0..5 {
        crate::support::try_sign_in(&server, "ada", "not the right horse").await;
    }
    server.stop().await;
    let server = app.serve().await;
    assert_eq!(ada.sign_in(&server).await.status, 401);
    app.wait(900);
    assert_eq!(ada.sign_in(&server).await.status, 200);
}

#[rocket::async_test]
async fn sessions_kept_in_memory_end_with_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory).with("COVET_SESSIONS__STORE", "memory");
    let server = app.serve().await;
    let ada = Person::signed_in(&server, "ada", "member").await;
    assert!(ada.is_signed_in(&server).await);
    server.stop().await;
    let server = app.serve().await;
    assert!(!ada.is_signed_in(&server).await);
}

#[rocket::async_test]
async fn another_secret_key_opens_neither_sessions_nor_second_factors() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory);
    let server = app.serve().await;
    let mut ada = Person::enrolled(&server, "ada", "member", app.now()).await;
    assert!(ada.is_signed_in(&server).await);
    server.stop().await;

    app.wait(30);
    let server = app.clone().with("COVET_SECRET_KEY", OTHER_KEY).serve().await;
    assert!(!ada.is_signed_in(&server).await, "a session of another key was accepted");
    assert_eq!(ada.sign_in(&server).await.body, "second factor");
    let reply = ada.post(&server, "/mfa/verify", &app.code(&ada.uri)).await;
    assert_eq!((reply.status, reply.session()), (503, None));
}

#[rocket::async_test]
async fn a_new_password_ends_every_session_before_it() {
    const NEW: &str = "an entirely other phrase";
    let wire = App::new().local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let mut elsewhere = ada.clone();
    elsewhere.sign_in(&wire).await;

    let change = async |current: &str, new: &str| ada.post(&wire, "/password", &format!("{current}\n{new}")).await;
    assert_eq!(change("not the right horse", NEW).await.problem(), "invalid_credentials");
    assert_eq!(wire.send(Ask::get("/me").cookie(&elsewhere.session)).await.status, 200);
    let refused = change(&ada.password, "short").await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (422, Some("unacceptable_password")));
    let changed = change(&ada.password, NEW).await;
    let mut renewed = Person { session: changed.session().unwrap(), password: NEW.to_owned(), ..ada.clone() };
    assert!(renewed.is_signed_in(&wire).await);
    assert!(!ada.is_signed_in(&wire).await);
    assert!(!elsewhere.is_signed_in(&wire).await);
    assert_eq!(elsewhere.sign_in(&wire).await.status, 401, "the old password still signs in");
    assert_eq!(renewed.sign_in(&wire).await.status, 200);
}

#[rocket::async_test]
async fn guesses_at_the_current_password_are_counted_with_those_at_sign_in() {
    let wire = App::new().local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    for _ in 0..5 {
        ada.post(&wire, "/password", "wrong\nan entirely other phrase").await;
    }
    let right = format!("{}\nan entirely other phrase", ada.password);
    assert_eq!(ada.post(&wire, "/password", &right).await.problem(), "invalid_credentials");
    assert_eq!(ada.clone().sign_in(&wire).await.status, 401);
}

#[rocket::async_test]
async fn other_roles_count_from_the_next_request_on() {
    let wire = App::new().local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    assert_eq!(ada.get(&wire, "/audit").await.status, 403);
    root.post(&wire, "/accounts/ada/roles", "admin").await;
    assert_eq!(ada.get(&wire, "/audit").await.status, 200);
    root.post(&wire, "/accounts/ada/roles", "member").await;
    assert_eq!(ada.get(&wire, "/audit").await.status, 403);
    root.post(&wire, "/accounts/ada/roles", "unheard-of").await;
    assert_eq!(ada.get(&wire, "/audit").await.status, 403);
    assert!(ada.is_signed_in(&wire).await);
}

#[rocket::async_test]
async fn a_disabled_account_is_out_at_once_also_half_signed_in() {
    let app = App::new();
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    let mut pending = ada.clone();
    pending.sign_in(&wire).await;
    assert!(ada.is_signed_in(&wire).await);
    root.post(&wire, "/accounts/ada/disable", "").await;
    assert!(!ada.is_signed_in(&wire).await);
    app.wait(30);
    let reply = pending.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await;
    assert_eq!((reply.status, reply.session()), (401, None));
    assert_eq!(pending.sign_in(&wire).await.status, 401);
    assert!(root.is_signed_in(&wire).await);
}
