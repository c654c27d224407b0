use unicode_normalization::UnicodeNormalization as _;
use zxcvbn::matching::patterns::MatchPattern;
use zxcvbn::{Entropy, Score};

use super::policy::Composition;
use super::{Policy, Strength};

/// Why a new password is refused; the text is for who chose it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Fewer characters than the policy asks for.
    #[error("the password must have at least {min} characters")]
    TooShort {
        /// The fewest.
        min: u32,
    },
    /// More characters than the policy allows.
    #[error("the password must have at most {max} characters")]
    TooLong {
        /// The most.
        max: u32,
    },
    /// It contains a NUL, which no keyboard types and other systems cut a password at.
    #[error("the password must not contain a NUL character")]
    Nul,
    /// It contains the name of the service or of the user.
    #[error("the password must not contain `{word}`")]
    ContainsContext {
        /// The word as the policy or the user wrote it.
        word: String,
    },
    /// It is little more than the name of the service or of the user, written otherwise.
    #[error("the password is too similar to `{word}`")]
    SimilarToContext {
        /// The word.
        word: String,
    },
    /// It is one of those that everybody tries first.
    #[error("the password is one of the most used, which are tried first")]
    Common,
    /// It is easier to guess than the policy allows.
    #[error("the password is too easy to guess")]
    Guessable,
    /// A rule of composition.
    #[error("the password must contain {what}")]
    Lacks {
        /// What is missing.
        what: &'static str,
    },
    /// A rule of composition.
    #[error("the password must not have the same character more than {max} times in a row")]
    Repeats {
        /// The most.
        max: u32,
    },
    /// A rule of composition.
    #[error("the password must not have more than {max} characters in a row that follow each other, as `abc` or `321`")]
    Sequence {
        /// The most.
        max: u32,
    },
    /// It was found among passwords that were stolen elsewhere.
    #[error("the password was found in {count} data breaches")]
    Breached {
        /// How often.
        count: u64,
    },
}

/// What is to be said of a new password. `valid` and everything that is not is in [`errors`](Self::errors); the rest is for
/// a page that helps to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Each reason why it is refused.
    pub errors: Vec<Fault>,
    /// What is weak about it, though it may be accepted.
    pub warnings: Vec<String>,
    /// What would make it better.
    pub suggestions: Vec<String>,
    /// How hard it is to guess.
    pub strength: Strength,
    /// The same in numbers, 0 to 100; twenty each for a [`Strength`].
    pub score: u8,
    /// How often it was found among stolen passwords; 0 too if nobody looked.
    pub breach_count: u64,
}

impl Review {
    /// Whether it is accepted.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// Whether it was found among stolen passwords.
    #[must_use]
    pub const fn breach_detected(&self) -> bool {
        self.breach_count > 0
    }

    /// Nothing, or why it is refused.
    ///
    /// # Errors
    ///
    /// Each [`Fault`].
    pub fn into_result(self) -> Result<(), Vec<Fault>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}

/// Whose password it is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Owner<'a> {
    /// What the user is called: user name, e-mail address.
    pub names: &'a [&'a str],
    /// Whether a second factor stands beside the password.
    pub second_factor: bool,
}

/// The user's own words are refused from this length on: shorter ones occur in good passwords by chance.
const MIN_CONTEXT_CHARS: usize = 4;

