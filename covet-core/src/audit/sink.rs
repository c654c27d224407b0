use std::fmt;

use async_trait::async_trait;

use super::Event;
use crate::time::Timestamp;

/// Where events are written to.
#[async_trait]
pub trait Sink: Send + Sync + fmt::Debug {
    /// Writes one event. What a failure means is for the policy to say, not for the sink.
    async fn record(&self, event: &Event) -> Result<(), SinkError>;

    /// Forgets events from before a time; called now and then, bounded work a call. Provided for sinks that keep none.
    async fn forget(&self, before: Timestamp) -> Result<(), SinkError> {
        let _ = before;
        Ok(())
    }
}

/// An event was not written, or those that are due not forgotten.
#[derive(Debug, thiserror::Error)]
#[error("the audit sink `{sink}` failed")]
pub struct SinkError {
    /// Which sink.
    pub sink: &'static str,
    /// What it said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
