//! What `[lockout]` says in `security.toml`.

use serde::{Deserialize, Serialize};

use crate::rate_limit::Rates;
use crate::units::{Count, Rate, Share, Time};

/// `[lockout]`: how many attempts are too many, and what then.
///
/// The default gives an owner five tries and then a wait of a second, which doubles; whoever guesses has 109 attempts on
/// the first day and 96 on each that follows, one every quarter of an hour. A count forgotten after five minutes would
/// give away four attempts every five minutes, 1152 a day, without any wait. NIST SP 800-63B-4 section 3.2.2 asks for no
/// more than 100 in a row, or waits that grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// From which attempt in a row on the next must wait; a success forgets them.
    pub max_attempts: Count<1, 1000>,
    /// How long after the last attempt the count is forgotten.
    pub window: Time<60, 2_592_000>,
    /// How long one waits.
    pub delay: Delay,
    /// How long a device is known after a full sign-in on it; `0s` for never. Attempts on it are counted apart from those
    /// of strangers.
    pub known_device: Time<0, 34_560_000>,
    /// How often one may fail from one network.
    pub network: Network,
    /// When so many sign-ins fail that somebody must be guessing.
    pub global: Global,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_attempts: Count::of(5),
            window: Time::of(86_400),
            delay: Delay::default(),
            known_device: Time::of(2_592_000),
            network: Network::default(),
            global: Global::default(),
        }
    }
}

/// `[lockout.network]`: how often one may fail from one network, which is an IPv4 address or an IPv6 network of
/// `http.ipv6_prefix`, at whatever accounts; known devices are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// At most so many failed attempts in any window of the length. All must hold.
    pub limits: Rates,
}

impl Default for Network {
    /// 100 an hour: an office behind one address does not fail more often, and one guess at each of many accounts, which
    /// no count by account sees, takes as many addresses.
    fn default() -> Self {
        let rate = Rate::new(100, 3600).expect("100 in an hour is in range");
        Self { limits: Rates::new([rate]).expect("one rate is not too many") }
    }
}

/// `[lockout.global]`: when the failures of all sign-ins together are an alarm. Each process goes by its own sign-ins of
/// the last five minutes. While it is raised strangers wait from the first failure on, and a network may fail a quarter as
/// often; known devices notice nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Global {
    /// Which share of the sign-ins must fail.
    pub alert_failure_share: Share,
    /// Among at least how many.
    pub min_attempts: Count<10, 1_000_000>,
}

impl Default for Global {
    /// Half of at least 100: of people's own sign-ins far fewer fail, and of those with stolen or tried lists nearly all.
    fn default() -> Self {
        Self { alert_failure_share: Share::of_per_mille(500), min_attempts: Count::of(100) }
    }
}

/// `[lockout.delay]`: a wait that grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Written", into = "Written")]
pub struct Delay(Written);

/// The parts of a delay, each right by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, rename = "Delay")]
struct Written {
    /// The first wait.
    base: Time<1, 86_400>,
    /// How many times longer each is than the one before; 1 for waits that do not grow.
    factor: Count<1, 100>,
    /// The longest wait.
    max: Time<1, 86_400>,
}

/// The longest wait would be shorter than the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the longest wait, `max`, is shorter than the first, `base`")]
pub struct DelayError;

impl Delay {
    /// The first wait.
    #[must_use]
    pub const fn base(&self) -> Time<1, 86_400> {
        self.0.base
    }

    /// How many times longer each is than the one before.
    #[must_use]
    pub const fn factor(&self) -> Count<1, 100> {
        self.0.factor
    }

    /// The longest wait.
    #[must_use]
    pub const fn max(&self) -> Time<1, 86_400> {
        self.0.max
    }
}

impl Default for Written {
    /// A second, doubling up to a quarter of an hour.
    fn default() -> Self {
        Self { base: Time::of(1), factor: Count::of(2), max: Time::of(900) }
    }
}

impl TryFrom<Written> for Delay {
    type Error = DelayError;

    fn try_from(written: Written) -> Result<Self, DelayError> {
        if written.base.millis() <= written.max.millis() { Ok(Self(written)) } else { Err(DelayError) }
    }
}

impl From<Delay> for Written {
    fn from(Delay(written): Delay) -> Self {
        written
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_section_left_out_means_its_defaults() {
        assert_eq!(toml::from_str::<Policy>("").unwrap(), Policy::default());
        assert_eq!(toml::from_str::<Policy>("max_attempts = 3").unwrap().max_attempts.get(), 3);
        let longer = toml::from_str::<Policy>("delay = { max = \"1h\" }").unwrap().delay;
        assert_eq!((longer.base().seconds(), longer.factor().get(), longer.max().seconds()), (1, 2, 3600));
        for text in [
            "max_attempts = 0",
            "window = \"59s\"",
            "duration = \"15m\"",
            "attempts = 3",
            "delay = { base = \"0s\" }",
            "delay = { factor = 0 }",
            "delay = { max = \"2d\" }",
            "delay = { base = \"1h\" }",
            "delay = { least = \"1s\" }",
            "known_device = \"401d\"",
            "network = { limits = [] }",
            "global = { alert_failure_share = 0 }",
            "global = { alert_failure_share = 1.5 }",
            "global = { min_attempts = 9 }",
            "network = { limits = [\"0/1h\"] }",
        ] {
            toml::from_str::<Policy>(text).unwrap_err();
        }
    }
}
