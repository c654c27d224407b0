//! The second factor: codes of an authenticator application.
//!
//! Against: a password that someone else knows. The rule: a code is accepted within its drift, and its step only once
//! (RFC 6238 section 5.2, ASVS v5.0.0-6.5.1).
//!
//! ```
//! # #[cfg(feature = "runtime")] {
//! use covet_core::mfa::{self, Secret, Totp};
//! use covet_core::time::Timestamp;
//!
//! let (policy, now) = (Totp::default(), Timestamp::from_seconds(59));
//! let secret = Secret::new(b"12345678901234567890".to_vec()).unwrap();
//! let step = mfa::matching_step(&policy, &secret, "287 082", now).expect("the code of the step");
//!
//! let (state, accepted) = mfa::claim_step(None, step);
//! assert!(accepted);
//! let (_, again) = mfa::claim_step(state.as_ref(), step);
//! assert!(!again);
//! # }
//! ```

#[cfg(feature = "runtime")]
mod check;
mod policy;
#[cfg(feature = "runtime")]
mod totp;

#[cfg(feature = "runtime")]
pub use self::check::{State, claim_step};
pub use self::policy::{Algorithm, Policy, Totp};
#[cfg(feature = "runtime")]
pub use self::totp::{Enrollment, EnrollmentError, Secret, SecretTooShort, matching_step};
