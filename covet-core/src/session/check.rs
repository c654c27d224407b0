//! Whether a session is live, and when its use is noted.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::account::AccountId;
use crate::time::Timestamp;

/// How long a session may wait for its second factor: ten minutes.
pub const PENDING_MFA_MILLIS: u64 = 600_000;

/// How often use is noted, at most: one write a minute, however many requests.
const TOUCH_MILLIS: u64 = 60_000;

/// What is remembered of a session.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Whose it is.
    pub user: User,
    /// A random name for the sessions page; it opens nothing.
    pub handle: String,
    /// What it may do yet.
    pub stage: Stage,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
    /// When the password was verified.
    pub authenticated: Timestamp,
    /// When a second factor was last verified, if one was.
    pub mfa: Option<Timestamp>,
    /// Whether the account has a second factor.
    pub mfa_enrolled: bool,
    /// How many wrong passwords came before the right one, for whoever proves the second factor to be told.
    #[serde(default)]
    pub wrong_passwords: u32,
    /// From where it began.
    pub ip: Option<IpAddr>,
    /// With what it began.
    pub user_agent: Option<String>,
}

/// Who a session belongs to, as much as every request needs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The account.
    pub id: AccountId,
    /// The name it is shown by.
    pub name: String,
    /// Its roles, by name.
    pub roles: Vec<String>,
}

/// What a session may do yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The password was right; nothing but a second factor may follow.
    PendingMfa,
    /// All that sign-in asks for was given.
    Full,
}

/// Whether a session is live.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// It is.
    Live(Arc<Record>),
    /// It has ended by itself.
    Expired(Expired),
    /// There is none: it never was, was revoked, or ended and is forgotten.
    Missing,
}

/// Why a session has ended by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expired {
    /// It went unused for `idle_timeout`.
    Idle,
    /// It existed for `max_lifetime`, or waited too long for its second factor.
    Absolute,
}

impl Answer {
    /// The session, if it is live.
    #[must_use]
    pub const fn live(&self) -> Option<&Arc<Record>> {
        match self {
            Self::Live(record) => Some(record),
            Self::Expired(_) | Self::Missing => None,
        }
    }
}

/// Judges a session. The record to write is `None` unless its last use is due to be noted again.
#[must_use]
pub fn check(policy: &Policy, record: Option<&Arc<Record>>, now: Timestamp) -> (Option<Arc<Record>>, Answer) {
    let Some(record) = record else { return (None, Answer::Missing) };
    if now >= ends(policy, record) {
        return (None, Answer::Expired(Expired::Absolute));
    }
    let idle = now.millis_since(record.seen);
    if idle >= policy.idle_timeout.millis() {
        return (None, Answer::Expired(Expired::Idle));
    }
    if idle < touch_millis(policy) {
        return (None, Answer::Live(record.clone()));
    }
    let touched = Arc::new(Record { seen: now, ..Record::clone(record) });
    (Some(touched.clone()), Answer::Live(touched))
}

/// The first moment at which the session is no longer live, if it is not used again.
#[must_use]
pub fn expires(policy: &Policy, record: &Record) -> Timestamp {
    record.seen.plus_millis(policy.idle_timeout.millis()).min(ends(policy, record))
}

/// When the session ends however much it is used.
fn ends(policy: &Policy, record: &Record) -> Timestamp {
    record.created.plus_millis(lifetime_millis(policy, record.stage))
}

/// How long a session of a stage lives however much it is used.
pub(crate) fn lifetime_millis(policy: &Policy, stage: Stage) -> u64 {
    let lifetime = policy.max_lifetime.millis();
    match stage {
        Stage::PendingMfa => lifetime.min(PENDING_MFA_MILLIS),
        Stage::Full => lifetime,
    }
}

/// How long after its last noted use another is noted.
pub(crate) fn touch_millis(policy: &Policy) -> u64 {
    TOUCH_MILLIS.min(policy.idle_timeout.millis() / 10)
}

