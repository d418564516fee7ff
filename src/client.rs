//! Who asks for runs: what each client has, and how much, is counted per client.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Who asks.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Client {
    /// Whoever is at this address.
    Address(IpAddr),
    /// Whoever holds the API key of this name.
    Key(Arc<str>),
    /// The person at this machine's terminal.
    Terminal,
}

impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(formatter),
            Self::Key(name) => write!(formatter, "key {name}"),
            Self::Terminal => formatter.write_str("terminal"),
        }
    }
}
