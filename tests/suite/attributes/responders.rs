//! Whatever a handler returns, and whether it is asynchronous.

use covet::{Problem, public, require_auth};
use rocket::http::{ContentType, Status};
use rocket::response::{Redirect, Responder};
use rocket::serde::json::Json;
use rocket::{get, post};

use super::*;

#[public]
#[get("/opaque")]
fn opaque<'r>() -> impl Responder<'r, 'static> {
    (ContentType::Text, "opaque")
}

#[public]
#[get("/borrowed/<word>")]
fn borrowed<'r>(word: &'r str) -> impl Responder<'r, 'r> + use<'r> {
    word
}

#[require_auth]
#[post("/fallible")]
async fn fallible() -> Result<Redirect, Problem> {
    Ok(Redirect::to("/"))
}

#[public]
#[get("/json")]
async fn json() -> Option<Json<[u8; 2]>> {
    Some(Json([1, 2]))
}

#[public]
#[get("/never")]
fn status() -> Status {
    Status::NoContent
}

#[test]
fn handlers_may_return_any_responder() {
    let routes = covet::routes![opaque, borrowed, fallible, json, status];
    assert_eq!(routes.len(), 5);
    assert_eq!(access(fallible {}), &SIGNED_IN);
}
