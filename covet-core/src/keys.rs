//! Keys: one secret from the environment, and what is derived from it.
//!
//! Against: a stolen database that tells whose sessions, limits and TOTP secrets it holds. The rule: names leave the
//! process only as keyed tags, and secrets at rest are sealed to their account and purpose, so that a row copied to
//! another account does not open.
//!
//! ```
//! use covet_core::account::AccountId;
//! use covet_core::keys::{Keys, SecretKey};
//!
//! let keys = Keys::from_secret(&SecretKey::generate()?);
//! let (ada, eve) = (AccountId::from("ada".to_owned()), AccountId::from("eve".to_owned()));
//!
//! let sealed = keys.seal("totp", &ada, [7; 24], b"secret");
//! assert_eq!(keys.open("totp", &ada, &sealed)?, b"secret");
//! assert!(keys.open("totp", &eve, &sealed).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::hash::Hasher as _;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE_NO_PAD, URL_SAFE_NO_PAD_INDIFFERENT};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use siphasher::sip128::{Hasher128 as _, SipHasher24};
use zeroize::Zeroizing;

use crate::account::AccountId;
use crate::random::{self, RandomError};
use crate::tag::Tag;

/// The secret of the application, from `COVET_SECRET_KEY` or a file; never from `security.toml`.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<Vec<u8>>);

/// A text that cannot be the secret key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretKeyError {
    /// It is neither hexadecimal nor base64.
    #[error("the secret key is neither hexadecimal nor base64; make one with `openssl rand -base64 32`")]
    Encoding,
    /// It has too few bytes.
    #[error(
        "the secret key has {bytes} bytes, {} are needed; make one with `openssl rand -base64 32`",
        SecretKey::MIN_BYTES
    )]
    TooShort {
        /// How many it has.
        bytes: usize,
    },
    /// Its bytes repeat too much to be random.
    #[error("the secret key does not look random; make one with `openssl rand -base64 32`")]
    NotRandom,
}

impl SecretKey {
    /// The fewest bytes of a secret key: 256 bits.
    pub const MIN_BYTES: usize = 32;

    /// The fewest different bytes: of 32 random ones about 30 differ, and fewer than 16 practically never.
    const MIN_DISTINCT: usize = 16;

