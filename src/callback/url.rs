//! The URL of a callback: `http` or `https`, a host, and nothing that could mean something else to somebody else.

use std::fmt;
use std::net::IpAddr;

use hyper::Uri;

/// The longest URL, in bytes.
const LONGEST: usize = 2048;

/// Where a callback goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallbackUrl {
    pub(super) is_https: bool,
    pub(super) host: Host,
    pub(super) port: u16,
    /// Host and port as they were written.
    pub(super) authority: String,
    /// What is asked of the host: path and query.
    pub(super) target: String,
}

/// Who is called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Host {
    Address(IpAddr),
    Name(String),
}

impl CallbackUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("it is longer than 2048 bytes");
        }
        if text.contains('#') {
            return Err("it has a fragment, which no server is sent");
        }
        let uri: Uri =
            text.parse().map_err(|_| "it is no URL; other alphabets are written in ASCII (RFC 3986)")?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("it must begin with https:// or http://"),
        };
        let authority = uri.authority().ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("it holds a user's name: the signature says who calls");
        }
        let port = match (authority.port_u16(), authority.as_str() == authority.host()) {
            (Some(0), _) | (None, false) => return Err("its port must be from 1 to 65535"),
            (Some(port), _) => port,
            (None, true) if is_https => 443,
            (None, true) => 80,
        };
        let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Ok(Self {
            is_https,
            host: Host::parse(authority.host())?,
            port,
            authority: authority.to_string(),
            target,
        })
    }
}

impl fmt::Display for CallbackUrl {
    /// Without path and query, which may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.authority)
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address = address.parse().map_err(|_| "what is in brackets is no IPv6 address")?;
            return Ok(Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(IpAddr::V4(address)));
        }
        let last = text.strip_suffix('.').unwrap_or(text).rsplit('.').next().unwrap_or_default();
        // What some take for an address (inet_aton(3), and the URL Standard): no name on the Internet is like that.
        if last.is_empty() || last.starts_with(|first: char| first.is_ascii_digit()) {
            return Err("its host is neither a name nor an address such as 192.0.2.1 or [2001:db8::1]");
        }
        Ok(Self::Name(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let url = CallbackUrl::parse("https://hooks.example:8443/done?token=a%20b").unwrap();
        assert_eq!((url.is_https, url.port, url.target.as_str()), (true, 8443, "/done?token=a%20b"));
        assert_eq!(url.host, Host::Name("hooks.example".into()));
        assert_eq!(
            (url.authority.as_str(), url.to_string()),
            ("hooks.example:8443", "https://hooks.example:8443".into())
        );
        let url = CallbackUrl::parse("http://[2001:db8::1]").unwrap();
        assert_eq!((url.port, url.target.as_str()), (80, "/"));
        assert_eq!(url.host, Host::Address("2001:db8::1".parse().unwrap()));
        assert_eq!(
            CallbackUrl::parse("HTTPS://192.0.2.1").unwrap().host,
            Host::Address("192.0.2.1".parse().unwrap())
        );
        for name in ["localhost", "localhost.", "a.b-c.example.", "xn--bcher-kva.example", "1.example"] {
            assert!(CallbackUrl::parse(&format!("http://{name}/")).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        let long = format!("http://a.example/{}", "x".repeat(LONGEST));
        for text in [
            "",
            "/path",
            "a.example",
            "ftp://a.example/",
            "file:///etc/passwd",
            "unix:///var/run/docker.sock",
            "http://",
            "http:///path",
            "http://user@a.example/",
            "http://user:word@a.example/",
            "http://a.example@127.0.0.1/",
            "http://a.example:0/",
            "http://a.example:/",
            "http://a.example:99999/",
            "http://a.example:x/",
            "http://a.example/#b",
            "http://a.example\\@b.example/",
            "http://a.example/\r\nX: y",
            "http://a b.example/",
            "http://bücher.example/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://127.1/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://0x7f000001/",
            "http://[::1/",
            "http://[localhost]/",
            "http://[fe80::1%25eth0]/",
            "http://./",
            "http://%6c%6f%63%61%6c%68%6f%73%74/",
            &long,
        ] {
            assert!(CallbackUrl::parse(text).is_err(), "{text:?}");
        }
    }
}
