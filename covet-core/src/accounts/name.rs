use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

/// What a user signs in with and others may see: 1 to 64 characters, all of them visible.
///
/// `@` and `:` are refused, so that a user name is never taken for someone's e-mail address, and can stand in an
/// authenticator application and in HTTP basic authentication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Username(String);

/// An e-mail address: one `@`, something on both sides, no spaces, at most 254 bytes. Whether it exists, only a mail
/// can tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Email(String);

/// A user name or e-mail address that is refused; the text is for who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The user name is empty or too long.
    #[error("a user name has 1 to {} characters", Username::MAX_CHARS)]
    UsernameLength,
    /// The user name contains a character that is refused.
    #[error("a user name must not contain invisible characters, `@` or `:`")]
    UsernameCharacter,
    /// Not an e-mail address.
    #[error("that is not an e-mail address")]
    Email,
}

impl Username {
    /// The most characters.
    pub const MAX_CHARS: usize = 64;

    /// A user name as typed, without the spaces around it, and one where several stand together.
    ///
    /// # Errors
    ///
    /// [`NameError::UsernameLength`] or [`NameError::UsernameCharacter`].
    pub fn new(text: &str) -> Result<Self, NameError> {
        let words: Vec<_> = text.trim().split(' ').filter(|word| !word.is_empty()).collect();
        let name = Self(words.join(" ").nfc().collect());
        if name.0.is_empty() || name.0.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(NameError::UsernameLength);
        }
        // What it is compared by as well: a full-width `＠` is an `@` there.
        let refused = |c| is_invisible(c) || matches!(c, '@' | ':');
        if name.0.chars().chain(name.key().chars()).any(refused) {
            return Err(NameError::UsernameCharacter);
        }
        Ok(name)
    }

    /// The name as it was typed, but for spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical form ([`login_key`]): names of one form are one name.
    #[must_use]
    pub fn key(&self) -> String {
        login_key(&self.0)
    }
}

impl Email {
    /// The most bytes (RFC 5321 section 4.5.3.1.3, RFC 3696 erratum 1690).
    pub const MAX_BYTES: usize = 254;

    /// An address as typed, without the spaces around it.
    ///
    /// # Errors
    ///
    /// [`NameError::Email`].
    pub fn new(text: &str) -> Result<Self, NameError> {
        let address = Self(text.trim().to_owned());
        let visible = |text: &str| text.chars().all(|c| c != ' ' && !is_invisible(c));
        // What it is compared by as well: a full-width `＠` is an `@` there.
        let valid = [address.as_str(), &address.key()].into_iter().all(|text| has_two_sides(text) && visible(text));
        if valid && address.0.len() <= Self::MAX_BYTES { Ok(address) } else { Err(NameError::Email) }
    }

    /// The address as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical form. Mail systems do not tell addresses apart by case, and neither do people.
    #[must_use]
    pub fn key(&self) -> String {
        login_key(&self.0)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The canonical form of a typed login, user name or e-mail address: that of RFC 8266, which is made for names with
/// spaces in them. Lower case, no spaces around it and one where several stand together, and each character in the form
/// that all ways to write it have in common (NFKC). Letters of different scripts that look alike stay different.
#[must_use]
pub fn login_key(login: &str) -> String {
    // Again after lower case, so that the form of a form is itself (RFC 8266 section 2.1 asks for that).
    let lower = login.nfkc().collect::<String>().to_lowercase();
    let key: String = lower.nfkc().collect();
    key.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether there is one `@`, and something on both sides of it.
fn has_two_sides(address: &str) -> bool {
    let sides = address.split_once('@');
    sides.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
}

/// Characters that show nothing, or change how others are shown: with them two names look the same. White space other
/// than the plain space is among them.
fn is_invisible(c: char) -> bool {
    let format = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    );
    format || c.is_control() || (c.is_whitespace() && c != ' ')
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_user_name_is_visible_and_not_an_address() {
        for name in ["a", "Ada Lovelace", "ärztin", "李", "o'brien-smith_2", &"ü".repeat(64)] {
            assert_eq!(Username::new(name).unwrap().as_str(), name);
        }
        assert_eq!(Username::new("  ada\n").unwrap().as_str(), "ada");
        assert_eq!(Username::new("ann   lee").unwrap().as_str(), "ann lee");
        for name in ["", "   ", &"u".repeat(65)] {
            assert_eq!(Username::new(name), Err(NameError::UsernameLength), "{name:?}");
        }
        for name in [
            "a\0b",
            "a\nb",
            "a\tb",
            "ad\u{200b}a",
            "\u{202e}ada",
            "ada\u{feff}x",
            "a\u{a0}b",
            "a\u{3164}b",
            "a@b",
            "a:b",
            "a＠b",
            "a﹫b",
            "a：b",
        ] {
            assert_eq!(Username::new(name), Err(NameError::UsernameCharacter), "{name:?}");
        }
    }

    #[test]
    fn an_email_address_has_one_at_sign_and_no_spaces() {
        for address in ["ada@example.com", "a+b@x.y", "ädä@exämple.com", "a@localhost"] {
            assert_eq!(Email::new(address).unwrap().as_str(), address);
        }
        let long = format!("{}@example.com", "a".repeat(243));
        for address in
            ["", "ada", "@", "ada@", "@example.com", "a@b@c", "a b@c", "a@b\nc", "a@b\u{200b}", "a＠b@c", "a＠b", &long]
        {
            assert_eq!(Email::new(address), Err(NameError::Email), "{address:?}");
        }
        Email::new(&long[1..]).unwrap();
    }

    #[test]
    fn names_that_are_written_alike_are_one() {
        for (one, other) in [
            ("ÄDA", " äda "),
            ("ann lee", "ann  lee"),
            ("ann lee", " Ann    Lee"),
            ("\u{e4}da", "a\u{308}da"),
            ("ada", "ａｄａ"),
            ("ﬁona", "Fiona"),
            ("m\u{212b}", "må"),
            ("\u{1d400}da", "ada"),
            // No capital of it is one character.
            ("J\u{30c}an", "\u{1f0}an"),
        ] {
            assert_eq!(Username::new(one).unwrap().key(), Username::new(other).unwrap().key(), "{one} {other}");
        }
        for (one, other) in [("ann lee", "annlee"), ("ada", "äda"), ("ada", "аda"), ("l", "1")] {
            assert_ne!(Username::new(one).unwrap().key(), Username::new(other).unwrap().key(), "{one} {other}");
        }
        for login in [" ada@example.com", "ADA@EXAMPLE.COM", "ａda＠example.com"] {
            assert_eq!(Email::new("Ada@Example.COM").unwrap().key(), login_key(login));
        }
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself_and_finds_the_name(text in "\\PC{1,40}|[ -~\u{a0}-\u{3ff}\u{1e00}-\u{2fff}\u{f900}-\u{ffef} ]{1,12}") {
            let key = login_key(&text);
            prop_assert_eq!(&login_key(&key), &key);
            if let Ok(name) = Username::new(&text) {
                prop_assert_eq!(name.key(), key);
                prop_assert!(!name.key().is_empty() && !name.key().contains(['@', ':']));
                prop_assert_eq!(&Username::new(name.as_str()).unwrap(), &name);
            }
            if let Ok(address) = Email::new(&text) {
                prop_assert!(address.key().matches('@').count() == 1);
            }
        }
    }
}
