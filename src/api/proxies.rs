//! Where a request comes from, when proxies stand between.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word counts.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Those at addresses of these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether this address is a proxy's.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address that a request comes from: the last one before the proxies, as they say in `X-Forwarded-For` or in
    /// `Forwarded` (RFC 7239).
    ///
    /// Each proxy adds the address that it was called from, so what stands before the first untrusted address, seen from
    /// the end, is the caller's own invention. Which of the two headers a proxy writes cannot be seen, and it may pass on
    /// the other one as it came: where both are there they have to agree. In all doubt the address is the peer's.
    pub(super) fn address_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.contain(peer) {
            return peer;
        }
        let values = |name: HeaderName| {
            let values = headers.get_all(name).into_iter();
            values.map(|value| value.to_str().unwrap_or("not ASCII")).collect::<Vec<_>>()
        };
        let simple = values(X_FORWARDED_FOR);
        let standard = values(FORWARDED);
        let simple = simple.iter().rev().flat_map(|value| value.rsplit(',')).map(node);
        let standard = standard.iter().rev().flat_map(|value| forwarded(value).into_iter().rev());
        match (self.caller(simple), self.caller(standard)) {
            (Named::Nobody, Named::Nobody) => peer,
            (Named::Somebody(address), Named::Nobody) | (Named::Nobody, Named::Somebody(address)) => address,
            (Named::Somebody(one), Named::Somebody(other)) if one == other => one,
            _ => peer,
        }
    }

    /// The first untrusted one of these addresses, or else the last.
    fn caller(&self, addresses: impl Iterator<Item = Option<IpAddr>>) -> Named {
        let mut named = Named::Nobody;
        for address in addresses {
            let Some(address) = address else { return Named::Garbage };
            named = Named::Somebody(address);
            if !self.contain(address) {
                break;
            }
        }
        named
    }
}

/// What a header says.
enum Named {
    Nobody,
    Somebody(IpAddr),
    Garbage,
}

/// The addresses after `for=` in a header `Forwarded`, `None` for one that is hidden or cannot be read.
fn forwarded(value: &str) -> Vec<Option<IpAddr>> {
    let Some(elements) = split_unquoted(value, ',') else { return vec![None] };
    let address = |element: &str| {
        let pairs = split_unquoted(element, ';')?;
        let of = |pair: &str| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"').to_owned())
        };
        pairs.into_iter().find_map(of).and_then(|value| node(&value))
    };
    elements.into_iter().map(address).collect()
}

/// An address, with or without a port, as `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or
/// `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(address.to_canonical())
}

/// The parts between separators outside of quotes; `None` if a quote does not end.
fn split_unquoted(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (place, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if character == separator && !quoted => {
                parts.push(&text[start..place]);
                start = place + separator.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let networks = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"];
        let proxies = Proxies::new(networks.iter().map(|network| network.parse().unwrap()).collect());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        proxies.address_of(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn nobody_but_a_proxy_is_believed() {
        let simple = ("x-forwarded-for", "198.51.100.7");
        let standard = ("forwarded", "for=198.51.100.7");
        for header in [simple, standard] {
            assert_eq!(address("192.0.2.1", &[header]), "192.0.2.1");
            assert_eq!(address("10.0.0.1", &[header]), "198.51.100.7");
            assert_eq!(address("::ffff:10.0.0.1", &[header]), "198.51.100.7");
        }
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_last_address_before_the_proxies_counts() {
        for (said, expected) in [
            ("198.51.100.7, 203.0.113.9, 10.1.1.1", "203.0.113.9"),
            ("1.1.1.1,203.0.113.9", "203.0.113.9"),
            ("10.2.2.2, 10.1.1.1", "10.2.2.2"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::9]:4711", "2001:db8::9"),
            ("2001:db8::9, fd00::1", "2001:db8::9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            // What the caller itself wrote is never looked at.
            ("garbage, \", 203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ] {
            assert_eq!(address("127.0.0.1", &[("x-forwarded-for", said)]), expected, "{said}");
        }
        let several = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-for", "10.1.1.1"),
        ];
        assert_eq!(address("127.0.0.1", &several), "203.0.113.9");
        for (said, expected) in [
            ("for=192.0.2.43, for=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("proto=http; for=203.0.113.9, for=\"10.1.1.1:80\"", "203.0.113.9"),
            ("for=\"a,b\", for=203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(address("127.0.0.1", &[("forwarded", said)]), expected, "{said}");
        }
    }

    #[test]
    fn in_doubt_the_address_is_the_peers() {
        for (name, said) in [
            ("x-forwarded-for", ""),
            ("x-forwarded-for", "somebody"),
            ("x-forwarded-for", "203.0.113.9, 999.1.1.1"),
            ("x-forwarded-for", "203.0.113.9, garbage, 10.1.1.1"),
            ("forwarded", "for=unknown"),
            ("forwarded", "for=_hidden, for=10.1.1.1"),
            ("forwarded", "by=203.0.113.9"),
            ("forwarded", "for=\"evil, for=203.0.113.9"),
            ("forwarded", ""),
        ] {
            assert_eq!(address("127.0.0.1", &[(name, said)]), "127.0.0.1", "{said}");
        }
        // A header that the proxy passes on as it came does not overrule the one that it writes.
        let both = |one, other| address("127.0.0.1", &[("x-forwarded-for", one), ("forwarded", other)]);
        assert_eq!(both("203.0.113.9", "for=198.51.100.7"), "127.0.0.1");
        assert_eq!(both("203.0.113.9", "for=203.0.113.9"), "203.0.113.9");
        assert_eq!(both("203.0.113.9", "for=unknown"), "127.0.0.1");
    }
}
