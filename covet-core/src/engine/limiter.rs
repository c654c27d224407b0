//! Limits that a handler counts, by what it has read: the account that somebody tries, the address a mail goes to.

use super::plan::Limit;
use super::{Engine, Seen};
use crate::audit::{Event, Kind};
use crate::rate_limit::{Answer, Scope};
use crate::store::{Key, Outcome, Space, Step, StoreError, Tag};
use crate::time::Timestamp;

/// Why a handler may not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// The limit is reached.
    #[error("the rate limit `{}` is reached", .0.name)]
    Reached(Seen),
    /// There is no such limit, or it does not count by a key.
    #[error("the policy has no rate limit `{0}` with `scope = \"key\"`")]
    Unknown(&'static str),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Charges the limit `name` for a key, of any length and content; the store sees only its keyed hash.
    ///
    /// # Errors
    ///
    /// [`LimitError`] when the limit is reached, is none of the policy's, or its store does not answer.
    pub async fn charge(&self, name: &'static str, key: &[u8], cost: u32, now: Timestamp) -> Result<Seen, LimitError> {
        let limit = self.keyed_limit(name)?;
        let shadow = !limit.policy.refuses_at(now.seconds());
        let step = Step::Charge { key: entry(&limit, key), policy: &limit.policy, tiers: &[], cost, shadow };
        let outcomes = self.store().run(&[step], now).await?;
        let (Some(Outcome::Charge(answer) | Outcome::Shadow(answer)), false) = (outcomes.first(), outcomes.len() > 1)
        else {
            return Err(StoreError::Contended { store: "shared" }.into());
        };
        let seen = seen(&limit, *answer);
        if answer.is_refused() {
            let event = Event::new(Kind::ExcessRateLimit, now).detail("limit", name);
            self.log(&if shadow { event.detail("mode", "shadow") } else { event }).await;
        }
        if answer.is_refused() && !shadow { Err(LimitError::Reached(seen)) } else { Ok(seen) }
    }

    /// What the limit would answer a request that costs nothing; it charges nothing.
    ///
    /// # Errors
    ///
    /// [`LimitError`] when the limit is none of the policy's, or its store does not answer.
    pub async fn peek(&self, name: &'static str, key: &[u8], now: Timestamp) -> Result<Seen, LimitError> {
        self.charge(name, key, 0, now).await
    }

    /// Forgets what was charged for a key, as when its owner has proven who they are.
    ///
    /// # Errors
    ///
    /// [`LimitError`] when the limit is none of the policy's, or its store does not answer.
    pub async fn reset(&self, name: &'static str, key: &[u8], now: Timestamp) -> Result<(), LimitError> {
        let key = entry(&self.keyed_limit(name)?, key);
        // Others may charge it meanwhile; what they charge after the last look stands.
        const TRIES: usize = 100;
        for _ in 0..TRIES {
            let Some(found) = self.store().read(&key, now).await? else { return Ok(()) };
            if self.store().swap(&key, Some(found.version), None, now).await? {
                return Ok(());
            }
        }
        Err(StoreError::Contended { store: "shared" }.into())
    }

    fn keyed_limit(&self, name: &'static str) -> Result<Limit, LimitError> {
        let limit = self.policy().rate_limits.get(name).filter(|limit| limit.scopes().contains(&Scope::Key));
        let limit = limit.ok_or(LimitError::Unknown(name))?;
        Ok(Limit::new(name, limit, Scope::Key, Vec::new(), "", self.keys()))
    }
}

fn entry(limit: &Limit, key: &[u8]) -> Key {
    Key { space: Space::Limit, owner: Tag::NONE, id: limit.begun.part(key).end() }
}

fn seen(limit: &Limit, answer: Answer) -> Seen {
    Seen { name: limit.name, answer, fields: limit.told }
}
