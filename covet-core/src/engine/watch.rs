//! The store as the engine asks it: behind a [`Circuit`], and told of when it is otherwise than it was.
//!
//! The rule: what the store did not do is never passed off as done. While nobody asks, a read, a list, a batch and a swap
//! are errors, never "nothing there" or "not swapped". What can be answered without waiting is answered: it needs no
//! server.
//!
//! A cluster that has lost a part is asked: what the others do in between keeps the circuit closed, and each call to that
//! part waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;

use super::circuit::{Admission, Circuit, Condition, Sign, Transition};
use super::{log, record};
use crate::audit::{Event, Kind, Sink};
use crate::lockout;
use crate::rate_limit::{self, Rates, Scope};
use crate::store::{Key, Outcome, Outcomes, Space, Step, Store, StoreError, Tag, Versioned, Write};
use crate::time::Timestamp;
use crate::units::{Count, Rate};
use crate::{metric, random};

/// The key of what is written to try the store: of all processes, for it tells nothing.
const TRIAL: Key = Key { space: Space::Limit, owner: Tag::NONE, id: Tag(*b"covet tries this") };

/// A store, watched.
#[derive(Debug)]
pub(super) struct Watch {
    store: Arc<dyn Store>,
    is_remote: bool,
    /// What is known of it, and its name, as far as it has told it.
    known: Mutex<(Circuit, &'static str)>,
    trial: rate_limit::Policy,
    sinks: Arc<[Arc<dyn Sink>]>,
}

/// Nobody asks the store.
#[derive(Debug, thiserror::Error)]
#[error("it did not answer before, and is asked again soon")]
struct NotAsked;

impl Watch {
    pub(super) fn new(store: Arc<dyn Store>, sinks: &[Arc<dyn Sink>]) -> Self {
        let is_remote = store.is_remote();
        Self { store, is_remote, known: Mutex::new((Circuit::default(), "")), trial: trial(), sinks: sinks.into() }
    }

    /// What a call answers, if it is made.
    async fn ask<T>(
        &self,
        now: Timestamp,
        call: impl Future<Output = Result<T, StoreError>> + Send,
        wrote: impl FnOnce(&T) -> bool + Send,
    ) -> Result<T, StoreError> {
        self.admit(now).await?;
        let began = Instant::now();
        let answer = call.await;
        let sign = match &answer {
            Ok(answer) if wrote(answer) => Some(Sign::Wrote),
            Ok(_) => Some(Sign::Answered),
            Err(error) => self.sign_of(error),
        };
        if let Some(sign) = sign {
            let failure = answer.as_ref().err();
            self.learn(now, failure, |circuit, lot| circuit.saw(sign, began, Instant::now(), lot));
        }
        answer
    }

    /// Whether a call may go through; if one has to try before, it is this.
    async fn admit(&self, now: Timestamp) -> Result<(), StoreError> {
        let (admission, store) = {
            let mut known = self.known.lock();
            let (circuit, admission) = known.0.admit(Instant::now());
            known.0 = circuit;
            (admission, known.1)
        };
        match admission {
            Admission::Pass => Ok(()),
            Admission::Refuse => Err(not_asked(store)),
            Admission::Try => {
                let tried = self.store.run(&[self.trial()], now).await;
                let sign = match &tried {
                    Ok(outcomes) if wrote(&[self.trial()], outcomes) => Sign::Wrote,
                    Ok(_) => Sign::Answered,
                    Err(error) => self.sign_of(error).unwrap_or(Sign::Answered),
                };
                self.learn(now, tried.as_ref().err(), |circuit, lot| circuit.tried(sign, Instant::now(), lot));
                tried.and_then(|_| if sign == Sign::Wrote { Ok(()) } else { Err(not_asked(store)) })
            }
        }
    }

    fn trial(&self) -> Step<'_> {
        Step::Charge { key: TRIAL, policy: &self.trial, tiers: &[], cost: 1, shadow: false }
    }

    /// What an error shows of the store; that others keep changing an entry shows nothing.
    fn sign_of(&self, error: &StoreError) -> Option<Sign> {
        match error {
            StoreError::Unavailable { .. } if self.is_remote => Some(Sign::Silent),
            StoreError::Unavailable { .. } | StoreError::Failed { .. } => Some(Sign::Trouble(Condition::Failing)),
            StoreError::Full { .. } => Some(Sign::Trouble(Condition::Full)),
            StoreError::Contended { .. } => None,
        }
    }

