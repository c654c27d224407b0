//! Who signed in before: against stolen and forgotten sessions, each ends by itself.
//!
//! The rule: a session is live until it has been idle for `idle_timeout` or has existed for `max_lifetime`, whichever
//! comes first (ASVS v5.0.0-7.3.1 and 7.3.2); one that still waits for its second factor lives at most ten minutes.
//!
//! The browser holds a random `SessionId`; the store knows only its hash, so that who reads the store cannot act as
//! anyone in it.
//!
//! ```toml
//! [sessions]
//! idle_timeout = "30m"
//! max_lifetime = "8h"
//! ```
#![cfg_attr(
    feature = "runtime",
    doc = r"
```
use covet_core::session::{Answer, Policy, check};
use covet_core::time::Timestamp;

let (_, answer) = check(&Policy::default(), None, Timestamp::from_seconds(1000));
assert_eq!(answer, Answer::Missing);
```
"
)]

#[cfg(feature = "runtime")]
mod check;
#[cfg(feature = "runtime")]
mod id;
mod policy;

#[cfg(feature = "runtime")]
pub use self::check::{Answer, Expired, PENDING_MFA_MILLIS, Record, Stage, User, check, expires};
#[cfg(feature = "redis")]
pub(crate) use self::check::{lifetime_millis, touch_millis};
#[cfg(feature = "runtime")]
pub use self::id::SessionId;
pub use self::policy::{Cookie, CookieName, CookieNameError, Kind, Policy, SameSite};
