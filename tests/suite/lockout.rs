//! Lockout that nobody can aim at somebody else, and that tells nothing of who has an account.

use rocket::futures::future::join_all;
use rocket::serde::json::json;

use crate::support::{App, Ask, Connection, Person, Reply, Server, Wire, head, try_sign_in};

const WRONG: &str = "not the right horse";

fn login(name: &str, password: &str) -> Ask {
    Ask::post("/login").json(&json!({ "name": name, "password": password }))
}

/// The status, and the wait that is told.
fn told(reply: &Reply) -> (u16, Option<u64>) {
    (reply.status, reply.header("Retry-After").map(|seconds| seconds.parse().unwrap()))
}

/// Somebody, and the cookie of the device that they signed in on.
async fn known(wire: &impl Wire, name: &str) -> (Person, String) {
    let mut person = Person::register(wire, name, "member").await;
    let reply = person.sign_in(wire).await;
    let device = reply.device().unwrap();
    (person, device)
}

async fn lock_strangers_out(wire: &impl Wire, name: &str) {
    for attempt in 1..=5 {
        let reply = try_sign_in(wire, name, WRONG).await;
        assert_eq!(told(&reply), (401, (attempt == 5).then_some(900)), "{attempt}");
    }
    assert_eq!(told(&try_sign_in(wire, name, WRONG).await), (401, Some(900)));
}

#[rocket::async_test]
async fn whoever_floods_an_account_locks_out_strangers_and_not_its_owner() {
    let app = App::new();
    let server = app.serve().await;
    let (ada, device) = known(&server, "ada").await;
    lock_strangers_out(&server, "ada").await;
    join_all((0..50).map(|_| try_sign_in(&server, "ada", WRONG))).await;

    let stranger = try_sign_in(&server, "ada", &ada.password).await;
    assert_eq!((told(&stranger), stranger.session()), ((401, Some(900)), None));
    let owner = server.send(login("ada", &ada.password).device(&device)).await;
    assert_eq!((told(&owner), owner.session().is_some()), ((200, None), true));
    // That the owner is in helps no stranger.
    assert_eq!(told(&try_sign_in(&server, "ada", &ada.password).await), (401, Some(900)));
    app.wait(900);
    assert_eq!(told(&try_sign_in(&server, "ada", &ada.password).await), (200, None));
}

#[rocket::async_test]
async fn a_cookie_that_is_not_the_accounts_own_is_that_of_a_stranger() {
    let app = App::new();
    let wire = app.local().await;
    let (ada, device) = known(&wire, "ada").await;
    let (_, of_eve) = known(&wire, "eve").await;
    lock_strangers_out(&wire, "ada").await;
    let (head, last) = device.split_at(device.len() - 1);
    let forged = format!("{head}{}", if last == "A" { "B" } else { "A" });
    for cookie in [of_eve.as_str(), &forged, "", "x", &"A".repeat(device.len()), &"A".repeat(4000), &ada.session] {
        let reply = wire.send(login("ada", &ada.password).device(cookie)).await;
        assert_eq!(told(&reply), (401, Some(900)), "{cookie}");
    }
    assert_eq!(wire.send(login("ada", &ada.password).device(&device)).await.status, 200);
}

