//! What all measure: limits, and the keys of those who are limited.

use covet::store::{Key, Space, Step, Tag};
use covet_benches::Error;
use covet_core::keys::{BegunTag, Keys};
use covet_core::rate_limit::{Algorithm, Policy, Rates, Scope};
use covet_core::units::{Count, Rate};

/// A limit in sliding windows, the default.
pub(crate) fn window(count: u32, seconds: u64) -> Result<Policy, Error> {
    Ok(Policy::new(Rates::new(vec![Rate::new(count, seconds)?])?, Scope::Ip, Count::of(1))?)
}

/// A token bucket, which is what `governor` has.
pub(crate) fn bucket(count: u32, seconds: u64) -> Result<Policy, Error> {
    Ok(window(count, seconds)?.counted_by(Algorithm::TokenBucket, None)?)
}

/// The beginning of the tags of one limit, as the engine keeps it.
pub(crate) fn begun() -> Result<BegunTag, Error> {
    let keys = Keys::from_secret(&"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f".parse()?);
    Ok(keys.begin("limit of an address").part(b"address"))
}

/// The key of an address.
pub(crate) fn key(begun: BegunTag, address: &str) -> Key {
    Key { space: Space::Limit, owner: Tag::NONE, id: begun.part(address.as_bytes()).end() }
}

/// One request of an address.
pub(crate) fn charge(key: Key, policy: &Policy) -> Step<'_> {
    Step::Charge { key, policy, tiers: &[], cost: 1, shadow: false }
}

/// The address with this number.
pub(crate) fn address(number: u32) -> String {
    let [_, x, y, z] = number.to_be_bytes();
    format!("ip:10.{x}.{y}.{z}")
}

/// Numbers below a bound in no order (SplitMix64), the same for all who are measured.
#[derive(Debug)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let number = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((number ^ (number >> 31)) % bound as u64) as usize
    }
}
