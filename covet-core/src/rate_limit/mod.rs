//! How often: against guessing, scraping and exhaustion, at most so many requests in any window of time.
//!
//! The rule: never more than `count` in *any* window of the length, wherever it begins; a refusal spends nothing.
//! A fixed window admits twice its count across the boundary, and a token bucket its burst and then its rate; the
//! sliding window here admits neither.
//!
//! ```toml
//! [rate_limits.login]
//! limits = ["5/5m", "50/1d"]
//! scope = "ip"
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

#[cfg(feature = "runtime")]
mod check;
mod policy;
#[cfg(all(test, feature = "runtime"))]
mod tests;

#[cfg(feature = "runtime")]
pub use self::check::{Answer, State, charge, charge_mut, expires};
pub use self::policy::{Policy, PolicyError, Rates, Scope};
