//! What the engine needs to count attempts, made of the policy once, and the alarm that all of them may raise.

use parking_lot::Mutex;

use super::Engine;
use crate::audit::{Event, Kind};
use crate::lockout::{Alarm, AlarmChange, Limits, Policy};
use crate::metric;
use crate::rate_limit::{self, Rates, Scope};
use crate::time::Timestamp;
use crate::units::{Count, Rate};

/// By how much fewer failures a network has while the alarm is raised.
const FEWER: u32 = 4;

/// Made of `[lockout]`.
#[derive(Debug)]
pub(super) struct Guessing {
    /// How often one may fail from one network.
    network: rate_limit::Policy,
    /// How often while the alarm is raised.
    network_in_alarm: rate_limit::Policy,
    alarm: Mutex<Alarm>,
}

impl Guessing {
    pub(super) fn new(policy: &Policy) -> Self {
        let fewer = |rate: &Rate| {
            Rate::new((rate.count() / FEWER).max(1), rate.seconds()).expect("fewer, but not none, is in range")
        };
        let rates = policy.network.limits.as_slice();
        let limit = |rates: Vec<Rate>| {
            let rates = Rates::new(rates).expect("they are as many as those of the policy");
            rate_limit::Policy::new(rates, Scope::Ip, Count::of(1)).expect("every rate admits a cost of 1")
        };
        Self {
            network: limit(rates.to_vec()),
            network_in_alarm: limit(rates.iter().map(fewer).collect()),
            alarm: Mutex::default(),
        }
    }
}

impl Engine {
    /// How often one may fail from one network now.
    pub(crate) fn network_limit(&self) -> &rate_limit::Policy {
        if self.is_alarmed() { &self.guessing.network_in_alarm } else { &self.guessing.network }
    }

    /// What holds for strangers now.
    pub(crate) fn limits_of_strangers(&self, limits: Limits) -> Limits {
        if self.is_alarmed() { limits.from_the_first() } else { limits }
    }

    /// Counts a sign-in among all, and tells if that raises the alarm or ends it.
    pub(crate) async fn count_sign_in(&self, failed: bool, now: Timestamp) {
        let change = self.guessing.alarm.lock().count(&self.policy.lockout.global, failed, now);
        self.tell_alarm(change, now).await;
    }

    /// Ends the alarm when it is over.
    pub(super) async fn look_at_alarm(&self, now: Timestamp) {
        let change = self.guessing.alarm.lock().look(&self.policy.lockout.global, now);
        self.tell_alarm(change, now).await;
    }

    async fn tell_alarm(&self, change: Option<AlarmChange>, now: Timestamp) {
        let state = match change {
            None => return,
            Some(AlarmChange::Raised) => "raised",
            Some(AlarmChange::Over) => "over",
        };
        metric::alarm(change == Some(AlarmChange::Raised));
        self.tell(Event::new(Kind::MaliciousLoginFailures, now).detail("alarm", state)).await;
    }

    fn is_alarmed(&self) -> bool {
        self.guessing.alarm.lock().is_raised()
    }
}
