//! What a route demands is decided before anything else of the request is looked at.

use std::sync::Arc;

use covet::store::Tag;
use covet_core::session::SessionId;
use rocket::http::Status;
use rocket::{Request, catch, catchers};

use crate::support::{App, Ask, COOKIE, Fragile, Person, Wire, head};

const BODY: usize = 10 << 20;

/// How much Rocket itself looks at of every body, before fairings and guards: enough for `_method=delete` of a form.
const PEEK: usize = "_method=delete".len();

/// Somebody for each kind of refusal, and the route that refuses them.
async fn refusals(app: &App, wire: &impl Wire) -> Vec<(&'static str, u16, Option<String>)> {
    let member = Person::signed_in(wire, "member", "member").await;
    let mut pending = Person::enrolled(wire, "pending", "admin", app.now()).await;
    assert_eq!(pending.sign_in(wire).await.body, "second factor");
    assert_eq!(wire.send(Ask::post("/limited")).await.status, 200);
    assert_eq!(member.post(wire, "/mine", "").await.status, 200);
    vec![
        ("/limited", 429, None),
        ("/signed-in", 401, None),
        ("/signed-in", 401, Some("garbage".to_owned())),
        ("/signed-in", 401, Some(pending.session.clone())),
        ("/proven", 401, Some(member.session.clone())),
        ("/proven", 401, Some(pending.session.clone())),
        ("/permitted", 403, Some(member.session.clone())),
        ("/permitted", 401, Some(pending.session.clone())),
        ("/ruled", 403, Some(member.session.clone())),
        ("/mine", 429, Some(member.session)),
    ]
}

fn strict() -> App {
    let one = r#"["1/1h"]"#;
    App::new().with("COVET_RATE_LIMITS__PAGES__LIMITS", one).with("COVET_RATE_LIMITS__API__LIMITS", one)
}

fn ask(path: &str, session: Option<&String>) -> Ask {
    let ask = Ask::post(path);
    session.map_or(ask.clone(), |session| ask.cookie(session))
}

#[rocket::async_test]
async fn a_refusal_does_not_wait_for_the_body() {
    let app = strict();
    let server = app.serve().await;
    let refusals = refusals(&app, &server).await;
    let before = app.touched.counts();
    for (path, status, session) in refusals {
        for kind in ["application/octet-stream", "application/x-www-form-urlencoded", "application/json"] {
            let ask = ask(path, session.as_ref()).header("Content-Type", kind);
            let mut connection = server.connect().await;
            connection.write(&head(&ask.header("Content-Length", BODY.to_string()))).await;
            connection.write(&[b'x'; PEEK]).await;
            assert_eq!(connection.reply(false).await.status, status, "{path}");
        }
    }
    assert_eq!(app.touched.counts(), before, "a guard, a body or a handler was reached");
}

#[rocket::async_test]
async fn a_refusal_comes_before_a_slow_client_has_sent_its_10_mib() {
    let app = strict();
    let server = app.serve().await;
    let refusals = refusals(&app, &server).await;
    let before = app.touched.counts();
    for (path, status, session) in refusals {
        let mut connection = server.connect().await;
        let ask = ask(path, session.as_ref()).header("Content-Length", BODY.to_string());
        connection.write(&head(&ask)).await;
        let (reply, sent) = connection.trickle(BODY, 1024).await;
        assert_eq!(reply.status, status, "{path}");
        assert!(sent < BODY, "{path} took all of the body");
    }
    assert_eq!(app.touched.counts(), before, "a guard, a body or a handler was reached");
}

#[rocket::async_test]
async fn an_admitted_request_has_its_body_read_whole() {
    let app = App::new();
    let server = app.serve().await;
    let ada = Person::signed_in(&server, "ada", "admin").await;
    let before = app.touched.counts();
    let reply = ada.post(&server, "/permitted", &"x".repeat(BODY)).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "done"));
    assert_eq!(app.touched.counts(), before.map(|count| count + 1));
}

#[rocket::async_test]
async fn a_refusal_comes_before_path_and_query_are_read() {
    let wire = App::new().local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    for path in ["/param/good?number=1", "/param/bad?number=1", "/param/good?number=x", "/param/good"] {
        assert_eq!(wire.send(Ask::get(path)).await.status, 401, "{path}");
    }
    assert_eq!(ada.get(&wire, "/param/good?number=1").await.status, 200);
    assert_eq!(ada.get(&wire, "/param/bad?number=1").await.status, 422);
    assert_eq!(ada.get(&wire, "/param/good?number=x").await.status, 422);
}

