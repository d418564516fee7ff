//! Where the engine listens.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use crate::docker_context::{self, DockerConfig};
use crate::error::{Error, Result};
#[cfg(feature = "tls")]
use crate::tls::TlsConfig;

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
const UNIX: &str = "unix://";
const TCP: &str = "tcp://";
/// The port of an engine without TLS.
const PORT: u16 = 2375;

/// Where the engine listens: `unix:///var/run/docker.sock`, or `tcp://host:2375`, with TLS or without.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    address: Arc<Address>,
}

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Address {
    Unix(Box<Path>),
    Tcp {
        host: String,
        port: u16,
    },
    #[cfg(feature = "tls")]
    Tls {
        host: String,
        port: u16,
        config: TlsConfig,
    },
}

impl Endpoint {
    /// The endpoint that the `docker` command would use here: what `DOCKER_HOST` names; otherwise the context that
    /// `DOCKER_CONTEXT` names or `docker context use` chose; otherwise `/var/run/docker.sock`.
    ///
    /// With `DOCKER_HOST` of TCP and `DOCKER_TLS_VERIFY`, the connection is by TLS, and the certificates come from the
    /// folder `DOCKER_CERT_PATH` (`~/.docker` if it is unset). An empty variable counts as unset. Contexts are read
    /// from `DOCKER_CONFIG` (`~/.docker` if it is unset). This reads files and blocks while it does.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when what is named is not there, cannot be read, or is something else than a unix
    /// socket or TCP; when a context asks not to verify TLS; when TLS is asked for and the feature `tls` is not built in.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| match variable(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(invalid(&format!("{name} is not UTF-8"))),
        };
        let config = DockerConfig::folder(variable("DOCKER_CONFIG"), variable("HOME"));
        if let Some(host) = text("DOCKER_HOST")? {
            let endpoint = Self::from_str(&host)?;
            if variable("DOCKER_TLS_VERIFY").is_none() {
                return Ok(endpoint);
            }
            let folder =
                variable("DOCKER_CERT_PATH").map(Into::into).or_else(|| config.map(DockerConfig::into_path));
            let folder =
                folder.ok_or_else(|| invalid("DOCKER_TLS_VERIFY without DOCKER_CERT_PATH or HOME"))?;
            return endpoint.with_tls_from(&folder);
        }
        let Some(config) = config else { return Self::unix(DEFAULT_SOCKET) };
        let context = match text("DOCKER_CONTEXT")? {
            Some(context) => Some(context),
            None => config.current_context()?,
        };
        match context {
            None => Self::unix(DEFAULT_SOCKET),
            Some(name) if name == docker_context::DEFAULT => Self::unix(DEFAULT_SOCKET),
            Some(name) => Self::from_context(&config, &name),
        }
    }

    /// The endpoint of a context of the `docker` command, which are kept in the folder `config`, as in `~/.docker`.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn context(config: impl AsRef<Path>, name: &str) -> Result<Self> {
        Self::from_context(&DockerConfig::new(config.as_ref()), name)
    }

    fn from_context(config: &DockerConfig, name: &str) -> Result<Self> {
        let context = config.context(name)?;
        let endpoint = Self::from_str(&context.host)?;
        if context.skip_tls_verify {
            return Err(invalid(&format!("context `{name}` asks not to verify TLS, which is not supported")));
        }
        match context.tls_folder {
            Some(folder) if endpoint.unix_path().is_none() => endpoint.with_tls_from(&folder),
            _ => Ok(endpoint),
        }
    }

    /// The endpoint at the unix socket `path`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the path is empty or not UTF-8.
    pub fn unix(path: impl AsRef<Path>) -> Result<Self> {
        match path.as_ref().to_str() {
            Some("") => Err(invalid("the path of the socket is empty")),
            Some(path) => Ok(Address::Unix(Path::new(path).into()).into()),
            None => Err(invalid("the path of the socket is not UTF-8")),
        }
    }

    /// The endpoint at a port of a host, without TLS: whoever can reach it, or is on the way to it, has the host.
    #[must_use]
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Address::Tcp { host: host.into(), port }.into()
    }

    /// The endpoint at a port of a host, with TLS. `host` must be a name or an address in the engine's certificate.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(host: impl Into<String>, port: u16, config: TlsConfig) -> Self {
        Address::Tls { host: host.into(), port, config }.into()
    }

    /// The path of the socket, if it is one.
    #[must_use]
    pub fn unix_path(&self) -> Option<&Path> {
        match &*self.address {
            Address::Unix(path) => Some(path),
            _ => None,
        }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// What goes into the header `Host`.
    pub(crate) fn host(&self) -> String {
        match &*self.address {
            Address::Unix(_) => "localhost".to_owned(),
            Address::Tcp { host, port } => authority(host, *port),
            #[cfg(feature = "tls")]
            Address::Tls { host, port, .. } => authority(host, *port),
        }
    }

    /// The same host with the certificates of a folder. A unix socket needs none.
    #[cfg(feature = "tls")]
    fn with_tls_from(self, folder: &Path) -> Result<Self> {
        match &*self.address {
            Address::Tcp { host, port } => {
                Ok(Self::tls(host.clone(), *port, TlsConfig::from_folder(folder)?))
            }
            _ => Ok(self),
        }
    }

    #[cfg(not(feature = "tls"))]
    fn with_tls_from(self, _: &Path) -> Result<Self> {
        match &*self.address {
            Address::Unix(_) => Ok(self),
            // Never without: that would send in the clear what was to be secret.
            Address::Tcp { .. } => Err(invalid(&format!("{self} asks for TLS, which is not built in"))),
        }
    }
}

impl From<Address> for Endpoint {
    fn from(address: Address) -> Self {
        Self { address: Arc::new(address) }
    }
}

/// Reads `unix://PATH` and `tcp://HOST:PORT`, which is without TLS; without a port it is 2375.
impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix(UNIX) {
            return Self::unix(path);
        }
        let Some(authority) = text.strip_prefix(TCP) else {
            return Err(invalid(&format!(
                "`{text}`: only unix sockets and TCP are supported, as in {UNIX}{DEFAULT_SOCKET} and {TCP}127.0.0.1:{}",
                PORT
            )));
        };
        let (host, port) = host_and_port(authority)
            .ok_or_else(|| invalid(&format!("`{text}` is not of the form {TCP}HOST:PORT")))?;
        Ok(Self::tcp(host, port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.address {
            Address::Unix(path) => write!(f, "{UNIX}{}", path.display()),
            _ => write!(f, "{TCP}{}", self.host()),
        }
    }
}

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn host_and_port(authority: &str) -> Option<(&str, u16)> {
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, rest)
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            let (host, rest) = authority.split_at(end);
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            (!host.is_empty() && host.bytes().all(valid)).then_some((host, rest))?
        }
    };
    match port {
        "" => Some((host, PORT)),
        _ => {
            let digits =
                port.strip_prefix(':').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
            Some((host, digits.parse().ok()?))
        }
    }
}

pub(crate) fn invalid(reason: &str) -> Error {
    Error::InvalidArgument { argument: "endpoint", reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;
