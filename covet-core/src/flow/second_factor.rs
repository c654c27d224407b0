//! Enrolling and proving a second factor.

use std::sync::Arc;

use super::attempts::{Counted, Guessed};
use super::{Failure, Gained, Guesses, Issued};
use crate::account::AccountId;
use crate::accounts::{Account, AccountsError, SealedTotp};
use crate::audit::{Event, Kind};
use crate::engine::{Engine, Facts};
use crate::keys::Keys;
use crate::mfa::{Enrollment, Secret, matching_step};
use crate::random;
use crate::session::{Record, Stage};
use crate::store::{Key, Outcome, Space, Step};
use crate::time::Timestamp;

/// A second factor that was not proven or enrolled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecondFactorError {
    /// Nobody is signed in, or about to.
    #[error("sign in first")]
    NotSignedIn,
    /// The account has none, or none that awaits its first code.
    #[error("this account has no second factor yet")]
    NotEnrolled,
    /// The account has one already.
    #[error("this account has a second factor already")]
    AlreadyEnrolled,
    /// The code is wrong, was used before, or there were too many wrong ones. One answer for all.
    #[error("the code is not right; wait for the next one")]
    Refused {
        /// After how many seconds the next attempt is judged, if that is to be waited for.
        retry_after: Option<u64>,
    },
    /// It could not be found out.
    #[error("this is not possible just now")]
    Failed(#[from] Failure),
}

impl Engine {
    /// Begins the enrolment of an authenticator application for whoever is signed in. Until a code of it was shown it
    /// is asked for nowhere, and beginning again replaces it.
    ///
    /// # Errors
    ///
    /// [`SecondFactorError`] says why not.
    pub async fn enroll_totp(&self, facts: &Facts, now: Timestamp) -> Result<Enrollment, SecondFactorError> {
        let (record, account) = self.who(facts, now).await?;
        if record.stage != Stage::Full {
            return Err(SecondFactorError::NotSignedIn);
        }
        if account.has_second_factor() {
            return Err(SecondFactorError::AlreadyEnrolled);
        }
        let policy = &self.policy().mfa.totp;
        let (mut seed, mut nonce) = ([0; 64], [0; Keys::NONCE_BYTES]);
        random::fill(&mut seed).and_then(|()| random::fill(&mut nonce)).map_err(Failure::from)?;
        let secret = Secret::from_random(policy.algorithm, &seed);
        let issuer = self.policy().application.name.as_str();
        let enrollment = Enrollment::new(policy, issuer, &account.username, &secret).map_err(Failure::from)?;
        let sealed = secret.seal(self.keys(), &account.id, nonce);
        self.replace_totp(&account, SealedTotp { sealed, confirmed: false }).await?;
        Ok(enrollment)
    }

    /// Ends the enrolment with a code of the new authenticator. The session gets a new id and counts as proven; all others
    /// of the account end, for they were begun with less.
    ///
    /// # Errors
    ///
    /// [`SecondFactorError`] says why not.
    pub async fn confirm_totp(&self, code: &str, facts: &Facts, now: Timestamp) -> Result<Issued, SecondFactorError> {
        let (record, mut account) = self.who(facts, now).await?;
        if record.stage != Stage::Full {
            return Err(SecondFactorError::NotSignedIn);
        }
        let sealed = match &account.totp {
            Some(SealedTotp { confirmed: true, .. }) => return Err(SecondFactorError::AlreadyEnrolled),
            Some(SealedTotp { confirmed: false, sealed }) => sealed.clone(),
            None => return Err(SecondFactorError::NotEnrolled),
        };
        self.prove(&account, &sealed, code, facts, now).await?;
        let known = self.known_device(&account, facts, now);
        let totp = Some(SealedTotp { sealed, confirmed: true });
        let changed = self.change(&account.id, now, async {
            self.end_all(&account.id, now).await?;
            Ok(self.accounts().set_totp(&account.id, account.totp.as_ref(), totp.clone()).await?)
        });
        if !changed.await? {
            return Err(Failure::Changed.into());
        }
        account.totp = totp;
        self.tell(Event::new(Kind::MfaEnroll, now).account(Some(&account.id)).ip(facts.client)).await;
        let gained = Gained { renews: false, ..Gained::proven(&record, now) };
        let issued = self.issue(&account, gained, facts, now).await?;
        Ok(self.known_again(issued, &account, known, now)?)
    }