#[rocket::async_test]
async fn a_permission_is_asked_of_the_roles_and_what_they_inherit() {
    let app = App::new();
    let wire = app.local().await;
    let (member, admin) =
        (Person::signed_in(&wire, "mem", "member").await, Person::signed_in(&wire, "adm", "admin").await);
    for (path, of_member, of_admin) in [("/permitted", 403, 200), ("/ruled", 403, 200), ("/signed-in", 200, 200)] {
        assert_eq!(member.post(&wire, path, "").await.status, of_member, "{path}");
        assert_eq!(admin.post(&wire, path, "").await.status, of_admin, "{path}");
    }
}

#[rocket::async_test]
async fn a_second_factor_is_asked_for_again_when_it_is_too_old() {
    let app = App::new();
    let wire = app.local().await;
    let ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    let fresh = async || ada.post(&wire, "/fresh", "").await;
    app.wait(600);
    assert_eq!(fresh().await.status, 200);
    app.wait(1);
    let reply = fresh().await;
    assert_eq!((reply.status, reply.problem().as_str()), (401, "second_factor_required"));
    let challenge = "Session error=\"insufficient_user_authentication\", max_age=600";
    assert_eq!(reply.header("WWW-Authenticate"), Some(challenge));
    assert_eq!(ada.post(&wire, "/proven", "").await.status, 200);

    let again = ada.post(&wire, "/mfa/verify", &app.code(&ada.uri)).await.session().unwrap();
    assert_eq!(wire.send(Ask::post("/fresh").cookie(&again)).await.status, 200);
}

#[rocket::async_test]
async fn a_program_is_told_what_it_lacks() {
    let wire = App::new().local().await;
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let unauthenticated = wire.send(Ask::get("/me")).await;
    assert_eq!((unauthenticated.status, unauthenticated.problem().as_str()), (401, "unauthenticated"));
    assert_eq!(unauthenticated.header("WWW-Authenticate"), Some("Session"));

    let unproven = ada.get(&wire, "/vault").await;
    assert_eq!((unproven.status, unproven.problem().as_str()), (401, "second_factor_required"));
    assert_eq!(unproven.header("WWW-Authenticate"), Some("Session error=\"insufficient_user_authentication\""));

    let forbidden = ada.get(&wire, "/audit").await;
    assert_eq!((forbidden.status, forbidden.problem().as_str()), (403, "forbidden"));
    assert_eq!(forbidden.header("WWW-Authenticate"), None);
    assert!(!forbidden.body.contains("admin:audit"), "what is missing is for the log");
}

