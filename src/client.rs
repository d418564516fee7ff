//! Who asks for runs: what each client has, and how much, is counted per client.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// The bits of an IPv6 address that name a network; one host may have all addresses of such a network (RFC 4291, section
/// 2.5.1).
const NETWORK_BITS: u128 = u128::MAX << 64;

/// Who asks.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Client {
    /// Whoever is at this address, or in this IPv6 network. [`Client::at`] makes the one of the other.
    Address(IpAddr),
    /// Whoever holds the API key of this name.
    Key(Arc<str>),
    /// The person at this machine's terminal.
    Terminal,
}

impl Client {
    /// Whoever is at this address. An IPv4 address in IPv6's clothes is the IPv4 address; all addresses of an IPv6 /64
    /// network are one client, since one machine may have all of them.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => {
                Ipv6Addr::from_bits(address.to_bits() & NETWORK_BITS).into()
            }
            address => address,
        })
    }
}

impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address @ IpAddr::V6(_)) if !address.is_loopback() => {
                write!(formatter, "{address}/64")
            }
            Self::Address(address) => address.fmt(formatter),
            Self::Key(name) => write!(formatter, "key {name}"),
            Self::Terminal => formatter.write_str("terminal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_an_ipv4_address_or_an_ipv6_network() {
        for (address, client) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::1", "::1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(Client::at(address.parse().unwrap()).to_string(), client);
        }
    }
}
