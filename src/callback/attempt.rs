//! One try to deliver: look the host up, check every address, connect to what was checked, say it, hear the answer.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::address::is_callable;
use super::url::{CallbackUrl, Host};

/// How long looking up, connecting and the TLS handshake may take together.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long a try may take in all.
const TRY_TIME: Duration = Duration::from_secs(15);
/// What is read of an answer's head at most, in bytes. Its body is not read.
const LONGEST_HEAD: usize = 16 * 1024;

/// Calls hosts, but for those that nobody on the Internet could mean.
#[derive(Clone)]
pub(super) struct Caller {
    allowed: Arc<[IpNet]>,
    tls: TlsConnector,
}

/// Why there was no answer.
#[derive(Debug, Error)]
pub(super) enum AttemptError {
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    #[error("the host did not speak HTTP")]
    Http(#[from] hyper::Error),
    #[error("its host cannot be looked up")]
    Lookup(#[source] io::Error),
    #[error("its host has no address")]
    NoAddress,
    #[error("{0} is not an address of the Internet, nor one that callback-allow lists")]
    Refused(IpAddr),
    #[error("no answer within {0:?}")]
    Slow(Duration),
    #[error("no safe connection")]
    Tls(#[source] io::Error),
}

impl Caller {
    /// Calls what is global, and these networks. Who answers on `https` must be known to one of `roots`.
    pub(super) fn new(allowed: Vec<IpNet>, roots: RootCertStore) -> Result<Self, rustls::Error> {
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { allowed: allowed.into(), tls: TlsConnector::from(Arc::new(tls)) })
    }

    pub(super) fn may_call(&self, address: IpAddr) -> bool {
        is_callable(address, &self.allowed)
    }

    /// Sends a request, and gives the status of the answer.
    pub(super) async fn call(
        &self,
        url: &CallbackUrl,
        request: Request<Full<Bytes>>,
    ) -> Result<StatusCode, AttemptError> {
        let calling = async {
            let connecting = timeout(CONNECT_TIME, self.connect(url)).await;
            match connecting.map_err(|_| AttemptError::Slow(CONNECT_TIME))?? {
                Connection::Plain(stream) => exchange(stream, request).await,
                Connection::Tls(stream) => exchange(stream, request).await,
            }
        };
        timeout(TRY_TIME, calling).await.map_err(|_| AttemptError::Slow(TRY_TIME))?
    }

    async fn connect(&self, url: &CallbackUrl) -> Result<Connection, AttemptError> {
        let addresses = self.look_up(url).await?;
        let stream = TcpStream::connect(&*addresses).await.map_err(AttemptError::Connect)?;
        if !url.is_https {
            return Ok(Connection::Plain(stream));
        }
        let name = match &url.host {
            Host::Address(address) => ServerName::from(*address),
            Host::Name(name) => ServerName::try_from(name.clone())
                .map_err(|error| AttemptError::Tls(io::Error::other(error)))?,
        };
        let stream = self.tls.connect(name, stream).await.map_err(AttemptError::Tls)?;
        Ok(Connection::Tls(Box::new(stream)))
    }

    /// The addresses of the host. One that may not be called refuses them all: a name that means this machine to some
    /// and another one to others is no name to trust.
    async fn look_up(&self, url: &CallbackUrl) -> Result<Vec<SocketAddr>, AttemptError> {
        let addresses: Vec<SocketAddr> = match &url.host {
            Host::Address(address) => vec![SocketAddr::new(*address, url.port)],
            Host::Name(name) => {
                lookup_host((name.as_str(), url.port)).await.map_err(AttemptError::Lookup)?.collect()
            }
        };
        match addresses.iter().find(|address| !self.may_call(address.ip())) {
            Some(refused) => Err(AttemptError::Refused(refused.ip())),
            None if addresses.is_empty() => Err(AttemptError::NoAddress),
            None => Ok(addresses),
        }
    }
}

enum Connection {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// Sends a request over a connection and gives the status of the answer, of which nothing else is read.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, AttemptError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = http1::Builder::new().max_buf_size(LONGEST_HEAD).handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await?;
    let answer = sender.send_request(request);
    tokio::pin!(answer, connection);
    let answer = tokio::select! {
        answer = &mut answer => answer,
        ended = &mut connection => {
            ended?;
            answer.await
        }
    };
    Ok(answer?.status())
}
