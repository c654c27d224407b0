//! A person with Chromium walks the vault: what `cargo run --example vault` serves must work in a real browser.
//!
//! Needs `chromium` and `chromedriver`; `./scripts/test` installs them. Screenshots of every page go to
//! `target/screenshots`, or to the folder that `COVET_SCREENSHOTS` names.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]

mod authenticator;
mod browser;
mod process;

use authenticator::Authenticator;
use browser::{Browser, Look};
use process::{Driver, Vault};

const ADA: &str = "ada";
const BOB: &str = "bob";
const PASSWORD: &str = "seven grey herons by the canal";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_registers_enrols_writes_notes_and_ends_a_session() {
    let vault = Vault::start();
    let driver = Driver::start();
    let laptop = Browser::open(&driver, &vault, Look::Laptop).await;
    let phone = Browser::open(&driver, &vault, Look::DarkPhone).await;

    a_stranger_is_asked_to_sign_in(&laptop).await;
    registers(&laptop, ADA).await;
    signs_in_and_comes_back_to_where_they_wanted_to_go(&laptop).await;
    let mut authenticator = enrols(&laptop, ADA).await;
    writes_and_finds_notes(&laptop).await;
    pages_sorts_filters_and_pins(&laptop).await;
    signs_out_and_in_with_a_code(&laptop, &mut authenticator).await;
    somebody_else_is_refused(&phone).await;
    ends_another_session(&laptop, &phone, &mut authenticator).await;
    sees_what_happened(&laptop).await;
    changes_the_password(&laptop).await;

    laptop.close().await;
    phone.close().await;
}

async fn a_stranger_is_asked_to_sign_in(browser: &Browser) {
    browser.goto("/").await;
    browser.shot("welcome").await;
    browser.goto("/notes?sort=title&dir=asc").await;
    browser.at("/login").await;
    assert!(browser.url().await.query().unwrap().starts_with("return_to="));
    browser.shot("sign-in").await;
}

async fn registers(browser: &Browser, name: &str) {
    browser.goto("/register").await;
    assert_eq!(browser.text("main").await.contains("becomes the administrator"), name == ADA);
    // A password that will not do: the form comes back with what was typed, but not with the password.
    browser.fill("username", name).await;
    browser.fill("email", &format!("{name}@example.com")).await;
    browser.fill("password", "too short").await;
    browser.press("main button").await;
    assert!(browser.text("#password-fault").await.contains("15 characters"));
    assert_eq!(browser.value("username").await, name);
    assert_eq!(browser.value("password").await, "");
    browser.shot("register").await;
    browser.fill("password", PASSWORD).await;
    browser.press("main button").await;
    browser.at("/login").await;
    assert!(browser.text(".notice").await.contains(&format!("Welcome, {name}")));
}

async fn signs_in(browser: &Browser, name: &str, password: &str) {
    browser.fill("login", name).await;
    browser.fill("password", password).await;
    browser.press("main button").await;
}

async fn signs_in_and_comes_back_to_where_they_wanted_to_go(browser: &Browser) {
    browser.goto("/notes?sort=title&dir=asc").await;
    browser.at("/login").await;
    signs_in(browser, ADA, "not the password, but long").await;
    browser.see(".notice.error").await;
    assert_eq!(browser.value("login").await, ADA);
    browser.shot("sign-in-refused").await;
    signs_in(browser, ADA, PASSWORD).await;
    browser.at("/notes").await;
    assert_eq!(browser.url().await.query(), Some("sort=title&dir=asc"));
    browser.shot("notes-empty").await;
}

async fn enrols(browser: &Browser, name: &str) -> Authenticator {
    // The page of administrators asks for a second factor first; there is none yet, so the way leads to its set-up.
    browser.goto("/admin").await;
    browser.at("/account/second-factor").await;
    browser.shot("second-factor-offer").await;
    browser.press("main button").await;
    let mut authenticator = Authenticator::scan(&browser.picture("#qr").await, name);
    assert_eq!(browser.text("#secret").await, authenticator.secret());
    browser.shot("second-factor-enrol").await;
    browser.fill("code", authenticator.wrong_code()).await;
    browser.press("main button").await;
    browser.see("#code-fault").await;
    browser.shot("second-factor-wrong-code").await;
    browser.fill("code", &authenticator.next_code().await).await;
    browser.press("main button").await;
    browser.at("/account").await;
    assert!(browser.text(".notice").await.contains("second factor is on"));
    browser.shot("account").await;
    authenticator
}

