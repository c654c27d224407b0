use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::units::{Count, Size, Time};

/// The section `[password]`: which passwords are accepted, and how they are kept.
///
/// There are no composition rules by default and no expiry, because both make people choose worse passwords (NIST 800-63B-4
/// section 3.1.1.2; ASVS v5.0.0-6.2.5, v5.0.0-6.2.10).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Policy {
    /// The fewest characters of a new password. 15 is what NIST 800-63B-4 section 3.1.1.2 asks of a password that is
    /// the only factor; 8 is the least anyone allows (ASVS v5.0.0-6.2.1).
    pub min_length: Count<8, 64>,

    /// The fewest characters of a new password of an account with a second factor (NIST 800-63B-4 section 3.1.1.2). It is
    /// never more than `min_length`.
    pub min_length_with_mfa: Count<8, 64>,

    /// The most characters of a new password. Long passphrases must fit (ASVS v5.0.0-6.2.9 asks for 64); the end only
    /// bounds the work.
    pub max_length: Count<64, 4096>,

    /// Words that no password may contain, whatever their case: the names of the product and of the organisation, which
    /// are the first thing one guesses (ASVS v5.0.0-6.1.2, v5.0.0-6.2.11). The user's own name is always refused.
    pub context_words: Vec<String>,

    /// Whether a password that everybody tries first is accepted: one of the 30,000 most used (ASVS v5.0.0-6.2.4), also in
    /// other case, backwards, or with `0` for `o` and the like.
    pub allow_common: bool,

    /// How hard to guess a new password must be at least. `weak` is more than a thousand guesses, `fair` a million,
    /// `strong` a hundred million, `very_strong` ten thousand million.
    pub min_strength: Strength,

    /// Rules of composition, all off: they make people choose worse passwords. For whom a contract demands them.
    pub composition: Composition,

    /// Whether a new password is looked up among stolen ones.
    pub breach: Breach,

    /// How a password is hashed, with Argon2id. A changed value applies to each account at its next sign-in.
    /// Together, memory and iterations are at least the weakest row of the OWASP Password Storage Cheat Sheet.
    #[serde(deserialize_with = "costly")]
    pub hash: Hash,

    /// How much memory all hashing may use at once. Beyond it requests wait, and beyond a short queue they are answered
    /// 503, so that a flood of sign-ins cannot exhaust the memory. Counted as one hash when smaller than `hash.memory`.
    pub hash_budget: Size<7168, 67_108_864>,
}

impl Default for Policy {
    /// NIST 800-63B-4 for a password without a second factor, and the OWASP floor of Argon2id.
    fn default() -> Self {
        Self {
            min_length: Count::of(15),
            min_length_with_mfa: Count::of(8),
            max_length: Count::of(256),
            context_words: Vec::new(),
            allow_common: false,
            min_strength: Strength::Weak,
            composition: Composition::default(),
            breach: Breach::default(),
            hash: Hash::default(),
            hash_budget: Size::of(256 << 10),
        }
    }
}

/// How hard a password is to guess for whoever knows how people choose them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Strength {
    /// At most a thousand guesses.
    VeryWeak,
    /// At most a million.
    Weak,
    /// At most a hundred million.
    Fair,
    /// At most ten thousand million.
    Strong,
    /// More.
    VeryStrong,
}

impl Strength {
    /// Its name, as in the policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VeryWeak => "very weak",
            Self::Weak => "weak",
            Self::Fair => "fair",
            Self::Strong => "strong",
            Self::VeryStrong => "very strong",
        }
    }
}

/// Rules of composition.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Composition {
    /// Whether an upper-case letter is demanded.
    pub uppercase: bool,

    /// Whether a lower-case letter is demanded.
    pub lowercase: bool,

    /// Whether a digit is demanded.
    pub digit: bool,

    /// Whether a character is demanded that is neither a letter nor a digit.
    pub special: bool,

    /// How often one character may stand in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_repeating: Option<Count<1, 64>>,

    /// How many characters in a row may follow each other in the alphabet or in number, forwards or backwards, as `abc`
    /// and `321`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_sequential: Option<Count<2, 64>>,
}

/// The section `[password.breach]`: stolen passwords (ASVS v5.0.0-6.2.12). Needs the feature `breach`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Breach {
    /// Who is asked.
    pub source: BreachSource,

    /// Where the range API is. What is asked for stands behind it.
    pub url: RangeUrl,

    /// The file, made by `cargo covet breach build`.
    pub file: String,

    /// How long the answer may take.
    pub timeout: Time<1, 30>,

    /// What becomes of a password when nobody can tell.
    pub on_failure: OnFailure,

    /// From how many finds on a password is refused.
    pub min_count: Count<1, 1_000_000>,
}

impl Default for Breach {
    fn default() -> Self {
        Self {
            source: BreachSource::Off,
            url: RangeUrl("https://api.pwnedpasswords.com/range/".to_owned()),
            file: "breaches".to_owned(),
            timeout: Time::of(2),
            on_failure: OnFailure::Allow,
            min_count: Count::of(1),
        }
    }
}

/// Who knows stolen passwords.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BreachSource {
    /// Nobody is asked.
    Off,
    /// The range API of Have I Been Pwned, or one like it: it learns five hexadecimal digits of a SHA-1.
    Api,
    /// A file: nobody learns anything.
    File,
}