    /// A new random key; it lasts as long as the process, and so does what it seals.
    ///
    /// # Errors
    ///
    /// [`RandomError`] when the operating system has no randomness.
    pub fn generate() -> Result<Self, RandomError> {
        let mut bytes = Zeroizing::new(vec![0; Self::MIN_BYTES]);
        random::fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl FromStr for SecretKey {
    type Err = SecretKeyError;

    fn from_str(text: &str) -> Result<Self, SecretKeyError> {
        let bytes = decode_hex(text.trim()).or_else(|| decode_base64(text.trim())).ok_or(SecretKeyError::Encoding)?;
        if bytes.len() < Self::MIN_BYTES {
            return Err(SecretKeyError::TooShort { bytes: bytes.len() });
        }
        let distinct = (0..=u8::MAX).filter(|byte| bytes.contains(byte)).count();
        if distinct < Self::MIN_DISTINCT { Err(SecretKeyError::NotRandom) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// What is derived from the [`SecretKey`]: the key of the tags, the key that seals, and the key that signs.
#[derive(Clone)]
pub struct Keys {
    tags: SipHasher24,
    seal: Zeroizing<[u8; 32]>,
    mac: Zeroizing<[u8; 32]>,
}

/// A tag of which the first parts are known.
#[derive(Clone, Copy)]
pub struct BegunTag(SipHasher24);

impl BegunTag {
    /// The same with one more part: after its length, so that no two lists of parts are written alike.
    #[must_use]
    pub fn part(mut self, part: &[u8]) -> Self {
        self.0.write(&(part.len() as u64).to_le_bytes());
        self.0.write(part);
        self
    }

    /// The tag of the parts so far.
    #[must_use]
    pub fn end(self) -> Tag {
        Tag(self.0.finish128().as_bytes())
    }
}

impl fmt::Debug for BegunTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BegunTag(…)")
    }
}

/// A sealed text that does not open: damaged, of another account or purpose, or sealed by another secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret does not open: it was changed, or sealed with another secret key")]
pub struct OpenError;

impl Keys {
    /// Bytes of a nonce for [`Keys::seal`].
    pub const NONCE_BYTES: usize = 24;

    const VERSION: &str = "v1.";

    /// The keys of a secret; the same secret always gives the same keys.
    #[must_use]
    pub fn from_secret(secret: &SecretKey) -> Self {
        let tags = hkdf_sha256(&secret.0, b"covet", b"covet tags v1");
        let seal = hkdf_sha256(&secret.0, b"covet", b"covet seal v1");
        let mac = hkdf_sha256(&secret.0, b"covet", b"covet mac v1");
        let tag_key: &[u8; 16] = tags.first_chunk().expect("32 bytes begin with 16");
        Self { tags: SipHasher24::new_with_key(tag_key), seal, mac }
    }

    /// The tag of a name in a domain. Who lacks the key can neither tell the name from the tag nor test a guess.
    #[must_use]
    pub fn tag(&self, domain: &str, parts: &[&[u8]]) -> Tag {
        parts.iter().fold(self.begin(domain), |begun, part| begun.part(part)).end()
    }

    /// The beginning of all tags of a domain, for parts that are known before the others.
    #[must_use]
    pub fn begin(&self, domain: &str) -> BegunTag {
        BegunTag(self.tags).part(domain.as_bytes())
    }

    /// What shows that a list of parts is this application's (HMAC-SHA-256). Whoever compares it does so in constant time.
    #[must_use]
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let lengths: Vec<[u8; 8]> = parts.iter().map(|part| (part.len() as u64).to_le_bytes()).collect();
        let purpose_length = (purpose.len() as u64).to_le_bytes();
        let mut all = vec![purpose_length.as_slice(), purpose.as_bytes()];
        all.extend(std::iter::zip(&lengths, parts).flat_map(|(length, part)| [length.as_slice(), *part]));
        hmac_sha256(self.mac.as_slice(), &all)
    }

    /// Encrypts a secret for one account and purpose. The nonce is 24 random bytes, new each time: XChaCha20 has room
    /// to draw them at random without ever meeting one twice (ASVS v5.0.0-11.3.3, v5.0.0-11.3.4).
    #[must_use]
    pub fn seal(&self, purpose: &str, account: &AccountId, nonce: [u8; Self::NONCE_BYTES], secret: &[u8]) -> String {
        let aad = associated_data(purpose, account);
        let payload = Payload { msg: secret, aad: &aad };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).expect("a secret is shorter than 256 GiB");
        format!("{}{}", Self::VERSION, URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts what [`Keys::seal`] made for the same account and purpose.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it was changed, or belongs to another account, purpose or secret key.
    pub fn open(&self, purpose: &str, account: &AccountId, sealed: &str) -> Result<Vec<u8>, OpenError> {
        let text = sealed.strip_prefix(Self::VERSION).ok_or(OpenError)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| OpenError)?;
        let (nonce, msg) = bytes.split_first_chunk::<{ Self::NONCE_BYTES }>().ok_or(OpenError)?;
        let payload = Payload { msg, aad: &associated_data(purpose, account) };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| OpenError)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.seal).into())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// The length of the purpose, the purpose, the account: no two pairs have the same bytes.
fn associated_data(purpose: &str, account: &AccountId) -> Vec<u8> {
    [&(purpose.len() as u64).to_le_bytes(), purpose.as_bytes(), account.as_str().as_bytes()].concat()
}

/// HKDF (RFC 5869) for one block of output, which is all that a 256-bit key takes.
fn hkdf_sha256(secret: &[u8], salt: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let pseudorandom_key = Zeroizing::new(hmac_sha256(salt, &[secret]));
    Zeroizing::new(hmac_sha256(pseudorandom_key.as_slice(), &[info, &[1]]))
}

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn decode_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let nibbles = text.chars().map(|c| c.to_digit(16).and_then(|n| u8::try_from(n).ok()));
    let nibbles = Zeroizing::new(nibbles.collect::<Option<Vec<u8>>>()?);
    let (pairs, rest) = nibbles.as_chunks::<2>();
    rest.is_empty().then(|| Zeroizing::new(pairs.iter().map(|[high, low]| high << 4 | low).collect()))
}

