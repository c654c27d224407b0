//! Whatever happens leaves one trace, and no trace tells a secret.

use std::collections::BTreeMap;
use std::path::Path;

use rocket::futures::future::join;

use crate::support::{App, Ask, Interrupted, OTHER_KEY, Person, Wire, logged, try_sign_in};

const WRONG: &str = "wrong-but-not-for-a-log";
const NEW: &str = "an entirely other phrase for the audit";

/// How many events of each kind the database has of an account; of nobody's, if there is none.
async fn stored(root: &Person, wire: &impl Wire, account: Option<&str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let events = root.get(wire, "/events").await.json();
    for event in events.as_array().unwrap().iter().filter(|event| event[1].as_str() == account) {
        *counts.entry(event[0].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

fn counts(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

/// The parts of all files that could keep the text: it stands for itself there, not within another word.
pub(super) fn files_with(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match std::fs::read(&path) {
            Ok(bytes) if contains(&bytes, text.as_bytes()) => found.push(path.display().to_string()),
            // A journal of SQLite may go between being listed and being read.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{}: {error}", path.display()),
            _ => {}
        }
    }
    found
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    let inner = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    let alone = |at: usize| {
        !inner(at.checked_sub(1).and_then(|before| bytes.get(before))) && !inner(bytes.get(at + text.len()))
    };
    // Codes are short enough to be found in other numbers; whatever is longer must not be there at all.
    bytes.windows(text.len()).enumerate().any(|(at, window)| window == text && (text.len() > 8 || alone(at)))
}

#[rocket::async_test]
async fn each_thing_that_happens_leaves_one_event_and_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory);
    let server = app.serve().await;
    let root = Person::signed_in(&server, "auditor", "admin").await;
    let mut secrets = vec![root.password.clone(), root.session.clone(), WRONG.to_owned(), NEW.to_owned()];

    let register = rocket::serde::json::json!({ "name": "zoe", "password": "correct horse of eoz", "role": "member" });
    let id = server.send(Ask::post("/register").json(&register)).await.body;
    let mut zoe = Person { name: "zoe".into(), password: "correct horse of eoz".into(), ..root.clone() };
    zoe.session.clear();
    let expect = async |expected: &[(&str, usize)]| {
        assert_eq!(stored(&root, &server, Some(&id)).await, counts(expected));
        for (kind, count) in expected {
            let lines = logged(&id).into_iter().filter(|line| line.contains(&format!("\"{kind}\""))).count();
            assert_eq!(lines, *count, "{kind} in the log");
        }
    };
    let mut keep = |zoe: &Person| {
        secrets.extend([zoe.password.clone(), zoe.session.clone()]);
        secrets.extend(zoe.session.get(..42).map(str::to_owned));
    };
    expect(&[("authn_register", 1)]).await;

    zoe.sign_in(&server).await;
    keep(&zoe);
    expect(&[("authn_register", 1), ("authn_login_success", 1), ("session_created", 1)]).await;

    zoe.get(&server, "/audit").await;
    zoe.post(&server, "/permitted", "").await;
    zoe.get(&server, "/vault").await;
    let base = [("authn_register", 1), ("authn_login_success", 1), ("session_created", 1), ("authz_fail", 2)];
    expect(&base).await;

    zoe.uri = zoe.post(&server, "/mfa/enroll", "").await.body;
    let mut codes = vec![app.code(&zoe.uri), "999999".to_owned()];
    zoe.post(&server, "/mfa/confirm", "999999").await;
    zoe.session = zoe.post(&server, "/mfa/confirm", &codes[0]).await.session().unwrap();
    keep(&zoe);
    let enrolled = [("mfa_enroll", 1), ("mfa_verify_fail", 1), ("mfa_verify_success", 1)];
    expect(&[base.as_slice(), &enrolled].concat()).await;

    let mut there = zoe.clone();
    there.sign_in(&server).await;
    keep(&there);
    app.wait(30);
    codes.push(app.code(&zoe.uri));
    there.session = there.post(&server, "/mfa/verify", &codes[2]).await.session().unwrap();
    keep(&there);
    let other = zoe.sessions(&server).await.into_iter().find(|(_, current)| !current).unwrap().0;
    zoe.post(&server, "/sessions/revoke", &other).await;
    zoe.post(&server, "/sessions/revoke", &other).await;
    zoe.post(&server, "/password", &format!("{WRONG}\n{NEW}")).await;
    zoe.session = zoe.post(&server, "/password", &format!("{}\n{NEW}", zoe.password)).await.session().unwrap();
    keep(&zoe);
    zoe.post(&server, "/logout", "").await;
    zoe.password = NEW.to_owned();
    for _ in 0..6 {
        try_sign_in(&server, "zoe", WRONG).await;
    }
    root.post(&server, "/accounts/zoe/roles", "admin").await;
    root.post(&server, "/accounts/zoe/disable", "").await;
    expect(&[
        ("authn_register", 1),
        ("authn_login_success", 2),
        ("session_created", 2),
        ("authz_fail", 2),
        ("mfa_enroll", 1),
        ("mfa_verify_fail", 1),
        ("mfa_verify_success", 2),
        ("session_revoked", 1),
        ("authn_password_change_fail", 1),
        ("authn_password_change", 1),
        ("authn_logout", 1),
        ("authn_login_fail", 5),
        ("authn_login_lock", 1),
        ("authz_change", 2),
    ])
    .await;

    try_sign_in(&server, "nobody-that-exists", WRONG).await;
    assert_eq!(stored(&root, &server, None).await, counts(&[("authn_login_fail", 1)]));
    root.post(&server, "/logout-all", "").await;
    server.stop().await;

    let secret = zoe.uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret=")).unwrap();
    secrets.extend([secret.to_owned(), zoe.uri.clone()]);
    secrets.extend(codes);
    assert!(files_with(directory.path(), "zoe").len() + files_with(directory.path(), &id).len() > 0, "nothing is read");
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert_eq!(files_with(directory.path(), secret), [""; 0], "{secret} is in the database");
        let lines = logged(secret);
        let told: Vec<_> = lines.iter().filter(|line| contains(line.as_bytes(), secret.as_bytes())).collect();
        assert!(told.is_empty(), "{secret} is in the log: {told:?}");
    }
}

