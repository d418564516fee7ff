//! `dayfly health`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Failure;
use super::flags::ListenFlags;

/// A server that takes longer to say that it is well is not.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Args)]
pub(super) struct Health {
    #[command(flatten)]
    flags: ListenFlags,
}

impl Health {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let config = self.flags.config()?;
        let address = reachable(SocketAddr::new(config.host, config.port));
        let failed = |reason: String| format!("the server at http://{address} is not well: {reason}");
        match tokio::time::timeout(PATIENCE, ask(address)).await {
            Ok(Ok(StatusCode::OK)) => Ok(ExitCode::SUCCESS),
            Ok(Ok(status)) => Err(failed(format!("it answers {status}")).into()),
            Ok(Err(error)) => Err(failed(error.to_string()).into()),
            Err(_) => Err(failed(format!("it has not answered for {PATIENCE:?}")).into()),
        }
    }
}

/// Where a server that listens on `address` can be asked from its own machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// The status of the reply to `GET /health`.
async fn ask(address: SocketAddr) -> Result<StatusCode, Failure> {
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut sender, connection) = http1::handshake(stream).await?;
    let request = Request::get("/health").header(HOST, address.to_string()).body(Empty::<Bytes>::new())?;
    // The connection moves the bytes; it ends when the sender is dropped.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_asked_on_the_loopback() {
        let asked = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:3000"), "127.0.0.1:3000");
        assert_eq!(asked("[::]:80"), "[::1]:80");
        assert_eq!(asked("192.0.2.1:3000"), "192.0.2.1:3000");
    }
}
