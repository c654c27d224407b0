//! What is counted for whoever operates the application, through the `metrics` facade: without a recorder it costs
//! nothing and goes nowhere.
//!
//! The rule: names as Prometheus wants them, and no label whose values a client could choose.

/// A lock began, at an attempt of the kind `after`.
pub(crate) fn locked(after: &'static str) {
    metrics::counter!("covet_lockouts_total", "after" => after).increment(1);
}
