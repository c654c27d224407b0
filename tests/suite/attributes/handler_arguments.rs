//! The guard comes before path, query and body, however many there are.

use std::path::PathBuf;

use covet::{require_auth, require_permission};
use rocket::data::ToByteUnit;
use rocket::form::Form;
use rocket::{Data, FromForm, Request, get, post};

#[derive(FromForm)]
struct Note {
    title: String,
}

#[require_permission("write:notes")]
#[post("/<id>/<rest..>?<page>&<all..>", data = "<note>", format = "form", rank = 2)]
async fn all(id: u32, rest: PathBuf, page: Option<u8>, all: Vec<String>, note: Form<Note>) -> String {
    format!("{id}{rest:?}{page:?}{all:?}{}", note.title)
}

#[require_auth]
#[post("/raw", data = "<data>")]
async fn raw(data: Data<'_>, mut count: Count) -> std::io::Result<String> {
    count.0 += data.open(1.kibibytes()).into_string().await?.len();
    Ok(count.0.to_string())
}

#[require_auth]
#[get("/pattern/<_>")]
fn ignored() {}

struct Count(usize);

#[rocket::async_trait]
impl<'r> rocket::request::FromRequest<'r> for Count {
    type Error = ();

    async fn from_request(_: &'r Request<'_>) -> rocket::request::Outcome<Self, ()> {
        rocket::request::Outcome::Success(Self(0))
    }
}

#[test]
fn handlers_may_take_everything_rocket_gives() {
    let routes = covet::routes![all, raw, ignored];
    assert_eq!(routes[0].uri.to_string(), "/<id>/<rest..>?<page>&<all..>");
    assert_eq!((routes[0].rank, routes.len()), (2, 3));
}
