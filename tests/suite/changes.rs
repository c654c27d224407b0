//! However far a change of an account comes before something fails, no session has more than the account.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::support::{App, Fragile, Interrupted, Person, try_sign_in};

const NEW: &str = "an entirely other phrase";

/// How long new sessions are held off after a change that was not ended.
const HELD_OFF: u64 = 60;

/// An application whose store fails when it shall, with root in it.
async fn fragile() -> (App, Arc<Fragile>, rocket::local::asynchronous::Client, Person) {
    let store = Arc::new(Fragile::default());
    let app = App::new().store(Arc::clone(&store) as _);
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    (app, store, wire, root)
}

/// Lets the request fail after each number of operations of the store that it gets along with; the status at last.
async fn at_each_failure(
    role: &str,
    change: impl AsyncFn(&rocket::local::asynchronous::Client, &Person, &Person) -> u16,
    judge: impl AsyncFn(&App, &rocket::local::asynchronous::Client, &Person, u16),
) {
    for operations in 0..100 {
        let (app, store, wire, root) = fragile().await;
        let ada = Person::signed_in(&wire, "ada", role).await;
        let mut elsewhere = ada.clone();
        elsewhere.sign_in(&wire).await;
        store.fail_after(operations);
        let status = change(&wire, &root, &ada).await;
        store.heal();
        judge(&app, &wire, &elsewhere, status).await;
        if status == 200 {
            assert!(operations > 4, "the store is hardly asked");
            return;
        }
        assert_eq!(status, 503, "after {operations}");
    }
    panic!("it never succeeds");
}

#[rocket::async_test]
async fn no_other_session_outlives_a_password_wherever_the_store_fails() {
    let change = async |wire: &_, _: &Person, ada: &Person| {
        ada.post(wire, "/password", &format!("{}\n{NEW}", ada.password)).await.status
    };
    at_each_failure("member", change, async |app, wire, elsewhere, status| {
        let lives = elsewhere.is_signed_in(wire).await;
        app.wait(HELD_OFF);
        let old = try_sign_in(wire, "ada", &elsewhere.password).await.status;
        let new = try_sign_in(wire, "ada", NEW).await.status;
        assert!(matches!((old, new), (200, 401) | (401, 200)), "{old} {new}");
        assert!(!(lives && new == 200), "a session of the old password is still there");
        assert!(status == 503 || new == 200);
    })
    .await;
}

#[rocket::async_test]
async fn no_session_outlives_its_account_wherever_the_store_fails() {
    let disable = async |wire: &_, root: &Person, _: &Person| root.post(wire, "/accounts/ada/disable", "").await.status;
    at_each_failure("member", disable, async |app, wire, elsewhere, status| {
        let lives = elsewhere.is_signed_in(wire).await;
        app.wait(HELD_OFF);
        let disabled = elsewhere.clone().sign_in(wire).await.status == 401;
        assert!(!(lives && disabled), "a session of a disabled account is still there");
        assert!(status == 503 || disabled);
    })
    .await;
}

#[rocket::async_test]
async fn no_session_has_more_than_its_account_wherever_the_store_fails() {
    for (before, after) in [("admin", "member"), ("member", "admin"), ("admin", "unheard-of")] {
        let set_roles =
            async |wire: &_, root: &Person, _: &Person| root.post(wire, "/accounts/ada/roles", after).await.status;
        at_each_failure(before, set_roles, async |app, wire, elsewhere, status| {
            let may = elsewhere.get(wire, "/audit").await.status == 200;
            app.wait(HELD_OFF);
            let mut anew = elsewhere.clone();
            assert_eq!(anew.sign_in(wire).await.body, "done");
            let entitled = anew.get(wire, "/audit").await.status == 200;
            assert!(entitled || !may, "from {before} to {after}: a session has a role that was taken");
            assert!(status == 503 || entitled == (after == "admin"));
            assert!(status == 503 || may == entitled, "from {before} to {after}: a session lacks a role");
        })
        .await;
    }
}

/// On a file, with accounts that can be stopped at.
async fn interrupted(directory: &tempfile::TempDir) -> (App, Arc<Interrupted>, rocket::local::asynchronous::Client) {
    let (app, accounts) = Interrupted::app(directory);
    let wire = app.local().await;
    (app, accounts, wire)
}

