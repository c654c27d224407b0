//! Guessing: after so many attempts, nobody may try for a while (ASVS v5.0.0-6.3.1).
//!
//! The rule: an attempt is counted *before* the password is verified, and a success clears the count. So guesses made
//! at once are counted one by one, and never more than `max_attempts` of them reach the password.
//!
//! ```toml
//! [lockout]
//! max_attempts = 5
//! window = "5m"
//! duration = "15m"
//! ```
#![cfg_attr(
    feature = "runtime",
    doc = r"
```
use covet_core::lockout::{Event, Limits, Policy, check};
use covet_core::time::Timestamp;

let limits = Limits::from(&Policy::default());
let mut state = None;
for second in 0..5 {
    let (next, answer) = check(&limits, state.as_ref(), Event::Attempt, Timestamp::from_seconds(second));
    assert!(!answer.is_locked());
    state = next;
}
let (_, answer) = check(&limits, state.as_ref(), Event::Attempt, Timestamp::from_seconds(5));
assert!(answer.is_locked());
```
"
)]

#[cfg(feature = "runtime")]
mod check;
mod policy;

#[cfg(feature = "runtime")]
pub use self::check::{Answer, Event, Limits, State, check, expires};
pub use self::policy::Policy;
