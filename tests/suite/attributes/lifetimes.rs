//! Handlers that borrow from the request.

use covet::{Auth, Session, User, public, rate_limit, require_auth};
use rocket::form::Form;
use rocket::http::CookieJar;
use rocket::{FromForm, State, get, post};

use super::*;

#[derive(FromForm)]
struct Note<'r> {
    title: &'r str,
}

#[require_auth]
#[get("/me")]
fn named<'r>(user: &'r User, session: &'r Session) -> &'r str {
    if session.mfa_enrolled { &user.name } else { "no second factor" }
}

#[require_auth]
#[get("/elided/<word>")]
fn elided<'a>(word: &'a str, _jar: &CookieJar<'_>, _state: &State<u8>) -> &'a str {
    word
}

#[rate_limit("login")]
#[post("/login", data = "<note>")]
async fn anonymous(_auth: Auth<'_>, note: Form<Note<'_>>) -> String {
    note.title.to_owned()
}

#[public]
#[get("/both/<first>/<second>")]
async fn two<'a, 'b>(first: &'a str, second: &'b str, user: Option<&User>) -> String
where
    'a: 'a,
    'b: 'b,
{
    format!("{first}{second}{}", user.is_some())
}

#[test]
fn handlers_may_borrow() {
    let routes = covet::routes![named, elided, anonymous, two];
    assert_eq!(names(&routes), ["lifetimes::named", "lifetimes::elided", "lifetimes::anonymous", "lifetimes::two"]);
}
