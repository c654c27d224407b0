//! What `[sessions]` says in `security.toml`.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::units::Time;

/// `[sessions]`: how long one stays signed in, and how the browser is told.
///
/// The defaults end a forgotten session after half an hour and any after a working day, in the range that the OWASP
/// Session Management Cheat Sheet gives for applications of ordinary risk (ASVS v5.0.0-7.3.1, v5.0.0-7.3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Where sessions are kept: in the `database`, so that a restart signs nobody out, or in `memory`.
    pub store: Kind,
    /// How long a session may go unused (ASVS v5.0.0-7.3.1). Use is noted at most once a minute, so a session may end up to a
    /// minute early, never late.
    pub idle_timeout: Time<60, 2_592_000>,
    /// How long a session lives however much it is used (ASVS v5.0.0-7.3.2).
    pub max_lifetime: Time<300, 31_536_000>,
    /// The cookie that carries it.
    pub cookie: Cookie,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            store: Kind::default(),
            idle_timeout: Time::of(1800),
            max_lifetime: Time::of(28_800),
            cookie: Cookie::default(),
        }
    }
}

/// Where sessions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// In memory: a restart signs everybody out.
    Memory,
    /// In the database. The default: a restart neither signs anybody out nor revives a revoked session.
    #[default]
    Database,
}

/// `[sessions.cookie]`: what the browser sees of a session. `Secure`, `HttpOnly` and the `__Host-` prefix are not
/// for the policy to choose.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Cookie {
    /// Its name, without the prefix `__Host-`.
    pub name: CookieName,
    /// With which requests from other sites it is sent: with links (`lax`), or with none (`strict`).
    pub same_site: SameSite,
}

/// With which requests from other sites a cookie is sent; `None` cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SameSite {
    /// With links and other navigation that changes nothing. The default: a link in a mail finds one signed in.
    #[default]
    Lax,
    /// With none.
    Strict,
}

/// The name of a cookie: a token (RFC 6265 section 4.1.1, RFC 9110 section 5.6.2) of 1 to 64 characters, without a prefix of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CookieName(String);

impl CookieName {
    /// The longest name.
    pub const MAX: usize = 64;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for CookieName {
    /// `session`: it tells nothing of what serves it.
    fn default() -> Self {
        Self("session".to_owned())
    }
}

/// A name that a cookie cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the name of a cookie, 1 to {} letters, digits or ``!#$%&'*+-.^_`|~``, without `__Host-` or `__Secure-`, which are added",
    CookieName::MAX
)]
pub struct CookieNameError;

impl FromStr for CookieName {
    type Err = CookieNameError;

    fn from_str(name: &str) -> Result<Self, CookieNameError> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        // Browsers compare the prefixes without regard to case (RFC 6265bis section 5.4).
        let prefix = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let valid = (1..=Self::MAX).contains(&name.len())
            && name.bytes().all(token)
            && !prefix("__Host-")
            && !prefix("__Secure-");
        if valid { Ok(Self(name.to_owned())) } else { Err(CookieNameError) }
    }
}

impl fmt::Display for CookieName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CookieName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|error| D::Error::custom(format_args!("invalid name `{name}`: {error}")))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for CookieName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CookieName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let pattern = "^(?!__[Hh][Oo][Ss][Tt]-|__[Ss][Ee][Cc][Uu][Rr][Ee]-)[0-9A-Za-z!#$%&'*+.^_`|~-]{1,64}$";
        schemars::json_schema!({ "type": "string", "pattern": pattern })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_section_left_out_means_its_defaults() {
        let policy: Policy = toml::from_str("").unwrap();
        assert_eq!(policy, Policy::default());
        assert_eq!((policy.idle_timeout.seconds(), policy.max_lifetime.seconds()), (1800, 28_800));
        let text = "store = \"memory\"\nidle_timeout = \"1h\"\ncookie = { same_site = \"strict\" }";
        let policy: Policy = toml::from_str(text).unwrap();
        assert_eq!((policy.store, policy.cookie.same_site), (Kind::Memory, SameSite::Strict));
        assert_eq!(policy.cookie.name.as_str(), "session");
    }

    #[test]
    fn what_is_unsafe_or_unknown_cannot_be_said() {
        for text in [
            "idle_timeout = \"59s\"",
            "max_lifetime = \"366d\"",
            "cookie = { same_site = \"none\" }",
            "cookie = { secure = false }",
            "store = \"redis2\"",
            "timeout = \"30m\"",
        ] {
            toml::from_str::<Policy>(text).unwrap_err();
        }
    }

    #[test]
    fn a_cookie_name_is_a_token_without_a_prefix() {
        for name in ["session", "s", "my.app_id", "Host-x", "a!#$%&'*+-.^_`|~"] {
            assert_eq!(name.parse::<CookieName>().unwrap().as_str(), name);
        }
        let long = "x".repeat(65);
        for name in ["", "a b", "a=b", "a;b", "é", "__Host-s", "__host-s", "__Secure-s", "a\r\nb", long.as_str()] {
            name.parse::<CookieName>().unwrap_err();
        }
    }
}
