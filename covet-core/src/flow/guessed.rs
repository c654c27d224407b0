//! What follows a full sign-in: the device is known, and the owner is told who else has tried.

use super::attempts::Guessed;
use super::{CookieValue, Failure, Issued};
use crate::accounts::Account;
use crate::engine::{Engine, Facts};
use crate::lockout::Device;
use crate::random;
use crate::time::Timestamp;

/// Attempts that failed since the last success, so many that the owner should know: if they were not theirs, somebody is
/// guessing, and with wrong codes knows the password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guesses {
    /// Wrong passwords.
    pub passwords: u32,
    /// Wrong codes.
    pub codes: u32,
}

impl Engine {
    /// Ends a full sign-in: this device is known from now on. The wrong passwords and codes are those that this device
    /// has counted, or strangers if it was not known; those of strangers since it was last seen come on top.
    pub(super) async fn welcome(
        &self,
        issued: Issued,
        account: &Account,
        own: Guesses,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Issued, Failure> {
        let known = self.known_device(account, facts, now);
        let mut guesses = own;
        if let Some(device) = &known {
            let strangers = async |guessed| self.strangers_since(guessed, &account.id, device.seen(), now).await;
            guesses.passwords = guesses.passwords.saturating_add(strangers(Guessed::Password).await?);
            guesses.codes = guesses.codes.saturating_add(strangers(Guessed::Code).await?);
        }
        let (lockout, mfa) = (&self.policy().lockout, &self.policy().mfa);
        let many = guesses.passwords >= lockout.max_attempts.get() || guesses.codes >= mfa.max_attempts.get();
        let guesses = many.then_some(guesses);
        Ok(Issued { guesses, ..self.known_again(issued, account, known, now)? })
    }

    /// The same with the cookie by which the device is known, or known again, by what the account is signed in with now.
    pub(super) fn known_again(
        &self,
        issued: Issued,
        account: &Account,
        known: Option<Device>,
        now: Timestamp,
    ) -> Result<Issued, Failure> {
        Ok(Issued { device: self.device_cookie(account, known, now)?, ..issued })
    }

    /// The cookie by which the device is known; `None` where the policy knows none.
    fn device_cookie(
        &self,
        account: &Account,
        known: Option<Device>,
        now: Timestamp,
    ) -> Result<Option<CookieValue>, Failure> {
        if self.policy().lockout.known_device.seconds() == 0 {
            return Ok(None);
        }
        let mut id = [0; 16];
        match known {
            Some(device) => id = *device.id(),
            None => random::fill(&mut id)?,
        }
        Ok(Some(CookieValue(Device::new(id, now).cookie_value(self.keys(), &account.id, &self.credentials(account)))))
    }
}
