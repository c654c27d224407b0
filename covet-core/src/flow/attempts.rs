//! Counting attempts: before they are judged, each kind by itself, and strangers apart from the owner's devices.
//!
//! An attempt at an account is counted either for the device that the account was signed in on before, which its cookie
//! shows, or else for everybody else and for the network that it comes from. So whoever floods an account with guesses
//! uses up what strangers have, and the owner signs in from where they always do.

use std::net::IpAddr;

use smallvec::SmallVec;

use super::Failure;
use crate::account::AccountId;
use crate::accounts::{Account, login_key};
use crate::audit::{Event, Kind};
use crate::engine::{Engine, Facts};
use crate::lockout::{self, Answer, Device, Limits};
use crate::store::{Key, Outcome, Space, State, Step, StoreError, Tag, Versioned, Write};
use crate::time::Timestamp;
use crate::{http, metric, rate_limit};

/// What is guessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Guessed {
    Password,
    Code,
}

/// Whose attempts are counted together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    space: Space,
    owner: Tag,
    device: Option<Device>,
}

/// An attempt that was counted and is yet to be judged, or that is not to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    key: Key,
    limits: Limits,
    /// The counter of its network, if it is counted there.
    network: Option<Key>,
    answer: Answer,
}

impl Attempt {
    /// Whether it may not be judged.
    pub(super) const fn is_refused(&self) -> bool {
        self.answer.is_locked()
    }

    /// How many attempts in a row there were, this one included.
    pub(super) const fn in_a_row(&self) -> u32 {
        self.answer.attempts()
    }

    /// After how many seconds the next may follow, if it fails and that is to be waited for.
    pub(super) const fn retry_after(&self) -> Option<u64> {
        self.answer.retry_after()
    }
}

impl Counted {
    /// Where attempts at the account are counted, for whoever presents what is in `facts`.
    pub(super) fn of(engine: &Engine, account: &Account, facts: &Facts, now: Timestamp) -> Self {
        Self { device: engine.known_device(account, facts, now), ..Self::of_strangers(engine, &account.id) }
    }

    /// Where those of strangers are.
    pub(super) fn of_strangers(engine: &Engine, account: &AccountId) -> Self {
        Self { space: Space::Lockout, owner: engine.owner(account), device: None }
    }

    /// The same for what was typed as a name. One that is nobody's has a counter of its own, so that its answers are
    /// those of an account.
    pub(super) fn of_login(
        engine: &Engine,
        login: &str,
        account: Option<&Account>,
        facts: &Facts,
        now: Timestamp,
    ) -> Self {
        match account {
            Some(account) => Self::of(engine, account, facts, now),
            None => {
                let owner = engine.keys().tag("login of nobody", &[login_key(login).as_bytes()]);
                Self { space: Space::Guess, owner, device: None }
            }
        }
    }

    fn key(&self, engine: &Engine, guessed: Guessed) -> Key {
        let what: &[u8] = match guessed {
            Guessed::Password => b"password",
            Guessed::Code => b"second factor",
        };
        let id = match &self.device {
            Some(device) => engine.keys().tag("attempts on a device", &[what, device.id()]),
            None => engine.keys().tag("attempts", &[what]),
        };
        Key { space: self.space, owner: self.owner, id }
    }
}

impl Engine {
    /// The device that the client presents, if the account was signed in on it lately.
    pub(super) fn known_device(&self, account: &Account, facts: &Facts, now: Timestamp) -> Option<Device> {
        let lifetime = self.policy().lockout.known_device.millis();
        facts.device.as_ref()?.open(self.keys(), &account.id, &self.credentials(account), now, lifetime)
    }

    /// What the account is signed in with. With a changed password, or a second factor that is new, every device is a
    /// stranger's: whoever knew the old ones may have signed in on as many as they like.
    pub(super) fn credentials(&self, account: &Account) -> Tag {
        let second_factor = account.totp.as_ref().filter(|totp| totp.confirmed).map_or("", |totp| totp.sealed.as_str());
        self.keys().tag("credentials", &[account.password_hash.expose().as_bytes(), second_factor.as_bytes()])
    }