/// The reasons that the events of a kind tell, of one account, the earliest first.
async fn reasons(root: &Person, wire: &impl Wire, account: &str, kind: &str) -> Vec<String> {
    let events = root.get(wire, "/events").await.json();
    let told = events.as_array().unwrap().iter().rev().filter(|event| event[0] == kind && event[1] == account);
    told.map(|event| event[2].as_str().unwrap().to_owned()).collect()
}

/// The id of the account that was registered last.
async fn last_registered(root: &Person, wire: &impl Wire) -> String {
    let events = root.get(wire, "/events").await.json();
    let registered = events.as_array().unwrap().iter().find(|event| event[0] == "authn_register").unwrap();
    registered[1].as_str().unwrap().to_owned()
}

/// Tries seven times in vain, of which the fifth locks, and is told of that once and for all. How many failures are told
/// of as wrong, of as locked, and in all.
async fn locks_once(
    root: &Person,
    wire: &impl Wire,
    id: &str,
    guesser: &Person,
    (path, guess): (&str, &str),
    failure: &str,
) -> (usize, usize, usize) {
    for tried in 1..=7 {
        guesser.post(wire, path, guess).await;
        let locks = reasons(root, wire, id, "authn_login_lock").await;
        assert_eq!(locks.len(), usize::from(tried >= 5), "{tried}: {locks:?}");
    }
    let locks = reasons(root, wire, id, "authn_login_lock").await;
    assert!(locks[0].contains(&format!(r#""after": "{failure}""#)), "{locks:?}");
    let failures = reasons(root, wire, id, failure).await;
    let of = |why: &str| failures.iter().filter(|reason| reason.contains(why)).count();
    (of("wrong"), of("locked"), failures.len())
}

#[rocket::async_test]
async fn a_lock_is_told_once_whatever_locked() {
    let app = App::new();
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    let id = last_registered(&root, &wire).await;
    app.wait(30);
    ada.sign_in(&wire).await;
    let told = locks_once(&root, &wire, &id, &ada, ("/mfa/verify", "000000"), "mfa_verify_fail").await;
    assert_eq!(told, (4, 1, 5), "wrong, locked, all");

    let bob = Person::signed_in(&wire, "bob", "member").await;
    let id = last_registered(&root, &wire).await;
    let change = format!("{WRONG}\n{NEW}");
    let told = locks_once(&root, &wire, &id, &bob, ("/password", &change), "authn_password_change_fail").await;
    assert_eq!(told, (4, 1, 5), "wrong, locked, all");
}

#[rocket::async_test]
async fn an_attempt_that_succeeds_or_leaves_others_tells_of_no_lock() {
    let app = App::new();
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    let id = last_registered(&root, &wire).await;
    app.wait(30);
    for _ in 0..4 {
        try_sign_in(&wire, "ada", WRONG).await;
    }
    assert_eq!(ada.sign_in(&wire).await.body, "second factor");
    for _ in 0..4 {
        ada.post(&wire, "/mfa/verify", "000000").await;
    }
    ada.session = ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.session().unwrap();
    for _ in 0..4 {
        ada.post(&wire, "/password", &format!("{WRONG}\n{NEW}")).await;
    }
    assert_eq!(ada.post(&wire, "/password", &format!("{}\n{NEW}", ada.password)).await.status, 200);
    assert_eq!(reasons(&root, &wire, &id, "authn_login_lock").await, [""; 0]);
}

#[rocket::async_test]
async fn a_lock_is_told_also_when_the_last_attempt_was_right_but_for_a_disabled_account() {
    let wire = App::new().local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let mut ada = Person::register(&wire, "ada", "member").await;
    let id = last_registered(&root, &wire).await;
    root.post(&wire, "/accounts/ada/disable", "").await;
    for _ in 0..7 {
        ada.sign_in(&wire).await;
    }
    assert_eq!(reasons(&root, &wire, &id, "authn_login_lock").await.len(), 1);
    let failures = reasons(&root, &wire, &id, "authn_login_fail").await;
    assert_eq!(failures.iter().filter(|reason| reason.contains("disabled")).count(), 4, "{failures:?}");
}

#[rocket::async_test]
async fn a_lock_is_told_also_when_the_attempts_could_not_be_judged() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory);
    let server = app.serve().await;
    let mut root = Person::signed_in(&server, "root", "admin").await;
    let mut ada = Person::enrolled(&server, "ada", "member", app.now()).await;
    let id = last_registered(&root, &server).await;
    server.stop().await;

    // Under another key the secret of the authenticator does not open.
    let server = app.with("COVET_SECRET_KEY", OTHER_KEY).serve().await;
    root.sign_in(&server).await;
    ada.sign_in(&server).await;
    for tried in 1..=5 {
        assert_eq!(ada.post(&server, "/mfa/verify", "000000").await.status, 503);
        let locks = reasons(&root, &server, &id, "authn_login_lock").await;
        assert_eq!(locks.len(), usize::from(tried == 5), "{tried}: {locks:?}");
    }
    assert_eq!(ada.post(&server, "/mfa/verify", "000000").await.status, 422);
}

#[rocket::async_test]
async fn a_change_that_another_one_outran_is_told_as_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (app, accounts) = Interrupted::app(&directory);
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let here = Person::signed_in(&wire, "ada", "member").await;
    let id = last_registered(&root, &wire).await;
    let mut there = here.clone();
    there.sign_in(&wire).await;
    let (first, second) = (format!("{}\n{NEW}", here.password), format!("{}\nyet another phrase", here.password));
    let change = here.post(&wire, "/password", &first);
    let (outrun, done) = accounts.pause.during("get", change, there.post(&wire, "/password", &second)).await;
    assert_eq!((outrun.problem().as_str(), done.status), ("invalid_credentials", 200));
    assert_eq!(reasons(&root, &wire, &id, "authn_password_change").await.len(), 1);
    let refused = reasons(&root, &wire, &id, "authn_password_change_fail").await;
    assert_eq!(refused.len(), 1);
    assert!(refused[0].contains("changed at the same moment"), "{refused:?}");
}

