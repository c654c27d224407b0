//! Signing in: guessing is counted, nothing tells who has an account, and the session is a new one.

use rocket::futures::future::join_all;
use rocket::serde::json::json;

use crate::support::{App, Ask, Interrupted, Person, Reply, Wire, try_sign_in};

const WRONG: &str = "not the right horse";

fn without_date(mut reply: Reply) -> Reply {
    reply.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("date"));
    reply
}

/// The kinds of events, the latest first.
async fn events(admin: &Person, wire: &impl Wire) -> Vec<(String, String)> {
    let events = admin.get(wire, "/events").await.json();
    let text = |event: &rocket::serde::json::Value, at: usize| event[at].as_str().unwrap_or_default().to_owned();
    events.as_array().unwrap().iter().map(|event| (text(event, 0), text(event, 2))).collect()
}

#[rocket::async_test]
async fn whatever_was_wrong_the_answer_is_the_same() {
    let app = App::new();
    let server = app.serve().await;
    let root = Person::signed_in(&server, "root", "admin").await;
    let known = Person::register(&server, "known", "member").await;
    let disabled = Person::register(&server, "disabled", "member").await;
    assert_eq!(root.post(&server, "/accounts/disabled/disable", "").await.status, 200);

    let wrong = without_date(try_sign_in(&server, "known", WRONG).await);
    assert_eq!((wrong.status, wrong.problem().as_str(), wrong.session()), (401, "invalid_credentials", None));
    let others = [
        ("nobody", WRONG),
        ("nobody@example.com", WRONG),
        ("", ""),
        ("kn\0wn", "\0"),
        ("known", ""),
        ("disabled", WRONG),
        ("disabled", disabled.password.as_str()),
    ];
    for (name, password) in others {
        assert_eq!(without_date(try_sign_in(&server, name, password).await), wrong, "{name}");
    }
    assert_eq!(try_sign_in(&server, "known", &known.password).await.status, 200);
}

/// The hashes that a refusal takes are seen by filling all places for them: who does the work is told to come again.
#[rocket::async_test]
async fn an_unknown_a_locked_and_a_disabled_account_cost_as_much_as_a_known_one() {
    // Room for one hash at a time, and eight that wait.
    let app = App::new()
        .with("COVET_PASSWORD__HASH_BUDGET", "7MiB")
        .with("COVET_PASSWORD__HASH", r#"{memory="7MiB",iterations=5}"#);
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    for name in ["known", "locked", "disabled"] {
        Person::register(&wire, name, "member").await;
    }
    for _ in 0..5 {
        try_sign_in(&wire, "locked", WRONG).await;
    }
    root.post(&wire, "/accounts/disabled/disable", "").await;
    for name in ["known", "nobody", "locked", "disabled"] {
        let replies = join_all((0..40).map(|_| try_sign_in(&wire, name, WRONG))).await;
        let busy: Vec<_> = replies.iter().filter(|reply| reply.status == 503).collect();
        assert!(!busy.is_empty(), "{name} takes no work");
        assert!(busy.iter().all(|reply| reply.header("Retry-After") == Some("2")), "{busy:?}");
        assert!(replies.iter().all(|reply| matches!(reply.status, 401 | 503)), "{name}");
    }
}

#[rocket::async_test]
async fn of_50_wrong_passwords_at_once_5_are_judged() {
    for round in 0..3 {
        let app = App::new();
        let server = app.serve().await;
        let root = Person::signed_in(&server, "root", "admin").await;
        let ada = Person::register(&server, "ada", "member").await;
        let replies = join_all((0..50).map(|_| try_sign_in(&server, "ada", WRONG))).await;
        assert!(replies.iter().all(|reply| reply.status == 401));
        assert_eq!(try_sign_in(&server, "ada", &ada.password).await.status, 401);

        let events = events(&root, &server).await;
        let count = |kind: &str, reason: &str| {
            events.iter().filter(|(known, details)| known == kind && details.contains(reason)).count()
        };
        assert_eq!(count("authn_login_fail", "wrong name or password"), 4, "round {round}");
        assert_eq!(count("authn_login_lock", "too many attempts"), 1, "round {round}");
        assert_eq!(count("authn_login_fail", "locked"), 1, "round {round}: once a minute");
    }
}

#[rocket::async_test]
async fn a_lock_ends_after_its_duration_and_not_before() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::register(&wire, "ada", "member").await;
    let bob = Person::register(&wire, "bob", "member").await;
    for _ in 0..5 {
        try_sign_in(&wire, "ada", WRONG).await;
    }
    for wait in [0, 60, 839] {
        app.wait(wait);
        assert_eq!(ada.sign_in(&wire).await.status, 401);
    }
    assert_eq!(try_sign_in(&wire, "bob", &bob.password).await.status, 200);
    app.wait(1);
    assert_eq!(ada.sign_in(&wire).await.status, 200);
}

