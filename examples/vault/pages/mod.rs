//! The pages. Each module has the routes of one part of the site and the data of its templates.

mod account;
mod admin;
mod entry;
mod notes;
mod second_factor;
mod sessions;

use askama::Template;
use covet::public;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{Redirect, Responder};
use rocket::{Catcher, Either, Request, Route, catch, catchers, get};

use crate::views::{Layout, Page};

/// All pages.
pub fn routes() -> Vec<Route> {
    covet::routes![
        index,
        style,
        icon,
        entry::register_form,
        entry::register,
        entry::sign_in_form,
        entry::sign_in,
        entry::sign_out,
        second_factor::challenge_form,
        second_factor::challenge,
        second_factor::enrol_form,
        second_factor::enrol,
        second_factor::confirm,
        notes::list,
        notes::new,
        notes::create,
        notes::edit,
        notes::update,
        notes::pin,
        notes::delete,
        sessions::list,
        sessions::revoke,
        sessions::revoke_others,
        sessions::revoke_all,
        account::show,
        account::change_password,
        admin::show,
        admin::unlock,
        anything_else,
    ]
}

/// The pages for what goes wrong. Those for 401, 403 and 429 are Covet's.
pub fn catchers() -> Vec<Catcher> {
    catchers![not_found, too_large, unreadable, broken]
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    layout: Layout,
}

#[public]
#[get("/")]
fn index(layout: Layout) -> Either<Page, Redirect> {
    match layout.name {
        Some(_) => Either::Right(Redirect::to("/notes")),
        None => Either::Left(Page::show(&Welcome { layout })),
    }
}

/// Whatever is not a page passes a guard, too: only so does the answer know who is signed in.
#[public]
#[get("/<_..>", rank = 100)]
fn anything_else() -> Status {
    Status::NotFound
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble {
    layout: Layout,
    title: &'static str,
    text: &'static str,
}

#[catch(404)]
async fn not_found(request: &Request<'_>) -> Page {
    let (title, text) = ("Nothing here", "The page does not exist, or it is not yours to see.");
    Page::with(Status::NotFound, &Trouble { layout: Layout::of(request).await, title, text })
}

#[catch(413)]
async fn too_large(request: &Request<'_>) -> Page {
    let (title, text) = ("Too much at once", "What you sent is longer than Vault takes. Nothing was saved.");
    Page::with(Status::PayloadTooLarge, &Trouble { layout: Layout::of(request).await, title, text })
}

#[catch(422)]
async fn unreadable(request: &Request<'_>) -> Page {
    let (title, text) = ("Not understood", "Something in the address or in the form is not what it should be.");
    Page::with(Status::UnprocessableEntity, &Trouble { layout: Layout::of(request).await, title, text })
}

#[catch(500)]
async fn broken(request: &Request<'_>) -> Page {
    let (title, text) = ("That did not work", "Something broke on our side. It is in the log; please try again later.");
    Page::with(Status::InternalServerError, &Trouble { layout: Layout::of(request).await, title, text })
}

/// A file that is part of the program. Browsers keep it: a changed one has another address.
#[derive(Responder)]
struct Asset {
    content: &'static str,
    kind: ContentType,
    cache: Header<'static>,
}

impl Asset {
    fn new(content: &'static str, kind: ContentType) -> Self {
        Self { content, kind, cache: Header::new("Cache-Control", "public, max-age=31536000, immutable") }
    }
}

const STYLE: &str = include_str!("../static/style.css");

/// Stands in the address of the style sheet (FNV-1a of its text).
pub const STYLE_VERSION: u32 = {
    let (mut text, mut hash) = (STYLE.as_bytes(), 0x811c_9dc5_u32);
    while let Some((byte, rest)) = text.split_first() {
        hash = (hash ^ *byte as u32).wrapping_mul(0x0100_0193);
        text = rest;
    }
    hash
};

#[public]
#[get("/static/style.css")]
fn style() -> Asset {
    Asset::new(STYLE, ContentType::CSS)
}

#[public]
#[get("/static/icon.svg")]
fn icon() -> Asset {
    Asset::new(include_str!("../static/icon.svg"), ContentType::SVG)
}
