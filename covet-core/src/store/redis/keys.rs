//! What entries are called on the server.
//!
//! The rule: `prefix:{owner}:space:id`, the tags in URL-safe base64. The braces are Redis Cluster's hash tag: all that
//! one account has is in one slot, so one script can reach it. What belongs to nobody spreads by its id instead:
//! `prefix:{id}:space`. The tags are keyed hashes, so the keys tell no name.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::store::{Key, Space, Tag};

/// How the keys of one application begin on a server that others use too: 1 to 64 letters, digits and `._-:`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prefix(String);

/// A text that cannot be a prefix of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the prefix of keys is 1 to {} letters, digits and `._-:`, such as `covet`", Prefix::MAX)]
pub struct PrefixError;

impl Prefix {
    /// How long a prefix may be.
    pub const MAX: usize = 64;

    /// The key of an entry.
    pub(super) fn entry(&self, key: &Key) -> String {
        let space = key.space.name();
        match key.owner {
            Tag::NONE => self.with_tag(&key.id, &[space]),
            owner => {
                let mut entry = self.with_tag(&owner, &[space, ":"]);
                push(&mut entry, &key.id);
                entry
            }
        }
    }

    /// The key of the index that an entry is noted in, if there is one for its space.
    pub(super) fn index_of(&self, key: &Key) -> Option<String> {
        (key.space == Space::Session && key.owner != Tag::NONE).then(|| self.index(&key.owner))
    }

    /// The key of the index of an owner's sessions.
    pub(super) fn index(&self, owner: &Tag) -> String {
        self.with_tag(owner, &["sessions"])
    }

    /// The pattern of all entries of an owner in a space.
    pub(super) fn pattern(&self, space: Space, owner: &Tag) -> String {
        self.with_tag(owner, &[space.name(), ":*"])
    }

    /// The prefix, the hash tag, and more.
    fn with_tag(&self, tag: &Tag, more: &[&str]) -> String {
        // Room for all there can be, that nothing is moved: this is made for every step of every request.
        let mut key = String::with_capacity(self.0.len() + 64);
        key.push_str(&self.0);
        key.push_str(":{");
        push(&mut key, tag);
        key.push_str("}:");
        more.iter().for_each(|part| key.push_str(part));
        key
    }
}

/// The id that a key, or a member of an index, ends with.
pub(super) fn id(key: &[u8]) -> Option<Tag> {
    const TEXT: usize = 22;
    let text = key.last_chunk::<TEXT>()?;
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Tag)
}

fn push(key: &mut String, tag: &Tag) {
    URL_SAFE_NO_PAD.encode_string(tag.0, key);
}

impl Default for Prefix {
    fn default() -> Self {
        Self("covet".to_owned())
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        // Neither a brace, which would move the hash tag, nor what `SCAN` takes for a pattern.
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
        let valid = (1..=Self::MAX).contains(&text.len()) && text.bytes().all(fits);
        if valid { Ok(Self(text.to_owned())) } else { Err(PrefixError) }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_an_owner_have_one_hash_tag_and_nobodys_have_their_own() {
        let prefix = Prefix::default();
        let session = Key { space: Space::Session, owner: Tag([1; 16]), id: Tag([2; 16]) };
        let address = Key { space: Space::Limit, owner: Tag::NONE, id: Tag([3; 16]) };
        assert_eq!(prefix.entry(&session), "covet:{AQEBAQEBAQEBAQEBAQEBAQ}:session:AgICAgICAgICAgICAgICAg");
        assert_eq!(prefix.index_of(&session).unwrap(), "covet:{AQEBAQEBAQEBAQEBAQEBAQ}:sessions");
        assert_eq!(prefix.entry(&address), "covet:{AwMDAwMDAwMDAwMDAwMDAw}:limit");
        assert_eq!(prefix.index_of(&address), None);
        assert_ne!(prefix.entry(&address), prefix.entry(&Key { owner: address.id, ..address }));
        assert_eq!(id(prefix.entry(&session).as_bytes()), Some(session.id));
        assert_eq!(id(b"short"), None);
    }

    #[test]
    fn a_prefix_can_neither_move_the_hash_tag_nor_be_a_pattern() {
        assert_eq!("shop:v2".parse::<Prefix>().unwrap().to_string(), "shop:v2");
        for text in ["", "a{b", "a}b", "a*", "a b", "a\n", &"x".repeat(65)] {
            assert_eq!(text.parse::<Prefix>(), Err(PrefixError), "{text:?}");
        }
    }
}
