//! The one place in a request where everything lies that Covet knows of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use covet_core::denial::Denial;
use covet_core::engine::{Decision, Facts, Grant, Seen};
use covet_core::time::Timestamp;
use rocket::Request;

/// What Covet knows of a request. Rocket's cache is keyed by type, so there is one type and one value.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    facts: Facts,
    decision: Box<Decision>,
    /// A limit that the handler has charged and that is reached.
    reached: Option<Denial>,
    now: Timestamp,
}

impl Slot {
    /// The slot of a request, empty until a guard has run.
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// Fills the slot of a request; the last route that Rocket tries decides.
    pub(crate) fn fill(request: &Request<'_>, facts: Facts, decision: Box<Decision>, now: Timestamp) {
        let mut known = Some(Known { facts, decision, reached: None, now });
        let slot = request.local_cache(|| Self(Mutex::new(known.take())));
        if known.is_some() {
            *slot.lock() = known;
        }
    }

    /// Replaces the facts, as when a session was made or ended during the request.
    pub(crate) fn set_facts(&self, facts: Facts, grant: Grant) {
        if let Some(known) = &mut *self.lock() {
            known.facts = facts;
            known.decision.outcome = Ok(grant);
        }
    }

    /// The facts of the request, once a guard has run. Its time is not told: a body may take long to come, and by then
    /// what one would judge by it has moved on.
    pub(crate) fn facts(&self) -> Option<Facts> {
        self.lock().as_ref().map(|known| known.facts.clone())
    }

    /// What was granted, if anything was.
    pub(crate) fn grant(&self) -> Option<Grant> {
        self.lock().as_ref().and_then(|known| known.decision.outcome.clone().ok())
    }

    /// Why the request was refused, if it was: by the guard, or else by a limit that its handler charged.
    pub(crate) fn denial(&self) -> Option<Denial> {
        self.lock().as_ref().and_then(|known| known.decision.outcome.clone().err().or_else(|| known.reached.clone()))
    }

    /// Looks at the limits that were charged, and when.
    pub(crate) fn with_limits<T>(&self, look: impl FnOnce(&[Seen], Timestamp) -> T) -> Option<T> {
        self.lock().as_ref().map(|known| look(&known.decision.limits, known.now))
    }

    /// Adds a limit that the handler has charged.
    pub(crate) fn see(&self, seen: Seen) {
        if let Some(known) = &mut *self.lock() {
            known.decision.see(seen);
            if seen.answer.is_refused() {
                known.reached = Some(Denial::RateLimited { limit: seen.name, answer: seen.answer });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