#[rocket::async_test]
async fn a_right_password_forgets_the_wrong_ones() {
    let wire = App::new().local().await;
    let mut ada = Person::register(&wire, "ada", "member").await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(try_sign_in(&wire, "ada", WRONG).await.status, 401);
        }
        assert_eq!(ada.sign_in(&wire).await.status, 200);
    }
}

#[rocket::async_test]
async fn the_lock_of_an_account_is_one_by_whatever_way_it_is_named() {
    let wire = App::new().local().await;
    let ada = Person::register(&wire, "ada", "member").await;
    for name in ["ada", "ADA", " Ada ", "aDa", "ａｄａ"] {
        assert_eq!(try_sign_in(&wire, name, WRONG).await.status, 401);
    }
    assert_eq!(try_sign_in(&wire, "ada", &ada.password).await.status, 401);
}

#[rocket::async_test]
async fn a_name_that_is_written_like_another_is_taken() {
    let wire = App::new().local().await;
    let lee = Person::register(&wire, "Änn Lee", "member").await;
    let register = async |name: &str| {
        let new = json!({ "name": name, "password": "correct horse of another", "role": "member" });
        wire.send(Ask::post("/register").json(&new)).await
    };
    for name in ["änn  lee", "A\u{308}nn Lee", "Änn\u{2003}Lee", "Ä\u{1d427}n Lee"] {
        let reply = register(name).await;
        assert_eq!(try_sign_in(&wire, name, &lee.password).await.status, 200, "{name}");
        assert!(matches!(reply.status, 409 | 422), "{name}: {reply:?}");
    }
    assert_eq!(register("Änn-Lee").await.status, 200);
}

#[rocket::async_test]
async fn the_cookie_is_as_safe_as_a_cookie_can_be() {
    let wire = App::new().local().await;
    let mut ada = Person::register(&wire, "ada", "member").await;
    let reply = ada.sign_in(&wire).await;
    let cookies = reply.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"));
    let mut given: Vec<_> = cookies
        .map(|(_, cookie)| {
            let mut parts: Vec<_> = cookie.split("; ").skip(1).collect();
            parts.sort_unstable();
            (cookie.split('=').next().unwrap(), parts)
        })
        .collect();
    given.sort_unstable();
    let safe = ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"];
    let device = ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax", "Secure"];
    assert_eq!(given, [("__Host-session", safe.to_vec()), ("__Host-session-device", device.to_vec())]);

    let out = ada.post(&wire, "/logout", "").await;
    let removal = out.header("Set-Cookie").unwrap();
    assert!(removal.starts_with("__Host-session=;") && removal.contains("Max-Age=0"), "{removal}");
    assert!(removal.contains("Secure") && removal.contains("Path=/"), "browsers ignore it otherwise: {removal}");
}

#[rocket::async_test]
async fn the_cookie_is_called_what_the_policy_says() {
    let app = App::new().with("COVET_SESSIONS__COOKIE", r#"{name="id",same_site="strict"}"#);
    let wire = app.local().await;
    let ada = Person::register(&wire, "ada", "member").await;
    let reply = try_sign_in(&wire, "ada", &ada.password).await;
    for name in ["__Host-id=", "__Host-id-device="] {
        let given = |(_, value): &&(String, String)| value.starts_with(name) && value.contains("SameSite=Strict");
        assert!(reply.headers.iter().any(|header| given(&header)), "{name}: {reply:?}");
    }
}

#[rocket::async_test]
async fn a_sign_in_makes_a_new_session_and_ends_the_one_before() {
    let wire = App::new().local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let login = json!({ "name": "ada", "password": ada.password });
    let again = wire.send(Ask::post("/login").cookie(&ada.session).json(&login)).await.session().unwrap();
    assert_ne!(again, ada.session);
    assert!(!ada.is_signed_in(&wire).await, "the session before is still live");
    let again = Person { session: again, ..ada };
    assert!(again.is_signed_in(&wire).await);
    assert_eq!(again.sessions(&wire).await.len(), 1);
}

#[rocket::async_test]
async fn a_session_that_somebody_made_up_is_not_adopted() {
    let wire = App::new().local().await;
    let ada = Person::register(&wire, "ada", "member").await;
    let mallory = Person::signed_in(&wire, "mallory", "member").await;
    let login = json!({ "name": "ada", "password": ada.password });
    for planted in [mallory.forged(), mallory.session.clone(), "x".to_owned()] {
        let given = wire.send(Ask::post("/login").cookie(&planted).json(&login)).await.session().unwrap();
        assert_ne!(given, planted);
        assert_eq!(wire.send(Ask::get("/me").cookie(&planted)).await.status, 401);
        assert_eq!(wire.send(Ask::get("/me").cookie(&given)).await.body, "ada");
    }
}

#[rocket::async_test]
async fn a_refused_sign_in_leaves_the_session_as_it_was() {
    let wire = App::new().local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let login = json!({ "name": "ada", "password": WRONG });
    assert_eq!(wire.send(Ask::post("/login").cookie(&ada.session).json(&login)).await.status, 401);
    assert!(ada.is_signed_in(&wire).await);
}

#[rocket::async_test]
async fn whoever_signs_in_while_the_account_changes_gets_no_session_of_what_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let (app, accounts) = Interrupted::app(&directory);
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let ada = Person::signed_in(&wire, "ada", "admin").await;
    let again = format!("{}\nan entirely other phrase", ada.password);
    for (person, path, body, then) in [
        (&ada, "/password", again.as_str(), 401),
        (&root, "/accounts/ada/roles", "member", 200),
        (&root, "/accounts/ada/disable", "", 401),
    ] {
        let mut ada = ada.clone();
        if path != "/password" {
            "an entirely other phrase".clone_into(&mut ada.password);
        }
        let sign_in = try_sign_in(&wire, "ada", &ada.password);
        let (reply, changed) = accounts.pause.during("find", sign_in, person.post(&wire, path, body)).await;
        assert_eq!(changed.status, 200, "{path}");
        assert_eq!((reply.status, reply.session()), (503, None), "{path}");
        assert_eq!(ada.sign_in(&wire).await.status, then, "{path}");
        if then == 200 {
            // The one of before, and the one of now: nothing is left of the one that nobody was given.
            assert_eq!(ada.sessions(&wire).await.len(), 2, "{path}");
        }
        assert!(then == 401 || ada.get(&wire, "/audit").await.status == 403, "the old roles are still there");
    }
}

