//! `[http]`: who may speak for a client, and where browsers are sent.
//!
//! The threat: a client that sends `X-Forwarded-For: 10.0.0.1` and is believed gets a fresh rate limit for each
//! request. The rule: the peer's address counts, and a forwarding header only as far as the peers that wrote it are
//! trusted by address.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::name::checked_text;
use crate::network::Network;
use crate::units::Count;

checked_text!(
    /// The path of a page of the application.
    PagePath,
    "the path of a page, such as `/login`",
    "^/[^/\\s\\\\]?[^\\s\\\\]*$",
    |text| {
        let local = text.starts_with('/') && !text.starts_with("//");
        local && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'?' | b'#' | b'<' | b'>'))
    }
);

/// `[http]`: addresses and pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Networks whose hosts may say in `X-Forwarded-For` or `Forwarded` whom they speak for. Default: none, so that
    /// only the peer's own address counts (ASVS v5.0.0-4.1.3).
    pub trusted_proxies: Vec<Network>,
    /// Addresses that share so many leading bits are one client to a rate limit: whoever has one IPv6 address has the
    /// 2^64 of its network (RFC 6177).
    pub ipv6_prefix: Count<16, 128>,
    /// Where a browser that is not signed in is sent.
    pub sign_in: PagePath,
    /// Where a browser is sent that must verify a second factor.
    pub second_factor: PagePath,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            ipv6_prefix: Count::of(64),
            sign_in: PagePath::from_static("/login"),
            second_factor: PagePath::from_static("/mfa"),
        }
    }
}

/// An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is the IPv4 address it maps.
#[must_use]
pub fn fold(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// What a rate limit counts an address as: IPv4 itself, IPv6 by its first `ipv6_prefix` bits.
#[must_use]
pub fn bucket(policy: &Policy, address: IpAddr) -> IpAddr {
    match fold(address) {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - policy.ipv6_prefix.get()).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & mask))
        }
    }
}

/// The client's address: the peer's, or, while the address so far is a trusted proxy's, the one it says it speaks for.
/// Header values come in the order of the request; both are walked from the right (RFC 7239 section 5.2). A value that
/// is no address ends the walk: nothing beyond it can be believed.
///
/// A proxy that writes one header lets the other through as the client sent it. Which one it writes is not known here, so
/// where the two do not agree neither is believed.
#[must_use]
pub fn client_address<'h>(
    policy: &Policy,
    peer: IpAddr,
    forwarded: impl Iterator<Item = &'h str>,
    x_forwarded_for: impl Iterator<Item = &'h str>,
) -> IpAddr {
    let peer = fold(peer);
    let trusted = |address: &IpAddr| policy.trusted_proxies.iter().any(|network| network.contains(address));
    if !trusted(&peer) {
        return peer;
    }
    let walk = |hops: Vec<Option<IpAddr>>| {
        let mut client = peer;
        for hop in hops.iter().rev() {
            let Some(address) = hop else { break };
            client = *address;
            if !trusted(&client) {
                break;
            }
        }
        (!hops.is_empty()).then_some(client)
    };
    let forwarded = walk(forwarded.flat_map(forwarded_hops).collect());
    let x_forwarded_for = walk(x_forwarded_for.flat_map(|value| value.split(',')).map(node).collect());
    match (forwarded, x_forwarded_for) {
        (Some(one), Some(other)) if one != other => peer,
        (Some(client), _) | (None, Some(client)) => client,
        (None, None) => peer,
    }
}

/// The addresses of a `Forwarded` header; a comma in a quoted string separates nothing. A quote that is never closed may
/// be a stranger's and hold what a proxy appended: then none of it is believed.
fn forwarded_hops(value: &str) -> Vec<Option<IpAddr>> {
    let mut quoted = false;
    let elements = value.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    let hops = elements.map(forwarded_for).collect();
    if quoted { vec![None] } else { hops }
}

/// The address in one element of a `Forwarded` header: `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, value)| value).next()?;
    node(value.trim().trim_matches('"'))
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(inner, _)| inner);
    let plain = bracketed.unwrap_or(text).parse().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().map(|socket| socket.ip()).ok();
    plain.or_else(with_port).map(fold)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    fn behind(proxies: &[&str]) -> Policy {
        let trusted_proxies = proxies.iter().map(|text| Network::try_from((*text).to_owned()).unwrap()).collect();
        Policy { trusted_proxies, ..Policy::default() }
    }

    fn client(policy: &Policy, peer: &str, forwarded: &[&str], x_forwarded_for: &[&str]) -> String {
        let (forwarded, x) = (forwarded.iter().copied(), x_forwarded_for.iter().copied());
        client_address(policy, peer.parse().unwrap(), forwarded, x).to_string()
    }

    #[test]
    fn a_stranger_cannot_speak_for_another_address() {
        for policy in [behind(&[]), behind(&["10.0.0.0/8"])] {
            assert_eq!(client(&policy, "203.0.113.9", &["for=192.0.2.1"], &["192.0.2.1"]), "203.0.113.9");
        }
    }

    #[test]
    fn a_trusted_proxy_is_believed_about_its_own_peer_and_nobody_further() {
        let policy = behind(&["10.0.0.0/8"]);
        assert_eq!(client(&policy, "10.0.0.1", &[], &["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&policy, "10.0.0.1", &[], &["6.6.6.6, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client(&policy, "10.0.0.1", &[], &["6.6.6.6", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&policy, "10.0.0.1", &[], &[]), "10.0.0.1");
        assert_eq!(client(&policy, "10.0.0.1", &[], &["203.0.113.9, nonsense"]), "10.0.0.1");
        assert_eq!(client(&policy, "::ffff:10.0.0.1", &[], &["203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn the_forwarded_header_is_read_as_rfc_7239_writes_it() {
        let policy = behind(&["10.0.0.0/8"]);
        let table = [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=6.6.6.6, for=\"192.0.2.61:80\"", "192.0.2.61"),
            ("for=\"a,b\", for=192.0.2.62", "192.0.2.62"),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden", "10.0.0.1"),
        ];
        for (header, expected) in table {
            assert_eq!(client(&policy, "10.0.0.1", &[header], &[]), expected, "{header}");
        }
    }

    #[test]
    fn a_quote_that_a_stranger_left_open_hides_nothing_that_the_proxy_appended() {
        let policy = behind(&["10.0.0.0/8"]);
        for header in ["for=6.6.6.6;x=\", for=203.0.113.9", "for=6.6.6.6;x=\"a\\\"b\", for=203.0.113.9"] {
            assert_eq!(client(&policy, "10.0.0.1", &[header], &[]), "10.0.0.1", "{header}");
        }
    }

    #[test]
    fn a_header_that_the_proxy_lets_through_does_not_overrule_the_one_it_writes() {
        let policy = behind(&["10.0.0.0/8"]);
        assert_eq!(client(&policy, "10.0.0.1", &["for=6.6.6.6"], &["203.0.113.9"]), "10.0.0.1");
        assert_eq!(client(&policy, "10.0.0.1", &["for=203.0.113.9"], &["6.6.6.6"]), "10.0.0.1");
        assert_eq!(client(&policy, "10.0.0.1", &["for=203.0.113.9"], &["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn an_ipv6_client_is_its_network_and_an_ipv4_client_itself() {
        let policy = Policy::default();
        let of = |text: &str| bucket(&policy, text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:aaaa::1"), of("2001:db8:1:2:bbbb::2"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
