//! Where Redis is, and how long it may take.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion};

use super::Prefix;

/// After how long without a sign of life from the network a connection is given up for a new one.
#[cfg(any(target_os = "android", target_os = "linux"))]
const GIVE_UP: Duration = Duration::from_secs(2);

/// The address of a server, or of some nodes of a cluster, such as `redis://user:password@host:6379/0`. Several are
/// separated by spaces. The password is not shown.
#[derive(Clone)]
pub struct Address(Vec<ConnectionInfo>);

/// A text that is not an address. It is not shown: there may be a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// There is none.
    #[error("expected an address such as `redis://localhost:6379`")]
    Missing,
    /// One of them cannot be read.
    #[error("the address number {0} is not one such as `redis://user:password@host:6379/0`")]
    Malformed(usize),
    /// One of them asks for TLS.
    #[error("the address number {0} is `rediss://`, but this version has no TLS to Redis; use a local tunnel")]
    Tls(usize),
}

impl Address {
    pub(super) fn nodes(&self) -> &[ConnectionInfo] {
        &self.0
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let nodes = std::iter::zip(1.., text.split_whitespace()).map(|(number, text)| node(number, text));
        let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        if nodes.is_empty() { Err(AddressError::Missing) } else { Ok(Self(nodes)) }
    }
}

fn node(number: usize, text: &str) -> Result<ConnectionInfo, AddressError> {
    if text.starts_with("rediss:") || text.starts_with("valkeys:") {
        return Err(AddressError::Tls(number));
    }
    let info = text.into_connection_info().map_err(|_| AddressError::Malformed(number))?;
    // RESP3 (Redis 6) tells of a lost connection before the next request meets it.
    let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(redis).set_tcp_settings(tcp_settings()))
}

pub(super) fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let settings = settings.set_user_timeout(GIVE_UP);
    settings
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|node| node.addr().to_string())).finish()
    }
}

/// How Redis is used. The default waits 50 ms for an answer: longer than any healthy server takes, short enough that
/// a dead one is no worse for a client than a slow page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    prefix: Prefix,
    response_timeout: Duration,
    connection_timeout: Duration,
}

impl Options {
    /// Other keys than those of applications with another prefix.
    #[must_use]
    pub fn with_prefix(self, prefix: Prefix) -> Self {
        Self { prefix, ..self }
    }

    /// How long an operation may take, whatever happens, before it fails.
    #[must_use]
    pub fn with_response_timeout(self, response_timeout: Duration) -> Self {
        Self { response_timeout, ..self }
    }

    /// How long connecting may take before it is tried anew.
    #[must_use]
    pub fn with_connection_timeout(self, connection_timeout: Duration) -> Self {
        Self { connection_timeout, ..self }
    }

    pub(super) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    pub(super) fn response_timeout(&self) -> Duration {
        self.response_timeout
    }

    pub(super) fn connection_timeout(&self) -> Duration {
        self.connection_timeout
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            prefix: Prefix::default(),
            response_timeout: Duration::from_millis(50),
            connection_timeout: Duration::from_secs(1),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_its_hosts_but_not_its_secrets() {
        let address: Address = "redis://ada:hunter2@one:7000/3 redis://:hunter2@two".parse().unwrap();
        let shown = format!("{address:?}");
        assert!(shown.contains("one:7000") && shown.contains("two:6379"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn what_is_no_address_is_told_without_it() {
        for (text, expected) in [
            ("", AddressError::Missing),
            ("  ", AddressError::Missing),
            ("localhost", AddressError::Malformed(1)),
            ("redis://one http://:hunter2@two", AddressError::Malformed(2)),
            ("redis://one/hunter2", AddressError::Malformed(1)),
            ("rediss://:hunter2@one", AddressError::Tls(1)),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