#[rocket::async_test]
async fn nobody_begins_a_session_of_an_account_just_before_it_is_changed() {
    let directory = tempfile::tempdir().unwrap();
    let (_, accounts, wire) = interrupted(&directory).await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let ada = Person::signed_in(&wire, "ada", "admin").await;
    let bob = Person::register(&wire, "bob", "member").await;
    let both = format!("{}\n{NEW}", ada.password);
    let renewed = Person { password: NEW.to_owned(), ..ada.clone() };
    for (at, who, path, body, person, then) in [
        ("set_password_hash", &ada, "/password", both.as_str(), &ada, 401),
        ("set_roles", &root, "/accounts/ada/roles", "member", &renewed, 200),
        ("set_disabled", &root, "/accounts/ada/disable", "", &renewed, 401),
    ] {
        let meanwhile = async {
            let others = try_sign_in(&wire, "bob", &bob.password).await;
            (try_sign_in(&wire, "ada", &person.password).await, others)
        };
        let (changed, (own, others)) = accounts.pause.during(at, who.post(&wire, path, body), meanwhile).await;
        assert_eq!((changed.status, others.status), (200, 200), "{at}");
        assert_eq!((own.status, own.session()), (503, None), "{at}");
        assert_eq!(try_sign_in(&wire, "ada", &person.password).await.status, then, "{at}");
    }
}

#[rocket::async_test]
async fn of_two_changes_of_one_account_at_once_one_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let (_, accounts, wire) = interrupted(&directory).await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let ada = Person::signed_in(&wire, "ada", "admin").await;
    let demote = root.post(&wire, "/accounts/ada/roles", "member");
    let (demoted, disabled) =
        accounts.pause.during("set_roles", demote, root.post(&wire, "/accounts/ada/disable", "")).await;
    assert_eq!((demoted.status, disabled.status), (200, 503));
    assert_eq!(ada.get(&wire, "/audit").await.status, 403);
    assert!(ada.is_signed_in(&wire).await);
    assert_eq!(root.post(&wire, "/accounts/ada/disable", "").await.status, 200);
    assert!(!ada.is_signed_in(&wire).await);
}

#[rocket::async_test]
async fn a_change_that_was_not_ended_holds_sessions_off_for_a_minute() {
    let directory = tempfile::tempdir().unwrap();
    let (app, accounts, wire) = interrupted(&directory).await;
    let mut ada = Person::signed_in(&wire, "ada", "member").await;
    let both = format!("{}\n{NEW}", ada.password);
    accounts.pause.stop_at("set_password_hash", ada.post(&wire, "/password", &both)).await;
    assert!(!ada.is_signed_in(&wire).await);
    for wait in [0, HELD_OFF - 1] {
        app.wait(wait);
        let reply = ada.sign_in(&wire).await;
        assert_eq!((reply.status, reply.session()), (503, None));
    }
    app.wait(1);
    assert_eq!(ada.sign_in(&wire).await.status, 200);
    assert!(ada.is_signed_in(&wire).await);
}

#[rocket::async_test]
async fn a_session_that_another_became_while_all_were_ended_is_ended_too() {
    let (app, store, wire, _) = fragile().await;
    let ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    let mut pending = ada.clone();
    pending.sign_in(&wire).await;
    app.wait(30);
    let code = app.code(&ada.uri);
    let verify = pending.post(&wire, "/mfa/verify", &code);
    let (ended, became) = store.pause.during("list", ada.post(&wire, "/logout-all", ""), verify).await;
    let became = Person { session: became.session().unwrap(), ..ada.clone() };
    assert_eq!((ended.status, ended.body.as_str()), (200, "2"));
    for person in [&ada, &pending, &became] {
        assert_eq!(person.get(&wire, "/stage").await.body, "anonymous nobody");
    }
}

#[rocket::async_test]
async fn sessions_that_do_not_end_are_not_said_to_have_ended() {
    let (_, store, wire, _) = fragile().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    store.keeps.store(true, Ordering::SeqCst);
    assert_eq!(ada.post(&wire, "/logout-all", "").await.status, 503);
    store.keeps.store(false, Ordering::SeqCst);
    assert_eq!(ada.post(&wire, "/logout-all", "").await.body, "1");
}
