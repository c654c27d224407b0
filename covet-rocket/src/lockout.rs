//! The guard through which a handler counts attempts at what it judges itself, and administrators unlock.

use std::fmt;

use covet_core::account::AccountId;
use covet_core::engine::Facts;
use covet_core::flow::{Failure, KeyAttempt, LockoutError, LockoutStatus};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Sentinel};

use crate::guard::Denied;
use crate::ready::Ready;
use crate::slot::Slot;

/// For credentials that a handler verifies itself: a PIN, a code in a mail, the key of a device. Signing in by `Auth`
/// needs none of this.
pub struct Lockout<'r> {
    ready: &'r Ready,
    facts: Facts,
}

/// An attempt that was counted. Unless it is said to have succeeded, it has failed.
#[must_use = "an attempt that is not said to have succeeded has failed"]
pub struct Attempt<'r> {
    ready: &'r Ready,
    counted: KeyAttempt,
}

impl<'r> Lockout<'r> {
    /// Counts an attempt at `what`, such as `"pin"`, for a key, such as the account that it opens, by the rule of
    /// `[lockout]`: before it is judged, so that of fifty at once no more are judged than the policy allows. Keys may be
    /// of any length and content; they are kept as keyed hashes, and no log has them. A key should name what is guessed
    /// at and not be the guess: each guess would have a count of its own. What an account has is for
    /// [`Lockout::attempt_for`]: where strangers can make up keys without end, a full store forgets counts by key.
    ///
    /// # Errors
    ///
    /// [`LockoutError::Locked`] when there were too many: turned into a [`Problem`](crate::Problem) it is status 429 with
    /// `Retry-After`. Not 401, which promises that other credentials would do.
    pub async fn attempt(&self, what: &str, key: impl AsRef<[u8]> + Send) -> Result<Attempt<'r>, LockoutError> {
        let counted = self.ready.engine.attempt_at(what, key.as_ref(), &self.facts, self.ready.engine.now()).await?;
        Ok(Attempt { ready: self.ready, counted })
    }

    /// The same for `what` of an account, such as `"pin"`, a word of the handler and nothing that a client sent: no flood of
    /// keys or names pushes it out, and [`Lockout::unlock`] forgets it. For an account that does not exist the answers are
    /// the same.
    ///
    /// # Errors
    ///
    /// As of [`Lockout::attempt`].
    pub async fn attempt_for(&self, what: &str, account: &AccountId) -> Result<Attempt<'r>, LockoutError> {
        let counted = self.ready.engine.attempt_for(what, account, &self.facts, self.ready.engine.now()).await?;
        Ok(Attempt { ready: self.ready, counted })
    }

    /// The failed attempts of strangers at an account, for pages of administrators.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn status(&self, account: &AccountId) -> Result<LockoutStatus, Failure> {
        self.ready.engine.lockout_status(account, self.ready.engine.now()).await
    }

    /// Forgets all failed attempts at the password, the second factor and what handlers guard of an account; false if there is no such
    /// account. The audit log has it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the accounts or the store fail.
    pub async fn unlock(&self, account: &AccountId) -> Result<bool, Failure> {
        self.ready.engine.unlock(account, &self.facts, self.ready.engine.now()).await
    }
}

impl Attempt<'_> {
    /// It was right: those before it are forgotten.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails; the attempts then still count.
    pub async fn succeeded(self) -> Result<(), Failure> {
        self.ready.engine.attempt_succeeded(&self.counted, self.ready.engine.now()).await
    }

    /// After how many seconds the next may follow if this one has failed; `None` if at once.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u64> {
        self.counted.retry_after()
    }
}

impl fmt::Debug for Lockout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lockout")
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("retry_after", &self.retry_after()).finish_non_exhaustive()
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Lockout<'r> {
    type Error = Denied;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Denied> {
        match (Ready::of(request), Slot::of(request).facts()) {
            (Some(ready), Some(facts)) => Outcome::Success(Self { ready, facts }),
            _ => Outcome::Error((Status::ServiceUnavailable, Denied("the route is not guarded by covet"))),
        }
    }
}

impl Sentinel for Lockout<'_> {
    fn abort(rocket: &rocket::Rocket<rocket::Ignite>) -> bool {
        rocket.state::<Ready>().is_none()
    }
}
