//! The guard through which a handler counts by what it has read.

use std::fmt;

use covet_core::engine::{Facts, LimitError};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Sentinel};

use crate::guard::Denied;
use crate::ready::Ready;
use crate::slot::Slot;

/// A rate limit of the policy with `scope = "key"`, as a type: `policy!()` makes one of each.
#[diagnostic::on_unimplemented(
    message = "[covet::limit] `{Self}` is no rate limit that handlers count",
    label = "not a type of `policy::limits`",
    note = "`policy!()` makes a type in `policy::limits` of each rate limit with `scope = \"key\"`"
)]
pub trait Limit {
    /// Its name.
    const NAME: &'static str;
}

/// The route's own limits have been charged before. A key may be of any length and content; it is kept as a keyed hash,
/// and no log has it. Keys that are to count as one, such as names in another case, the handler makes one.
///
/// A handler that turns a refusal into a [`Problem`](crate::Problem), or into status 429 by itself, answers as a limit
/// of the route does: with `Retry-After`, and with a page where a browser is to see one of the status.
pub struct Limiter<'r> {
    request: &'r Request<'r>,
    ready: &'r Ready,
    facts: Facts,
}

impl Limiter<'_> {
    /// Charges the limit for a key by `cost`; a refusal charges nothing. A cost over the count of a rate never fits it.
    ///
    /// # Errors
    ///
    /// [`LimitError::Reached`] when the limit is reached, which is status 429 with `Retry-After`, and
    /// [`LimitError::Store`] when the store does not answer and the limit then refuses everything, which is 503.
    pub async fn check<L: Limit>(&self, key: impl AsRef<[u8]> + Send, cost: u32) -> Result<(), LimitError> {
        let answer = self.ready.engine.charge(L::NAME, key.as_ref(), cost, &self.facts, self.ready.engine.now()).await;
        if let Ok(Some(seen)) | Err(LimitError::Reached(seen)) = &answer {
            Slot::of(self.request).see(*seen);
        }
        answer.map(drop)
    }

    /// How much more the limit admits for a key now; charges nothing. While the store does not answer it is what this
    /// process admits by itself, as `on_store_failure` says: what is left of its share, or all.
    ///
    /// # Errors
    ///
    /// [`LimitError::Store`] when the store does not answer and the limit then refuses everything.
    pub async fn peek<L: Limit>(&self, key: impl AsRef<[u8]> + Send) -> Result<u32, LimitError> {
        self.ready.engine.peek(L::NAME, key.as_ref(), self.ready.engine.now()).await.map(|answer| answer.remaining)
    }

    /// Forgets what was charged for a key, as when its owner has proven who they are.
    ///
    /// # Errors
    ///
    /// [`LimitError::Store`] when the store does not answer, whatever `on_store_failure` says: what this process has
    /// counted by itself is forgotten, but what the store has counted holds again when it is back.
    pub async fn reset<L: Limit>(&self, key: impl AsRef<[u8]> + Send) -> Result<(), LimitError> {
        self.ready.engine.reset(L::NAME, key.as_ref(), self.ready.engine.now()).await
    }
}

impl fmt::Debug for Limiter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limiter")
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Limiter<'r> {
    type Error = Denied;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Denied> {
        match (Ready::of(request), Slot::of(request).facts()) {
            (Some(ready), Some(facts)) => Outcome::Success(Self { request, ready, facts }),
            _ => Outcome::Error((Status::ServiceUnavailable, Denied("the route is not guarded by covet"))),
        }
    }
}

impl Sentinel for Limiter<'_> {
    fn abort(rocket: &rocket::Rocket<rocket::Ignite>) -> bool {
        rocket.state::<Ready>().is_none()
    }
}
