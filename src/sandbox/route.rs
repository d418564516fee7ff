//! By which route the link of a sandbox goes: over a socket of the server's that is mounted into it, or through the engine.
//!
//! A socket is quicker: the engine and its shim do not wake up for each line, nor copy all output. But it wants the folder of
//! the sockets at the same path on the engine's host, and a runtime that lets a sandbox connect to it. Whether that is so,
//! the first sandbox shows, which has both.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::link_sockets::{LinkSocket, LinkSockets, SocketFolder};

/// The routes that there are.
#[derive(Debug)]
pub(super) struct Routes {
    folder: Option<SocketFolder>,
    /// Whether the last sandbox that had a socket has come by it.
    is_proven: AtomicBool,
    /// Whether sandboxes cannot have or use sockets here.
    is_barred: AtomicBool,
}

/// The route to one sandbox.
#[derive(Debug)]
pub(super) enum Route {
    /// Through the engine.
    Engine,
    /// By the socket, or else through the engine.
    Either(LinkSocket),
    /// By the socket.
    Socket(LinkSocket),
}

impl Routes {
    /// The routes of the server `instance`, with sockets where `sockets` says.
    pub(super) fn new(sockets: &LinkSockets, instance: &str) -> Self {
        let folder = SocketFolder::make(sockets, instance).unwrap_or_else(|error| {
            tracing::info!("{THROUGH_ENGINE}: {error}");
            None
        });
        Self { folder, is_proven: AtomicBool::new(false), is_barred: AtomicBool::new(false) }
    }

    /// The route to the next sandbox.
    pub(super) fn next(&self) -> Route {
        let Some(folder) = self.folder.as_ref().filter(|_| !self.is_barred.load(Ordering::Relaxed)) else {
            return Route::Engine;
        };
        match folder.socket() {
            Ok(socket) if self.is_proven.load(Ordering::Relaxed) => Route::Socket(socket),
            Ok(socket) => Route::Either(socket),
            Err(error) => {
                tracing::warn!("a sandbox is reached through the engine: {error}");
                Route::Engine
            }
        }
    }

    /// A sandbox has come by its socket.
    pub(super) fn prove(&self) {
        if !self.is_proven.swap(true, Ordering::Relaxed) {
            tracing::info!("sandboxes are reached by sockets");
        }
    }

    /// A sandbox that had only a socket has not come by it: the next one has both again.
    pub(super) fn doubt(&self) {
        self.is_proven.store(false, Ordering::Relaxed);
    }

    /// There is no use for sockets.
    pub(super) fn bar(&self, reason: impl fmt::Display) {
        if !self.is_barred.swap(true, Ordering::Relaxed) {
            tracing::info!("{THROUGH_ENGINE}: {reason}");
        }
    }

    /// Whether `message` of the engine's is that it cannot mount a socket.
    pub(super) fn is_of_socket(&self, message: &str) -> bool {
        let folder = self.folder.as_ref().map(SocketFolder::path).and_then(Path::to_str);
        folder.is_some_and(|folder| message.contains(folder))
    }

    /// Removes what the routes need, when no sandbox is left.
    pub(super) fn remove(&self) {
        self.folder.iter().for_each(SocketFolder::remove);
    }
}

const THROUGH_ENGINE: &str = "sandboxes are reached through the engine, not by sockets";

impl Route {
    /// The socket that is mounted into the sandbox.
    pub(super) fn socket(&self) -> Option<&LinkSocket> {
        match self {
            Self::Engine => None,
            Self::Either(socket) | Self::Socket(socket) => Some(socket),
        }
    }

    /// Whether the server attaches itself to the container.
    pub(super) fn attaches(&self) -> bool {
        !matches!(self, Self::Socket(_))
    }
}