/// Both alphabets, with or without padding: whichever a tool printed.
fn decode_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let translate = |c| match c {
        '+' => '-',
        '/' => '_',
        other => other,
    };
    let url_safe = Zeroizing::new(text.chars().map(translate).collect::<String>());
    URL_SAFE_NO_PAD_INDIFFERENT.decode(url_safe.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn keys() -> Keys {
        Keys::from_secret(&HEX.parse().unwrap())
    }

    fn account(id: &str) -> AccountId {
        AccountId::from(id.to_owned())
    }

    #[test]
    fn a_secret_key_is_32_random_bytes_in_hex_or_base64() {
        for text in [
            HEX,
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
            "+/ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            "-_ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        ] {
            text.parse::<SecretKey>().unwrap();
        }
        let wrong = |text: &str| text.parse::<SecretKey>().unwrap_err();
        assert_eq!(wrong("correct horse battery staple correct horse battery staple"), SecretKeyError::Encoding);
        assert_eq!(wrong(""), SecretKeyError::TooShort { bytes: 0 });
        assert_eq!(wrong(&HEX[2..]), SecretKeyError::TooShort { bytes: 31 });
        assert_eq!(wrong(&"00".repeat(32)), SecretKeyError::NotRandom);
        assert_eq!(wrong(&"changeme".repeat(8)), SecretKeyError::NotRandom);
        assert!(wrong("x").to_string().contains("openssl rand -base64 32"));
    }

    #[test]
    fn a_generated_key_is_new_each_time() {
        let (a, b) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        assert_ne!(Keys::from_secret(&a).tag("d", &[]), Keys::from_secret(&b).tag("d", &[]));
    }

    #[test]
    fn debug_tells_no_secret() {
        let secret: SecretKey = HEX.parse().unwrap();
        assert_eq!(format!("{secret:?} {:?}", keys()), "SecretKey(…) Keys(…)");
    }

    /// RFC 5869, appendix A.1, the first block.
    #[test]
    fn hkdf_known_answer() {
        let okm = hkdf_sha256(&[0x0b; 22], &(0x00..=0x0c).collect::<Vec<u8>>(), &(0xf0..=0xf9).collect::<Vec<u8>>());
        let expected = decode_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf").unwrap();
        assert_eq!(okm.as_slice(), expected.as_slice());
    }

    /// The first vectors of SipHash-2-4 with 128 bits, as its authors publish them.
    #[test]
    fn siphash_known_answer() {
        let key = std::array::from_fn(|i| i as u8);
        let hash = |bytes: &[u8]| {
            let mut hasher = SipHasher24::new_with_key(&key);
            bytes.iter().for_each(|byte| hasher.write(&[*byte]));
            hasher.finish128().as_bytes().to_vec()
        };
        assert_eq!(hash(&[]), *decode_hex("a3817f04ba25a8e66df67214c7550293").unwrap());
        assert_eq!(hash(&[0]), *decode_hex("da87c1d86b99af44347659119b22fc45").unwrap());
    }

    #[test]
    fn a_tag_depends_on_key_domain_and_every_split() {
        let keys = keys();
        let tags = [
            keys.tag("limit", &[b"ab", b"c"]),
            keys.tag("limit", &[b"a", b"bc"]),
            keys.tag("limit", &[b"abc"]),
            keys.tag("limit", &[b"abc", b""]),
            keys.tag("limita", &[b"bc"]),
            keys.tag("session", &[b"abc"]),
            keys.tag("", &[]),
            Keys::from_secret(&SecretKey::generate().unwrap()).tag("limit", &[b"abc"]),
        ];
        for (i, a) in tags.iter().enumerate() {
            assert!(tags.iter().skip(i + 1).all(|b| a != b), "{i}");
        }
        assert_eq!(keys.tag("limit", &[b"abc"]), keys.tag("limit", &[b"abc"]));
    }

    #[test]
    fn a_mac_depends_on_key_purpose_and_every_split() {
        let keys = keys();
        let macs = [
            keys.mac("device", &[b"ab", b"c"]),
            keys.mac("device", &[b"a", b"bc"]),
            keys.mac("device", &[b"abc"]),
            keys.mac("devicea", &[b"bc"]),
            keys.mac("", &[]),
            Keys::from_secret(&SecretKey::generate().unwrap()).mac("device", &[b"abc"]),
        ];
        for (i, a) in macs.iter().enumerate() {
            assert!(macs.iter().skip(i + 1).all(|b| a != b), "{i}");
        }
        assert_eq!(keys.mac("device", &[b"abc"]), keys.mac("device", &[b"abc"]));
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_account_and_purpose_only() {
        let keys = keys();
        let sealed = keys.seal("totp", &account("ada"), [1; 24], b"secret");
        assert!(sealed.starts_with("v1.") && !sealed.contains("secret"));
        assert_eq!(keys.open("totp", &account("ada"), &sealed).unwrap(), b"secret");

        keys.open("totp", &account("eve"), &sealed).unwrap_err();
        keys.open("backup", &account("ada"), &sealed).unwrap_err();
        keys.open("tot", &account("pada"), &sealed).unwrap_err();
        let other = Keys::from_secret(&SecretKey::generate().unwrap());
        other.open("totp", &account("ada"), &sealed).unwrap_err();
    }

    #[test]
    fn a_changed_seal_does_not_open() {
        let keys = keys();
        let sealed = keys.seal("totp", &account("ada"), [1; 24], b"secret");
        let open = |text: &str| keys.open("totp", &account("ada"), text);
        let bytes = URL_SAFE_NO_PAD.decode(&sealed[3..]).unwrap();
        for i in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[i] ^= 1;
            open(&format!("v1.{}", URL_SAFE_NO_PAD.encode(changed))).unwrap_err();
        }
        for text in ["", "v1.", "v2.AAAA", "v1.AAAA", &sealed[3..], &sealed[..sealed.len() - 1], &format!("{sealed}A")]
        {
            open(text).unwrap_err();
        }
    }
}
