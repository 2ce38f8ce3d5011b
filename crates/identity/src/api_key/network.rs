//! From where a key may be used, and from where it was.

use std::{fmt, net::IpAddr};

use ashlar_kernel::FieldFault;
use ipnet::{IpNet, Ipv6Net};

/// Networks from which a key may be used; none of them means from everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Vec<IpNet>);

/// Why a text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNetwork {
    /// There are too many.
    #[error("at most 32 networks")]
    Count,
    /// It is not written like one.
    #[error("not an IP address or network, such as 203.0.113.0/24 or 2001:db8::/32")]
    Format,
}

impl FieldFault for InvalidNetwork {
    fn code(&self) -> &'static str {
        match self {
            Self::Count => "too_long",
            Self::Format => "invalid_format",
        }
    }
}

/// The most networks of a key.
pub(crate) const MOST: usize = 32;

/// Accepts a network in CIDR notation (RFC 4632, RFC 4291), or a single address. Bits beyond the prefix are dropped.
pub fn parse_network(text: &str) -> Result<IpNet, InvalidNetwork> {
    let network = text.parse::<IpNet>().or_else(|_no_network| text.parse::<IpAddr>().map(IpNet::from));
    network.map(|network| network.trunc()).map_err(|_syntax| InvalidNetwork::Format)
}

impl Networks {
    /// These networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether somebody at this address may come. Who cannot be seen may not, where it matters.
    pub fn admit(&self, client: Option<IpAddr>) -> bool {
        let lies_within = |client: IpAddr| self.0.iter().any(|network| network.contains(&client.to_canonical()));
        self.0.is_empty() || client.is_some_and(lies_within)
    }

    /// Each of them, in CIDR notation.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(ToString::to_string)
    }
}

/// Where a request with a key came from: an IPv4 address, or the /64 in which an IPv6 address lies, because machines
/// change their address within it by the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceNetwork(IpNet);

impl SourceNetwork {
    /// The source that an address belongs to.
    pub fn of(client: IpAddr) -> Self {
        match client.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address).into()),
            IpAddr::V6(address) => {
                let whole = IpNet::from(IpAddr::V6(address));
                Self(Ipv6Net::new(address, 64).map_or(whole, |network| IpNet::V6(network.trunc())))
            }
        }
    }
}

impl fmt::Display for SourceNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_in_one_way() {
        for (text, written) in [
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("203.0.113.7", "203.0.113.7/32"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(parse_network(text).unwrap().to_string(), written);
        }
        for bad in ["", "203.0.113.0/33", "203.0.113", "example.org", "1.2.3.4/24/24", "::1/129", " 10.0.0.0/8", "*"] {
            assert_eq!(parse_network(bad), Err(InvalidNetwork::Format), "{bad:?}");
        }
    }

    #[test]
    fn an_allow_list_admits_its_own_and_an_empty_one_everybody() {
        let list =
            Networks::new(vec![parse_network("203.0.113.0/24").unwrap(), parse_network("2001:db8::/32").unwrap()]);
        for (client, admitted) in [
            ("203.0.113.255", true),
            ("203.0.114.0", false),
            ("::ffff:203.0.113.1", true),
            ("2001:db8:ffff::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(list.admit(Some(client.parse().unwrap())), admitted, "{client}");
        }
        assert!(!list.admit(None));
        assert!(Networks::default().admit(None));
    }

    #[test]
    fn a_source_is_an_address_or_the_network_of_one_customer() {
        let source = |text: &str| SourceNetwork::of(text.parse().unwrap()).to_string();
        assert_eq!(source("203.0.113.7"), "203.0.113.7/32");
        assert_eq!(source("::ffff:203.0.113.7"), "203.0.113.7/32");
        assert_eq!(source("2001:db8:0:1:ffff::1"), "2001:db8:0:1::/64");
    }
}
