//! Guards for handlers: who calls, and by which session. They are served from what the route's guard found.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use covet_core::engine::Access;
use covet_core::session::{self, Record, Stage};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Sentinel};

use crate::guard::Denied;
use crate::ready::Ready;
use crate::slot::Slot;

/// A permission of the policy, as a type: `policy!()` makes one of each.
pub trait Permission {
    /// Its name.
    const NAME: &'static str;
}

/// Whoever is signed in. As the guard `&User` it refuses strangers; `Option<&User>` on public routes admits them.
#[derive(Clone)]
pub struct User {
    record: Arc<Record>,
    access: Arc<Access>,
}

impl User {
    /// Whether they hold a permission: `user.may::<policy::permissions::AdminAudit>()`. For what a page shows; what a
    /// route does is guarded by its attributes.
    #[must_use]
    pub fn may<P: Permission>(&self) -> bool {
        self.access.permits(&self.record.user.roles, P::NAME)
    }

    /// Whether they hold a role, itself or by one that inherits it.
    #[must_use]
    pub fn is(&self, role: &str) -> bool {
        self.access.includes(&self.record.user.roles, role)
    }
}

/// The session that the request was sent in.
#[derive(Clone)]
pub struct Session(Arc<Record>);

impl Deref for User {
    type Target = session::User;

    fn deref(&self) -> &session::User {
        &self.record.user
    }
}

impl Deref for Session {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.0
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.record.user.fmt(f)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Both guards of a request, made at most once.
struct Principal(Option<(User, Session)>);

fn principal<'r>(request: &'r Request<'_>) -> Option<&'r (User, Session)> {
    let find = || {
        let record = Slot::of(request).grant()?.session.filter(|record| record.stage == Stage::Full)?;
        let access = Arc::clone(Ready::of(request)?.engine.access());
        Some((User { record: Arc::clone(&record), access }, Session(record)))
    };
    request.local_cache(|| Principal(find())).0.as_ref()
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r User {
    type Error = Denied;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Denied> {
        match principal(request) {
            Some((user, _)) => Outcome::Success(user),
            None => Outcome::Error((Status::Unauthorized, Denied("nobody is signed in"))),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r Session {
    type Error = Denied;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Denied> {
        match principal(request) {
            Some((_, session)) => Outcome::Success(session),
            None => Outcome::Error((Status::Unauthorized, Denied("nobody is signed in"))),
        }
    }
}

impl Sentinel for &User {
    fn abort(rocket: &rocket::Rocket<rocket::Ignite>) -> bool {
        rocket.state::<Ready>().is_none()
    }
}

impl Sentinel for &Session {
    fn abort(rocket: &rocket::Rocket<rocket::Ignite>) -> bool {
        rocket.state::<Ready>().is_none()
    }
}
