//! Limits that a handler counts, by what it has read: the account that somebody tries, the address a mail goes to.

use super::{Engine, Facts, Seen, Told};
use crate::audit::{Event, Kind};
use crate::rate_limit::{self, Answer, Scope};
use crate::store::{Key, Outcome, Space, Step, Store, StoreError, Tag};
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
    /// Charges the limit `name` for a key, of any length and content; the store sees only its keyed hash. What a
    /// response may tell of it: nothing of a limit in shadow, nor of one that does not count this client.
    ///
    /// # Errors
    ///
    /// [`LimitError`] when the limit is reached, is none of the policy's, or its store does not answer.
    pub async fn charge(
        &self,
        name: &'static str,
        key: &[u8],
        cost: u32,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Option<Seen>, LimitError> {
        let policy = self.keyed_limit(name)?;
        if policy.exempt().spares(facts.client) {
            return Ok(None);
        }
        let shadow = !policy.refuses_at(now.seconds());
        let key = self.entry(name, key);
        let outcome = match self.run_one(Step::Charge { key, policy, tiers: &[], cost, shadow }, now).await {
            Err(error) => self.charge_without_store(policy, self.local.keyed(name), key, cost, now).ok_or(error)?,
            Ok(outcome) => outcome,
        };
        let (Outcome::Charge(answer) | Outcome::Shadow(answer)) = outcome else { return Ok(None) };
        if answer.is_refused() {
            let event = Event::new(Kind::ExcessRateLimit, now).ip(facts.client).detail("limit", name);
            self.log(&if shadow { event.detail("mode", "shadow") } else { event }).await;
        }
        let seen = Seen { name, answer, fields: Told::of(policy) };
        match (shadow, answer.is_refused()) {
            (true, _) => Ok(None),
            (false, true) => Err(LimitError::Reached(seen)),
            (false, false) => Ok(Some(seen)),
        }
    }

    /// What the limit would answer for a key if a request cost nothing; it charges nothing. While the store does not
    /// answer, what [`Engine::charge`] would then go by: of a limit that counts here its share, of one that lets
    /// everything pass all of it.
    ///
    /// # Errors
    ///
    /// [`LimitError`] when the limit is none of the policy's, or its store does not answer and it then refuses.
    pub async fn peek(&self, name: &'static str, key: &[u8], now: Timestamp) -> Result<Answer, LimitError> {
        let policy = self.keyed_limit(name)?;
        let key = self.entry(name, key);
        let step = Step::Charge { key, policy, tiers: &[], cost: 0, shadow: false };
        let outcome = match self.run_one(step, now).await {
            Err(error) => self.charge_without_store(policy, self.local.keyed(name), key, 0, now).ok_or(error)?,
            Ok(outcome) => outcome,
        };
        match outcome {
            Outcome::Charge(answer) => Ok(answer),
            _ => Ok(rate_limit::charge(policy, None, 0, now).1),
        }
    }

    /// Forgets what was charged for a key, as when its owner has proven who they are: also what was counted here while
    /// the store did not answer.
    ///
    /// # Errors
    ///
    /// [`LimitError`] when the limit is none of the policy's, or its store does not answer, whatever it then does: what
    /// the store has counted stands, and holds again when it is back.
    pub async fn reset(&self, name: &'static str, key: &[u8], now: Timestamp) -> Result<(), LimitError> {
        self.keyed_limit(name)?;
        let key = self.entry(name, key);
        forget(&self.local.store, &key, now).await?;
        forget(self.store(), &key, now).await?;
        Ok(())
    }

    fn keyed_limit(&self, name: &'static str) -> Result<&rate_limit::Policy, LimitError> {
        let limit = self.policy().rate_limits.get(name).filter(|limit| limit.scopes().contains(&Scope::Key));
        limit.ok_or(LimitError::Unknown(name))
    }

    fn entry(&self, name: &str, key: &[u8]) -> Key {
        Key { space: Space::Limit, owner: Tag::NONE, id: self.keys().tag("limit of a key", &[name.as_bytes(), key]) }
    }

    async fn run_one(&self, step: Step<'_>, now: Timestamp) -> Result<Outcome, StoreError> {
        let outcome = self.store().run(&[step], now).await?.pop();
        outcome.ok_or(StoreError::Contended { store: "shared" })
    }
}

/// Removes an entry. Others may charge it meanwhile; what they charge after the last look stands.
async fn forget(store: &dyn Store, key: &Key, now: Timestamp) -> Result<(), StoreError> {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        let Some(found) = store.read(key, now).await? else { return Ok(()) };
        if store.swap(key, Some(found.version), None, now).await? {
            return Ok(());
        }
    }
    Err(StoreError::Contended { store: "shared" })
}
