//! Where the engine listens.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, Result};

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
const SCHEME: &str = "unix://";

/// Where the engine listens: the path of a unix socket, written `unix:///var/run/docker.sock`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Endpoint {
    // Text, because the pooled transport carries the path inside a URI.
    path: Arc<str>,
}

impl Endpoint {
    /// The endpoint named by the environment variable `DOCKER_HOST`, or `/var/run/docker.sock` if it is unset or
    /// empty.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the variable names something else than a unix socket.
    pub fn from_env() -> Result<Self> {
        match std::env::var_os("DOCKER_HOST") {
            Some(value) if !value.is_empty() => {
                value.to_str().ok_or_else(|| invalid("DOCKER_HOST is not UTF-8"))?.parse()
            }
            _ => Self::unix(DEFAULT_SOCKET),
        }
    }

    /// The endpoint at the unix socket `path`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the path is empty or not UTF-8.
    pub fn unix(path: impl AsRef<Path>) -> Result<Self> {
        match path.as_ref().to_str() {
            Some("") => Err(invalid("the path of the socket is empty")),
            Some(path) => Ok(Self { path: path.into() }),
            None => Err(invalid("the path of the socket is not UTF-8")),
        }
    }

    /// The path of the socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        Path::new(&*self.path)
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.strip_prefix(SCHEME) {
            Some(path) => Self::unix(path),
            None => Err(invalid(&format!(
                "`{text}`: only unix sockets are supported, as in {SCHEME}{DEFAULT_SOCKET}"
            ))),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.path)
    }
}

fn invalid(reason: &str) -> Error {
    Error::InvalidArgument { argument: "endpoint", reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_endpoint_round_trip() {
        let endpoint: Endpoint = "unix:///run/user/1000/docker.sock".parse().unwrap();
        assert_eq!(endpoint.path(), Path::new("/run/user/1000/docker.sock"));
        assert_eq!(endpoint.to_string(), "unix:///run/user/1000/docker.sock");
        assert_eq!(endpoint, Endpoint::unix("/run/user/1000/docker.sock").unwrap());
    }

    #[test]
    fn other_transports_are_named_in_the_error() {
        for text in ["tcp://127.0.0.1:2375", "ssh://host", "/var/run/docker.sock", ""] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.contains("only unix sockets"), "{error}");
            assert!(error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_socket_needs_a_path() {
        assert!(matches!("unix://".parse::<Endpoint>(), Err(Error::InvalidArgument { .. })));
    }
}