#[rocket::async_test]
async fn a_device_is_known_for_its_time_from_the_last_sign_in_on_it() {
    let app = App::new().with("COVET_LOCKOUT__DELAY", r#"{base="1d",factor=1,max="1d"}"#);
    let wire = app.local().await;
    let (ada, device) = known(&wire, "ada").await;
    let on = async |device: &str| wire.send(login("ada", &ada.password).device(device)).await;
    app.wait(29 * 86_400);
    let renewed = on(&device).await.device().unwrap();
    assert_ne!(renewed, device);
    app.wait(86_400);
    for _ in 0..5 {
        try_sign_in(&wire, "ada", WRONG).await;
    }
    assert_eq!(told(&on(&device).await), (401, Some(86_400)), "30 days after it was given");
    assert_eq!(told(&on(&renewed).await), (200, None));
}

#[rocket::async_test]
async fn where_no_device_is_to_be_known_none_is() {
    let app = App::new().with("COVET_LOCKOUT__KNOWN_DEVICE", "0s");
    let wire = app.local().await;
    let mut ada = Person::register(&wire, "ada", "member").await;
    let reply = ada.sign_in(&wire).await;
    assert_eq!((reply.status, reply.device()), (200, None));
}

#[rocket::async_test]
async fn a_stolen_cookie_buys_the_attempts_of_one_device() {
    let app = App::new();
    let wire = app.local().await;
    let (ada, stolen) = known(&wire, "ada").await;
    let other = try_sign_in(&wire, "ada", &ada.password).await.device().unwrap();
    for attempt in 1..=5 {
        let reply = wire.send(login("ada", WRONG).device(&stolen)).await;
        assert_eq!(told(&reply), (401, (attempt == 5).then_some(900)));
    }
    assert_eq!(told(&wire.send(login("ada", &ada.password).device(&stolen)).await), (401, Some(900)));
    // Neither the other devices of the account nor strangers wait for that.
    assert_eq!(told(&wire.send(login("ada", &ada.password).device(&other)).await), (200, None));
    assert_eq!(told(&try_sign_in(&wire, "ada", &ada.password).await), (200, None));
    // Given anew, it is the same device still.
    app.wait(900);
    let renewed = wire.send(login("ada", &ada.password).device(&stolen)).await.device().unwrap();
    for _ in 0..5 {
        wire.send(login("ada", WRONG).device(&renewed)).await;
    }
    assert_eq!(told(&wire.send(login("ada", &ada.password).device(&stolen)).await), (401, Some(900)));
}

#[rocket::async_test]
async fn half_a_sign_in_makes_no_device_known() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    app.wait(30);
    let half = ada.sign_in(&wire).await;
    assert_eq!((half.body.as_str(), half.device()), ("second factor", None));
    let whole = ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await;
    assert!(whole.status == 200 && whole.device().is_some());
}

#[rocket::async_test]
async fn an_e_mail_address_and_a_user_name_are_of_one_account_and_share_its_count() {
    let wire = App::new().local().await;
    let new =
        json!({ "name": "ada", "email": "ada@example.com", "password": "correct horse of ada", "role": "member" });
    assert_eq!(wire.send(Ask::post("/register").json(&new)).await.status, 200);
    for name in ["ada", "ada@example.com", "ADA", "Ada@Example.com", "ada"] {
        try_sign_in(&wire, name, WRONG).await;
    }
    for name in ["ada", "ada@example.com"] {
        assert_eq!(told(&try_sign_in(&wire, name, "correct horse of ada").await), (401, Some(900)), "{name}");
    }
}

fn without_date(mut reply: Reply) -> Reply {
    reply.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("date"));
    reply
}

#[rocket::async_test]
async fn at_every_attempt_the_answer_is_the_same_whether_or_not_there_is_such_an_account() {
    let app = App::new().over("[lockout]\ndelay = { base = '10s', factor = 3, max = '2m' }");
    let server = app.serve().await;
    let root = Person::signed_in(&server, "root", "admin").await;
    let [_, disabled, right] = [
        Person::register(&server, "known", "member").await,
        Person::register(&server, "disabled", "member").await,
        Person::register(&server, "right", "member").await,
    ];
    root.post(&server, "/accounts/disabled/disable", "").await;
    let attempts = [
        // Seconds that pass before it, whether it meets a wait, the wait that is told.
        (0, false, None),
        (0, false, None),
        (5, false, None),
        (0, false, None),
        (0, false, Some(10)),
        (0, true, Some(10)),
        (10, false, Some(30)),
        (1, true, Some(29)),
        (29, false, Some(90)),
        (90, false, Some(120)),
        (120, false, Some(120)),
        (119, true, Some(1)),
    ];
    for (at, (passed, waits, expected)) in attempts.into_iter().enumerate() {
        app.wait(passed);
        let reply = without_date(try_sign_in(&server, "known", WRONG).await);
        assert_eq!(told(&reply), (401, expected), "{at}");
        // A right password is the end of its series wherever it is judged.
        let of_right = if waits { right.password.as_str() } else { WRONG };
        for (name, password) in [
            ("nobody", WRONG),
            ("nobody@example.com", WRONG),
            ("", ""),
            ("disabled", disabled.password.as_str()),
            ("right", of_right),
        ] {
            assert_eq!(without_date(try_sign_in(&server, name, password).await), reply, "{name} {at}");
        }
    }
}

#[rocket::async_test]
async fn a_wait_is_told_and_not_made_within_the_request() {
    let app = App::new();
    let wire = app.local().await;
    Person::register(&wire, "ada", "member").await;
    let began = std::time::Instant::now();
    for _ in 0..20 {
        try_sign_in(&wire, "ada", WRONG).await;
    }
    assert!(began.elapsed().as_secs() < 60, "fifteen waits of a quarter of an hour each");
}