    /// Proves the second factor: ends a sign-in that awaits it, or makes a session fresh again. The session gets a new id.
    ///
    /// # Errors
    ///
    /// [`SecondFactorError`] says why not.
    pub async fn verify_totp(&self, code: &str, facts: &Facts, now: Timestamp) -> Result<Issued, SecondFactorError> {
        let (record, account) = self.who(facts, now).await?;
        let Some(SealedTotp { sealed, confirmed: true }) = &account.totp else {
            return Err(SecondFactorError::NotEnrolled);
        };
        let wrong_codes = self.prove(&account, sealed, code, facts, now).await?;
        let issued = self.proven(&record, &account, facts, now).await?;
        if record.stage == Stage::Full {
            return Ok(issued);
        }
        self.tell(Event::new(Kind::SessionCreated, now).account(Some(&account.id)).ip(facts.client)).await;
        let own = Guesses { passwords: record.wrong_passwords, codes: wrong_codes };
        Ok(self.welcome(issued, &account, own, facts, now).await?)
    }

    /// Writes a second factor in place of the one that was judged, unless that was replaced meanwhile.
    async fn replace_totp(&self, judged: &Account, totp: SealedTotp) -> Result<(), Failure> {
        match self.accounts().set_totp(&judged.id, judged.totp.as_ref(), Some(totp)).await? {
            true => Ok(()),
            false => Err(Failure::Changed),
        }
    }

    /// The live session and its account, which must not be disabled.
    async fn who(&self, facts: &Facts, now: Timestamp) -> Result<(Arc<Record>, Account), SecondFactorError> {
        let record = self.session(facts, now).await?.ok_or(SecondFactorError::NotSignedIn)?;
        let account = self.account_of(&record).await?.ok_or(SecondFactorError::NotSignedIn)?;
        Ok((record, account))
    }

    /// Judges a code: the attempt is counted first, and the step of a right code is claimed, so that of fifty uses of
    /// one code at once one succeeds (RFC 6238 section 5.2). Says how many wrong ones came before. After very many the
    /// sign-ins that await a code end: whoever guesses has the password, and starts over with it.
    async fn prove(
        &self,
        account: &Account,
        sealed: &str,
        code: &str,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<u32, SecondFactorError> {
        let counted = Counted::of(self, account, facts, now);
        let account = &account.id;
        let event = |kind| Event::new(kind, now).account(Some(account)).ip(facts.client);
        let attempt = self.attempt(Guessed::Code, counted, facts, now).await?;
        let judged = match attempt.is_refused() {
            true => Ok(false),
            false => self.accepts(account, sealed, code, now).await,
        };
        if !self.counted(judged, &attempt, event(Kind::MfaVerifyFail)).await? {
            self.tell_refused(&attempt, event(Kind::MfaVerifyFail), "wrong or used code").await;
            if attempt.in_a_row() >= self.policy().mfa.cumulative_cap.get() {
                self.end_pending(account, attempt.is_refused(), facts, now).await?;
            }
            return Err(SecondFactorError::Refused { retry_after: attempt.retry_after() });
        }
        let forgotten = self.succeed(&attempt, now).await;
        let wrong_codes = self.counted(forgotten, &attempt, event(Kind::MfaVerifyFail)).await?;
        self.tell(event(Kind::MfaVerifySuccess)).await;
        Ok(wrong_codes)
    }

    /// Whether the code is right, and was not used before.
    async fn accepts(&self, account: &AccountId, sealed: &str, code: &str, now: Timestamp) -> Result<bool, Failure> {
        let secret = Secret::open(self.keys(), account, sealed)?;
        match matching_step(&self.policy().mfa.totp, &secret, code, now) {
            Some(step) => self.claim(account, step, now).await,
            None => Ok(false),
        }
    }

    /// Claims a time step of an account: true once.
    async fn claim(&self, account: &AccountId, step: u64, now: Timestamp) -> Result<bool, Failure> {
        let remember_millis = self.policy().mfa.totp.remember_millis();
        let key = Key { space: Space::Totp, owner: self.owner(account), id: self.keys().tag("totp", &[]) };
        let outcomes = self.store().run(&[Step::Totp { key, step, remember_millis }], now).await?;
        Ok(matches!(outcomes.first(), Some(Outcome::Totp(true))))
    }

    async fn proven(
        &self,
        record: &Record,
        account: &Account,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Issued, SecondFactorError> {
        Ok(self.issue(account, Gained::proven(record, now), facts, now).await?)
    }

    /// The account of a session, unless it is gone or disabled.
    pub(super) async fn account_of(&self, record: &Record) -> Result<Option<Account>, Failure> {
        let account: Result<_, AccountsError> = self.accounts().get(&record.user.id).await;
        Ok(account?.filter(|account| !account.disabled))
    }
}
