//! What is counted for whoever operates the application, through the `metrics` facade: without a recorder it costs
//! nothing and goes nowhere.
//!
//! The rule: names as Prometheus wants them, and no label whose values a client could choose.

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