fn from_network(name: &str, password: &str, client: &str) -> Ask {
    login(name, password).forwarded(client)
}

#[rocket::async_test]
async fn a_network_that_fails_too_often_is_refused_as_for_a_wrong_password_and_no_other_is() {
    let app = App::new().over("[lockout.network]\nlimits = ['20/1h']").behind_a_proxy();
    let server = app.serve().await;
    let (ada, device) = known(&server, "ada").await;
    let names: Vec<_> = (0..20).map(|number| format!("user {number}")).collect();
    // One guess at each of many names, each from another address of one /64.
    for (number, name) in names.iter().enumerate() {
        let reply = server.send(from_network(name, WRONG, &format!("2001:db8:1:2::{number:x}"))).await;
        assert_eq!(told(&reply), (401, None), "{name}");
    }
    app.wait(600);
    let wrong = without_date(server.send(from_network("user 0", WRONG, "2001:db8:1:2:ffff::1")).await);
    assert_eq!(told(&wrong), (401, Some(3000)));
    for (name, password) in [("ada", ada.password.as_str()), ("ada", WRONG), ("nobody", WRONG), ("", "")] {
        let reply = server.send(from_network(name, password, "2001:db8:1:2::99")).await;
        assert_eq!(without_date(reply), wrong, "{name}");
    }
    // The account does not count what is not judged: five more, and only then it waits.
    for attempt in 1..=5 {
        let reply = server.send(from_network("ada", WRONG, "2001:db8:1:3::1")).await;
        assert_eq!(told(&reply), (401, (attempt == 5).then_some(900)), "{attempt}");
    }
    // Who is known at that network is not of those.
    let owner = server.send(from_network("ada", &ada.password, "2001:db8:1:2::99").device(&device)).await;
    assert_eq!(told(&owner), (200, None));
    app.wait(3000);
    assert_eq!(server.send(from_network("ada", &ada.password, "2001:db8:1:2::99")).await.status, 200);
}

#[rocket::async_test]
async fn whoever_signs_in_does_not_use_up_their_network() {
    let app = App::new().over("[lockout.network]\nlimits = ['3/1h', '4/1d']");
    let wire = app.local().await;
    let ada = Person::register(&wire, "ada", "member").await;
    for _ in 0..10 {
        assert_eq!(try_sign_in(&wire, "ada", &ada.password).await.status, 200);
    }
    for expected in [None, None, None, Some(3600)] {
        assert_eq!(told(&try_sign_in(&wire, "nobody", WRONG).await), (401, expected));
    }
    assert_eq!(told(&try_sign_in(&wire, "ada", &ada.password).await), (401, Some(3600)));
}

#[rocket::async_test]
async fn wrong_codes_of_strangers_do_not_lock_the_owners_device() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    app.wait(30);
    ada.sign_in(&wire).await;
    let device = ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.device().unwrap();
    app.wait(30);
    let verify = |session: &str, code: &str, device: Option<&str>| {
        let ask = Ask { body: code.to_owned(), ..Ask::post("/mfa/verify") }.cookie(session);
        let ask = ask.header("Content-Type", "text/plain");
        device.map_or(ask.clone(), |device| ask.device(device))
    };
    // Somebody knows the password and guesses codes.
    let stolen = try_sign_in(&wire, "ada", &ada.password).await.session().unwrap();
    for attempt in 1..=5 {
        let reply = wire.send(verify(&stolen, "000000", None)).await;
        assert_eq!(told(&reply), (422, (attempt == 5).then_some(300)));
    }
    let code = app.code(&ada.uri);
    assert_eq!(told(&wire.send(verify(&stolen, &code, None)).await), (422, Some(300)));
    let own = wire.send(login("ada", &ada.password).device(&device)).await.session().unwrap();
    assert_eq!(told(&wire.send(verify(&own, &code, Some(&device))).await), (200, None));
}

