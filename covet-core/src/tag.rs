//! What entries are named by outside of the process: keyed hashes, which tell nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 128 bits that stand for a name without telling it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag(pub [u8; 16]);

impl Tag {
    /// The tag of nothing: keys that belong to no account.
    pub const NONE: Self = Self([0; 16]);
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
