//! Passwords: which are accepted, and how they are kept.
//!
//! Against: passwords that are guessed online, a stolen table of hashes, and the sign-in page as a way to exhaust the
//! server's memory. The rule: a new password is long, hard to guess, not known to be stolen, and does not name the
//! service or the user; it is kept as an Argon2id hash; and hashing never uses more memory than its budget.
//!
//! ```
//! # #[cfg(feature = "runtime")] {
//! use covet_core::password::{self, Fault, Owner, Policy, Strength};
//!
//! let policy = Policy { context_words: vec!["vault".into()], ..Policy::default() };
//! let owner = Owner { names: &["ada"], second_factor: false };
//! let review = password::review(&policy, "river ink zebra quartz", owner);
//! assert!(review.is_valid() && review.strength == Strength::VeryStrong);
//! let review = password::review(&policy, "iloveyou", owner);
//! assert_eq!(review.errors, [Fault::TooShort { min: 15 }, Fault::Common]);
//! # }
//! ```

#[cfg(feature = "corpus")]
pub mod breach;
#[cfg(feature = "runtime")]
mod check;
#[cfg(feature = "import")]
mod foreign;
#[cfg(feature = "runtime")]
mod hasher;
mod policy;
#[cfg(feature = "runtime")]
mod pool;
#[cfg(feature = "runtime")]
mod secret;

#[cfg(feature = "runtime")]
pub use self::check::{Fault, Owner, Review, review};
#[cfg(feature = "runtime")]
pub use self::hasher::{HashError, Hasher, Verdict};
pub use self::policy::{Breach, BreachSource, Composition, Hash, OnFailure, Policy, RangeUrl, Strength};
#[cfg(feature = "runtime")]
pub use self::secret::{Password, PasswordHash};