async fn writes_and_finds_notes(browser: &Browser) {
    let notes = [
        ("Packing list", "Tent, stove, the good knife.\nTorch and spare batteries, matches in a dry tin."),
        ("<script>document.title = 'x'</script> & \"quotes\"", "<img src=x onerror=alert(1)>\n\n100 % of it is text_"),
        (
            "Books to return",
            "The one about herons, by the end of the month. Ask at the desk whether the atlas came back.",
        ),
    ];
    for (title, body) in notes {
        browser.goto("/notes/new").await;
        browser.fill("title", title).await;
        browser.fill("body", body).await;
        browser.press("main form button").await;
        browser.at("/notes").await;
    }
    browser.shot("notes-saved").await;
    assert_eq!(browser.texts(".note a").await, [notes[2].0, notes[1].0, notes[0].0]);
    assert_eq!(browser.title().await, "Notes · Vault");

    browser.goto("/notes?sort=title&dir=asc").await;
    assert_eq!(browser.texts(".note a").await, [notes[1].0, notes[2].0, notes[0].0]);
    for (search, found) in [("HERONS", notes[2].0), ("100 %", notes[1].0), ("text_", notes[1].0)] {
        browser.goto("/notes").await;
        browser.fill("q", search).await;
        browser.press(".search button").await;
        browser.with_query(&format!("q={}", search.replace(' ', "+").replace('%', "%25"))).await;
        assert_eq!(browser.texts(".note a").await, [found], "searching {search}");
    }
    browser.goto("/notes?q=nothing+of+the+kind").await;
    browser.see(".empty").await;
    browser.shot("notes-not-found").await;

    // Change one; an empty title comes back with the text; then delete it.
    browser.goto("/notes").await;
    browser.press(".note a").await;
    browser.at("/notes/3").await;
    browser.shot("note").await;
    browser.fill("title", " ").await;
    browser.press("main form button").await;
    assert_eq!(browser.text("#title-fault").await, "A note needs a title.");
    assert_eq!(browser.value("body").await, notes[2].1);
    browser.fill("title", "Books").await;
    browser.press("main form button").await;
    browser.at("/notes").await;
    assert_eq!(browser.texts(".note a").await[0], "Books");
    browser.press(".note a").await;
    browser.at("/notes/3").await;
    browser.press("summary").await;
    browser.press("details button").await;
    browser.at("/notes").await;
    assert_eq!(browser.texts(".note a").await, [notes[1].0, notes[0].0]);
}

async fn pages_sorts_filters_and_pins(browser: &Browser) {
    for number in 1..=19 {
        browser.goto("/notes/new").await;
        browser.fill("title", &format!("Letter {number:02}")).await;
        browser.fill("body", "To whom it may concern, with what was promised and when it will be there.").await;
        browser.press("main form button").await;
        browser.at("/notes").await;
    }

    // By title and upwards, as the form says it; the second page has what the first has no room for.
    browser.choose("sort", "title").await;
    browser.choose("dir", "asc").await;
    browser.press(".search button").await;
    browser.with_query("sort=title").await;
    let first = browser.texts(".note a").await;
    assert_eq!((first.len(), first[1].as_str(), first[19].as_str()), (20, "Letter 01", "Letter 19"));
    assert!(browser.texts("[rel=prev]").await.is_empty());
    assert_eq!(browser.text(".pages span").await, "Page 1");
    browser.press("[rel=next]").await;
    browser.with_query("page=2").await;
    assert_eq!(browser.texts(".note a").await, ["Packing list"]);
    assert!(browser.texts("[rel=next]").await.is_empty());

    // Who pins a note is back on the page where it stands.
    browser.press("[aria-label='Pin Packing list']").await;
    browser.see("[aria-label='Unpin Packing list']").await;
    browser.with_query("page=2").await;
    assert_eq!(browser.texts(".note .badge").await, ["Pinned"]);
    browser.shot("notes-second-page").await;
    browser.press("[rel=prev]").await;
    browser.see("[rel=next]").await;
    assert_eq!(browser.texts(".note a").await, first);

    // What is asked for stays in the form, and all of it counts.
    browser.choose("days", "7").await;
    browser.press("#pinned").await;
    browser.fill("q", "torch & stove").await;
    browser.press(".search button").await;
    browser.see(".empty").await;
    browser.fill("q", "torch").await;
    browser.press(".search button").await;
    browser.see(".note a").await;
    browser.with_query("q=torch").await;
    assert_eq!(browser.texts(".note a").await, ["Packing list"]);
    assert_eq!((browser.value("sort").await, browser.value("days").await), ("title".into(), "7".into()));
    assert!(browser.see("#pinned").await.prop("checked").await.unwrap() == Some("true".into()));
    browser.shot("notes-filtered").await;
    browser.press("[aria-label='Unpin Packing list']").await;
    browser.see(".empty").await;
    browser.with_query("q=torch").await;
    browser.goto("/notes?q=packing").await;
    browser.press("[aria-label='Pin Packing list']").await;
    browser.see("[aria-label='Unpin Packing list']").await;
}

