//! Audit: what happened, to whom, from where, for who must find out later.
//!
//! Against: an attack that leaves no trace, a trace that an attacker writes, and one that outlives its use. The rule:
//! every event has a kind from one vocabulary, its fields are data and not text, control characters cannot get into it,
//! no secret is in it (ASVS v5.0.0-16.2, v5.0.0-16.4.1), and the database keeps it for `retention`. A sink is told; it
//! never decides.
//!
//! ```toml
//! [audit]
//! retention = "400d"
//! ```
#![cfg_attr(
    feature = "runtime",
    doc = r#"
```
use covet_core::audit::{Event, Kind, Sink, TracingSink};
use covet_core::time::Timestamp;

# async fn example(now: Timestamp) -> Result<(), covet_core::audit::SinkError> {
let event = Event::new(Kind::AuthnLoginFail, now).ip(Some([192, 0, 2, 7].into())).detail("login", "ada\nroot");
assert_eq!(event.details(), [("login", "ada\\nroot".to_owned())]);
TracingSink.record(&event).await
# }
```
"#
)]

#[cfg(feature = "runtime")]
mod event;
mod policy;
#[cfg(feature = "runtime")]
mod sink;
#[cfg(feature = "sql")]
mod sql;
#[cfg(feature = "runtime")]
mod trace;

#[cfg(feature = "runtime")]
pub use self::event::{Event, Kind, Outcome};
pub use self::policy::Policy;
#[cfg(feature = "runtime")]
pub use self::sink::{Sink, SinkError};
#[cfg(feature = "sql")]
pub use self::sql::{SqlSink, StoredEvent};
#[cfg(feature = "runtime")]
pub use self::trace::TracingSink;
#[cfg(all(test, feature = "sqlite"))]
pub(crate) use self::trace::tests::Lines;
