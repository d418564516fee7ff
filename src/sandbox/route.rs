//! By which route the link of a sandbox goes: over a socket of the server's that is mounted into it, or through the engine.
//!
//! A socket is quicker: the engine and its shim do not wake up for each line, nor copy all output. But it wants a folder that
//! the engine's host has too, and a runtime that lets a sandbox connect to it. Whether that is so, the first sandbox shows,
//! which has both.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use engine_api::MountPoint;

use super::link_sockets::{LinkSocket, LinkSockets, SocketFolder};

/// The routes that there are.
#[derive(Debug)]
pub(super) struct Routes {
    folder: Option<SocketFolder>,
    /// Where the engine's host has the folder, as far as can be known.
    on_host: OnceLock<PathBuf>,
    /// Whether the last sandbox that had a socket has come by it.
    is_proven: AtomicBool,
    /// Why sandboxes cannot have or use sockets here.
    barred: OnceLock<String>,
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
        let made = SocketFolder::make(sockets, instance);
        let reason = made.as_ref().err().map(ToString::to_string);
        let (on_host, barred) = (OnceLock::new(), OnceLock::new());
        let this = Self { folder: made.ok(), on_host, is_proven: AtomicBool::new(false), barred };
        if let Some(reason) = reason {
            this.bar(reason);
        }
        this
    }

    /// Says where the engine's host has the folder, if this process is in a container with these mounts, or in none.
    pub(super) fn locate(&self, mounts: Option<&[MountPoint]>) {
        let Some(folder) = self.folder() else { return };
        match mounts.map_or_else(|| Some(folder.to_owned()), |mounts| behind(folder, mounts)) {
            Some(on_host) => _ = self.on_host.set(on_host),
            None => self.bar(format!("nothing of the host is mounted at {}", folder.display())),
        }
    }

    /// The route to the next sandbox.
    pub(super) fn next(&self) -> Route {
        let (Some(folder), Some(on_host), None) = (&self.folder, self.on_host.get(), self.barred.get())
        else {
            return Route::Engine;
        };
        match folder.socket(on_host) {
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
    pub(super) fn bar(&self, reason: impl Into<String>) {
        if self.barred.set(reason.into()).is_ok()
            && let Some(reason) = self.barred.get()
        {
            tracing::info!("sandboxes are reached through the engine: {reason}");
        }
    }

    /// The folder of the sockets by which sandboxes are reached, or why they are reached through the engine; `None` before one
    /// has been reached.
    pub(super) fn explain(&self) -> Option<Result<&Path, &str>> {
        match self.barred.get() {
            Some(reason) => Some(Err(reason)),
            // That of this process alone is in it.
            None if self.is_proven.load(Ordering::Relaxed) => self.folder()?.parent().map(Ok),
            None => None,
        }
    }

    /// Whether `message` of the engine's is that it cannot mount a socket.
    pub(super) fn is_of_socket(&self, message: &str) -> bool {
        let folder = self.on_host.get().and_then(|folder| folder.to_str());
        folder.is_some_and(|folder| message.contains(folder))
    }

    /// The folder of the sockets.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(SocketFolder::path)
    }

    /// Removes what the routes need, when no sandbox is left.
    pub(super) fn remove(&self) {
        self.folder.iter().for_each(SocketFolder::remove);
    }
}

/// Where the host has `path` of a container with these mounts.
fn behind(path: &Path, mounts: &[MountPoint]) -> Option<PathBuf> {
    let within = |mount: &MountPoint| {
        let rest = path.strip_prefix(&mount.destination).ok()?.to_owned();
        (!mount.source.is_empty()).then(|| (mount.destination.len(), Path::new(&mount.source).join(rest)))
    };
    mounts.iter().filter_map(within).max_by_key(|(depth, _)| *depth).map(|(_, path)| path)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(source: &str, destination: &str) -> MountPoint {
        let mut mount = MountPoint::default();
        (mount.source, mount.destination) = (source.into(), destination.into());
        mount
    }

    #[test]
    fn a_path_of_a_container_is_found_on_the_host() {
        let mounts = [
            mount("/var/run/docker.sock", "/run/engine"),
            mount("/srv/run", "/run"),
            mount("/volumes/sockets/_data", "/run/dayfly"),
            mount("", "/run/dayfly/memory"),
        ];
        let found = |path: &str| behind(Path::new(path), &mounts);
        assert_eq!(found("/run/dayfly/a/0").unwrap(), Path::new("/volumes/sockets/_data/a/0"));
        assert_eq!(found("/run/dayfly-2/a").unwrap(), Path::new("/srv/run/dayfly-2/a"));
        assert_eq!(found("/tmp/a"), None);
    }
}