#[rocket::async_test]
async fn after_very_many_wrong_codes_the_sign_ins_that_await_one_end_and_one_a_day_is_judged() {
    let app = App::new().with("COVET_MFA__CUMULATIVE_CAP", "8");
    let wire = app.local().await;
    let mut root = Person::register(&wire, "root", "admin").await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    let full = ada.clone();
    let mut waits = Vec::new();
    for _ in 0..8 {
        let other = try_sign_in(&wire, "ada", &ada.password).await.session().unwrap();
        ada.sign_in(&wire).await;
        let reply = ada.post(&wire, "/mfa/verify", "000000").await;
        assert_eq!(reply.status, 422);
        waits.push(told(&reply).1.unwrap_or(0));
        app.wait(told(&reply).1.unwrap_or(0).min(300));
        // Both that await a code end with the last, and no session that awaits none.
        let pending = wire.send(Ask::get("/stage").cookie(&other)).await.body;
        assert_eq!(pending, if waits.len() < 8 { "pending nobody" } else { "anonymous nobody" }, "{waits:?}");
    }
    assert_eq!(waits, [0, 0, 0, 0, 300, 300, 300, 86_400]);
    assert_eq!(ada.get(&wire, "/stage").await.body, "anonymous nobody");
    assert!(full.is_signed_in(&wire).await);

    // A right one does not help before its day, and ends what awaits it.
    ada.sign_in(&wire).await;
    let early = ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await;
    assert_eq!(told(&early), (422, Some(86_100)));
    assert_eq!(ada.get(&wire, "/stage").await.body, "anonymous nobody");
    app.wait(86_100);
    ada.sign_in(&wire).await;
    let reply = ada.post(&wire, "/mfa/verify/told", &app.code(&ada.uri)).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "0 passwords, 8 codes"));
    root.sign_in(&wire).await;
    let events = root.get(&wire, "/events").await.body;
    assert_eq!(events.matches("too many attempts in all").count(), 1, "{events}");
}

