//! The user's notes: find, write, change, delete.

use askama::Template;
use covet::{Db, Direction, LimitError, Limiter, User, require_permission};
use rocket::form::{self, Contextual, Form, FromForm};
use rocket::http::RawStr;
use rocket::response::{Flash, Redirect};
use rocket::{get, post};

use crate::notes::{self, Draft, Find, Note};
use crate::policy::identifiers::NotesSort;
use crate::policy::limits::Writing;
use crate::views::{Failure, Layout, Page, Typed};

#[derive(Template)]
#[template(path = "notes.html")]
struct List {
    layout: Layout,
    notes: Vec<Note>,
    q: String,
    by_title: bool,
    ascending: bool,
    pinned: bool,
    days: u32,
    /// Whether some notes are left out.
    narrowed: bool,
    page: u32,
    /// Where this page is.
    here: String,
    previous: Option<String>,
    next: Option<String>,
}

impl List {
    /// Where a note is pinned, to come back to this page.
    fn pin(&self, note: &Note) -> String {
        self.here.replacen("/notes", &format!("/notes/{}/pin", note.id), 1)
    }
}

/// Whether a note is to be pinned.
#[derive(FromForm)]
pub struct Pin {
    pinned: bool,
}

#[derive(Template)]
#[template(path = "note.html")]
struct Edit {
    layout: Layout,
    form: Typed,
    id: Option<i64>,
}

#[require_permission("read:notes")]
#[get("/notes?<find..>")]
pub async fn list(user: &User, db: &Db, layout: Layout, find: form::Result<'_, Find<'_>>) -> Result<Page, Failure> {
    // Rocket would let another route answer what cannot be read.
    let Ok(find) = find else { return Err(Failure::NotUnderstood) };
    let found = notes::list(db, user, &find).await?;
    Ok(Page::show(&List {
        layout,
        notes: found.notes,
        q: find.search().unwrap_or_default().to_owned(),
        by_title: find.sort == NotesSort::Title,
        ascending: find.dir == Direction::Asc,
        pinned: find.pinned,
        days: find.days,
        narrowed: find.narrows(),
        page: find.page,
        here: address(&find, find.page),
        previous: find.previous().map(|page| address(&find, page)),
        next: found.next.map(|page| address(&find, page)),
    }))
}

/// A page of what is asked for.
fn address(find: &Find<'_>, page: u32) -> String {
    let Find { sort, dir, pinned, days, limit, .. } = find;
    let q = find.search().map(|q| format!("&q={}", RawStr::new(q).percent_encode()));
    let rest = [
        (*days > 0).then(|| format!("&days={days}")),
        pinned.then(|| "&pinned=true".to_owned()),
        (*limit != notes::LIMIT).then(|| format!("&limit={limit}")),
        (page > 1).then(|| format!("&page={page}")),
    ];
    let rest: String = q.into_iter().chain(rest.into_iter().flatten()).collect();
    format!("/notes?sort={sort}&dir={dir}{rest}")
}

#[require_permission("write:notes")]
#[get("/notes/new")]
pub fn new(layout: Layout) -> Page {
    Page::show(&Edit { layout, form: Typed::default(), id: None })
}

#[require_permission("write:notes")]
#[post("/notes", data = "<form>")]
pub async fn create(
    user: &User,
    db: &Db,
    limiter: Limiter<'_>,
    layout: Layout,
    form: Form<Contextual<'_, Draft<'_>>>,
) -> Result<Flash<Redirect>, Failure> {
    let Some(draft) = &form.value else {
        return Err(Page::again(&Edit { layout, form: typed(&form), id: None }).into());
    };
    may_write(&limiter, user, draft).await?;
    notes::create(db, user, draft).await?;
    Ok(Flash::success(back(), "Saved."))
}

#[require_permission("read:notes")]
#[get("/notes/<id>", rank = 2)]
pub async fn edit(user: &User, db: &Db, layout: Layout, id: i64) -> Result<Page, Failure> {
    let note = notes::find(db, user, id).await?.ok_or(Failure::NotFound)?;
    let form = Typed::default().set("title", &note.title).set("body", &note.body);
    Ok(Page::show(&Edit { layout, form, id: Some(id) }))
}

#[require_permission("write:notes")]
#[post("/notes/<id>", data = "<form>")]
pub async fn update(
    user: &User,
    db: &Db,
    limiter: Limiter<'_>,
    layout: Layout,
    id: i64,
    form: Form<Contextual<'_, Draft<'_>>>,
) -> Result<Flash<Redirect>, Failure> {
    let Some(draft) = &form.value else {
        return Err(Page::again(&Edit { layout, form: typed(&form), id: Some(id) }).into());
    };
    may_write(&limiter, user, draft).await?;
    match notes::update(db, user, id, draft).await? {
        true => Ok(Flash::success(back(), "Saved.")),
        false => Err(Failure::NotFound),
    }
}

#[require_permission("write:notes")]
#[post("/notes/<id>/pin?<find..>", data = "<form>")]
pub async fn pin(
    user: &User,
    db: &Db,
    id: i64,
    find: form::Result<'_, Find<'_>>,
    form: Form<Pin>,
) -> Result<Flash<Redirect>, Failure> {
    let Ok(find) = find else { return Err(Failure::NotUnderstood) };
    let back = Redirect::to(address(&find, find.page));
    match notes::pin(db, user, id, form.pinned).await? {
        true => Ok(Flash::success(back, if form.pinned { "Pinned." } else { "No longer pinned." })),
        false => Err(Failure::NotFound),
    }
}

#[require_permission("write:notes")]
#[post("/notes/<id>/delete")]
pub async fn delete(user: &User, db: &Db, id: i64) -> Result<Flash<Redirect>, Failure> {
    match notes::delete(db, user, id).await? {
        true => Ok(Flash::success(back(), "Deleted.")),
        false => Err(Failure::NotFound),
    }
}

/// Whether the user may write that much now.
async fn may_write(limiter: &Limiter<'_>, user: &User, draft: &Draft<'_>) -> Result<(), Failure> {
    match limiter.check::<Writing>(user.id.as_str(), draft.kibibytes()).await {
        Err(LimitError::Reached(_)) => Err(Failure::TooMuch),
        answer => Ok(answer?),
    }
}

fn typed(form: &Contextual<'_, Draft<'_>>) -> Typed {
    Typed::of(&form.context, &["title", "body"])
}

fn back() -> Redirect {
    Redirect::to("/notes")
}
