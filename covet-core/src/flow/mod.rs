//! What people do with an account: register, sign in, prove a second factor, change the password, see and end sessions.
//!
//! The threat: each of these is where guessing, enumeration and fixation happen. The rule: an attempt is counted before
//! it is judged, an unknown account costs and answers what a known one does, and whoever gains something gets a new
//! session id with it.

mod attempts;
mod change;
mod guessed;
mod lockout;
mod password;
mod register;
mod second_factor;
mod sessions;
mod sign_in;
#[cfg(all(test, feature = "sqlite"))]
mod tests;

use std::sync::Arc;

pub use self::guessed::Guesses;
pub use self::lockout::{Failures, KeyAttempt, LockoutError, LockoutStatus};
pub use self::password::ChangePasswordError;
pub use self::register::{RegisterError, Registration};
pub use self::second_factor::SecondFactorError;
pub use self::sessions::SessionInfo;
pub use self::sign_in::{SignIn, SignInError};
use crate::accounts::{Account, AccountsError};
use crate::engine::{Engine, Facts, Presented};
use crate::keys::OpenError;
use crate::mfa::EnrollmentError;
use crate::password::HashError;
use crate::random::{self, RandomError};
use crate::session::{Record, SessionId, Stage, User};
use crate::store::{Key, Outcome, State, Step, StoreError, Tag, Write};
use crate::time::Timestamp;

/// A session that was made just now: its cookie, and what it is.
#[derive(Debug)]
pub struct Issued {
    /// The value of the cookie; whoever has it is signed in.
    pub cookie: CookieValue,
    /// The session.
    pub record: Arc<Record>,
    /// The value of the cookie by which this device is known from now on, after a full sign-in.
    pub device: Option<CookieValue>,
    /// The attempts of others that whoever has just signed in should know of.
    pub guesses: Option<Guesses>,
    presented: Presented,
}

impl Issued {
    /// The session as the client will present it.
    #[must_use]
    pub const fn presented(&self) -> Presented {
        self.presented
    }
}

/// The value of a cookie; it does not show itself.
pub struct CookieValue(String);

impl CookieValue {
    /// The value, for the `Set-Cookie` header and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for CookieValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CookieValue(…)")
    }
}

/// Something that Covet needs failed: the caller denies.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Too many passwords are being hashed, or hashing failed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The accounts did not answer.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system has no randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A sealed secret does not open.
    #[error(transparent)]
    Sealed(#[from] OpenError),
    /// The names of the account do not fit an `otpauth` URI.
    #[error(transparent)]
    Enrollment(#[from] EnrollmentError),
    /// Whether a password was stolen could not be found out, and the policy then allows none.
    #[cfg(feature = "breach")]
    #[error(transparent)]
    Breach(#[from] crate::password::breach::BreachError),
    /// The account was changed at the same moment: what was known of it no longer holds.
    #[error("the account was changed at the same moment")]
    Changed,
}

impl Failure {
    /// After how many seconds to try again.
    #[must_use]
    pub const fn retry_after(&self) -> u64 {
        match self {
            Self::Hash(HashError::Busy { retry_after }) if retry_after.as_secs() > 0 => retry_after.as_secs(),
            _ => 1,
        }
    }
}

impl Engine {
    /// The session that the client presents, if it is live; reading it counts as use.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn session(&self, facts: &Facts, now: Timestamp) -> Result<Option<Arc<Record>>, Failure> {
        let Some(presented) = &facts.session else { return Ok(None) };
        let step = Step::Session { key: *presented.key(), policy: &self.policy().sessions };
        let outcomes = self.store().run(&[step], now).await?;
        let live =
            |outcome: &Outcome| if let Outcome::Session(answer) = outcome { answer.live().cloned() } else { None };
        Ok(outcomes.first().and_then(live))
    }

    /// Makes a session and ends the one that the client presented: what was known of the old id is worth nothing after.
    async fn issue(&self, account: &Account, gained: Gained, facts: &Facts, now: Timestamp) -> Result<Issued, Failure> {
        let (mut id, mut handle) = ([0; 32], [0; 16]);
        random::fill(&mut id)?;
        random::fill(&mut handle)?;
        let (id, owner) = (SessionId::from_bytes(id), self.owner(&account.id));
        let user = User { id: account.id.clone(), name: account.username.clone(), roles: account.roles.clone() };
        let record = Arc::new(Record {
            user,
            handle: format!("{:?}", Tag(handle)),
            stage: gained.stage,
            created: now,
            seen: now,
            authenticated: gained.authenticated,
            mfa: gained.mfa,
            mfa_enrolled: account.has_second_factor(),
            wrong_passwords: gained.wrong_passwords,
            ip: facts.client,
            user_agent: facts.user_agent.clone(),
        });
        let presented = self.present(&id, owner);
        let expires = crate::session::expires(&self.policy().sessions, &record);
        let write = Write { state: State::Session(Arc::clone(&record)), expires };
        if !self.store().swap(presented.key(), None, Some(write), now).await? {
            return Err(StoreError::Contended { store: "session" }.into());
        }
        // Whoever changes the account ends the sessions they find, and may not have found this one.
        if self.is_changing(&account.id, now).await? || !self.is_still(account).await? {
            self.remove(presented.key(), now).await?;
            return Err(Failure::Changed);
        }
        let old_ended = match &facts.session {
            Some(old) => self.remove(old.key(), now).await?,
            None => false,
        };
        if gained.renews && !old_ended {
            self.remove(presented.key(), now).await?;
            return Err(Failure::Changed);
        }
        Ok(Issued { cookie: CookieValue(id.cookie_value(&owner)), record, device: None, guesses: None, presented })
    }

    /// Whether the account is as it was when it was judged.
    async fn is_still(&self, judged: &Account) -> Result<bool, Failure> {
        let same = |account: Account| {
            !account.disabled
                && account.password_hash == judged.password_hash
                && account.roles == judged.roles
                && account.has_second_factor() == judged.has_second_factor()
        };
        Ok(self.accounts().get(&judged.id).await?.is_some_and(same))
    }

    /// Removes an entry, whatever others do to it meanwhile; says whether there was one.
    async fn remove(&self, key: &Key, now: Timestamp) -> Result<bool, Failure> {
        const TRIES: usize = 100;
        for _ in 0..TRIES {
            let Some(current) = self.store().read(key, now).await? else { return Ok(false) };
            if self.store().swap(key, Some(current.version), None, now).await? {
                return Ok(true);
            }
        }
        Err(StoreError::Contended { store: "session" }.into())
    }
}

/// What a new session carries over or gains.
struct Gained {
    stage: Stage,
    authenticated: Timestamp,
    mfa: Option<Timestamp>,
    /// How many wrong passwords came before.
    wrong_passwords: u32,
    /// Whether it stands for the session that the client presented, and is nothing if that was ended meanwhile.
    renews: bool,
}

impl Gained {
    /// What a session gains by a second factor.
    fn proven(record: &Record, now: Timestamp) -> Self {
        let (authenticated, wrong_passwords) = (record.authenticated, record.wrong_passwords);
        Self { stage: Stage::Full, authenticated, mfa: Some(now), wrong_passwords, renews: true }
    }
}
