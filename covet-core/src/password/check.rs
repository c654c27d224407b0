use super::Policy;

/// Why a new password is refused; the text is for who chose it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// It contains the name of the service or of the user.
    #[error("the password must not contain `{word}`")]
    ContainsContext {
        /// The word as the policy or the user wrote it.
        word: String,
    },
    /// It contains a NUL, which no keyboard types and other systems cut a password at.
    #[error("the password must not contain a NUL character")]
    Nul,
}

/// The user's own words are refused from this length on: shorter ones occur in good passwords by chance.
const MIN_CONTEXT_CHARS: usize = 4;

/// Whether a new password is accepted, with every reason why not. `context` is what the user is called: user name,
/// e-mail address. Only for new passwords: at sign-in the hash decides, whatever the policy says today.
///
/// The password counts exactly as typed (ASVS v5.0.0-6.2.8), a character being a Unicode scalar value.
///
/// # Errors
///
/// Each [`Fault`] of the password.
pub fn validate(policy: &Policy, candidate: &str, context: &[&str]) -> Result<(), Vec<Fault>> {
    let length = candidate.chars().count();
    let (min, max) = (policy.min_length.get(), policy.max_length.get());
    // The rest would be work on a text of any length.
    if length > max as usize {
        return Err(vec![Fault::TooLong { max }]);
    }

    let mut faults = Vec::new();
    if length < min as usize {
        faults.push(Fault::TooShort { min });
    }
    if candidate.contains('\0') {
        faults.push(Fault::Nul);
    }
    let candidate = candidate.to_lowercase();
    for word in words(policy, context).filter(|word| candidate.contains(&word.to_lowercase())) {
        let fault = Fault::ContainsContext { word: word.to_owned() };
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// The owner's words as they are; of the user's, the text and the part before the `@`.
fn words<'a>(policy: &'a Policy, context: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let owners = policy.context_words.iter().map(|word| word.trim()).filter(|word| !word.is_empty());
    let users = context.iter().flat_map(|text| [text.trim(), text.trim().split('@').next().unwrap_or_default()]);
    owners.chain(users.filter(|word| word.chars().count() >= MIN_CONTEXT_CHARS))
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy { context_words: vec!["Vault".into(), " ".into()], ..Policy::default() }
    }

    fn faults(candidate: &str, context: &[&str]) -> Vec<Fault> {
        validate(&policy(), candidate, context).err().unwrap_or_default()
    }

    fn contains(word: &str) -> Vec<Fault> {
        vec![Fault::ContainsContext { word: word.into() }]
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(faults("fourteen chars", &[]), [Fault::TooShort { min: 15 }]);
        assert_eq!(faults("fifteen letters", &[]), []);
        assert_eq!(faults(&"ö".repeat(14), &[]), [Fault::TooShort { min: 15 }]);
        assert_eq!(faults(&"🐎".repeat(15), &[]), []);
        assert_eq!(faults(&"🐎".repeat(256), &[]), []);
        assert_eq!(faults(&"🐎".repeat(257), &[]), [Fault::TooLong { max: 256 }]);
        assert_eq!(faults("", &[]), [Fault::TooShort { min: 15 }]);
    }

    #[test]
    fn no_composition_is_asked_for() {
        assert_eq!(faults("aaaaaaaaaaaaaaa", &[]), []);
        assert_eq!(faults("               ", &[]), []);
    }

    #[test]
    fn the_service_and_the_user_are_not_part_of_a_password() {
        assert_eq!(faults("my VAULT has a long one", &[]), contains("Vault"));
        assert_eq!(faults("i am Lovelace, a countess", &["lovelace"]), contains("lovelace"));
        assert_eq!(faults("hello LOVELACE hello hello", &["Lovelace@example.com"]), contains("Lovelace"));
        assert_eq!(faults("ÄRZTIN is my profession", &["ärztin"]), contains("ärztin"));
        let both = ["lovelace@example.com", "lovelace"];
        assert_eq!(faults("Lovelace's big vault", &both), [contains("Vault"), contains("lovelace")].concat());
        assert_eq!(faults("the adage of adamant people", &["ada", "ada@example.com", ""]), []);
    }

    #[test]
    fn every_fault_is_told() {
        let faults = faults("vault\0", &[]);
        assert_eq!(faults, [Fault::TooShort { min: 15 }, Fault::Nul, Fault::ContainsContext { word: "Vault".into() }]);
        let texts: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], "the password must have at least 15 characters");
        assert_eq!(texts[2], "the password must not contain `Vault`");
    }
}
