//! Whatever happens leaves one trace, and no trace tells a secret.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{App, Ask, Person, Wire, logged, try_sign_in};

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
fn files_with(directory: &Path, text: &str) -> Vec<String> {
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
    let url = format!("sqlite:{}", directory.path().join("covet.db").display());
    let app = App::new().with("COVET_DATABASE_URL", url);
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
