//! The secret of a session: 256 random bits that only the browser keeps.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::tag::Tag;

/// The random id of a session (ASVS v5.0.0-7.2.3 asks for 128 bits; this is 256).
///
/// The cookie carries it beside the tag of its owner, so that the keys of both are known before anything is read:
///
/// ```
/// use covet_core::session::SessionId;
/// use covet_core::store::Tag;
///
/// let id = SessionId::from_bytes([7; 32]);
/// let cookie = id.cookie_value(&Tag([1; 16]));
/// let (same, owner) = SessionId::parse(&cookie).unwrap();
/// assert_eq!((same.tag(), owner), (id.tag(), Tag([1; 16])));
/// ```
#[derive(Clone)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// An id of these random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What the store knows of it: the first half of its SHA-256. The id is random, so no salt is needed.
    #[must_use]
    pub fn tag(&self) -> Tag {
        let hash: [u8; 32] = Sha256::digest(self.0).into();
        let mut tag = [0; 16];
        tag.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Tag(tag)
    }

    /// The value of the cookie: the id and then the owner, in base64url.
    #[must_use]
    pub fn cookie_value(&self, owner: &Tag) -> String {
        let mut bytes = Zeroizing::new([0; BYTES]);
        bytes.iter_mut().zip(self.0.iter().chain(&owner.0)).for_each(|(to, from)| *to = *from);
        URL_SAFE_NO_PAD.encode(bytes.as_slice())
    }

    /// Reads the value of a cookie; `None` unless it is written as [`SessionId::cookie_value`] would write it.
    #[must_use]
    pub fn parse(value: &str) -> Option<(Self, Tag)> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        if value.len() != CHARS || URL_SAFE_NO_PAD.decode_slice(value, bytes.as_mut_slice()).ok()? != BYTES {
            return None;
        }
        let (id, owner) = bytes.split_first_chunk()?;
        Some((Self(*id), Tag(owner.try_into().ok()?)))
    }
}

/// 32 bytes of the id and 16 of the owner: a multiple of three, so that there is one way to write them.
const BYTES: usize = 48;
const CHARS: usize = 64;

impl Drop for SessionId {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(redacted)")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    const OWNED: Tag = Tag([0xA5; 16]);

    #[test]
    fn a_cookie_reads_back_as_it_was_written() {
        for byte in 0..=255 {
            let id = SessionId::from_bytes([byte; 32]);
            let (read, owner) = SessionId::parse(&id.cookie_value(&OWNED)).unwrap();
            assert_eq!((read.0, owner), (id.0, OWNED));
        }
    }

    #[test]
    fn only_one_way_to_write_a_cookie_is_read() {
        let value = SessionId::from_bytes([0; 32]).cookie_value(&Tag([0; 16]));
        assert_eq!(value, "A".repeat(64));
        for wrong in [
            String::new(),
            "A".repeat(63),
            "A".repeat(65),
            format!("{value}="),
            format!(" {value}"),
            format!("{}==", "A".repeat(62)),
            format!("{}.{}", "A".repeat(43), "A".repeat(20)),
            format!("{}+", "A".repeat(63)),
            format!("{}é", "A".repeat(62)),
        ] {
            assert!(SessionId::parse(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_tag_is_the_first_half_of_the_hash() {
        // SHA-256 of 32 zero bytes: 66687aadf862bd776c8fc18b8e9f8e20…
        assert_eq!(format!("{:?}", SessionId::from_bytes([0; 32]).tag()), "66687aadf862bd776c8fc18b8e9f8e20");
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", SessionId::from_bytes([9; 32])), "SessionId(redacted)");
    }
}
