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

/// Which notes are asked for, and in which order. A column that is not on the list of the policy is 422.
#[derive(Debug, FromForm)]
pub struct Find<'r> {
    q: Option<&'r str>,
    pub sort: NotesSort,
    #[field(default = Direction::Desc)]
    pub dir: Direction,
}

impl Find<'_> {
    /// What is searched for; nothing if that is only space.
    pub fn search(&self) -> Option<&str> {
        self.q.map(str::trim).filter(|q| !q.is_empty())
    }
}

/// The user's notes that are asked for.
pub async fn list(db: &Db, user: &User, find: &Find<'_>) -> Result<Vec<Note>, sqlx::Error> {
    let search = find.search();
    safe_sql!(Note:
        "SELECT id, title, body, updated FROM notes WHERE owner = {user.id}"
        "{? AND (lower(title) LIKE lower('%{search}%') OR lower(body) LIKE lower('%{search}%'))}"
        "ORDER BY {ident find.sort: notes_sort} {dir find.dir}, id DESC LIMIT 200"
    )
    .fetch_all(db)
    .await
}

/// One of the user's notes.
pub async fn find(db: &Db, user: &User, id: i64) -> Result<Option<Note>, sqlx::Error> {
    safe_sql!(Note: "SELECT id, title, body, updated FROM notes WHERE owner = {user.id} AND id = {id}")
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

/// Deletes a note; `false` where the user has none with this id.
pub async fn delete(db: &Db, user: &User, id: i64) -> Result<bool, sqlx::Error> {
    let done = safe_sql!("DELETE FROM notes WHERE owner = {user.id} AND id = {id}").execute(db).await?;
    Ok(done.rows_affected() == 1)
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}