#[rocket::async_test]
async fn a_session_is_told_of_only_when_it_was_given() {
    let directory = tempfile::tempdir().unwrap();
    let (app, accounts) = Interrupted::app(&directory);
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    let id = last_registered(&root, &wire).await;
    let created = async || reasons(&root, &wire, &id, "session_created").await.len();
    assert_eq!(created().await, 1);
    let mut pending = ada.clone();
    pending.sign_in(&wire).await;
    app.wait(30);
    let code = app.code(&ada.uri);
    let verify = pending.post(&wire, "/mfa/verify", &code);
    let (reply, _) = accounts.pause.during("get", verify, ada.post(&wire, "/logout-all", "")).await;
    assert_eq!((reply.status, created().await), (503, 1));

    pending.sign_in(&wire).await;
    assert_eq!(created().await, 1);
    app.wait(30);
    assert_eq!(pending.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.status, 200);
    assert_eq!(created().await, 2);
}

#[rocket::async_test]
async fn a_session_that_two_end_at_once_is_told_of_by_one() {
    let directory = tempfile::tempdir().unwrap();
    let wire = App::on_file(&directory).local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let here = Person::signed_in(&wire, "ada", "member").await;
    let id = last_registered(&root, &wire).await;
    let mut there = here.clone();
    there.sign_in(&wire).await;
    let handle = here.sessions(&wire).await.into_iter().find(|(_, current)| !current).unwrap().0;
    let revoke = || here.post(&wire, "/sessions/revoke", &handle);
    let (first, second) = join(revoke(), revoke()).await;
    assert_ne!(first.body, second.body);
    assert_eq!(reasons(&root, &wire, &id, "session_revoked").await.len(), 1);
    join(here.post(&wire, "/logout", ""), here.post(&wire, "/logout", "")).await;
    assert_eq!(reasons(&root, &wire, &id, "authn_logout").await.len(), 1);
}