#[rocket::async_test]
async fn a_session_that_is_ended_while_its_second_factor_is_proven_stays_ended() {
    let directory = tempfile::tempdir().unwrap();
    let (app, accounts) = Interrupted::app(&directory);
    let wire = app.local().await;
    let ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    let mut stolen = ada.clone();
    stolen.sign_in(&wire).await;
    app.wait(30);
    let code = app.code(&ada.uri);
    let verify = stolen.post(&wire, "/mfa/verify", &code);
    let (reply, ended) = accounts.pause.during("get", verify, ada.post(&wire, "/logout-all", "")).await;
    assert_eq!(ended.body, "2");
    assert_eq!((reply.status, reply.session()), (503, None));
    assert_eq!(stolen.get(&wire, "/stage").await.body, "anonymous nobody");
}

#[rocket::async_test]
async fn a_second_factor_holds_for_whoever_was_signing_in_when_it_was_confirmed() {
    let directory = tempfile::tempdir().unwrap();
    let (app, accounts) = Interrupted::app(&directory);
    let wire = app.local().await;
    let mut ada = Person::signed_in(&wire, "ada", "member").await;
    ada.uri = ada.post(&wire, "/mfa/enroll", "").await.body;
    let code = app.code(&ada.uri);
    let sign_in = try_sign_in(&wire, "ada", &ada.password);
    let (reply, confirmed) = accounts.pause.during("find", sign_in, ada.post(&wire, "/mfa/confirm", &code)).await;
    assert_eq!(confirmed.status, 200);
    assert_eq!((reply.status, reply.session()), (503, None));
    assert_eq!(ada.sign_in(&wire).await.body, "second factor");
}

#[rocket::async_test]
async fn of_two_enrolments_at_once_one_does_not_undo_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let (app, accounts) = Interrupted::app(&directory);
    let wire = app.local().await;
    let mut ada = Person::signed_in(&wire, "ada", "member").await;
    let mut elsewhere = ada.clone();
    elsewhere.sign_in(&wire).await;

    // Begun anew while the first is confirmed with its code: what was begun last is what is shown.
    ada.uri = ada.post(&wire, "/mfa/enroll", "").await.body;
    let code = app.code(&ada.uri);
    let confirm = ada.post(&wire, "/mfa/confirm", &code);
    let (reply, begun) = accounts.pause.during("get", confirm, elsewhere.post(&wire, "/mfa/enroll", "")).await;
    assert_eq!((reply.status, begun.status), (503, 200));
    // The sessions had ended before that was found out.
    for person in [&mut ada, &mut elsewhere] {
        assert_eq!(person.sign_in(&wire).await.body, "done");
    }

    // Confirmed while it is begun anew: it stays on.
    app.wait(30);
    let code = app.code(&begun.body);
    let enroll = elsewhere.post(&wire, "/mfa/enroll", "");
    let (reply, confirmed) = accounts.pause.during("get", enroll, ada.post(&wire, "/mfa/confirm", &code)).await;
    assert_eq!((reply.status, confirmed.status), (503, 200));
    assert_eq!(ada.sign_in(&wire).await.body, "second factor");
}
