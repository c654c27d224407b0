use std::fmt;

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

    /// A user name as typed, without the spaces around it.
    ///
    /// # Errors
    ///
    /// [`NameError::UsernameLength`] or [`NameError::UsernameCharacter`].
    pub fn new(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() || text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(NameError::UsernameLength);
        }
        if text.chars().any(|c| is_invisible(c) || matches!(c, '@' | ':')) {
            return Err(NameError::UsernameCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical form: two names that differ in case only are one.
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
        let text = text.trim();
        let parts = text.split_once('@').filter(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && text.len() <= Self::MAX_BYTES
        });
        let visible = text.chars().all(|c| c != ' ' && !is_invisible(c));
        parts.filter(|_| visible).map(|_| Self(text.to_owned())).ok_or(NameError::Email)
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

/// The canonical form of a typed login, user name or e-mail address: lower case, without the spaces around it.
#[must_use]
pub fn login_key(login: &str) -> String {
    login.trim().to_lowercase()
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
    use super::*;

    #[test]
    fn a_user_name_is_visible_and_not_an_address() {
        for name in ["a", "Ada Lovelace", "ärztin", "李", "o'brien-smith_2", &"ü".repeat(64)] {
            assert_eq!(Username::new(name).unwrap().as_str(), name);
        }
        assert_eq!(Username::new("  ada\n").unwrap().as_str(), "ada");
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
        for address in ["", "ada", "@", "ada@", "@example.com", "a@b@c", "a b@c", "a@b\nc", "a@b\u{200b}", &long] {
            assert_eq!(Email::new(address), Err(NameError::Email), "{address:?}");
        }
        Email::new(&long[1..]).unwrap();
    }

    #[test]
    fn case_and_outer_spaces_do_not_make_another_name() {
        assert_eq!(Username::new("ÄDA").unwrap().key(), Username::new(" äda ").unwrap().key());
        assert_eq!(Email::new("Ada@Example.COM").unwrap().key(), login_key(" ada@example.com"));
    }
}