/// Whose it is and how far, not the name, address or device: those are personal, and logs are read by many.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut record = f.debug_struct("Record");
        record.field("user", &self.user).field("stage", &self.stage).field("created", &self.created);
        record.field("seen", &self.seen).field("mfa", &self.mfa).finish_non_exhaustive()
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("roles", &self.roles).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn record(stage: Stage) -> Arc<Record> {
        Arc::new(Record {
            user: User { id: "7f3a".parse().unwrap(), name: "Ada".to_owned(), roles: vec!["member".to_owned()] },
            handle: "h".to_owned(),
            stage,
            created: START,
            seen: START,
            authenticated: START,
            mfa: None,
            mfa_enrolled: true,
            wrong_passwords: 0,
            ip: Some([192, 0, 2, 1].into()),
            user_agent: Some("Firefox".to_owned()),
        })
    }

    fn after(seconds: u64) -> Timestamp {
        START.plus_millis(seconds * 1000)
    }

    #[test]
    fn a_session_ends_when_it_goes_unused() {
        let policy = Policy::default();
        let full = record(Stage::Full);
        assert!(check(&policy, Some(&full), after(1799)).1.live().is_some());
        assert_eq!(check(&policy, Some(&full), after(1800)), (None, Answer::Expired(Expired::Idle)));
        assert_eq!(expires(&policy, &full), after(1800));
        assert_eq!(check(&policy, None, START), (None, Answer::Missing));
    }

    #[test]
    fn a_session_in_use_ends_all_the_same() {
        let policy = Policy::default();
        let used = Arc::new(Record { seen: after(28_799), ..Record::clone(&record(Stage::Full)) });
        assert!(check(&policy, Some(&used), after(28_799)).1.live().is_some());
        assert_eq!(check(&policy, Some(&used), after(28_800)), (None, Answer::Expired(Expired::Absolute)));
        assert_eq!(expires(&policy, &used), after(28_800));
    }

    #[test]
    fn a_session_waits_ten_minutes_for_its_second_factor() {
        let policy = Policy::default();
        let pending = record(Stage::PendingMfa);
        assert!(check(&policy, Some(&pending), after(599)).1.live().is_some());
        assert_eq!(check(&policy, Some(&pending), after(600)), (None, Answer::Expired(Expired::Absolute)));
        assert_eq!(expires(&policy, &pending), after(600));
    }

    #[test]
    fn use_is_noted_once_a_minute() {
        let policy = Policy::default();
        let full = record(Stage::Full);
        assert_eq!(check(&policy, Some(&full), after(59)), (None, Answer::Live(full.clone())));
        let (write, answer) = check(&policy, Some(&full), after(60));
        assert_eq!(write.as_ref().unwrap().seen, after(60));
        assert_eq!(answer, Answer::Live(write.unwrap()));
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let shown = format!("{:?}", record(Stage::Full));
        assert!(shown.contains("7f3a") && shown.contains("member"), "{shown}");
        assert!(!shown.contains("Ada") && !shown.contains("192.0.2.1") && !shown.contains("Firefox"), "{shown}");
    }

    proptest! {
        #[test]
        fn the_store_keeps_a_session_exactly_as_long_as_it_is_live(
            idle in 60..5000_u64, lifetime in 300..10_000_u64, steps in proptest::collection::vec(0..900_u64, 1..60),
        ) {
            let policy: Policy =
                toml::from_str(&format!("idle_timeout = \"{idle}s\"\nmax_lifetime = \"{lifetime}s\"")).unwrap();
            let (mut record, mut now) = (record(Stage::Full), START);
            for step in steps {
                now = now.plus_millis(step * 1000);
                let (write, answer) = check(&policy, Some(&record), now);
                prop_assert_eq!(answer.live().is_some(), now < expires(&policy, &record));
                record = write.unwrap_or(record);
            }
        }
    }
}
