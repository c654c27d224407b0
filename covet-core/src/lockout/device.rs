//! Devices that an account has been signed in on.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::account::AccountId;
use crate::keys::Keys;
use crate::tag::Tag;
use crate::time::Timestamp;

/// A device that an account was fully signed in on, and when that last was. It proves nothing but whose attempts are
/// counted apart from those of strangers (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). It is known by
/// the credentials that it was signed in with: who had others once is a stranger.
///
/// ```
/// use covet_core::account::AccountId;
/// use covet_core::keys::{Keys, SecretKey};
/// use covet_core::lockout::{Device, DeviceCookie};
/// use covet_core::time::Timestamp;
///
/// let (keys, now) = (Keys::from_secret(&SecretKey::generate()?), Timestamp::from_seconds(1_700_000_000));
/// let (ada, eve) = (AccountId::from("ada".to_owned()), AccountId::from("eve".to_owned()));
/// let (today, tomorrow) = (keys.tag("credentials", &[b"today's"]), keys.tag("credentials", &[b"tomorrow's"]));
/// let cookie = DeviceCookie::parse(&Device::new([7; 16], now).cookie_value(&keys, &ada, &today)).unwrap();
/// assert!(cookie.open(&keys, &ada, &today, now, 1000).is_some());
/// assert!(cookie.open(&keys, &ada, &tomorrow, now, 1000).is_none());
/// assert!(cookie.open(&keys, &eve, &today, now, 1000).is_none());
/// # Ok::<(), covet_core::random::RandomError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Device {
    id: [u8; ID],
    seen: Timestamp,
}

/// What a client presents as the cookie of a device; nothing is known of it yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DeviceCookie {
    device: Device,
    mac: [u8; MAC],
}

const ID: usize = 16;
const SEEN: usize = 8;
const MAC: usize = 32;

/// The layout of the cookie: another takes another number. With it the bytes are a multiple of three, so that there is
/// one way to write them.
const VERSION: u8 = 1;
const BYTES: usize = 1 + ID + SEEN + MAC;
const CHARS: usize = BYTES / 3 * 4;

impl Device {
    /// A device of these random bytes, signed in on at a time.
    #[must_use]
    pub const fn new(id: [u8; ID], seen: Timestamp) -> Self {
        Self { id, seen }
    }

    /// Its random bytes, which stay the same when the cookie is given anew.
    #[must_use]
    pub const fn id(&self) -> &[u8; ID] {
        &self.id
    }

    /// When the account was last fully signed in on it.
    #[must_use]
    pub const fn seen(&self) -> Timestamp {
        self.seen
    }

    /// The value of the cookie, good for one account as long as it has these credentials.
    #[must_use]
    pub fn cookie_value(&self, keys: &Keys, account: &AccountId, credentials: &Tag) -> String {
        let seen = self.seen.millis().to_be_bytes();
        URL_SAFE_NO_PAD.encode([&[VERSION][..], &self.id, &seen, &self.mac(keys, account, credentials)].concat())
    }

    fn mac(&self, keys: &Keys, account: &AccountId, credentials: &Tag) -> [u8; MAC] {
        let seen = self.seen.millis().to_be_bytes();
        keys.mac("device", &[account.as_str().as_bytes(), &credentials.0, &self.id, &seen])
    }
}

impl DeviceCookie {
    /// Reads the value of a cookie; `None` unless it is written as [`Device::cookie_value`] would write it.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        if value.len() != CHARS || URL_SAFE_NO_PAD.decode_slice(value, &mut bytes).ok()? != BYTES {
            return None;
        }
        let rest = bytes.strip_prefix(&[VERSION])?;
        let (id, rest) = rest.split_first_chunk::<ID>()?;
        let (seen, mac) = rest.split_first_chunk::<SEEN>()?;
        let seen = Timestamp::from_millis(u64::from_be_bytes(*seen));
        Some(Self { device: Device { id: *id, seen }, mac: mac.try_into().ok()? })
    }

    /// The device, if the cookie is this account's, which still has these credentials, and was given less than so many
    /// milliseconds ago.
    #[must_use]
    pub fn open(
        &self,
        keys: &Keys,
        account: &AccountId,
        credentials: &Tag,
        now: Timestamp,
        lifetime_millis: u64,
    ) -> Option<Device> {
        let right: bool = self.device.mac(keys, account, credentials).ct_eq(&self.mac).into();
        (right && now.millis_since(self.device.seen) < lifetime_millis).then_some(self.device)
    }
}

impl fmt::Debug for DeviceCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceCookie(…)")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;
    use crate::keys::SecretKey;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const DAY: u64 = 86_400_000;
    const TODAY: Tag = Tag([9; 16]);

    fn account(id: &str) -> AccountId {
        AccountId::from(id.to_owned())
    }

    #[test]
    fn a_device_is_known_to_its_account_until_its_time_is_over() {
        let keys = Keys::from_secret(&SecretKey::generate().unwrap());
        let device = Device::new([7; ID], NOW);
        let cookie = DeviceCookie::parse(&device.cookie_value(&keys, &account("ada"), &TODAY)).unwrap();
        let known = |now| cookie.open(&keys, &account("ada"), &TODAY, now, 30 * DAY);
        assert_eq!(known(NOW), Some(device));
        assert_eq!(known(NOW.plus_millis(30 * DAY - 1)), Some(device));
        assert_eq!(known(NOW.plus_millis(30 * DAY)), None);
        // A clock set back makes nobody a stranger.
        assert_eq!(known(NOW.minus_millis(DAY)), Some(device));
        assert_eq!(cookie.open(&keys, &account("ada"), &TODAY, NOW, 0), None);
        for other in ["", "ad", "adaa", "Ada", "eve"] {
            assert_eq!(cookie.open(&keys, &account(other), &TODAY, NOW, 30 * DAY), None, "{other}");
        }
        assert_eq!(cookie.open(&keys, &account("ada"), &Tag([8; 16]), NOW, 30 * DAY), None, "the password was changed");
        let others = Keys::from_secret(&SecretKey::generate().unwrap());
        assert_eq!(cookie.open(&others, &account("ada"), &TODAY, NOW, 30 * DAY), None);
    }

    #[test]
    fn a_changed_cookie_is_of_no_device() {
        let keys = Keys::from_secret(&SecretKey::generate().unwrap());
        let value = Device::new([7; ID], NOW).cookie_value(&keys, &account("ada"), &TODAY);
        let bytes = URL_SAFE_NO_PAD.decode(&value).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let opened = DeviceCookie::parse(&URL_SAFE_NO_PAD.encode(changed))
                .and_then(|cookie| cookie.open(&keys, &account("ada"), &TODAY, NOW, 30 * DAY));
            assert_eq!(opened, None, "{bit}");
        }
        for wrong in [
            String::new(),
            value[1..].to_owned(),
            format!("{value}A"),
            format!("{value}="),
            format!(" {}", &value[1..]),
            "é".repeat(CHARS / 2),
            "A".repeat(1 << 20),
        ] {
            assert_eq!(DeviceCookie::parse(&wrong), None, "{}", wrong.len());
        }
    }

    #[test]
    fn debug_tells_nothing_that_can_be_presented() {
        let keys = Keys::from_secret(&SecretKey::generate().unwrap());
        let cookie = DeviceCookie::parse(&Device::new([7; ID], NOW).cookie_value(&keys, &account("ada"), &TODAY));
        assert_eq!(format!("{:?}", cookie.unwrap()), "DeviceCookie(…)");
    }
}
