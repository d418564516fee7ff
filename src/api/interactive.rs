//! Interactive runs: the same events over a plain WebSocket and over Socket.IO.
//!
//! A [`session`] is one connection; it knows no transport. The transports only carry its events.

mod backlog;
pub(super) mod events;
mod limits;
mod origin;
pub(super) mod output;
mod session;
pub(super) mod socketio;
mod sockets;
mod teller;
pub(super) mod websocket;

pub use self::limits::SocketLimits;
pub use self::origin::Origins;
pub(super) use self::sockets::Sockets;
