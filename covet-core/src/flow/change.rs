//! Changing what an account is: no session of before lives on under what it was.
//!
//! Accounts and sessions are kept apart, so no write changes both. The order makes up for it, at whatever await the
//! process stops:
//!
//! 1. A mark holds new sessions off. [`Engine::issue`] writes a session first and looks for the mark second: either
//!    the session is there before the mark, and step 2 meets it, or the look finds the mark and nobody is given it.
//! 2. The sessions end, or lose what they shall lose.
//! 3. The account is written.
//! 4. The mark is taken away. Whoever begins a session from here on is judged by the account as it is now.
//!
//! Stopped before step 3, sessions have lost what the account still has; stopped after it, none has more than the
//! account. The mark then ends by itself.

use super::Failure;
use crate::account::AccountId;
use crate::causes::Causes;
use crate::engine::Engine;
use crate::lockout::{Event, Limits, Wait};
use crate::store::{Key, Space};
use crate::time::Timestamp;

/// How long a mark stands that nobody takes away: longer than a write to the accounts waits for a database, and short
/// enough to wait for after a crash.
const MILLIS: u64 = 60_000;

/// The mark is a lock that one attempt brings about: so of several changes at once one goes on.
const MARK: Limits = Limits { max_attempts: 1, window_millis: MILLIS, delay: Wait::constant(MILLIS), cap: None };

impl Engine {
    /// Runs steps 2 and 3 while no session of the account begins. When they fail the mark stays: what failed may still
    /// be on its way to the database.
    pub(super) async fn change<T>(
        &self,
        account: &AccountId,
        now: Timestamp,
        steps: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, Failure> {
        let mark = self.mark(account);
        if self.lockout(mark, MARK, Event::Attempt, now).await?.is_locked() {
            return Err(Failure::Changed);
        }
        let done = steps.await?;
        if let Err(error) = self.lockout(mark, MARK, Event::Success, now).await {
            // What was to be done is done. The mark ends by itself.
            tracing::warn!(error = %Causes(&error), "an account stays closed to new sessions for a minute");
        }
        Ok(done)
    }

    /// Whether new sessions of the account are held off.
    pub(super) async fn is_changing(&self, account: &AccountId, now: Timestamp) -> Result<bool, Failure> {
        Ok(self.lockout(self.mark(account), MARK, Event::Look, now).await?.is_locked())
    }

    /// Where the mark of an account is.
    pub(super) fn mark(&self, account: &AccountId) -> Key {
        Key { space: Space::Lockout, owner: self.owner(account), id: self.keys().tag("change", &[]) }
    }
}
