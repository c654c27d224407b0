//! Audit: what happened, to whom, from where, for who must find out later.
//!
//! Against: an attack that leaves no trace, and a trace that an attacker writes. The rule: every event has a kind from
//! one vocabulary, its fields are data and not text, control characters cannot get into it, and no secret is in it
//! (ASVS v5.0.0-16.2, v5.0.0-16.4.1). A sink is told; it never decides.
//!
//! ```
//! use covet_core::audit::{Event, Kind, Sink, TracingSink};
//! use covet_core::time::Timestamp;
//!
//! # async fn example(now: Timestamp) -> Result<(), covet_core::audit::SinkError> {
//! let event = Event::new(Kind::AuthnLoginFail, now).ip(Some([192, 0, 2, 7].into())).detail("login", "ada\nroot");
//! assert_eq!(event.details(), [("login", "ada\\nroot".to_owned())]);
//! TracingSink.record(&event).await
//! # }
//! ```

mod event;
#[cfg(feature = "sqlite")]
mod sql;
mod trace;

use std::fmt;

use async_trait::async_trait;

pub use self::event::{Event, Kind, Outcome};
#[cfg(feature = "sqlite")]
pub use self::sql::{SqlSink, StoredEvent};
pub use self::trace::TracingSink;

/// Where events are written to.
#[async_trait]
pub trait Sink: Send + Sync + fmt::Debug {
    /// Writes one event. What a failure means is for the policy to say, not for the sink.
    async fn record(&self, event: &Event) -> Result<(), SinkError>;
}

/// An event was not written.
#[derive(Debug, thiserror::Error)]
#[error("the audit sink `{sink}` failed")]
pub struct SinkError {
    /// Which sink.
    pub sink: &'static str,
    /// What it said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
