//! Addresses as settings name them: one, or a net of them.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A network such as `10.0.0.0/8`, or a single address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// Whether the address is in it. An IPv4 address is expected as one, not within IPv6.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let address = || text.parse().ok().map(|address: IpAddr| IpNet::from(address.to_canonical()));
        text.parse().ok().or_else(address).map(Self).ok_or_else(|| {
            format!(
                "{text} 不是地址或网段，例如 10.0.0.1、10.0.0.0/8 / {text} is no address or network such as 10.0.0.0/8"
            )
        })
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.to_string()
    }
}
