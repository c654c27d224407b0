//! Notes, and all the SQL of this application.
//!
//! Every statement names the owner. A note of somebody else is not refused but not found: whether it exists is nobody
//! else's business.

use covet::{Db, Direction, User, safe_sql};
use rocket::form::{self, Error, FromForm};
use rocket::serde::Serialize;
use rocket::time::OffsetDateTime;

use crate::policy::identifiers::NotesSort;
use crate::views::When;

/// The longest title, in characters.
pub const TITLE_MAX: usize = 120;
/// The longest text, in characters.
pub const BODY_MAX: usize = 20_000;

/// A note as it is kept.
#[derive(Debug, Serialize, sqlx::FromRow)]
#[serde(crate = "rocket::serde")]
pub struct Note {
    pub id: i64,
    pub title: String,
    pub body: String,
    pub pinned: bool,
    updated: i64,
}

impl Note {
    /// When it was last saved.
    pub fn updated(&self) -> When {
        When::at(self.updated)
    }

    /// The beginning of the text, enough for two lines of a list.
    pub fn excerpt(&self) -> String {
        self.body.chars().take(240).collect()
    }
}

/// A note as it is typed. Rocket checks it, and hands the faults to the page.
#[derive(Debug, FromForm)]
pub struct Draft<'r> {
    #[field(validate = fitting_title())]
    title: &'r str,
    #[field(validate = fitting_body())]
    body: &'r str,
}

impl Draft<'_> {
    /// How long it is, in kibibytes, each that is begun.
    pub fn kibibytes(&self) -> u32 {
        u32::try_from((self.title.len() + self.body.len()).div_ceil(1024)).unwrap_or(u32::MAX)
    }
}

fn fitting_title<'v>(title: &&'v str) -> form::Result<'v, ()> {
    match title.trim().chars().count() {
        _ if title.contains(char::is_control) => Err(Error::validation("A title is one line of text."))?,
        0 => Err(Error::validation("A note needs a title."))?,
        1..=TITLE_MAX => Ok(()),
        _ => Err(Error::validation(format!("A title has at most {TITLE_MAX} characters.")))?,
    }
}

fn fitting_body<'v>(body: &&'v str) -> form::Result<'v, ()> {
    match body.chars().count() {
        _ if body.contains('\0') => Err(Error::validation("A note is text."))?,
        ..=BODY_MAX => Ok(()),
        _ => Err(Error::validation(format!("A note has at most {BODY_MAX} characters.")))?,
    }
}

/// Which notes are asked for, in which order, and how many of them. A column that is not on the list of the policy is an
/// error of the form.
#[derive(Debug, FromForm)]
pub struct Find<'r> {
    #[field(validate = searchable())]
    q: Option<&'r str>,
    pub sort: NotesSort,
    #[field(default = Direction::Desc)]
    pub dir: Direction,
    /// Only those that are pinned.
    pub pinned: bool,
    /// Only those that were saved within so many days; 0 for all.
    #[field(default = 0, validate = between(0, DAYS_MAX))]
    pub days: u32,
    #[field(default = 1, validate = between(1, PAGE_MAX))]
    pub page: u32,
    #[field(default = LIMIT, validate = between(1, LIMIT_MAX))]
    pub limit: u32,
}

/// The longest time that one can look back, in days.
const DAYS_MAX: u32 = 3650;
/// The last page.
const PAGE_MAX: u32 = 10_000;
/// How many notes a page has where nobody says otherwise.
pub const LIMIT: u32 = 20;
/// The most notes of a page.
const LIMIT_MAX: u32 = 100;

fn searchable<'v>(q: &Option<&'v str>) -> form::Result<'v, ()> {
    match q {
        Some(q) if q.contains('\0') => Err(Error::validation("What is searched for is text."))?,
        _ => Ok(()),
    }
}

fn between<'v>(number: &u32, least: u32, most: u32) -> form::Result<'v, ()> {
    match number {
        number if (least..=most).contains(number) => Ok(()),
        _ => Err(Error::validation(format!("A number from {least} to {most}.")))?,
    }
}

impl Find<'_> {
    /// What is searched for; nothing if that is only space.
    pub fn search(&self) -> Option<&str> {
        self.q.map(str::trim).filter(|q| !q.is_empty())
    }

    /// Whether some notes are left out.
    pub fn narrows(&self) -> bool {
        self.search().is_some() || self.pinned || self.days > 0
    }

    /// The page before this one.
    pub fn previous(&self) -> Option<u32> {
        self.page.checked_sub(1).filter(|page| *page > 0)
    }

    /// Since when, in seconds since 1970.
    fn since(&self) -> Option<i64> {
        (self.days > 0).then(|| now() - i64::from(self.days) * 86_400)
    }
}

/// A page of notes.
#[derive(Debug, Serialize)]
#[serde(crate = "rocket::serde")]
pub struct Found {
    pub notes: Vec<Note>,
    /// The page after this one, if there is one.
    pub next: Option<u32>,
}

/// The user's notes that are asked for.
pub async fn list(db: &Db, user: &User, find: &Find<'_>) -> Result<Found, sqlx::Error> {
    let (search, since) = (find.search(), find.since());
    // One more tells whether there are more.
    let (most, before) = (find.limit + 1, (find.page - 1) * find.limit);
    let mut notes = safe_sql!(Note:
        "SELECT id, title, body, pinned, updated FROM notes WHERE owner = {user.id}"
        "{? AND (lower(title) LIKE lower('%{search}%') OR lower(body) LIKE lower('%{search}%'))}"
        "{? AND updated >= {since}}"
        "{when find.pinned: AND pinned}"
        "ORDER BY {ident find.sort: notes_sort} {dir find.dir}, id DESC LIMIT {most} OFFSET {before}"
    )
    .fetch_all(db)
    .await?;
    let more = notes.len() > find.limit as usize && find.page < PAGE_MAX;
    notes.truncate(find.limit as usize);
    Ok(Found { notes, next: more.then_some(find.page + 1) })
}

/// One of the user's notes.
pub async fn find(db: &Db, user: &User, id: i64) -> Result<Option<Note>, sqlx::Error> {
    safe_sql!(Note: "SELECT id, title, body, pinned, updated FROM notes WHERE owner = {user.id} AND id = {id}")
        .fetch_optional(db)
        .await
}

/// Keeps a new note.
pub async fn create(db: &Db, user: &User, draft: &Draft<'_>) -> Result<(), sqlx::Error> {
    safe_sql!(
        "INSERT INTO notes (owner, title, body, updated) VALUES ({user.id}, {title}, {draft.body}, {now})",
        title = draft.title.trim(),
        now = now(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Changes a note; `false` where the user has none with this id.
pub async fn update(db: &Db, user: &User, id: i64, draft: &Draft<'_>) -> Result<bool, sqlx::Error> {
    let done = safe_sql!(
        "UPDATE notes SET title = {title}, body = {draft.body}, updated = {now} WHERE owner = {user.id} AND id = {id}",
        title = draft.title.trim(),
        now = now(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Pins a note, or takes the pin off; `false` where the user has none with this id.
pub async fn pin(db: &Db, user: &User, id: i64, pinned: bool) -> Result<bool, sqlx::Error> {
    let done =
        safe_sql!("UPDATE notes SET pinned = {pinned} WHERE owner = {user.id} AND id = {id}").execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a note; `false` where the user has none with this id.
pub async fn delete(db: &Db, user: &User, id: i64) -> Result<bool, sqlx::Error> {
    let done = safe_sql!("DELETE FROM notes WHERE owner = {user.id} AND id = {id}").execute(db).await?;
    Ok(done.rows_affected() == 1)
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}
