use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::units::{Count, Size};

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
    pub max_repeats: Option<Count<1, 64>>,

    /// How many characters in a row may follow each other in the alphabet or in number, forwards or backwards, as `abc`
    /// and `321`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_sequence: Option<Count<2, 64>>,
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
            "composition = { max_repeats = 0 }",
            "composition = { max_sequence = 1 }",
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
