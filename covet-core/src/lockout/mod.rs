//! Guessing: whoever has failed too often in a row waits before the next attempt, longer each time (ASVS v5.0.0-6.3.1).
//!
//! The rule: an attempt is counted *before* the password is verified, and a success clears the count. So guesses made
//! at once are counted one by one, and never more of them reach the password than the policy allows: `max_attempts`,
//! and then one after each wait. Nobody is made to wait within a request: the answer says how long.
//!
//! Nobody can aim a lock at somebody else: attempts are counted apart for each device that the account was signed in on
//! before, for everybody else, and for each network. Whoever guesses uses up what strangers have; the owner, on a device
//! of theirs, signs in.
//!
//! ```toml
//! [lockout]
//! max_attempts = 5
//! window = "1d"
//! delay = { base = "1s", factor = 2, max = "15m" }
//! ```
#![cfg_attr(
    feature = "runtime",
    doc = r"
```
use covet_core::lockout::{Event, Limits, Policy, check};
use covet_core::time::Timestamp;

let limits = Limits::from(&Policy::default());
let now = Timestamp::from_seconds(1_700_000_000);
let mut state = None;
let mut attempt = |now| {
    let (next, answer) = check(&limits, state.as_ref(), Event::Attempt, now);
    state = next.or(state);
    answer
};
for _ in 0..4 {
    assert_eq!(attempt(now).wait_millis(), 0);
}
assert_eq!(attempt(now).wait_millis(), 1000);
assert!(attempt(now).is_locked());
assert_eq!(attempt(now.plus_millis(1000)).wait_millis(), 2000);
```
"
)]

#[cfg(feature = "runtime")]
mod alarm;
#[cfg(feature = "runtime")]
mod check;
#[cfg(feature = "runtime")]
mod device;
mod policy;

#[cfg(feature = "runtime")]
pub use self::alarm::{Alarm, AlarmChange};
#[cfg(feature = "runtime")]
pub use self::check::{Answer, Event, Limits, State, Wait, check, expires};
#[cfg(feature = "runtime")]
pub use self::device::{Device, DeviceCookie};
pub use self::policy::{Delay, DelayError, Global, Network, Policy};
