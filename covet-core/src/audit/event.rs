use std::fmt::Write as _;
use std::net::IpAddr;

use crate::account::AccountId;
use crate::time::Timestamp;

/// What happened, in the words of the OWASP Logging Vocabulary where it has one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Someone signed in.
    AuthnLoginSuccess,
    /// An attempt to sign in failed.
    AuthnLoginFail,
    /// Too many attempts; further ones are refused for a while.
    AuthnLoginLock,
    /// An administrator or a reset ended what too many attempts had begun.
    AuthnLoginUnlock,
    /// Someone signed out.
    AuthnLogout,
    /// An account was created.
    AuthnRegister,
    /// A password was changed.
    AuthnPasswordChange,
    /// A change of a password was refused.
    AuthnPasswordChangeFail,
    /// A second factor was added.
    MfaEnroll,
    /// A second factor was removed.
    MfaRemove,
    /// A code was accepted.
    MfaVerifySuccess,
    /// A code was refused.
    MfaVerifyFail,
    /// A session began.
    SessionCreated,
    /// A session was ended.
    SessionRevoked,
    /// All sessions of an account were ended.
    SessionRevokedAll,
    /// A request was refused for want of a role, a permission or a factor.
    AuthzFail,
    /// What an account may do, or whether it may sign in, was changed.
    AuthzChange,
    /// A request came from another site.
    CsrfFail,
    /// So large a share of all sign-ins fails that somebody must be guessing at many accounts; or that is over. The
    /// vocabulary has no word for it.
    MaliciousLoginFailures,
    /// A rate limit was exceeded.
    ExcessRateLimit,
    /// The store is away, full or failing; until it recovers, requests are answered as far as they can be without it. Or it
    /// is at its bound and forgets what anybody can make any number of.
    StoreFailure,
    /// The store does its work again.
    StoreRecovered,
}

/// Whether what was attempted was done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// It was.
    Success,
    /// It was refused, or it failed.
    Failure,
}

impl Kind {
    /// The name in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthnLoginSuccess => "authn_login_success",
            Self::AuthnLoginFail => "authn_login_fail",
            Self::AuthnLoginLock => "authn_login_lock",
            Self::AuthnLoginUnlock => "authn_login_unlock",
            Self::AuthnLogout => "authn_logout",
            Self::AuthnRegister => "authn_register",
            Self::AuthnPasswordChange => "authn_password_change",
            Self::AuthnPasswordChangeFail => "authn_password_change_fail",
            Self::MfaEnroll => "mfa_enroll",
            Self::MfaRemove => "mfa_remove",
            Self::MfaVerifySuccess => "mfa_verify_success",
            Self::MfaVerifyFail => "mfa_verify_fail",
            Self::SessionCreated => "session_created",
            Self::SessionRevoked => "session_revoked",
            Self::SessionRevokedAll => "session_revoked_all",
            Self::AuthzFail => "authz_fail",
            Self::AuthzChange => "authz_change",
            Self::CsrfFail => "csrf_fail",
            Self::MaliciousLoginFailures => "malicious_login_failures",
            Self::ExcessRateLimit => "excess_rate_limit",
            Self::StoreFailure => "store_failure",
            Self::StoreRecovered => "store_recovered",
        }
    }

    /// The outcome that the kind implies.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::AuthnLoginSuccess
            | Self::AuthnLoginUnlock
            | Self::AuthnLogout
            | Self::AuthnRegister
            | Self::AuthnPasswordChange
            | Self::MfaEnroll
            | Self::MfaRemove
            | Self::MfaVerifySuccess
            | Self::SessionCreated
            | Self::SessionRevoked
            | Self::SessionRevokedAll
            | Self::AuthzChange
            | Self::StoreRecovered => Outcome::Success,
            Self::AuthnLoginFail
            | Self::AuthnLoginLock
            | Self::AuthnPasswordChangeFail
            | Self::MfaVerifyFail
            | Self::AuthzFail
            | Self::CsrfFail
            | Self::MaliciousLoginFailures
            | Self::ExcessRateLimit
            | Self::StoreFailure => Outcome::Failure,
        }
    }
}

impl Outcome {
    /// The name in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// One event. Passwords, codes, tokens and session ids have no place in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    kind: Kind,
    at: Timestamp,
    account: Option<AccountId>,
    ip: Option<IpAddr>,
    details: Vec<(&'static str, String)>,
}

impl Event {
    /// The most characters kept of a detail: who sends a megabyte as a user name does not fill the log with it.
    pub const MAX_DETAIL_CHARS: usize = 256;

    /// An event that happened at `at`.
    #[must_use]
    pub const fn new(kind: Kind, at: Timestamp) -> Self {
        Self { kind, at, account: None, ip: None, details: Vec::new() }
    }

    /// The same, but that it is of another kind.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Whose account it is about.
    #[must_use]
    pub fn account(self, account: Option<&AccountId>) -> Self {
        Self { account: account.cloned(), ..self }
    }

    /// The client's address.
    #[must_use]
    pub fn ip(self, ip: Option<IpAddr>) -> Self {
        Self { ip, ..self }
    }

    /// One more fact, such as the name of the limit or of the route. Control characters are escaped and long values cut.
    #[must_use]
    pub fn detail(mut self, name: &'static str, value: &str) -> Self {
        self.details.push((name, escape(value)));
        self
    }

    /// What happened.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whose account it is about.
    #[must_use]
    pub const fn account_id(&self) -> Option<&AccountId> {
        self.account.as_ref()
    }

    /// The client's address.
    #[must_use]
    pub const fn client_ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// The further facts, in the order they were given.
    #[must_use]
    pub fn details(&self) -> &[(&'static str, String)] {
        &self.details
    }

    /// The details as a JSON object.
    pub(super) fn details_json(&self) -> String {
        let object = self.details.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
        serde_json::Value::Object(object.collect()).to_string()
    }
}

/// The text without characters that could begin a new line, move a terminal's cursor or turn the direction of reading.
/// A backslash is doubled, so that an escape cannot be forged.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars().take(Event::MAX_DETAIL_CHARS) {
        let direction =
            matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || direction || c == '\\' {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    if text.chars().nth(Event::MAX_DETAIL_CHARS).is_some() {
        let _ = write!(escaped, "…");
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_cannot_begin_a_new_line() {
        for (text, escaped) in [
            ("ada", "ada"),
            ("ärztin 🐎 \"x\"", "ärztin 🐎 \"x\""),
            ("ada\r\nauthn_login_success root", "ada\\r\\nauthn_login_success root"),
            ("\u{1b}[2J\0\t", "\\u{1b}[2J\\u{0}\\t"),
            ("\u{85}\u{2028}\u{202e}", "\\u{85}\\u{2028}\\u{202e}"),
            ("\\n", "\\\\n"),
        ] {
            assert_eq!(escape(text), escaped);
        }
        assert_eq!(escape(&"x".repeat(256)), "x".repeat(256));
        assert_eq!(escape(&"x".repeat(257)), format!("{}…", "x".repeat(256)));
    }

    #[test]
    fn details_are_an_object() {
        let event =
            Event::new(Kind::ExcessRateLimit, Timestamp::from_millis(0)).detail("limit", "login").detail("x", "\"");
        assert_eq!(event.details_json(), r#"{"limit":"login","x":"\""}"#);
        assert_eq!(Event::new(Kind::StoreFailure, Timestamp::from_millis(0)).details_json(), "{}");
    }
}