#[rocket::async_test]
async fn whoever_signs_in_is_told_of_many_failed_attempts_and_not_of_few() {
    let app = App::new().with("COVET_LOCKOUT__DELAY", r#"{base="1s",factor=1,max="1s"}"#);
    let wire = app.local().await;
    let (ada, device) = known(&wire, "ada").await;
    let sign_in = async |device: &str| {
        let ask = Ask::post("/login/told").json(&json!({ "name": "ada", "password": ada.password }));
        let reply = wire.send(ask.device(device)).await;
        (reply.body.clone(), reply.device().unwrap_or_default())
    };
    let fail = async |times| {
        for _ in 0..times {
            try_sign_in(&wire, "ada", WRONG).await;
            app.wait(1);
        }
    };
    app.wait(1);
    fail(4).await;
    let (told, device) = sign_in(&device).await;
    assert_eq!(told, "nothing");
    app.wait(1);
    fail(3).await;
    // Seven in a row, of which three came since.
    let (told, device) = sign_in(&device).await;
    assert_eq!(told, "7 passwords, 0 codes");
    app.wait(1);
    assert_eq!(sign_in(&device).await.0, "nothing", "it was told");
    // A stranger who signs in is told of what strangers did, their own included.
    assert_eq!(sign_in("").await.0, "7 passwords, 0 codes");
    assert_eq!(sign_in("").await.0, "nothing");
}

#[rocket::async_test]
async fn an_administrator_unlocks_an_account_on_all_its_counts_and_the_log_has_it() {
    let app = App::new();
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    app.wait(30);
    ada.sign_in(&wire).await;
    let device = ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.device().unwrap();
    let half = try_sign_in(&wire, "ada", &ada.password).await.session().unwrap();
    for _ in 0..5 {
        try_sign_in(&wire, "ada", WRONG).await;
        wire.send(login("ada", WRONG).device(&device)).await;
        let wrong = Ask { body: "000000".to_owned(), ..Ask::post("/mfa/verify") }.cookie(&half);
        wire.send(wrong.header("Content-Type", "text/plain")).await;
    }
    let pending = Person { session: half.clone(), ..ada.clone() };
    assert_eq!(pending.post(&wire, "/accounts/ada/unlock", "").await.status, 401);
    let bob = Person::signed_in(&wire, "bob", "member").await;
    assert_eq!(bob.post(&wire, "/accounts/ada/unlock", "").await.status, 403);
    assert_eq!(told(&try_sign_in(&wire, "ada", &ada.password).await), (401, Some(900)));

    let unlocked = root.post(&wire, "/accounts/ada/unlock", "").await;
    assert_eq!(unlocked.body, "5 Some(900), 5 Some(300); true");
    assert_eq!(wire.send(login("ada", &ada.password).device(&device)).await.body, "second factor");
    assert_eq!(ada.sign_in(&wire).await.body, "second factor");
    app.wait(30);
    assert_eq!(ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.status, 200);
    assert_eq!(root.post(&wire, "/accounts/ada/unlock", "").await.body, "0 None, 0 None; true");
    assert_eq!(root.post(&wire, "/accounts/nobody/unlock", "").await.body, "0 None, 0 None; false");
    let events = root.get(&wire, "/events").await.body;
    assert_eq!(events.matches("authn_login_unlock").count(), 2, "{events}");
}

#[rocket::async_test]
async fn whoever_changes_their_password_forgets_the_wrong_ones() {
    let wire = App::new().local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    for _ in 0..4 {
        try_sign_in(&wire, "ada", WRONG).await;
    }
    let both = format!("{}\nan entirely other phrase", ada.password);
    assert_eq!(ada.post(&wire, "/password", &both).await.status, 200);
    for expected in [None, None, None, None, Some(900)] {
        assert_eq!(told(&try_sign_in(&wire, "ada", WRONG).await), (401, expected));
    }
}

fn pin(key: &str, pin: &str) -> Ask {
    let ask = Ask { body: pin.to_owned(), ..Ask::post(format!("/pin/{key}")) };
    ask.header("Content-Type", "text/plain")
}

#[rocket::async_test]
async fn a_credential_of_a_handlers_own_is_counted_by_its_key() {
    let app = App::new();
    let server = app.serve().await;
    for expected in [None, None, None, None, Some(900)] {
        assert_eq!(told(&server.send(pin("safe", "0000")).await), (422, expected));
    }
    let locked = server.send(pin("safe", "1234")).await;
    assert_eq!((told(&locked), locked.problem().as_str()), ((429, Some(900)), "too_many_attempts"));
    assert_eq!(server.send(pin("other", "1234")).await.body, "open");
    app.wait(900);
    assert_eq!(server.send(pin("safe", "1234")).await.body, "open");
    // A success has forgotten them all.
    for expected in [None, None, None, None, Some(900)] {
        assert_eq!(told(&server.send(pin("safe", "0000")).await), (422, expected));
    }
}

#[rocket::async_test]
async fn a_credential_of_an_account_is_counted_there_and_unlocked_with_it() {
    let app = App::new();
    let wire = app.local().await;
    let root = Person::signed_in(&wire, "root", "admin").await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let eve = Person::signed_in(&wire, "eve", "member").await;
    for expected in [None, None, None, None, Some(900)] {
        assert_eq!(told(&ada.post(&wire, "/my/pin", "0000").await), (422, expected));
    }
    assert_eq!(told(&ada.post(&wire, "/my/pin", "1234").await), (429, Some(900)));
    assert_eq!(eve.post(&wire, "/my/pin", "1234").await.body, "open");
    assert_eq!(root.post(&wire, "/accounts/ada/unlock", "").await.status, 200);
    assert_eq!(ada.post(&wire, "/my/pin", "1234").await.body, "open");
}

#[rocket::async_test]
async fn of_50_guesses_at_a_pin_at_once_5_are_judged() {
    let server = App::new().serve().await;
    let replies = join_all((0..50).map(|_| server.send(pin("safe", "0000")))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 422).count(), 5);
    assert_eq!(replies.iter().filter(|reply| reply.status == 429).count(), 45);
}

/// A request whose guard has passed it, and whose body has come but for the end.
async fn held(server: &Server, ask: &Ask) -> Connection {
    let mut connection = server.connect().await;
    let ask = ask.clone().header("Content-Length", ask.body.len().to_string());
    connection.write(&[&head(&ask), all_but_the_end(&ask.body)].concat()).await;
    // While these are answered, it is guarded.
    for _ in 0..10 {
        server.send(Ask::get("/me")).await;
    }
    connection
}

fn all_but_the_end(body: &str) -> &[u8] {
    &body.as_bytes()[..body.len() - 1]
}

async fn goes_on(mut held: Connection, ask: &Ask) -> Reply {
    held.write(&ask.body.as_bytes()[ask.body.len() - 1..]).await;
    held.reply(false).await
}

#[rocket::async_test]
async fn a_body_that_comes_slowly_moves_no_wait_into_the_past() {
    let app = App::new();
    let server = app.serve().await;
    let ada = Person::register(&server, "ada", "member").await;
    let wrong = login("ada", WRONG);
    let slow = held(&server, &wrong).await;
    app.wait(2000);
    lock_strangers_out(&server, "ada").await;
    assert_eq!(told(&goes_on(slow, &wrong).await), (401, Some(900)));
    assert_eq!(told(&try_sign_in(&server, "ada", &ada.password).await), (401, Some(900)));
    app.wait(900);
    assert_eq!(told(&try_sign_in(&server, "ada", &ada.password).await), (200, None));
}

