//! Lockout by hand: for what handlers guard by themselves, and for administrators.

use super::Failure;
use super::attempts::{Counted, Guessed};
use crate::account::AccountId;
use crate::audit::{Event, Kind};
use crate::engine::{Engine, Facts};
use crate::lockout::{self, Answer, Limits};
use crate::metric;
use crate::store::{Key, Space, Tag};
use crate::time::Timestamp;

/// An attempt at something that a handler guards: counted, and yet to be judged.
#[derive(Clone, Copy, Debug)]
pub struct KeyAttempt {
    key: Key,
    answer: Answer,
}

impl KeyAttempt {
    /// After how many seconds the next may follow, if it fails and that is to be waited for.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u64> {
        self.answer.retry_after()
    }
}

/// Why an attempt may not be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockoutError {
    /// There were too many.
    #[error("too many attempts")]
    Locked {
        /// After how many seconds one may again.
        retry_after: u64,
    },
    /// It could not be counted.
    #[error("this is not possible just now")]
    Failed(#[from] Failure),
}

/// The failed attempts of strangers at an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockoutStatus {
    /// At its password.
    pub passwords: Failures,
    /// At its second factor.
    pub codes: Failures,
}

/// Failed attempts in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failures {
    /// How many.
    pub attempts: u32,
    /// After how many seconds the next is judged, if that is to be waited for.
    pub retry_after: Option<u64>,
}

impl Engine {
    /// Counts an attempt at `what` for a key, both of any length and content, by the rule of `[lockout]`; the store sees
    /// only a keyed hash. It is counted before the handler judges it, so that of fifty at once no more are judged than
    /// the policy allows.
    ///
    /// # Errors
    ///
    /// [`LockoutError`] when there were too many, or it could not be counted.
    pub async fn attempt_at(
        &self,
        what: &str,
        key: &[u8],
        facts: &Facts,
        now: Timestamp,
    ) -> Result<KeyAttempt, LockoutError> {
        let id = self.keys().tag("attempts at a key", &[what.as_bytes(), key]);
        let key = Key { space: Space::Attempt, owner: Tag::NONE, id };
        self.attempt_by(key, || Event::new(Kind::AuthnLoginFail, now).ip(facts.client).detail("what", what), now).await
    }

    /// The same for `what` of an account, a word of the handler: kept with the attempts at its password, so that no flood of
    /// keys pushes it out, and forgotten by [`Engine::unlock`]. What is nobody's is counted with the names that are.
    ///
    /// # Errors
    ///
    /// [`LockoutError`] when there were too many, or it could not be counted.
    pub async fn attempt_for(
        &self,
        what: &str,
        account: &AccountId,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<KeyAttempt, LockoutError> {
        let id = self.keys().tag("attempts of a handler", &[what.as_bytes()]);
        let is_somebody = self.accounts().get(account).await.map_err(Failure::from)?.is_some();
        let space = if is_somebody { Space::Lockout } else { Space::Guess };
        let key = Key { space, owner: self.owner(account), id };
        let known = is_somebody.then_some(account);
        let event = || Event::new(Kind::AuthnLoginFail, now).account(known).ip(facts.client).detail("what", what);
        self.attempt_by(key, event, now).await
    }

    async fn attempt_by(
        &self,
        key: Key,
        event: impl Fn() -> Event + Send,
        now: Timestamp,
    ) -> Result<KeyAttempt, LockoutError> {
        let answer = self.lockout(key, Limits::from(&self.policy().lockout), lockout::Event::Attempt, now).await?;
        if let Answer::Locked { .. } = answer {
            self.log(&event().detail("reason", "locked")).await;
            return Err(LockoutError::Locked { retry_after: answer.retry_after().unwrap_or(1) });
        }
        if answer.locks() {
            self.tell_lock(event(), super::attempts::TOO_MANY).await;
        }
        Ok(KeyAttempt { key, answer })
    }

    /// Forgets the attempts for a key after a success.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn attempt_succeeded(&self, attempt: &KeyAttempt, now: Timestamp) -> Result<(), Failure> {
        let limits = Limits::from(&self.policy().lockout);
        self.lockout(attempt.key, limits, lockout::Event::Success, now).await.map(drop)
    }

    /// The failed attempts of strangers at an account; those on its own devices keep nobody else out.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn lockout_status(&self, account: &AccountId, now: Timestamp) -> Result<LockoutStatus, Failure> {
        let strangers = Counted::of_strangers(self, account);
        let failures = async |guessed| {
            let answer = self.look(guessed, strangers, now).await?;
            Ok::<_, Failure>(Failures { attempts: answer.attempts(), retry_after: answer.retry_after() })
        };
        Ok(LockoutStatus { passwords: failures(Guessed::Password).await?, codes: failures(Guessed::Code).await? })
    }

    /// Forgets all failed attempts at an account, of strangers and on its devices, at its password, at its second factor and
    /// at what handlers guard for it: by an administrator, or after a finished reset. False if there is no such account.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the accounts or the store fail.
    pub async fn unlock(&self, account: &AccountId, facts: &Facts, now: Timestamp) -> Result<bool, Failure> {
        if self.accounts().get(account).await?.is_none() {
            return Ok(false);
        }
        // What holds sessions off while the account changes is kept with them, and is none of them.
        let mark = self.mark(account);
        for (key, _) in self.store().list(Space::Lockout, &self.owner(account), now).await? {
            if key != mark {
                self.remove(&key, now).await?;
            }
        }
        metric::unlocked();
        self.tell(Event::new(Kind::AuthnLoginUnlock, now).account(Some(account)).ip(facts.client)).await;
        Ok(true)
    }
}