/// What is done when nobody can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OnFailure {
    /// The password is accepted, if nothing else is wrong with it; the log says so.
    Allow,
    /// Nobody chooses a password: 503.
    Deny,
}

/// An address that a range is asked of: by `https`, or `http` to this machine. It ends with `/`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transparent))]
pub struct RangeUrl(String);

impl RangeUrl {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RangeUrl {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let local = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        let is_local = local.iter().filter_map(|host| url.strip_prefix(host)).any(|rest| rest.starts_with([':', '/']));
        let has_host = url.strip_prefix("https://").is_some_and(|rest| !rest.starts_with('/'));
        let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains(['?', '#', '@']);
        if (is_local || has_host) && is_plain && url.ends_with('/') {
            Ok(Self(url.to_owned()))
        } else {
            Err(
                "expected an address that begins with `https://` and ends with `/`, such as `\"https://api.pwnedpasswords.com/range/\"`",
            )
        }
    }
}

impl<'de> Deserialize<'de> for RangeUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The cost of one Argon2id hash (RFC 9106).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hash {
    /// Memory of one hash: what makes guessing on graphics cards expensive. The default is the second row of the OWASP
    /// Password Storage Cheat Sheet; 7 MiB is its last row.
    pub memory: Size<7168, 4_194_304>,

    /// Passes over the memory. The OWASP rows pair 46 MiB with 1, 19 MiB with 2, 12 MiB with 3, 9 MiB with 4 and 7 MiB
    /// with 5 (ASVS v5.0.0-11.4.2).
    pub iterations: Count<1, 100>,

    /// Lanes. More than 1 helps a server that hashes rarely and has cores to spare.
    pub parallelism: Count<1, 64>,
}

impl Hash {
    /// The least memory times iterations, in KiB: 7 MiB with 5, which of the OWASP rows is the smallest product.
    pub const MIN_COST: u64 = 7 * 1024 * 5;

    /// Memory times iterations, in KiB: what one guess costs.
    #[must_use]
    pub const fn cost(&self) -> u64 {
        self.memory.kibibytes() as u64 * self.iterations.get() as u64
    }
}

impl Default for Hash {
    /// 19 MiB, 2 passes, 1 lane: the floor of OWASP that fits a small server.
    fn default() -> Self {
        Self { memory: Size::of(19 << 10), iterations: Count::of(2), parallelism: Count::of(1) }
    }
}

fn costly<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    let hash = Hash::deserialize(deserializer)?;
    let weak = "too weak: expected memory times iterations to be at least 35 MiB, such as `19MiB` with 2";
    if hash.cost() < Hash::MIN_COST { Err(D::Error::custom(weak)) } else { Ok(hash) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_the_default() {
        assert_eq!(toml::from_str::<Policy>("").unwrap(), Policy::default());
    }

    #[test]
    fn each_owasp_row_is_accepted_and_nothing_weaker() {
        let read = |memory, iterations| {
            toml::from_str::<Policy>(&format!("hash = {{ memory = '{memory}MiB', iterations = {iterations} }}"))
        };
        for (memory, iterations) in [(46, 1), (19, 2), (12, 3), (9, 4), (7, 5)] {
            read(memory, iterations).unwrap();
        }
        for (memory, iterations) in [(34, 1), (17, 2), (7, 4)] {
            assert!(read(memory, iterations).unwrap_err().to_string().contains("too weak"));
        }
    }

    #[test]
    fn a_range_is_asked_of_an_address_that_nobody_reads_along_at() {
        let read = |url: &str| toml::from_str::<Policy>(&format!("breach = {{ url = '{url}' }}")).is_ok();
        for url in ["https://h.example/range/", "http://127.0.0.1:80/", "http://localhost/x/", "http://[::1]:9/"] {
            assert!(read(url), "{url}");
        }
        for url in [
            "http://h.example/range/",
            "http://127.0.0.1.h.example/",
            "http://localhost.example/",
            "https://h.example/range",
            "https://h.example/?/",
            "https://u:p@h.example/",
            "https:///",
            "ftp://h.example/",
            "",
        ] {
            assert!(!read(url), "{url}");
        }
    }

    #[test]
    fn values_are_read_and_mistakes_refused() {
        let policy: Policy = toml::from_str(
            "min_length = 8\nmax_length = 64\ncontext_words = ['vault']\nhash_budget = '1GiB'\n\
             hash = { memory = '46MiB', iterations = 1, parallelism = 2 }",
        )
        .unwrap();
        assert_eq!(policy.min_length.get(), 8);
        assert_eq!(policy.hash.memory.kibibytes(), 46 << 10);
        assert_eq!(policy.hash_budget.kibibytes(), 1 << 20);

        for mistake in [
            "min_length = 7",
            "min_length = 65",
            "max_length = 63",
            "minimum_length = 15",
            "min_length_with_mfa = 7",
            "min_strength = 'medium'",
            "composition = { upper = true }",
            "composition = { max_repeating = 0 }",
            "composition = { max_sequential = 1 }",
            "hash = { memory = '6MiB' }",
            "hash = { memory = '5GiB' }",
            "hash = { iterations = 0 }",
            "hash = { rounds = 2 }",
            "hash_budget = '1MiB'",
        ] {
            assert!(toml::from_str::<Policy>(mistake).is_err(), "{mistake}");
        }
    }
}
