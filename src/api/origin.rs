//! Which web pages may ask.

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue};

/// The origins whose pages may ask for runs, beside the server's own.
///
/// A browser lets any page open a WebSocket anywhere (RFC 6455, section 10.2), and send what a form can send, and only says
/// whose page it is: the server has to look.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    any: bool,
    allowed: Vec<String>,
    /// Only names of this machine are the server's own: another name that leads here is another site's trick (DNS
    /// rebinding).
    loopback_only: bool,
}

impl Origins {
    /// Those of a list with commas between them, as in `https://one.example,https://two.example`; `*` is any.
    #[must_use]
    pub fn new(list: &str, loopback_only: bool) -> Self {
        let allowed: Vec<String> =
            list.split(',').map(|origin| origin.trim().trim_end_matches('/').to_ascii_lowercase()).collect();
        Self { any: allowed.iter().any(|origin| origin == "*"), allowed, loopback_only }
    }

    /// Whether pages of this origin may read replies: only listed ones, since a page of the server's own need not ask.
    pub(super) fn list(&self, origin: &HeaderValue) -> bool {
        let listed = |origin: &str| self.allowed.contains(&origin.to_ascii_lowercase());
        self.any || origin.to_str().is_ok_and(listed)
    }

    /// Whether any page may.
    pub(super) fn is_any(&self) -> bool {
        self.any
    }

    /// Whether a request with these headers may ask. Programs that are no browsers send no origin.
    pub(super) fn admit(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        if self.any {
            return true;
        }
        let Ok(origin) = origin.to_str() else { return false };
        let origin = origin.to_ascii_lowercase();
        self.allowed.contains(&origin) || self.is_own(&origin, headers)
    }

    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Some((_, authority)) = origin.split_once("://") else { return false };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
            && (!self.loopback_only || is_loopback(authority))
    }
}

fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(list: &str, loopback_only: bool, origin: Option<&str>, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        Origins::new(list, loopback_only).admit(&headers)
    }

    #[test]
    fn the_servers_own_pages_and_the_listed_ones_are_admitted() {
        assert!(admits("", false, None, "a.example"));
        assert!(admits("", false, Some("https://a.example"), "a.example"));
        assert!(admits("", false, Some("http://A.example:3000"), "a.example:3000"));
        assert!(!admits("", false, Some("https://b.example"), "a.example"));
        assert!(!admits("", false, Some("https://a.example.b.example"), "a.example"));
        assert!(!admits("", false, Some("null"), "a.example"));
        assert!(admits(
            "https://b.example, https://c.example/",
            false,
            Some("https://c.example"),
            "a.example"
        ));
        assert!(!admits("https://b.example", false, Some("http://b.example"), "a.example"));
        assert!(admits("*", false, Some("https://b.example"), "a.example"));
    }

    #[test]
    fn on_the_loopback_another_name_is_not_the_servers_own() {
        for own in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "x.localhost"] {
            assert!(admits("", true, Some(&format!("http://{own}")), own), "{own}");
        }
        assert!(!admits("", true, Some("http://rebound.example:3000"), "rebound.example:3000"));
        assert!(admits("http://rebound.example", true, Some("http://rebound.example"), "rebound.example"));
    }
}
