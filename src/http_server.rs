//! Accepts connections and serves HTTP on them: so many, for so long, to clients that send and read in time.

mod connection;
mod places;
mod refusal;

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use bytesize::ByteSize;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use self::connection::Connection;
pub use self::places::PlaceLimits;
use self::places::{Place, Places};
use self::refusal::Refusals;

/// How long to wait after a connection could not be accepted, which is for want of files or memory.
const ACCEPT_RETRY: Duration = Duration::from_millis(500);

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Time until a request's head is there, and from one request to the next.
    pub head_timeout: Duration,
    /// Length of a request's head.
    pub max_head: ByteSize,
    /// Time in which the client takes no byte of a reply. WebSockets have rules of their own.
    pub write_timeout: Duration,
}

/// Serves HTTP/1.1 on the connections that arrive, until it is told to stop and what is under way has ended.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    places: PlaceLimits,
    stop: CancellationToken,
) {
    let (connections, places, refusals) = (TaskTracker::new(), Places::new(places), Refusals::default());
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_the_client(error.kind()) => continue,
            Err(error) => {
                tracing::warn!("a connection cannot be accepted: {error}");
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        // Of two short messages in a row, the second would wait until the first is acknowledged.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY: {error}");
        }
        match places.take(peer.ip()) {
            Ok(place) => {
                connections.spawn(serve_one(stream, peer, place, router.clone(), limits, stop.clone()));
            }
            Err(why) => refusals.send(stream, why),
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    router: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
) {
    let is_upgraded = Arc::new(AtomicBool::new(false));
    let stream = Connection::new(stream, place, limits.write_timeout, Arc::clone(&is_upgraded));
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (mut router, is_upgraded) = (router.clone(), Arc::clone(&is_upgraded));
        async move {
            let response = router.call(request).await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                is_upgraded.store(true, Ordering::Relaxed);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_header_size(usize::try_from(limits.max_head.as_u64()).unwrap_or(usize::MAX))
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, "a connection ended: {error}");
    }
}

/// Errors of a connection that went away before it was accepted.
fn is_of_the_client(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}