    fn learn(
        &self,
        now: Timestamp,
        failure: Option<&StoreError>,
        what: impl FnOnce(Circuit, u8) -> (Circuit, Option<Transition>),
    ) {
        let mut lot = [0];
        if failure.is_some() {
            // Without randomness all processes may try at the same moment.
            let _ = random::fill(&mut lot);
        }
        let [lot] = lot;
        let (transition, store) = {
            let mut known = self.known.lock();
            if let Some(error) = failure {
                known.1 = error.store();
            }
            let (circuit, transition) = what(known.0, lot);
            known.0 = circuit;
            (transition, known.1)
        };
        if let Some(transition) = transition {
            self.tell(store, transition, failure, now);
        }
    }

    /// Tells the log, the metrics and every sink. Whoever found out does not wait for it.
    fn tell(&self, store: &'static str, transition: Transition, failure: Option<&StoreError>, now: Timestamp) {
        let Transition { to, after } = transition;
        metric::store_is(store, to.name());
        if let Some(error) = failure {
            let cause = error as &dyn std::error::Error;
            tracing::error!(cause, store, "the store is {}", to.name());
        }
        let kind = if to == Condition::Working { Kind::StoreRecovered } else { Kind::StoreFailure };
        let event = Event::new(kind, now).detail("store", store).detail("condition", to.name());
        let event = after.into_iter().fold(event, |event, after| event.detail("after", &told(after)));
        let sinks = Arc::clone(&self.sinks);
        // Not awaited: a sink may be slow, and the request may be given up.
        tokio::spawn(async move {
            log(&event).await;
            record(&sinks, &event).await;
        });
    }
}

fn not_asked(store: &'static str) -> StoreError {
    StoreError::Unavailable { store, source: NotAsked.into() }
}

/// A duration for a person to read: `12.3s`.
fn told(duration: Duration) -> String {
    format!("{}.{}s", duration.as_secs(), duration.subsec_millis() / 100)
}

fn trial() -> rate_limit::Policy {
    let rate = Rate::new(Rate::MAX_COUNT, 1).expect("it is in range");
    let rates = Rates::new([rate]).expect("one rate is not too many");
    rate_limit::Policy::new(rates, Scope::Global, Count::of(1)).expect("the rate admits a cost of 1")
}

/// Whether the answers tell of something that was written.
fn wrote(steps: &[Step<'_>], outcomes: &[Outcome]) -> bool {
    steps.iter().zip(outcomes).any(|(step, outcome)| match (step, outcome) {
        (Step::Charge { cost, .. }, Outcome::Charge(answer) | Outcome::Shadow(answer)) => {
            *cost > 0 && !answer.is_refused()
        }
        (Step::Lockout { event: lockout::Event::Attempt, .. }, Outcome::Lockout(answer)) => !answer.is_locked(),
        (_, Outcome::Totp(accepted)) => *accepted,
        _ => false,
    })
}

#[async_trait]
impl Store for Watch {
    async fn read(&self, key: &Key, now: Timestamp) -> Result<Option<Versioned>, StoreError> {
        self.ask(now, self.store.read(key, now), |_| false).await
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        // To remove something, a store that is full needs no room.
        let writes = new.is_some();
        self.ask(now, self.store.swap(key, expected, new, now), |swapped| writes && *swapped).await
    }

    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError> {
        self.ask(now, self.store.list(space, owner, now), |_| false).await
    }

    /// It also finds out that a store is back which nobody asks.
    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.admit(now).await.is_err() {
            // What has expired can wait.
            return Ok(());
        }
        self.ask(now, self.store.sweep(now), |()| false).await
    }

    fn forgotten(&self) -> u64 {
        self.store.forgotten()
    }

    fn is_remote(&self) -> bool {
        self.is_remote
    }

    fn run_now(&self, steps: &[Step<'_>], now: Timestamp, outcomes: &mut Outcomes) -> Result<bool, StoreError> {
        let done = self.store.run_now(steps, now, outcomes);
        if let Err(error) = &done
            && let Some(sign) = self.sign_of(error)
        {
            let at = Instant::now();
            self.learn(now, Some(error), |circuit, lot| circuit.saw(sign, at, at, lot));
        }
        done
    }

    async fn run(&self, steps: &[Step<'_>], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        self.ask(now, self.store.run(steps, now), |outcomes| wrote(steps, outcomes)).await
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
pub(super) mod tests;