#[rocket::async_test]
async fn a_body_that_comes_slowly_moves_no_window_of_its_network_into_the_past() {
    let app = App::new().over("[lockout.network]\nlimits = ['5/1h']");
    let server = app.serve().await;
    let eve = Person::register(&server, "eve", "member").await;
    let own = login("eve", &eve.password);
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(held(&server, &own).await);
    }
    app.wait(3601);
    let (mut judged, mut tried) = (0, 0);
    for slow in slow {
        // A failure that is judged is told no wait.
        while told(&try_sign_in(&server, &format!("somebody {tried}"), WRONG).await).1.is_none() {
            (judged, tried) = (judged + 1, tried + 1);
        }
        tried += 1;
        goes_on(slow, &own).await;
    }
    assert_eq!(judged, 5);
}

#[rocket::async_test]
async fn a_changed_password_makes_strangers_of_all_devices_but_the_one_it_was_changed_on() {
    let app = App::new().over("[lockout.network]\nlimits = ['3/1h']");
    let wire = app.local().await;
    let (mut ada, device) = known(&wire, "ada").await;
    let mut devices = Vec::new();
    for _ in 0..4 {
        devices.push(try_sign_in(&wire, "ada", &ada.password).await.device().unwrap());
    }
    // Before, each has attempts of its own.
    for device in &devices {
        assert_eq!(told(&wire.send(login("ada", WRONG).device(device)).await), (401, None));
    }
    let new = "an entirely other phrase";
    let both = Ask { body: format!("{}\n{new}", ada.password), ..Ask::post("/password") };
    let reply = wire.send(both.cookie(&ada.session).device(&device)).await;
    assert_eq!(reply.status, 200);
    let device = reply.device().unwrap();
    ada.password = new.to_owned();
    let judged = async || {
        let mut judged = 0;
        for device in &devices {
            judged += usize::from(told(&wire.send(login("ada", WRONG).device(device)).await).1.is_none());
        }
        judged
    };
    assert_eq!(judged().await, 3, "as many as the network may fail");
    assert_eq!(told(&wire.send(login("ada", &ada.password).device(&devices[0])).await).0, 401);
    assert_eq!(told(&wire.send(login("ada", &ada.password).device(&device)).await), (200, None));
}

#[rocket::async_test]
async fn a_second_factor_makes_strangers_of_all_devices_but_the_one_it_was_confirmed_on() {
    let app = App::new();
    let wire = app.local().await;
    let (mut ada, device) = known(&wire, "ada").await;
    let elsewhere = try_sign_in(&wire, "ada", &ada.password).await.device().unwrap();
    ada.uri = ada.post(&wire, "/mfa/enroll", "").await.body;
    let confirm = Ask { body: app.code(&ada.uri), ..Ask::post("/mfa/confirm") };
    let reply = wire.send(confirm.cookie(&ada.session).device(&device)).await;
    let device = reply.device().unwrap();
    lock_strangers_out(&wire, "ada").await;
    let at = async |device: &str| wire.send(login("ada", &ada.password).device(device)).await;
    assert_eq!(told(&at(&elsewhere).await), (401, Some(900)));
    assert_eq!((told(&at(&device).await), at(&device).await.body), ((200, None), "second factor".to_owned()));
}

#[rocket::async_test]
async fn nobody_raises_the_alarm_by_attempts_that_are_not_judged() {
    let app =
        App::new().over("[lockout.network]\nlimits = ['20/1h']\n[lockout.global]\nmin_attempts = 40").behind_a_proxy();
    let server = app.serve().await;
    let root = Person::signed_in(&server, "root", "admin").await;
    for _ in 0..60 {
        server.send(login("nobody", WRONG).forwarded("198.51.100.7")).await;
    }
    let alarms = async || root.get(&server, "/events").await.body.matches("malicious_login_failures").count();
    assert_eq!(alarms().await, 0);
    for network in 0..40 {
        server.send(login(&format!("nobody {network}"), WRONG).forwarded(&format!("203.0.113.{network}"))).await;
    }
    assert_eq!(alarms().await, 1);
}
