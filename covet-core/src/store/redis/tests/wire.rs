//! What goes over the wire: one command a batch, and no secret.

use super::proxy::Proxy;
use super::*;

#[tokio::test]
async fn a_guarded_request_is_one_round_trip() {
    let server = TestServer::start(&[]);
    let proxy = Proxy::before(&server);
    let store = RedisStore::connect(&proxy.address(), &patient()).await.unwrap();
    let (limits, sessions, now) = (rates(&[(100, 60), (1000, 86_400)]), session::Policy::default(), present());
    let live = key(Space::Session, 1, 1);
    let new = session(&sessions, session::Stage::Full, now);
    assert!(store.swap(&live, None, Some(new), now).await.unwrap());
    let steps = [
        charge(key(Space::Limit, 0, 1), &limits, 1),
        charge(key(Space::Limit, 0, 2), &limits, 1),
        Step::Session { key: live, policy: &sessions },
        charge(key(Space::Limit, 1, 3), &limits, 1),
        Step::Lockout { key: key(Space::Lockout, 1, 1), policy: LOCKOUT, event: lockout::Event::Look },
        Step::Totp { key: key(Space::Totp, 1, 1), step: 1, remember_millis: 60_000 },
    ];
    // The first time the server learns the script.
    let again = Step::Totp { key: key(Space::Totp, 1, 1), step: 0, remember_millis: 60_000 };
    store.run(&[&steps[..5], &[again]].concat(), now).await.unwrap();
    proxy.commands();
    let outcomes = store.run(&steps, now).await.unwrap();
    assert!(outcomes.len() == steps.len() && !outcomes.iter().any(Outcome::is_refusal), "{outcomes:?}");
    assert_eq!(proxy.commands(), 1);

    assert_eq!(store.run(&[], now).await.unwrap(), []);
    assert_eq!(proxy.commands(), 0);
}

#[tokio::test]
async fn a_server_that_forgot_the_script_is_sent_it_again() {
    let server = TestServer::start(&[]);
    let proxy = Proxy::before(&server);
    let store = RedisStore::connect(&proxy.address(), &patient()).await.unwrap();
    let limit = rates(&[(100, 60)]);
    let step = [charge(key(Space::Limit, 0, 1), &limit, 1)];
    store.run(&step, NOW).await.unwrap();
    proxy.commands();
    for (left, commands) in [(98, 2), (97, 1)] {
        if commands == 2 {
            let _: () = ask(&mut beside(&server).await, &["SCRIPT", "FLUSH"]).await;
        }
        let outcomes = store.run(&step, NOW).await.unwrap();
        let [Outcome::Charge(answer)] = outcomes[..] else { panic!("{outcomes:?}") };
        assert_eq!((answer.remaining, proxy.commands()), (left, commands));
    }
}

#[tokio::test]
async fn no_secret_and_no_personal_name_is_shown_or_a_key() {
    let server = TestServer::start(&["--requirepass", "hunter2"]);
    let connect = async |password: &str| {
        let url = format!("redis://:{password}@127.0.0.1:{}", server.port());
        RedisStore::connect(&url.parse().unwrap(), &patient()).await
    };
    let store = connect("hunter2").await.unwrap();
    let error = connect("hunter3").await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    let shown = format!("{store:?} {error} {error:?} {source} {source:?}");
    assert!(matches!(error, StoreError::Unavailable { store: "redis", .. }), "{shown}");
    assert!(shown.contains("refused") && !shown.contains("hunter"), "{shown}");
}