#[rocket::async_test]
async fn a_browser_is_sent_where_it_can_do_what_it_lacks_and_back() {
    let app = App::new();
    let wire = app.local().await;
    let mut ada = Person::enrolled(&wire, "ada", "member", app.now()).await;
    ada.sign_in(&wire).await;
    let bob = Person::signed_in(&wire, "bob", "member").await;
    let to = async |ask: Ask| {
        let reply = wire.send(ask.browser()).await;
        (reply.status, reply.header("Location").map(str::to_owned).unwrap_or_default())
    };
    assert_eq!(to(Ask::get("/me")).await, (303, "/login?return_to=%2Fme".to_owned()));
    let (_, location) = to(Ask::get("/param/good?number=1&x=%26%0d%0aA:b")).await;
    assert_eq!(location, "/login?return_to=%2Fparam%2Fgood%3Fnumber%3D1%26x%3D%2526%250d%250aA:b");
    assert_eq!(to(Ask::post("/signed-in")).await, (303, "/login".to_owned()));
    assert_eq!(to(Ask::get("/me").cookie(&ada.session)).await, (303, "/mfa?return_to=%2Fme".to_owned()));
    assert_eq!(to(Ask::get("/vault").cookie(&bob.session)).await, (303, "/mfa?return_to=%2Fvault".to_owned()));

    let forbidden = wire.send(Ask::get("/audit").cookie(&bob.session).browser()).await;
    assert_eq!((forbidden.status, forbidden.header("Location")), (403, None));
    assert_eq!(forbidden.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(forbidden.body.starts_with("<!doctype html>") && forbidden.body.contains("You may not do this"));
}

#[rocket::async_test]
async fn without_a_sign_in_page_a_browser_sees_the_refusal() {
    let app = App::new().with("COVET_HTTP__SIGN_IN", "/nowhere");
    let wire = app.local().await;
    let reply = wire.send(Ask::get("/me").browser()).await;
    assert_eq!((reply.status, reply.header("WWW-Authenticate")), (401, Some("Session")));
    assert_eq!(reply.header("Content-Type"), Some("text/html; charset=utf-8"));
}

#[rocket::async_test]
async fn a_page_that_refuses_is_not_sent_to_itself() {
    let wire = App::new().with("COVET_HTTP__SIGN_IN", "/me").local().await;
    let reply = wire.send(Ask::get("/me").browser()).await;
    assert_eq!((reply.status, reply.header("Location")), (401, None));
}

#[catch(403)]
fn own(_: Status, request: &Request<'_>) -> String {
    format!("own {}", request.uri())
}

#[rocket::async_test]
async fn the_applications_own_catcher_wins() {
    let app = App::new();
    let rocket = app.rocket().register("/", catchers![own]);
    let wire = rocket::local::asynchronous::Client::untracked(rocket).await.unwrap();
    let ada = Person::signed_in(&wire, "ada", "member").await;
    let reply = ada.get(&wire, "/audit").await;
    assert_eq!((reply.status, reply.body.as_str()), (403, "own /audit"));
    assert_eq!(wire.send(Ask::get("/me")).await.problem(), "unauthenticated");
}

#[catch(default)]
fn own_for_all(status: Status, _: &Request<'_>) -> String {
    format!("own {}", status.code)
}

#[rocket::async_test]
async fn the_applications_own_catcher_of_everything_wins_everywhere() {
    let rocket = App::new().rocket().register("/", catchers![own_for_all]);
    let wire = rocket::local::asynchronous::Client::untracked(rocket).await.unwrap();
    let reply = wire.send(Ask::get("/me")).await;
    assert_eq!((reply.status, reply.body.as_str()), (401, "own 401"));
    // Elsewhere it is none of these.
    let rocket = App::new().rocket().register("/elsewhere", catchers![own_for_all]);
    let wire = rocket::local::asynchronous::Client::untracked(rocket).await.unwrap();
    assert_eq!(wire.send(Ask::get("/me")).await.problem(), "unauthenticated");
}

#[rocket::async_test]
async fn while_the_store_fails_nothing_passes() {
    let store = Arc::new(Fragile::default());
    let app = App::new().store(Arc::clone(&store) as _);
    let wire = app.local().await;
    let admin = Person::enrolled(&wire, "root", "admin", app.now()).await;
    let guarded = ["/limited", "/signed-in", "/proven", "/permitted", "/ruled", "/mine"];
    for path in guarded {
        assert_eq!(admin.post(&wire, path, "").await.status, 200, "{path}");
    }
    let before = app.touched.counts();
    store.fail_after(0);
    for path in guarded {
        let reply = admin.post(&wire, path, "").await;
        assert_eq!((reply.status, reply.problem().as_str()), (503, "unavailable"), "{path}");
        assert_eq!(reply.header("Retry-After"), Some("1"));
        let page = wire.send(Ask::post(path).cookie(&admin.session).browser()).await;
        assert_eq!((page.status, page.header("Content-Type")), (503, Some("text/html; charset=utf-8")));
    }
    for (path, body) in [("/mfa/verify", app.code(&admin.uri)), ("/logout", String::new())] {
        let reply = admin.post(&wire, path, &body).await;
        assert_eq!((reply.status, reply.session()), (503, None), "{path}");
    }
    let sign_in = admin.clone().sign_in(&wire).await;
    assert_eq!((sign_in.status, sign_in.session()), (503, None));
    assert_eq!(app.touched.counts(), before);

    store.heal();
    wire.send_until(&Ask::post("/permitted").cookie(&admin.session), 200).await;
}

#[rocket::async_test]
async fn a_head_request_is_guarded_as_the_get_it_stands_for() {
    let server = App::new().with("COVET_RATE_LIMITS__PAGES__LIMITS", r#"["2/1h"]"#).serve().await;
    let ada = Person::signed_in(&server, "ada", "member").await;
    let head = async |path: &str, session: &str| {
        let reply = server.send(Ask::new("HEAD", path).cookie(session)).await;
        assert_eq!(reply.body, "");
        reply.status
    };
    assert_eq!(head("/me", "").await, 401);
    assert_eq!(head("/me", &ada.session).await, 200);
    assert_eq!(head("/audit", &ada.session).await, 403);
    assert_eq!([head("/page", "").await, head("/page", "").await, head("/page", "").await], [200, 200, 429]);
    assert_eq!(server.send(Ask::get("/page")).await.status, 429);
}

#[rocket::async_test]
async fn no_method_finds_a_way_around() {
    let app = App::new();
    let server = app.serve().await;
    let before = app.touched.counts();
    for method in ["OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "BREW", "post", "PROPFIND", "CONNECT"] {
        let reply = server.send(Ask::new(method, "/signed-in")).await;
        assert!(matches!(reply.status, 400 | 401 | 404 | 405), "{method}: {reply:?}");
    }
    // A form may say that it is another method; the route that this leads to has its own guard.
    let form = Ask { body: "_method=post&x=1".to_owned(), ..Ask::post("/permitted") };
    assert_eq!(server.send(form.header("Content-Type", "application/x-www-form-urlencoded")).await.status, 401);
    assert_eq!(app.touched.counts(), before);
}

#[rocket::async_test]
async fn no_cookie_however_wrong_is_a_session_or_an_error() {
    let server = App::new().serve().await;
    let ada = Person::signed_in(&server, "ada", "member").await;
    let bob = Person::signed_in(&server, "bob", "member").await;
    let parsed = |person: &Person| SessionId::parse(&person.session).unwrap();
    let ((id, owner), (other_id, _)) = (parsed(&ada), parsed(&bob));
    let wrong = [
        String::new(),
        ".".to_owned(),
        "A".repeat(63),
        "A".repeat(64),
        "x".repeat(4000),
        ada.forged(),
        other_id.cookie_value(&owner),
        id.cookie_value(&Tag([0; 16])),
        format!("{}A", ada.session),
        format!("{}=", ada.session),
        ada.session.to_lowercase(),
        format!("{}%00", ada.session),
        "%00%01%ff".to_owned(),
        "%".to_owned(),
        "\u{7f}\u{e9}".to_owned(),
        "=;;=".to_owned(),
        "\"".to_owned(),
        "!@#$%^&*()".to_owned(),
        format!("{} {}", &ada.session[..32], &ada.session[32..]),
    ];
    for value in wrong {
        let reply = server.send(Ask::get("/me").cookie(&value)).await;
        assert!(matches!(reply.status, 400 | 401), "{value}: {reply:?}");
    }
    for name in ["session", "__host-session", "__Secure-session", "__Host-Session"] {
        let reply = server.send(Ask::get("/me").header("Cookie", format!("{name}={}", ada.session))).await;
        assert_eq!(reply.status, 401, "{name}");
    }
    for raw in ["Cookie: __Host-session=\0", "Cookie: __Host-session=\u{1}x", "Cookie:", "Cookie: =", "Cookie: ;"] {
        let mut connection = server.connect().await;
        connection.write(format!("GET /me HTTP/1.1\r\nHost: x\r\n{raw}\r\n\r\n").as_bytes()).await;
        let reply = connection.reply(false).await;
        assert!(matches!(reply.status, 400 | 401), "{raw:?}: {reply:?}");
    }
    assert!(ada.is_signed_in(&server).await);
}

#[rocket::async_test]
async fn of_several_cookies_of_one_name_one_decides_and_none_adds_to_another() {
    let server = App::new().serve().await;
    let member = Person::signed_in(&server, "ada", "member").await;
    let admin = Person::signed_in(&server, "root", "admin").await;
    let ask = async |path: &str, values: &[&str]| {
        let cookies: Vec<_> = values.iter().map(|value| format!("{COOKIE}={value}")).collect();
        let one = server.send(Ask::get(path).header("Cookie", cookies.join("; "))).await.status;
        let ask = cookies.iter().fold(Ask::get(path), |ask, cookie| ask.header("Cookie", cookie));
        [one, server.send(ask).await.status]
    };
    for pair in [[&*member.session, &*admin.session], [&*admin.session, &*member.session]] {
        let [me, audit] = [ask("/me", &pair).await, ask("/audit", &pair).await];
        assert!(me.iter().chain(&audit).all(|status| matches!(status, 200 | 401 | 403)), "{me:?} {audit:?}");
    }
    let twice = ask("/audit", &[&member.session, &member.session]).await;
    assert_eq!(twice, [403, 403]);
    assert_eq!(ask("/me", &["garbage", "garbage"]).await, [401, 401]);
}

#[rocket::async_test]
async fn doubled_and_hostile_headers_change_nothing() {
    let server = App::new().serve().await;
    let ada = Person::signed_in(&server, "ada", "member").await;
    for (name, values) in [
        ("Accept", vec!["text/html", "application/json"]),
        ("Accept", vec!["", "*/*;q=nonsense", ",,,"]),
        ("User-Agent", vec!["a", "b"]),
        ("X-Forwarded-For", vec![",,,", "", "1.2.3.4,,"]),
        ("Forwarded", vec!["for=\"", "\"\"", ";;;=,=,"]),
        ("Content-Type", vec!["text/html", "nonsense/"]),
        ("Host", vec!["evil.example"]),
    ] {
        let doubled = |ask: Ask| values.iter().fold(ask, |ask, value| ask.header(name, *value));
        let reply = server.send(doubled(Ask::get("/me"))).await;
        assert!(matches!(reply.status, 303 | 400 | 401), "{name} {values:?}: {reply:?}");
        let reply = server.send(doubled(Ask::get("/me").cookie(&ada.session))).await;
        assert!(matches!(reply.status, 200 | 400), "{name} {values:?}: {reply:?}");
    }
    let huge = Ask::get("/me").cookie(&ada.session).header("User-Agent", "x".repeat(20_000));
    assert!(matches!(server.send(huge).await.status, 200 | 431));
}
