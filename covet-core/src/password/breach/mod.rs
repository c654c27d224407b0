//! Whether a new password was stolen elsewhere (ASVS v5.0.0-6.2.12).
//!
//! Against: passwords of other services, tried here by whoever has the lists. The rule: what leaves the process are the
//! first five hexadecimal digits of a SHA-1, which hundreds of known passwords share; or nothing, when a file is asked.

#[cfg(feature = "breach")]
mod api;
mod corpus;
mod digest;

use std::fmt;
#[cfg(feature = "breach")]
use std::{path::Path, sync::Arc};

#[cfg(feature = "breach")]
pub use self::api::Api;
pub use self::corpus::{BuildError, Built, Corpus, build};
pub use self::digest::Sha1Digest;
#[cfg(feature = "breach")]
use super::policy::{Breach, BreachSource};

/// Knows stolen passwords. It may block: it is not asked by a thread that serves requests.
pub trait Breaches: Send + Sync + fmt::Debug {
    /// How often the password with this digest was found; 0 if it is not known.
    ///
    /// # Errors
    ///
    /// [`BreachError`] when nobody can tell.
    fn count(&self, digest: &Sha1Digest) -> Result<u64, BreachError>;
}

/// Whether a password was stolen could not be found out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BreachError {
    /// The service did not answer as it should, or not in time.
    #[error("the breach service failed")]
    Api(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer is not one of the range API.
    #[error("the breach service answered what is no range: line {line}")]
    Malformed {
        /// Which line of it.
        line: usize,
    },
    /// The file could not be read.
    #[error("the file of stolen passwords could not be read")]
    File(#[from] std::io::Error),
    /// The file is none of ours.
    #[error("`{0}` is not a file that `cargo covet breach build` makes")]
    NoCorpus(String),
}

/// What the policy asks, if it asks anything.
///
/// # Errors
///
/// [`BreachError`] when the file is not there or not one of ours.
#[cfg(feature = "breach")]
pub fn open(policy: &Breach) -> Result<Option<Arc<dyn Breaches>>, BreachError> {
    Ok(match policy.source {
        BreachSource::Off => None,
        BreachSource::Api => Some(Arc::new(Api::new(policy))),
        BreachSource::File => Some(Arc::new(Corpus::open(Path::new(&policy.file))?)),
    })
}
