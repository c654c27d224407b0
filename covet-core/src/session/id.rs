//! The secret of a session: 256 random bits that only the browser keeps.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::store::Tag;

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

    /// The value of the cookie: `<id>.<owner>`, both base64url.
    #[must_use]
    pub fn cookie_value(&self, owner: &Tag) -> String {
        let mut value = String::with_capacity(ID + 1 + OWNER);
        URL_SAFE_NO_PAD.encode_string(self.0, &mut value);
        value.push('.');
        URL_SAFE_NO_PAD.encode_string(owner.0, &mut value);
        value
    }

    /// Reads the value of a cookie; `None` unless it is written as [`SessionId::cookie_value`] would write it.
    #[must_use]
    pub fn parse(value: &str) -> Option<(Self, Tag)> {
        let (id, owner) = value.split_once('.')?;
        if id.len() != ID || owner.len() != OWNER {
            return None;
        }
        Some((Self(decode(id)?), Tag(decode(owner)?)))
    }
}

/// How long 32 and 16 bytes are in base64url.
const ID: usize = 43;
const OWNER: usize = 22;

/// Exactly `N` bytes of base64url; the engine refuses padding and bits beyond the last byte.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    let length = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()).ok()?;
    (length == N).then_some(*bytes)
}

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
        assert_eq!(value, format!("{}.{}", "A".repeat(43), "A".repeat(22)));
        for wrong in [
            String::new(),
            ".".to_owned(),
            "A".repeat(43),
            format!("{value}."),
            format!("{value}="),
            format!(" {value}"),
            format!("{}.{}", "A".repeat(44), "A".repeat(22)),
            format!("{}.{}", "A".repeat(43), "A".repeat(21)),
            format!("{}B.{}", "A".repeat(42), "A".repeat(22)),
            format!("{}.{}B", "A".repeat(43), "A".repeat(21)),
            format!("{}+.{}", "A".repeat(42), "A".repeat(22)),
            format!("{}é.{}", "A".repeat(41), "A".repeat(22)),
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
