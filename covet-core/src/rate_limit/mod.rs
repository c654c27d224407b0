//! How often: against guessing, scraping and exhaustion, at most so many requests in any window of time.
//!
//! The rule: never more than the algorithm promises; a refusal spends nothing; a clock set back gives nothing. The
//! sliding window, the default, admits at most `count` in *any* window of the length, wherever it begins. A token
//! bucket admits its burst and then its rate, a fixed window up to twice its count about the turn of the window: they
//! are for whoever wants just that.
//!
//! ```toml
//! [rate_limits.login]
//! limits = ["5/5m", "50/1d"]
//! scope = "ip"
//!
//! [rate_limits.uploads]
//! algorithm = "token_bucket"
//! limits = ["100/1m"]
//! burst = 20
//! ```
#![cfg_attr(
    feature = "runtime",
    doc = r#"
```
use covet_core::rate_limit::{Policy, Rates, Scope, charge};
use covet_core::time::Timestamp;
use covet_core::units::{Count, Rate};

let login = Policy::new(Rates::new(vec![Rate::new(1, 60)?])?, Scope::Ip, Count::of(1))?;
let (state, first) = charge(&login, None, 1, Timestamp::from_seconds(1000));
let (_, second) = charge(&login, state.as_ref(), 1, Timestamp::from_seconds(1001));
assert!(!first.is_refused());
assert_eq!(second.retry_after_millis, Some(59_000));
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]

mod algorithm;
#[cfg(feature = "runtime")]
mod bucket;
#[cfg(feature = "runtime")]
mod check;
#[cfg(feature = "runtime")]
mod fixed;
mod options;
#[cfg(feature = "runtime")]
mod packed;
mod policy;
mod rates;
#[cfg(feature = "redis")]
mod remote;
mod scope;
#[cfg(all(test, feature = "runtime"))]
mod tests;

pub use self::algorithm::{Algorithm, Burst};
#[cfg(feature = "redis")]
pub(crate) use self::bucket::Bucket;
#[cfg(feature = "redis")]
pub(crate) use self::check::Counter;
#[cfg(feature = "runtime")]
pub(crate) use self::check::kept_until;
#[cfg(feature = "runtime")]
pub use self::check::{Answer, Charged, State, charge, charge_mut, expires, refund};
#[cfg(feature = "redis")]
pub(crate) use self::fixed::Fixed;
pub use self::options::{Exempt, Fields, Mode, OnStoreFailure, Purpose, Tiers};
pub use self::policy::{Cost, Policy, PolicyError};
pub use self::rates::Rates;
#[cfg(feature = "redis")]
pub(crate) use self::remote::RemoteRefill;
pub use self::scope::{Scope, Scopes};
