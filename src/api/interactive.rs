//! Interactive runs: the same events over a plain WebSocket and over Socket.IO.
//!
//! A [`session`] is one connection; it knows no transport. The transports only carry its events.

mod backlog;
pub(super) mod events;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod limits;
pub(super) mod output;
mod session;
pub(super) mod socketio;
mod sockets;
mod teller;
pub(super) mod websocket;

use axum::http::Uri;

pub use self::limits::SocketLimits;
pub(super) use self::sockets::Sockets;

/// Whether a request to this place opens a connection, or belongs to one.
pub(super) fn opens_socket(uri: &Uri) -> bool {
    uri.path() == websocket::PATH || uri.path().starts_with(socketio::PATH)
}

/// Whether a request to this place opens a connection of Socket.IO; those that follow name it.
pub(super) fn is_handshake(uri: &Uri) -> bool {
    let names_one = |query: &str| query.split('&').any(|pair| pair.starts_with("sid="));
    uri.path().starts_with(socketio::PATH) && !uri.query().is_some_and(names_one)
}
