//! What is counted for whoever operates the application, through the `metrics` facade: without a recorder it costs
//! nothing and goes nowhere.
//!
//! The rule: names as Prometheus wants them, and no label whose values a client could choose.

/// The alarm over the failures of all sign-ins was raised, or is over.
pub(crate) fn alarm(raised: bool) {
    metrics::gauge!("covet_login_alarm").set(if raised { 1.0 } else { 0.0 });
    if raised {
        metrics::counter!("covet_login_alarms_total").increment(1);
    }
}

/// A sign-in ended, well or not.
pub(crate) fn signed_in(failed: bool) {
    let outcome = if failed { "failure" } else { "success" };
    metrics::counter!("covet_logins_total", "outcome" => outcome).increment(1);
}

/// An administrator or a reset unlocked an account.
pub(crate) fn unlocked() {
    metrics::counter!("covet_unlocks_total").increment(1);
}

/// A lock began, at an attempt of the kind `after`.
pub(crate) fn locked(after: &'static str) {
    metrics::counter!("covet_lockouts_total", "after" => after).increment(1);
}

/// The store is in another condition.
pub(crate) fn store_is(store: &'static str, to: &'static str) {
    metrics::counter!("covet_store_transitions_total", "store" => store, "to" => to).increment(1);
}

/// A limit, or a session, was decided on without the store; `plan` is what the limit does then.
pub(crate) fn without_store(plan: &'static str) {
    metrics::counter!("covet_decisions_without_store_total", "plan" => plan).increment(1);
}

/// Entries were forgotten before their time, for want of room.
pub(crate) fn forgotten(entries: u64) {
    if entries > 0 {
        metrics::counter!("covet_store_forgotten_total").increment(entries);
    }
}

/// Whether a new password was stolen could not be found out.
#[cfg(feature = "breach")]
pub(crate) fn breaches_unknown() {
    metrics::counter!("covet_breach_check_failures_total").increment(1);
}
