//! Seeing and ending sessions, and what follows when the roles of an account change.

use std::net::IpAddr;
use std::sync::Arc;

use super::Failure;
use crate::account::AccountId;
use crate::audit::{Event, Kind};
use crate::engine::{Engine, Facts};
use crate::session::{Record, Stage};
use crate::store::{Key, Space, State, StoreError, Versioned, Write};
use crate::time::Timestamp;

/// A session as its owner sees it. The handle ends it and opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its public name.
    pub handle: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
    /// From where it began.
    pub ip: Option<IpAddr>,
    /// With what it began.
    pub user_agent: Option<String>,
    /// Whether a second factor was proven in it.
    pub second_factor: bool,
}

impl Engine {
    /// The sessions of whoever is signed in, the latest used first.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn sessions(&self, facts: &Facts, now: Timestamp) -> Result<Vec<SessionInfo>, Failure> {
        let Some(record) = self.signed_in_as(facts, now).await? else { return Ok(Vec::new()) };
        let current = facts.session.as_ref().map(|presented| *presented.key());
        let describe = |(key, record): (Key, Arc<Record>)| SessionInfo {
            handle: record.handle.clone(),
            current: current == Some(key),
            created: record.created,
            seen: record.seen,
            ip: record.ip,
            user_agent: record.user_agent.clone(),
            second_factor: record.mfa.is_some(),
        };
        let mut sessions: Vec<_> = self.live(&record.user.id, now).await?.into_iter().map(describe).collect();
        sessions.sort_by_key(|session| (!session.current, std::cmp::Reverse(session.seen)));
        Ok(sessions)
    }

    /// Ends a session of whoever is signed in, by its handle; false if there is none.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn revoke(&self, handle: &str, facts: &Facts, now: Timestamp) -> Result<bool, Failure> {
        let Some(record) = self.signed_in_as(facts, now).await? else { return Ok(false) };
        let sessions = self.live(&record.user.id, now).await?;
        let Some((key, _)) = sessions.into_iter().find(|(_, session)| session.handle == handle) else {
            return Ok(false);
        };
        let removed = self.remove(&key, now).await?;
        if removed {
            self.tell(Event::new(Kind::SessionRevoked, now).account(Some(&record.user.id)).ip(facts.client)).await;
        }
        Ok(removed)
    }

    /// Ends the session that the client presents, whatever its state.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn sign_out(&self, facts: &Facts, now: Timestamp) -> Result<(), Failure> {
        let Some(presented) = &facts.session else { return Ok(()) };
        let record = self.session(facts, now).await?;
        let removed = self.remove(presented.key(), now).await?;
        if let Some(record) = record.filter(|_| removed) {
            self.tell(Event::new(Kind::AuthnLogout, now).account(Some(&record.user.id)).ip(facts.client)).await;
        }
        Ok(())
    }

    /// Ends all sessions of whoever is signed in, this one among them; says how many.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn sign_out_everywhere(&self, facts: &Facts, now: Timestamp) -> Result<usize, Failure> {
        let Some(record) = self.signed_in_as(facts, now).await? else { return Ok(0) };
        let ended = self.end_all(&record.user.id, now).await?;
        self.tell(Event::new(Kind::SessionRevokedAll, now).account(Some(&record.user.id)).ip(facts.client)).await;
        Ok(ended)
    }

    /// Gives an account other roles; its sessions have them from their next request on (ASVS v5.0.0-8.3.2).
    ///
    /// # Errors
    ///
    /// [`Failure`] when the accounts or the store fail.
    pub async fn set_roles(&self, account: &AccountId, roles: &[String], now: Timestamp) -> Result<(), Failure> {
        self.change(account, now, async {
            // Until the account has them, its sessions have only what it has before and after.
            self.give_roles(account, now, |held| self.common_roles(held, roles)).await?;
            self.accounts().set_roles(account, roles).await?;
            self.tell(Event::new(Kind::AuthzChange, now).account(Some(account)).detail("roles", &roles.join(" ")))
                .await;
            self.give_roles(account, now, |_| roles.to_vec()).await
        })
        .await
    }

    /// Gives each session of an account other roles than those it has.
    async fn give_roles(
        &self,
        account: &AccountId,
        now: Timestamp,
        roles: impl Fn(&[String]) -> Vec<String> + Sync,
    ) -> Result<(), Failure> {
        for (key, _) in self.store().list(Space::Session, &self.owner(account), now).await? {
            self.update(&key, now, |record| record.user.roles = roles(&record.user.roles)).await?;
        }
        Ok(())
    }

    /// The roles that come with both, held or inherited.
    fn common_roles(&self, one: &[String], other: &[String]) -> Vec<String> {
        let of = |roles: &[String], within: &[String]| {
            roles.iter().filter(|role| self.access().includes(within, role)).cloned().collect::<Vec<_>>()
        };
        [of(one, other), of(other, one)].concat()
    }

    /// Disables an account and ends its sessions (ASVS v5.0.0-7.4.2).
    ///
    /// # Errors
    ///
    /// [`Failure`] when the accounts or the store fail.
    pub async fn disable(&self, account: &AccountId, now: Timestamp) -> Result<usize, Failure> {
        self.change(account, now, async {
            let ended = self.end_all(account, now).await?;
            self.accounts().set_disabled(account, true).await?;
            self.tell(Event::new(Kind::AuthzChange, now).account(Some(account)).detail("disabled", "true")).await;
            Ok(ended)
        })
        .await
    }

    /// Ends every session of an account, also those that await a second factor, and those that others became
    /// meanwhile: until there is none.
    pub(super) async fn end_all(&self, account: &AccountId, now: Timestamp) -> Result<usize, Failure> {
        const TRIES: usize = 100;
        let mut ended = 0;
        for _ in 0..TRIES {
            let sessions = self.store().list(Space::Session, &self.owner(account), now).await?;
            if sessions.is_empty() {
                return Ok(ended);
            }
            for (key, _) in sessions {
                ended += usize::from(self.remove(&key, now).await?);
            }
        }
        Err(StoreError::Contended { store: "session" }.into())
    }

    /// Ends the sign-ins of an account that await a second factor, or only that of whoever asks.
    pub(super) async fn end_pending(
        &self,
        account: &AccountId,
        only_own: bool,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let own = facts.session.map(|presented| *presented.key());
        for (key, record) in self.live(account, now).await? {
            if record.stage == Stage::PendingMfa && (!only_own || own == Some(key)) {
                self.remove(&key, now).await?;
            }
        }
        Ok(())
    }

    async fn signed_in_as(&self, facts: &Facts, now: Timestamp) -> Result<Option<Arc<Record>>, Failure> {
        Ok(self.session(facts, now).await?.filter(|record| record.stage == Stage::Full))
    }

    /// The live sessions of an account: the store may still hold some that have ended by themselves.
    async fn live(&self, account: &AccountId, now: Timestamp) -> Result<Vec<(Key, Arc<Record>)>, Failure> {
        let entries = self.store().list(Space::Session, &self.owner(account), now).await?;
        let live = |(key, Versioned { state, .. }): (Key, Versioned)| {
            let State::Session(record) = state else { return None };
            let (_, answer) = crate::session::check(&self.policy().sessions, Some(&record), now);
            answer.live().map(|record| (key, Arc::clone(record)))
        };
        Ok(entries.into_iter().filter_map(live).collect())
    }

    /// Changes the record of a session, if it is still there.
    async fn update(&self, key: &Key, now: Timestamp, change: impl Fn(&mut Record) + Sync) -> Result<(), Failure> {
        const TRIES: usize = 100;
        for _ in 0..TRIES {
            let Some(Versioned { state: State::Session(record), version }) = self.store().read(key, now).await? else {
                return Ok(());
            };
            let mut record = Record::clone(&record);
            change(&mut record);
            let expires = crate::session::expires(&self.policy().sessions, &record);
            let write = Write { state: State::Session(Arc::new(record)), expires };
            if self.store().swap(key, Some(version), Some(write), now).await? {
                return Ok(());
            }
        }
        Err(StoreError::Contended { store: "session" }.into())
    }
}