/// Nothing of a note in the list lies upon another part of it, so that each can be read and pressed.
async fn sees_notes_side_by_side(browser: &Browser) {
    browser.goto("/notes?sort=title&dir=desc").await;
    browser.see(".note .badge").await;
    assert!(browser.apart(".note", &["a", ".badge", "time", ".excerpt", "button"]).await);
    assert!(browser.apart(".search", &["[type=search]", "select", ".check", "button"]).await);
    browser.shot("notes").await;
    browser.goto("/notes?page=2").await;
    browser.shot("notes-second-page").await;
}

async fn signs_out_and_in_with_a_code(browser: &Browser, authenticator: &mut Authenticator) {
    browser.press(".who button").await;
    browser.at("/login").await;
    browser.goto("/notes").await;
    browser.at("/login").await;
    signs_in(browser, ADA, PASSWORD).await;
    browser.at("/mfa").await;
    browser.shot("second-factor").await;
    // The password alone opens nothing.
    browser.goto("/notes").await;
    browser.at("/mfa").await;
    browser.fill("code", authenticator.wrong_code()).await;
    browser.press("main button").await;
    browser.see("#code-fault").await;
    browser.fill("code", &authenticator.next_code().await).await;
    browser.press("main button").await;
    browser.at("/notes").await;
    assert!(browser.texts(".note a").await.contains(&"Letter 19".to_owned()));
    sees_notes_side_by_side(browser).await;
}

async fn somebody_else_is_refused(browser: &Browser) {
    browser.goto("/").await;
    browser.shot("welcome").await;
    registers(browser, BOB).await;
    signs_in(browser, BOB, PASSWORD).await;
    browser.at("/notes").await;
    assert!(browser.texts("nav a").await.iter().all(|link| link != "Admin"));
    enrols(browser, BOB).await;
    browser.goto("/admin").await;
    assert_eq!(browser.status("/admin").await, 403);
    browser.shot("forbidden").await;
    browser.goto("/notes/1").await;
    assert_eq!(browser.status("/notes/1").await, 404);
    browser.shot("not-found").await;
    assert!(!browser.text("body").await.contains("Packing"));
    browser.press(".button").await;
    browser.at("/notes").await;
    browser.press(".who button").await;
    browser.at("/login").await;
}

async fn ends_another_session(browser: &Browser, other: &Browser, authenticator: &mut Authenticator) {
    other.goto("/notes").await;
    other.at("/login").await;
    signs_in(other, ADA, PASSWORD).await;
    other.at("/mfa").await;
    other.shot("second-factor").await;
    other.fill("code", &authenticator.next_code().await).await;
    other.press("main button").await;
    other.at("/notes").await;
    sees_notes_side_by_side(other).await;

    browser.goto("/sessions").await;
    assert_eq!(browser.texts(".session").await.len(), 2);
    browser.shot("sessions").await;
    other.goto("/sessions").await;
    other.shot("sessions").await;
    browser.press(".session button").await;
    browser.at("/sessions").await;
    assert_eq!(browser.texts(".session").await.len(), 1);

    other.goto("/notes").await;
    other.at("/login").await;
}

async fn sees_what_happened(browser: &Browser) {
    browser.goto("/admin").await;
    browser.at("/admin").await;
    let text = browser.text("main").await;
    for expected in [ADA, BOB, "bob@example.com"] {
        assert!(text.contains(expected), "no {expected} in {text}");
    }
    browser.shot("admin").await;
    browser.press(&format!("button[aria-label='Unlock {BOB}']")).await;
    browser.at("/admin").await;
    assert!(browser.text(".notice").await.contains("Unlocked. There were 0 wrong passwords"));
    assert!(browser.text("main").await.contains("authn_login_unlock"));
}

async fn changes_the_password(browser: &Browser) {
    browser.goto("/account").await;
    browser.fill("current", "not the password, but long").await;
    browser.fill("new", "nine white swans on the river").await;
    browser.press("main button").await;
    browser.see("#current-fault").await;
    browser.fill("current", PASSWORD).await;
    browser.fill("new", "nine white swans on the river").await;
    browser.press("main button").await;
    assert!(browser.text(".notice").await.contains("password is changed"));
    browser.press(".who button").await;
    browser.at("/login").await;
    signs_in(browser, ADA, PASSWORD).await;
    browser.see(".notice.error").await;
    signs_in(browser, ADA, "nine white swans on the river").await;
    browser.at("/mfa").await;
}