/// Judges a new password. Only for new ones: at sign-in the hash decides, whatever the policy says today.
///
/// What is hashed is the password exactly as typed (ASVS v5.0.0-6.2.8). Here a character is a Unicode scalar value in
/// composed form (NFC), so that `é` counts once however a keyboard sends it (NIST 800-63B-4 section 3.1.1.2).
///
/// Takes up to some milliseconds.
#[must_use]
pub fn review(policy: &Policy, candidate: &str, owner: Owner<'_>) -> Review {
    let length = candidate.nfc().count();
    let max = policy.max_length.get();
    // The rest would be work on a text of any length.
    if length > max as usize {
        return Review::refused(Fault::TooLong { max });
    }

    let words: Vec<&str> = words(policy, owner.names).collect();
    let lower = candidate.to_lowercase();
    let contained = |word: &&&str| lower.contains(&word.to_lowercase());
    let mut errors = Vec::new();
    let min = min_length(policy, owner);
    if length < min as usize {
        errors.push(Fault::TooShort { min });
    }
    if candidate.contains('\0') {
        errors.push(Fault::Nul);
    }
    for word in words.iter().filter(contained) {
        let fault = Fault::ContainsContext { word: (*word).to_owned() };
        if !errors.contains(&fault) {
            errors.push(fault);
        }
    }
    errors.extend(against(&policy.composition, candidate));

    let entropy = zxcvbn::zxcvbn(candidate, &words);
    let (strength, score) = strength(&entropy);
    if !words.iter().any(|word| contained(&word))
        && let Some(word) = similar(&entropy, &words, length)
    {
        errors.push(Fault::SimilarToContext { word: word.to_owned() });
    }
    if !policy.allow_common && is_common(&entropy, &words, length) {
        errors.push(Fault::Common);
    } else if strength < policy.min_strength {
        errors.push(Fault::Guessable);
    }
    let feedback = entropy.feedback();
    let warnings = feedback.and_then(|feedback| feedback.warning()).iter().map(ToString::to_string).collect();
    let suggestions =
        feedback.into_iter().flat_map(|feedback| feedback.suggestions()).map(ToString::to_string).collect();
    Review { errors, warnings, suggestions, strength, score, breach_count: 0 }
}

impl Review {
    fn refused(fault: Fault) -> Self {
        let (warnings, suggestions) = (Vec::new(), Vec::new());
        Self { errors: vec![fault], warnings, suggestions, strength: Strength::VeryWeak, score: 0, breach_count: 0 }
    }
}

fn min_length(policy: &Policy, owner: Owner<'_>) -> u32 {
    let min = policy.min_length.get();
    if owner.second_factor { min.min(policy.min_length_with_mfa.get()) } else { min }
}

/// The words of the service as they are; of the user's, the text and the part before the `@`.
fn words<'a>(policy: &'a Policy, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let owners = policy.context_words.iter().map(|word| word.trim()).filter(|word| !word.is_empty());
    let users = names.iter().flat_map(|text| [text.trim(), text.trim().split('@').next().unwrap_or_default()]);
    owners.chain(users.filter(|word| word.chars().count() >= MIN_CONTEXT_CHARS))
}

fn against<'a>(rules: &'a Composition, candidate: &'a str) -> impl Iterator<Item = Fault> + 'a {
    let lacks = |demanded: bool, is: fn(char) -> bool, what| {
        (demanded && !candidate.chars().any(is)).then_some(Fault::Lacks { what })
    };
    let classes = [
        lacks(rules.uppercase, char::is_uppercase, "an upper-case letter"),
        lacks(rules.lowercase, char::is_lowercase, "a lower-case letter"),
        lacks(rules.digit, char::is_numeric, "a digit"),
        lacks(rules.special, |c| !c.is_alphanumeric(), "a character that is neither a letter nor a digit"),
    ];
    let longest = |step: i64| longest_run(candidate, step);
    let repeats = rules.max_repeating.map(|max| max.get()).filter(|max| longest(0) > *max);
    let sequence = rules.max_sequential.map(|max| max.get()).filter(|max| longest(1).max(longest(-1)) > *max);
    let classes = classes.into_iter().flatten();
    classes.chain(repeats.map(|max| Fault::Repeats { max })).chain(sequence.map(|max| Fault::Sequence { max }))
}

/// The longest row of characters each of which is by `step` behind the one before; of sequences only letters and digits.
fn longest_run(text: &str, step: i64) -> u32 {
    let (mut longest, mut run, mut before) = (0, 0, None);
    for c in text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)) {
        let counts = step == 0 || c.is_alphanumeric();
        let follows = before.is_some_and(|before: char| i64::from(u32::from(c)) - i64::from(u32::from(before)) == step);
        run = if counts && follows { run + 1 } else { 1 };
        before = counts.then_some(c);
        longest = longest.max(run);
    }
    longest
}

/// A strength goes from one bound of zxcvbn's score to the next; between them the score in numbers goes with the exponent.
fn strength(entropy: &Entropy) -> (Strength, u8) {
    let (strength, from, to) = match entropy.score() {
        Score::Zero => (Strength::VeryWeak, 0.0, 3.0),
        Score::One => (Strength::Weak, 3.0, 6.0),
        Score::Two => (Strength::Fair, 6.0, 8.0),
        Score::Three => (Strength::Strong, 8.0, 10.0),
        _ => (Strength::VeryStrong, 10.0, 14.0),
    };
    // Twenty more is the next strength, if there is one.
    let most = if strength == Strength::VeryStrong { 20.0 } else { 19.0 };
    let part = (20.0 * (entropy.guesses_log10() - from) / (to - from)).clamp(0.0, most);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 20")]
    let part = part as u8;
    (strength, strength as u8 * 20 + part)
}

