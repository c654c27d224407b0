//! Judging a new password, and changing to it.

use super::attempts::{Counted, Guessed};
use super::{Failure, Gained, Issued};
use crate::accounts::Account;
use crate::audit::{Event, Kind};
use crate::engine::{Engine, Facts};
use crate::password::{Fault, Owner, Password, Review, Verdict, review};
use crate::session::Stage;
use crate::time::Timestamp;
#[cfg(feature = "breach")]
use crate::{
    causes::Causes,
    metric,
    password::{OnFailure, breach::Sha1Digest},
};

/// A password that was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangePasswordError {
    /// Nobody is signed in.
    #[error("sign in first")]
    NotSignedIn,
    /// The current password is not right, or there were too many wrong ones.
    #[error("the current password is not right")]
    Refused {
        /// After how many seconds the next attempt is judged, if that is to be waited for.
        retry_after: Option<u64>,
    },
    /// The new password is not acceptable; everything that is wrong with it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Password(Vec<Fault>),
    /// It could not be found out.
    #[error("this is not possible just now")]
    Failed(#[from] Failure),
}

/// What judging a password takes, generously.
const REVIEW_KIBIBYTES: u32 = 1024;

impl Engine {
    /// What is to be said of a new password of somebody who is called by these names, and whether it would be accepted:
    /// for a page that helps to choose. Whoever may ask it at will should be limited, for it takes some milliseconds.
    ///
    /// # Errors
    ///
    /// Too many are being judged or hashed.
    pub async fn review_password(
        &self,
        password: &Password,
        names: &[&str],
        second_factor: bool,
    ) -> Result<Review, Failure> {
        let (policy, judged) = (self.policy().password.clone(), password.clone());
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let judge = move || {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            review(&policy, judged.expose(), Owner { names: &names, second_factor })
        };
        let review = self.hasher().run(REVIEW_KIBIBYTES, judge).await?;
        #[cfg(feature = "breach")]
        if review.is_valid() {
            return self.look_for_breaches(password.clone(), review).await;
        }
        Ok(review)
    }

    /// Adds how often a password was stolen. Not asked of one that is refused anyway: who is asked learns a little.
    #[cfg(feature = "breach")]
    async fn look_for_breaches(&self, password: Password, mut review: Review) -> Result<Review, Failure> {
        let Some(breaches) = self.breaches().cloned() else { return Ok(review) };
        let asked = move || breaches.count(&Sha1Digest::of(password.expose()));
        let policy = &self.policy().password.breach;
        match self.hasher().run(REVIEW_KIBIBYTES, asked).await? {
            Ok(count) => review.breach_count = count,
            Err(error) => {
                metric::breaches_unknown();
                tracing::warn!(error = %Causes(&error), "whether a new password was stolen could not be found out");
                if policy.on_failure == OnFailure::Deny {
                    return Err(error.into());
                }
            }
        }
        if review.breach_count >= policy.min_count.get().into() {
            review.errors.push(Fault::Breached { count: review.breach_count });
        }
        Ok(review)
    }

    /// Changes the password of whoever is signed in, with the current and a new one (ASVS v5.0.0-6.2.3). All other
    /// sessions of the account end, and this one gets a new id.
    ///
    /// # Errors
    ///
    /// [`ChangePasswordError`] says why not.
    pub async fn change_password(
        &self,
        current: Password,
        new: Password,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Issued, ChangePasswordError> {
        let record = self.session(facts, now).await?.filter(|record| record.stage == Stage::Full);
        let record = record.ok_or(ChangePasswordError::NotSignedIn)?;
        let account = self.account_of(&record).await?.ok_or(ChangePasswordError::NotSignedIn)?;
        let context: Vec<&str> =
            [Some(account.username.as_str()), account.email.as_deref()].into_iter().flatten().collect();
        let review = self.review_password(&new, &context, account.has_second_factor()).await?;
        review.into_result().map_err(ChangePasswordError::Password)?;

        let event = |kind| Event::new(kind, now).account(Some(&account.id)).ip(facts.client);
        let counted = Counted::of(self, &account, facts, now);
        let attempt = self.attempt(Guessed::Password, counted, facts, now).await?;
        let verdict = match attempt.is_refused() {
            true => Ok(Verdict::Wrong),
            false => self.hasher().verify(current, &account.password_hash).await.map_err(Failure::from),
        };
        let verdict = self.counted(verdict, &attempt, event(Kind::AuthnPasswordChangeFail)).await?;
        if verdict == Verdict::Wrong {
            self.tell_refused(&attempt, event(Kind::AuthnPasswordChangeFail), "wrong password").await;
            return Err(ChangePasswordError::Refused { retry_after: attempt.retry_after() });
        }
        let forgotten = self.succeed(&attempt, now).await;
        self.counted(forgotten, &attempt, event(Kind::AuthnPasswordChangeFail)).await?;
        let known = self.known_device(&account, facts, now);
        let hash = self.hasher().hash(new).await.map_err(Failure::from)?;
        let changed = self.change(&account.id, now, async {
            self.end_all(&account.id, now).await?;
            let changed = self.accounts().set_password_hash(&account.id, &account.password_hash, &hash).await?;
            if changed {
                self.tell(event(Kind::AuthnPasswordChange)).await;
            }
            Ok(changed)
        });
        if !changed.await? {
            // Somebody changed it at the same moment: the current password is no longer what was typed.
            self.tell(event(Kind::AuthnPasswordChangeFail).detail("reason", "changed at the same moment")).await;
            return Err(ChangePasswordError::Refused { retry_after: None });
        }
        let account = Account { password_hash: hash, ..account };
        let gained = Gained {
            stage: Stage::Full,
            authenticated: now,
            mfa: record.mfa,
            wrong_passwords: record.wrong_passwords,
            renews: false,
        };
        let issued = self.issue(&account, gained, facts, now).await?;
        Ok(self.known_again(issued, &account, known, now)?)
    }
}
