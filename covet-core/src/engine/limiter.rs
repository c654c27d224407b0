//! Limits that a handler counts, by what it has read: the account that somebody tries, the address a mail goes to.

use super::{Engine, Facts, Seen, Told};
use crate::audit::{Event, Kind};
use crate::rate_limit::{self, Answer, Scope};
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
        let step = Step::Charge { key: self.entry(name, key), policy, tiers: &[], cost, shadow };
        let outcome = match self.run_one(step, now).await {
            Err(error) => self.charge_without_store(policy, &step, now).ok_or(error)?,
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

    /// What the limit would answer for a key if a request cost nothing; it charges nothing.
    ///
    /// # Errors
    ///
    /// [`LimitError`] when the limit is none of the policy's, or its store does not answer.
    pub async fn peek(&self, name: &'static str, key: &[u8], now: Timestamp) -> Result<Answer, LimitError> {
        let policy = self.keyed_limit(name)?;
        let step = Step::Charge { key: self.entry(name, key), policy, tiers: &[], cost: 0, shadow: false };
        match self.run_one(step, now).await? {
            Outcome::Charge(answer) => Ok(answer),
            _ => Err(StoreError::Contended { store: "shared" }.into()),
        }
    }

    /// Forgets what was charged for a key, as when its owner has proven who they are.
    ///
    /// # Errors
    ///
    /// [`LimitError`] when the limit is none of the policy's, or its store does not answer.
    pub async fn reset(&self, name: &'static str, key: &[u8], now: Timestamp) -> Result<(), LimitError> {
        self.keyed_limit(name)?;
        let key = self.entry(name, key);
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