#[rocket::async_test]
async fn what_a_member_can_cause_at_will_is_in_the_log_and_in_the_database_once_a_minute() {
    let app = App::new();
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let id = last_registered(&root, &wire).await;
    let told = async || reasons(&root, &wire, &id, "authz_fail").await.len();
    let lines = || logged(&id).into_iter().filter(|line| line.contains("\"authz_fail\"")).count();
    let mut again = ada.clone();
    for _ in 0..20 {
        assert_eq!(ada.get(&wire, "/audit").await.status, 403);
        // Another session of the account is no way around.
        again.sign_in(&wire).await;
        assert_eq!(again.get(&wire, "/audit").await.status, 403);
    }
    assert_eq!((told().await, lines()), (1, 40));

    // Another route, another account and another minute are told of.
    ada.post(&wire, "/permitted", "").await;
    assert_eq!(told().await, 2);
    let bob = Person::signed_in(&wire, "bob", "member").await;
    bob.get(&wire, "/audit").await;
    let his = last_registered(&root, &wire).await;
    assert_eq!(reasons(&root, &wire, &his, "authz_fail").await.len(), 1);
    app.wait(59);
    ada.get(&wire, "/audit").await;
    assert_eq!(told().await, 2);
    app.wait(1);
    ada.get(&wire, "/audit").await;
    assert_eq!((told().await, lines()), (3, 43));
}

#[rocket::async_test]
async fn attempts_that_meet_a_lock_are_in_the_log_and_in_the_database_once_a_minute() {
    let app = App::new();
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let id = last_registered(&root, &wire).await;
    let change = format!("{WRONG}\n{NEW}");
    for _ in 0..5 {
        ada.post(&wire, "/password", &change).await;
    }
    let told = async |kind| reasons(&root, &wire, &id, kind).await.len();
    let lines = || logged(&id).into_iter().filter(|line| line.contains("locked")).count();
    let (changes, sign_ins) = ("authn_password_change_fail", "authn_login_fail");
    assert_eq!((told(changes).await, told(sign_ins).await, lines()), (4, 0, 0));
    for _ in 0..10 {
        ada.post(&wire, "/password", &change).await;
        try_sign_in(&wire, "ada", WRONG).await;
    }
    assert_eq!((told(changes).await, told(sign_ins).await, lines()), (5, 1, 20));
    app.wait(60);
    ada.post(&wire, "/password", &change).await;
    assert_eq!((told(changes).await, told(sign_ins).await, lines()), (6, 1, 21));
}

#[rocket::async_test]
async fn events_that_were_kept_long_enough_are_forgotten_while_the_application_runs() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory).with("COVET_AUDIT__RETENTION", "30d");
    let server = app.serve().await;
    let mut root = Person::signed_in(&server, "root", "admin").await;
    server.stop().await;

    app.wait(31 * 86_400);
    let server = app.serve().await;
    root.sign_in(&server).await;
    let kinds = async || {
        let events = root.get(&server, "/events").await.json();
        events.as_array().unwrap().iter().map(|event| event[0].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut tries = 0..1000;
    while kinds().await != ["session_created", "authn_login_success"] {
        assert!(tries.next().is_some(), "{:?}", kinds().await);
    }
}

#[rocket::async_test]
async fn what_strangers_can_cause_at_will_is_in_the_log_and_fills_no_database() {
    let app = App::new().with("COVET_RATE_LIMITS__PAGES__LIMITS", r#"["1/1h"]"#);
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let before = stored(&root, &wire, None).await;
    for _ in 0..10 {
        wire.send(Ask::get("/page").from("203.0.113.77:1")).await;
        wire.send(Ask::get("/me").from("203.0.113.77:1")).await;
    }
    assert_eq!(stored(&root, &wire, None).await, before);
    let lines = logged("203.0.113.77").into_iter().filter(|line| line.contains("excess_rate_limit")).count();
    assert_eq!(lines, 9);
}

#[rocket::async_test]
async fn nobody_writes_a_line_of_the_log_by_a_name() {
    let wire = App::new().local().await;
    let forged = "x\r\nauthn_login_success forged-line \u{1b}[2J";
    assert_eq!(try_sign_in(&wire, forged, "p").await.status, 401);
    let register = rocket::serde::json::json!({ "name": forged, "password": "a long enough one", "role": "member" });
    assert_eq!(wire.send(Ask::post("/register").json(&register)).await.status, 422);
    let lines = logged("forged-line");
    assert!(lines.iter().all(|line| !line.contains(['\r', '\u{1b}'])), "{lines:?}");
}
