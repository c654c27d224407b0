//! Networks of addresses, in CIDR notation (RFC 4632).

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::name::NameError;

/// A network by address and prefix: `10.0.0.0/8`; an address alone is itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    const EXPECTED: &'static str =
        "a network such as `10.0.0.0/8` or `2001:db8::/32`, without bits set beyond its prefix";

    /// Whether the address, folded by [`http::fold`](crate::http::fold), lies in the network.
    #[must_use]
    pub fn contains(&self, address: &IpAddr) -> bool {
        self.0.contains(address)
    }
}

impl TryFrom<String> for Network {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let address = || text.parse::<IpAddr>().map(IpNet::from).ok();
        let net = text.parse::<IpNet>().ok().or_else(address).filter(|net| net.addr() == net.network());
        net.map(Self).ok_or_else(|| NameError::new(&text, Self::EXPECTED))
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.to_string()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Network {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": Self::EXPECTED })
    }
}