    /// Counts an attempt, before it is judged: of fifty guesses at once no more are judged than the policy allows.
    pub(super) async fn attempt(
        &self,
        guessed: Guessed,
        counted: Counted,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Attempt, Failure> {
        let limits = self.limits_of(guessed);
        let limits = if counted.device.is_none() { self.limits_of_strangers(limits) } else { limits };
        let key = counted.key(self, guessed);
        let network = facts.client.filter(|_| counted.device.is_none()).map(|client| self.network_key(client));
        let mut steps = SmallVec::<[Step<'_>; 2]>::new();
        let policy = self.network_limit();
        steps.extend(network.map(|key| Step::Charge { key, policy, tiers: &[], cost: 1, shadow: false }));
        steps.push(Step::Lockout { key, policy: limits, event: lockout::Event::Attempt });
        let answer = match self.store().run(&steps, now).await?.last() {
            Some(Outcome::Lockout(answer)) => *answer,
            // The account's attempts are as they were.
            Some(Outcome::Charge(rate_limit::Answer { retry_after_millis: Some(retry_after_millis), .. })) => {
                Answer::Locked { attempts: 0, retry_after_millis: *retry_after_millis }
            }
            _ => return Err(StoreError::Contended { store: "lockout" }.into()),
        };
        Ok(Attempt { key, limits, network, answer })
    }

    /// Forgets the attempts after a success, and says how many there were before it.
    pub(super) async fn succeed(&self, attempt: &Attempt, now: Timestamp) -> Result<u32, Failure> {
        let answer = self.lockout(attempt.key, attempt.limits, lockout::Event::Success, now).await?;
        if let Some(network) = &attempt.network {
            self.refund(network, now).await?;
        }
        Ok(answer.attempts().saturating_sub(1))
    }

    /// Whether an attempt would be judged.
    pub(super) async fn look(&self, guessed: Guessed, counted: Counted, now: Timestamp) -> Result<Answer, Failure> {
        self.lockout(counted.key(self, guessed), self.limits_of(guessed), lockout::Event::Look, now).await
    }

    /// How many attempts of strangers at an account there were in a row, if the last came after `since`.
    pub(super) async fn strangers_since(
        &self,
        guessed: Guessed,
        account: &AccountId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<u32, Failure> {
        let found = self.store().read(&Counted::of_strangers(self, account).key(self, guessed), now).await?;
        let attempts = found.and_then(|Versioned { state, .. }| match state {
            State::Lockout(state) if state.last > since.millis() => Some(state.attempts),
            _ => None,
        });
        Ok(attempts.unwrap_or(0))
    }

    /// The result of an attempt. One that could not be judged counts all the same, and may be the one that locked.
    pub(super) async fn counted<T>(
        &self,
        result: Result<T, Failure>,
        attempt: &Attempt,
        event: Event,
    ) -> Result<T, Failure> {
        if result.is_err() && attempt.answer.locks() {
            self.tell_lock(event, TOO_MANY).await;
        }
        result
    }

    /// Tells of an attempt that was refused: once, and as a lock if it is the one that locked. Those that meet the lock
    /// cost nothing, so that there may be any number of them.
    pub(super) async fn tell_refused(&self, attempt: &Attempt, event: Event, why: &str) {
        let kind = event.kind().as_str();
        match attempt.answer {
            Answer::Locked { attempts, .. } => {
                let reason = if attempts == 0 { "too many attempts from this network" } else { "locked" };
                self.tell_seldom(event.detail("reason", reason), attempt.key.owner, &[kind, reason]).await;
            }
            Answer::Open { attempts, .. } if attempt.limits.cap.is_some_and(|(cap, _)| attempts >= cap) => {
                self.tell_lock(event, "too many attempts in all").await;
            }
            answer if answer.locks() => self.tell_lock(event, TOO_MANY).await,
            Answer::Open { .. } => self.tell(event.detail("reason", why)).await,
        }
    }

    /// Tells of a lock, in place of the attempt which locked.
    pub(super) async fn tell_lock(&self, event: Event, reason: &str) {
        let after = event.kind().as_str();
        metric::locked(after);
        self.tell(event.of_kind(Kind::AuthnLoginLock).detail("reason", reason).detail("after", after)).await;
    }

    /// One event of a counter.
    pub(super) async fn lockout(
        &self,
        key: Key,
        policy: Limits,
        event: lockout::Event,
        now: Timestamp,
    ) -> Result<Answer, Failure> {
        let outcomes = self.store().run(&[Step::Lockout { key, policy, event }], now).await?;
        match outcomes.first() {
            Some(Outcome::Lockout(answer)) => Ok(*answer),
            _ => Err(StoreError::Contended { store: "lockout" }.into()),
        }
    }

    fn limits_of(&self, guessed: Guessed) -> Limits {
        match guessed {
            Guessed::Password => Limits::from(&self.policy().lockout),
            Guessed::Code => Limits::from(&self.policy().mfa),
        }
    }

    fn network_key(&self, client: IpAddr) -> Key {
        let octets: SmallVec<[u8; 16]> = match http::bucket(&self.policy().http, client) {
            IpAddr::V4(v4) => SmallVec::from_slice(&v4.octets()),
            IpAddr::V6(v6) => SmallVec::from_slice(&v6.octets()),
        };
        Key { space: Space::Limit, owner: Tag::NONE, id: self.keys().tag("attempts of a network", &[&octets]) }
    }

    /// Gives back what a success was charged. Where others keep changing the counter it stays charged.
    async fn refund(&self, key: &Key, now: Timestamp) -> Result<(), Failure> {
        const TRIES: usize = 10;
        let policy = self.network_limit();
        for _ in 0..TRIES {
            let Some(Versioned { state: State::Limit(state), version }) = self.store().read(key, now).await? else {
                return Ok(());
            };
            let Some(state) = rate_limit::refund(policy, &state, 1) else { return Ok(()) };
            let write = Write { expires: rate_limit::expires(policy, &state), state: State::Limit(state) };
            if self.store().swap(key, Some(version), Some(write), now).await? {
                return Ok(());
            }
        }
        Ok(())
    }
}

pub(super) const TOO_MANY: &str = "too many attempts";
