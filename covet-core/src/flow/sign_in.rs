//! Signing in with a name and a password.

use super::attempts::{Attempt, Counted, Guessed};
use super::{Failure, Gained, Guesses, Issued};
use crate::accounts::Account;
use crate::audit::{Event, Kind};
use crate::engine::{Engine, Facts};
use crate::metric;
use crate::password::{Password, Verdict};
use crate::session::Stage;
use crate::time::Timestamp;

/// What a right password leads to.
#[derive(Debug)]
pub enum SignIn {
    /// The account has no second factor: signed in.
    Done(Issued),
    /// A second factor is awaited; the session is good for nothing else.
    SecondFactor(Issued),
}

/// A sign-in that did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The name, the password or the state of the account was not right. One answer for all: it tells nobody which
    /// accounts exist, or are locked (ASVS v5.0.0-6.3.8).
    #[error("the name or the password is not right")]
    Refused {
        /// After how many seconds the next attempt is judged, if that is to be waited for.
        retry_after: Option<u64>,
    },
    /// It could not be found out.
    #[error("signing in is not possible just now")]
    Failed(#[from] Failure),
}

impl Engine {
    /// Signs in. Takes the same work and gives the same answer for a wrong password, an unknown name, and a locked or
    /// disabled account.
    ///
    /// # Errors
    ///
    /// [`SignInError::Refused`], or what failed.
    pub async fn sign_in(
        &self,
        login: &str,
        password: Password,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<SignIn, SignInError> {
        let account = self.accounts().find(login).await.map_err(Failure::from)?;
        let counted = Counted::of_login(self, login, account.as_ref(), facts, now);
        let attempt = self.attempt(Guessed::Password, counted, facts, now).await?;
        let event = || {
            let account = account.as_ref().map(|account| &account.id);
            Event::new(Kind::AuthnLoginFail, now).account(account).ip(facts.client)
        };
        let verdict = match account.as_ref().filter(|_| !attempt.is_refused()) {
            Some(account) => self.hasher().verify(password.clone(), &account.password_hash).await,
            None => self.hasher().verify_dummy(password.clone()).await.map(|()| Verdict::Wrong),
        };
        let verdict = self.counted(verdict.map_err(Failure::from), &attempt, event()).await?;
        let (found, needs_rehash) = match (&account, verdict) {
            (Some(found), Verdict::Right { needs_rehash }) if !found.disabled => (found, needs_rehash),
            (Some(_), Verdict::Right { .. }) => {
                return Err(self.refuse(&attempt, event(), "disabled", now).await);
            }
            _ => {
                return Err(self.refuse(&attempt, event(), "wrong name or password", now).await);
            }
        };
        let forgotten = self.succeed(&attempt, now).await;
        let wrong_passwords = self.counted(forgotten, &attempt, event()).await?;
        let mut found = found.clone();
        if needs_rehash {
            self.rehash(&mut found, password).await?;
        }
        let signed_in = self.signed_in(&found, wrong_passwords, facts, now).await?;
        metric::signed_in(false);
        self.count_sign_in(false, now).await;
        Ok(signed_in)
    }

    /// Tells of a refusal. One that was not judged is no sign of what happens to accounts: whoever is locked out could
    /// keep the alarm up by it for nothing.
    async fn refuse(&self, attempt: &Attempt, event: Event, why: &str, now: Timestamp) -> SignInError {
        self.tell_refused(attempt, event, why).await;
        metric::signed_in(true);
        if !attempt.is_refused() {
            self.count_sign_in(true, now).await;
        }
        SignInError::Refused { retry_after: attempt.retry_after() }
    }

    /// The session after a right password.
    async fn signed_in(
        &self,
        account: &Account,
        wrong_passwords: u32,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<SignIn, Failure> {
        let second_factor = account.has_second_factor();
        let stage = if second_factor { Stage::PendingMfa } else { Stage::Full };
        let gained = Gained { stage, authenticated: now, mfa: None, wrong_passwords, renews: false };
        let issued = self.issue(account, gained, facts, now).await?;
        let event = |kind| Event::new(kind, now).account(Some(&account.id)).ip(facts.client);
        if second_factor {
            self.tell(event(Kind::AuthnLoginSuccess).detail("next", "second factor")).await;
            return Ok(SignIn::SecondFactor(issued));
        }
        self.tell(event(Kind::AuthnLoginSuccess)).await;
        self.tell(event(Kind::SessionCreated)).await;
        let own = Guesses { passwords: wrong_passwords, codes: 0 };
        Ok(SignIn::Done(self.welcome(issued, account, own, facts, now).await?))
    }

    /// A hash of yesterday's parameters becomes one of today's, unless the password was changed meanwhile.
    async fn rehash(&self, account: &mut Account, password: Password) -> Result<(), Failure> {
        let hash = self.hasher().hash(password).await?;
        if self.accounts().set_password_hash(&account.id, &account.password_hash, &hash).await? {
            account.password_hash = hash;
        }
        Ok(())
    }
}
