//! The guard through which a handler counts by what it has read.

use std::fmt;

use covet_core::engine::{LimitError, Seen};
use covet_core::time::Timestamp;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Sentinel};

use crate::guard::Denied;
use crate::ready::Ready;
use crate::slot::Slot;

/// A rate limit of the policy with `scope = "key"`, as a type: `policy!()` makes one of each.
pub trait Limit {
    /// Its name.
    const NAME: &'static str;
}

/// Counts by a key that only the handler knows, such as the address that a mail is sent to, after the route's own
/// limits have been charged. A refusal turns into the same response as that of a limit of the route.
///
/// ```ignore
/// #[public]
/// #[post("/reset", data = "<form>")]
/// async fn reset(limiter: Limiter<'_>, form: Form<Reset<'_>>) -> Result<(), Problem> {
///     limiter.check::<policy::limits::Mail>(form.email.to_lowercase(), 1).await?;
///     …
/// }
/// ```
pub struct Limiter<'r> {
    request: &'r Request<'r>,
    ready: &'r Ready,
    now: Timestamp,
}

impl Limiter<'_> {
    /// Charges the limit for a key; a refusal charges nothing. The key is kept as a keyed hash.
    ///
    /// # Errors
    ///
    /// [`LimitError::Reached`] when the limit is reached, which is status 429 with `Retry-After`, and
    /// [`LimitError::Store`] when the store does not answer, which is 503.
    pub async fn check<L: Limit>(&self, key: impl AsRef<[u8]> + Send, cost: u32) -> Result<(), LimitError> {
        let answer = self.ready.engine.charge(L::NAME, key.as_ref(), cost, self.now).await;
        if let Ok(seen) | Err(LimitError::Reached(seen)) = &answer {
            Slot::of(self.request).see(*seen);
        }
        answer.map(drop)
    }

    /// How much the limit still admits for a key; charges nothing.
    ///
    /// # Errors
    ///
    /// [`LimitError::Store`] when the store does not answer.
    pub async fn peek<L: Limit>(&self, key: impl AsRef<[u8]> + Send) -> Result<Seen, LimitError> {
        self.ready.engine.peek(L::NAME, key.as_ref(), self.now).await
    }

    /// Forgets what was charged for a key, as when its owner has proven who they are.
    ///
    /// # Errors
    ///
    /// [`LimitError::Store`] when the store does not answer.
    pub async fn reset<L: Limit>(&self, key: impl AsRef<[u8]> + Send) -> Result<(), LimitError> {
        self.ready.engine.reset(L::NAME, key.as_ref(), self.now).await
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
            (Some(ready), Some((_, now))) => Outcome::Success(Self { request, ready, now }),
            _ => Outcome::Error((Status::ServiceUnavailable, Denied("the route is not guarded by covet"))),
        }
    }
}

impl Sentinel for Limiter<'_> {
    fn abort(rocket: &rocket::Rocket<rocket::Ignite>) -> bool {
        rocket.state::<Ready>().is_none()
    }
}