/// Whether it is as a whole a word that everybody tries; `words` are tried by those who know the user.
fn is_common(entropy: &Entropy, words: &[&str], length: usize) -> bool {
    let [only] = entropy.sequence() else { return false };
    let MatchPattern::Dictionary(found) = &only.pattern else { return false };
    only.token.chars().count() == length && !words.iter().any(|word| word.to_lowercase() == found.matched_word)
}

/// The word that, written otherwise, is more than half of it.
fn similar<'w>(entropy: &Entropy, words: &[&'w str], length: usize) -> Option<&'w str> {
    entropy.sequence().iter().filter(|part| part.token.chars().count() * 2 > length).find_map(|part| {
        let MatchPattern::Dictionary(found) = &part.pattern else { return None };
        words.iter().copied().find(|word| word.to_lowercase() == found.matched_word)
    })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::Count;

    fn policy() -> Policy {
        Policy { context_words: vec!["Vault".into(), " ".into()], ..Policy::default() }
    }

    fn of<'a>(names: &'a [&'a str]) -> Owner<'a> {
        Owner { names, second_factor: false }
    }

    fn faults(candidate: &str, names: &[&str]) -> Vec<Fault> {
        review(&policy(), candidate, of(names)).errors
    }

    fn short(candidate: &str, policy: Policy) -> Vec<Fault> {
        review(&Policy { min_length: Count::of(8), ..policy }, candidate, Owner::default()).errors
    }

    fn contains(word: &str) -> Vec<Fault> {
        vec![Fault::ContainsContext { word: word.into() }]
    }

    #[test]
    fn length_is_counted_in_characters_however_they_are_composed() {
        assert_eq!(faults("river ink zebr", &[]), [Fault::TooShort { min: 15 }]);
        assert_eq!(faults("river ink zebra", &[]), []);
        assert_eq!(faults("rivér ink zébrä", &[]), []);
        let decomposed = "rive\u{301}r ink ze\u{301}br";
        assert_eq!((decomposed.chars().count(), faults(decomposed, &[])), (16, vec![Fault::TooShort { min: 15 }]));
        let horses: String = ('\u{1f400}'..).take(256).collect();
        assert_eq!(faults(&horses, &[]), []);
        assert_eq!(faults(&format!("{horses}x"), &[]), [Fault::TooLong { max: 256 }]);
        assert_eq!(faults("", &[]), [Fault::TooShort { min: 15 }, Fault::Guessable]);
    }

    #[test]
    fn beside_a_second_factor_a_shorter_one_is_accepted() {
        let with = |second_factor, candidate| review(&policy(), candidate, Owner { names: &[], second_factor }).errors;
        assert_eq!(with(true, "ink7zebr"), []);
        assert_eq!(with(true, "ink7zeb"), [Fault::TooShort { min: 8 }]);
        assert_eq!(with(false, "ink7zebr"), [Fault::TooShort { min: 15 }]);
        let strict = Policy { min_length: Count::of(10), min_length_with_mfa: Count::of(12), ..policy() };
        let both = [true, false].map(|second_factor| review(&strict, "ink7zebrr", Owner { names: &[], second_factor }));
        assert!(both.iter().all(|review| review.errors == [Fault::TooShort { min: 10 }]));
    }

    #[test]
    fn no_composition_is_asked_for_unless_the_policy_does() {
        assert_eq!(faults("river ink zebra", &[]), []);
        let all = Composition { uppercase: true, lowercase: true, digit: true, special: true, ..Default::default() };
        let strict = Policy { composition: all, ..policy() };
        let lacks = |what| Fault::Lacks { what };
        let errors = |candidate| review(&strict, candidate, Owner::default()).errors;
        assert_eq!(errors("River ink zebra 7"), []);
        assert_eq!(
            errors("riverinkzebraxylo7"),
            [lacks("an upper-case letter"), lacks("a character that is neither a letter nor a digit")]
        );
        assert_eq!(errors("RIVER INK ZEBRA"), [lacks("a lower-case letter"), lacks("a digit")]);
    }

    #[test]
    fn rows_of_characters_are_bounded_if_the_policy_says_so() {
        let rows =
            Composition { max_repeating: Some(Count::of(3)), max_sequential: Some(Count::of(3)), ..Default::default() };
        let strict = Policy { composition: rows, ..policy() };
        let errors = |candidate: &str| review(&strict, candidate, Owner::default()).errors;
        assert_eq!(errors("river ink zebra aaa abc 321"), []);
        assert_eq!(errors("river ink zebra aAaa"), [Fault::Repeats { max: 3 }]);
        for sequence in ["abcd", "aBcD", "4321", "6789"] {
            assert_eq!(errors(&format!("river ink zebra {sequence}")), [Fault::Sequence { max: 3 }], "{sequence}");
        }
        // Their numbers follow each other, but nobody counts that way.
        assert_eq!(errors("river ink zebra !\"#$%&"), []);
    }

    #[test]
    fn the_service_and_the_user_are_not_part_of_a_password() {
        assert_eq!(faults("my VAULT has a long one", &[]), contains("Vault"));
        assert_eq!(faults("i am Lovelace, a countess", &["lovelace"]), contains("lovelace"));
        assert_eq!(faults("hello LOVELACE hello zebra", &["Lovelace@example.com"]), contains("Lovelace"));
        assert_eq!(faults("ÄRZTIN is my profession", &["ärztin"]), contains("ärztin"));
        let both = ["lovelace@example.com", "lovelace"];
        assert_eq!(faults("Lovelace's big vault", &both), [contains("Vault"), contains("lovelace")].concat());
        assert_eq!(faults("the adage of adamant people", &["ada", "ada@example.com", ""]), []);
    }

    #[test]
    fn a_name_written_otherwise_is_not_a_password() {
        let similar = |word: &str| Fault::SimilarToContext { word: word.into() };
        assert!(faults("L0v3l4c3isHere1", &["lovelaceishere"]).contains(&similar("lovelaceishere")));
        assert!(faults("ecalevol-ecalevol", &["Lovelace-Lovelace"]).contains(&similar("Lovelace-Lovelace")));
        assert_eq!(faults("L0v3l4c3 and a zebra in ink", &["lovelace"]), []);
    }

    #[test]
    fn one_of_the_most_used_is_refused_unless_the_policy_allows_it() {
        for common in ["password", "P4ssw0rd", "drowssap", "iloveyou", "football", "Trustno1"] {
            assert_eq!(short(common, policy()), [Fault::Common], "{common}");
            let allowed = Policy { allow_common: true, min_strength: Strength::VeryWeak, ..policy() };
            assert_eq!(short(common, allowed), [], "{common}");
        }
        assert_eq!(short("password of a zebra in ink", policy()), []);
    }

    #[test]
    fn what_is_easier_to_guess_than_the_policy_allows_is_refused() {
        for guessable in ["aaaaaaaaaaaaaaa", "               ", "passwordpassword"] {
            assert!(faults(guessable, &[]).contains(&Fault::Guessable), "{guessable}");
        }
        let at_least = |min_strength| short("ink7zebr", Policy { min_strength, ..policy() });
        assert_eq!(at_least(Strength::Fair), []);
        assert_eq!(at_least(Strength::VeryStrong), [Fault::Guessable]);
    }

    #[test]
    fn a_weak_one_comes_with_what_would_be_better() {
        let weak = review(&policy(), "abcdefghijklmno", Owner::default());
        assert!(!weak.warnings.is_empty() && !weak.suggestions.is_empty(), "{weak:?}");
        let strong = review(&policy(), "river ink zebra xylophone quartz", Owner::default());
        assert_eq!((strong.strength, strong.score, strong.is_valid()), (Strength::VeryStrong, 100, true));
        assert!(strong.warnings.is_empty());
    }

    #[test]
    fn every_fault_is_told() {
        let faults = faults("vault\0", &[]);
        assert_eq!(
            faults[..3],
            [Fault::TooShort { min: 15 }, Fault::Nul, Fault::ContainsContext { word: "Vault".into() }]
        );
        let texts: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], "the password must have at least 15 characters");
        assert_eq!(texts[2], "the password must not contain `Vault`");
    }

    proptest! {
        #[test]
        fn the_score_is_that_of_its_strength(candidate in ".{0,40}") {
            let review = review(&policy(), &candidate, Owner::default());
            prop_assert_eq!(review.score.min(99) / 20, review.strength as u8);
        }
    }
}
