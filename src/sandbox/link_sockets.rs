//! The sockets by which runners speak to the server: where they are, and each one from its making to its one connection.
//!
//! A socket is mounted into one sandbox alone. Its runner connects before any program is there; then nobody listens any more
//! and the file is gone, so that what is still mounted leads nowhere, and nobody has a right to it either.

use std::env;
use std::fmt;
use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::geteuid;
use tokio::net::{UnixListener, UnixStream};
use uuid::Uuid;

/// How long others may look after what is in the folder: it takes them no time.
const OTHERS_TURN: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// For those who can reach it, which are its server, and the one sandbox that it is mounted into.
const SOCKET_MODE: u32 = 0o666;
/// Of a socket that has served.
const USED_MODE: u32 = 0;
/// Others could put their own folder in the place of a server's.
const WRITABLE_BY_OTHERS: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// The folder of the sockets, as the operator chooses it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum LinkSockets {
    /// Where such things are: `$RUNTIME_DIRECTORY` (systemd.exec(5)), `dayfly` in `$XDG_RUNTIME_DIR`, or `/run/dayfly`.
    #[default]
    Usual,
    /// There are none: runners are reached through the engine.
    None,
    /// This one.
    In(PathBuf),
}

impl LinkSockets {
    fn folder(&self) -> io::Result<PathBuf> {
        match self {
            Self::None => Err(io::Error::other("link-sockets is none")),
            Self::In(folder) => Ok(folder.clone()),
            Self::Usual => Ok(usual_folder(|name| env::var_os(name).map(PathBuf::from))),
        }
    }
}

/// The first of these that is said, with absolute paths alone, as the specifications have it.
fn usual_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    let said = |name| variable(name).filter(|path| path.is_absolute());
    said("RUNTIME_DIRECTORY")
        .or_else(|| said("XDG_RUNTIME_DIR").map(|folder| folder.join("dayfly")))
        .unwrap_or_else(|| PathBuf::from("/run/dayfly"))
}

impl FromStr for LinkSockets {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Ok(Self::Usual),
            "none" => Ok(Self::None),
            path if Path::new(path).is_absolute() => Ok(Self::In(path.into())),
            _ => Err("it must be the absolute path of a folder, or none"),
        }
    }
}

impl fmt::Display for LinkSockets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usual => Ok(()),
            Self::None => formatter.write_str("none"),
            Self::In(folder) => folder.display().fmt(formatter),
        }
    }
}

/// The folder of one server's sockets, which nobody else can look into. Dropping it removes it.
#[derive(Debug)]
pub(super) struct SocketFolder {
    path: PathBuf,
    /// Locked as long as the server lives (flock(2)).
    _lock: File,
}

/// A socket that waits for the runner of one sandbox. Dropping it removes it.
#[derive(Debug)]
pub(super) struct LinkSocket {
    listener: UnixListener,
    path: PathBuf,
    path_on_host: PathBuf,
}

impl SocketFolder {
    /// Makes the folder of the server `instance` where `sockets` says, and removes those that dead servers have left there.
    ///
    /// # Errors
    /// There is to be no such folder, there can be none, or others could change it.
    pub(super) fn make(sockets: &LinkSockets, instance: &str) -> io::Result<Self> {
        let parent = sockets.folder()?;
        let named = |error| in_folder(&parent, &error);
        let mut private = DirBuilder::new();
        private.mode(0o700).recursive(true).create(&parent).map_err(named)?;
        let metadata = fs::metadata(&parent).map_err(named)?;
        let is_writable = metadata.mode() & WRITABLE_BY_OTHERS != 0 && metadata.mode() & STICKY == 0;
        if is_writable || ![0, geteuid().as_raw()].contains(&metadata.uid()) {
            return Err(named(io::Error::other("other users can change what is in it")));
        }
        // A folder that is not locked is a dead server's: none may be seen before it is locked.
        let _turn = lock_in_turn(&parent).map_err(named)?;
        sweep(&parent);
        let path = parent.join(instance);
        private.recursive(false).create(&path).map_err(named)?;
        let lock = File::open(&path).map_err(named)?;
        lock.lock().map_err(named)?;
        let folder = Self { path, _lock: lock };
        // Its path may be too long for sockets (unix(7)), or its file system without them.
        let first = folder.path.join(socket_name());
        std::os::unix::net::UnixListener::bind(&first).map_err(named)?;
        fs::remove_file(first).map_err(named)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a socket, and listens to it. The engine's host has the folder at `on_host`.
    pub(super) fn socket(&self, on_host: &Path) -> io::Result<LinkSocket> {
        let name = socket_name();
        let (path, path_on_host) = (self.path.join(&name), on_host.join(&name));
        let named = |error| in_folder(&self.path, &error);
        let socket = LinkSocket { listener: UnixListener::bind(&path).map_err(named)?, path, path_on_host };
        fs::set_permissions(&socket.path, Permissions::from_mode(SOCKET_MODE)).map_err(named)?;
        Ok(socket)
    }

    /// Removes the folder. Its last socket is gone by then.
    pub(super) fn remove(&self) {
        if let Err(error) = fs::remove_dir(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("the folder of the sockets stays: {}", in_folder(&self.path, &error));
        }
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        self.remove();
    }
}

impl LinkSocket {
    pub(super) fn path_on_host(&self) -> &Path {
        &self.path_on_host
    }

    /// The runner's connection, once it is there. Dropping this future loses nothing.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for LinkSocket {
    fn drop(&mut self) {
        // It may have been removed by hand.
        let _ = fs::set_permissions(&self.path, Permissions::from_mode(USED_MODE));
        let _ = fs::remove_file(&self.path);
    }
}

/// A name that is short, and of which a sandbox that reads it learns nothing.
fn socket_name() -> String {
    let (name, _) = Uuid::new_v4().as_u64_pair();
    format!("{name:016x}")
}

fn in_folder(folder: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
}

/// Locks the folder, when others have done what they had to do in it.
fn lock_in_turn(folder: &Path) -> io::Result<File> {
    let lock = File::open(folder)?;
    let until = Instant::now() + OTHERS_TURN;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(LOOK_AGAIN),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes the folders of servers that were killed.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if let Err(error) = remove_if_dead(&entry.path()) {
            tracing::debug!("a folder of sockets stays: {}", in_folder(&entry.path(), &error));
        }
    }
}

fn remove_if_dead(folder: &Path) -> io::Result<()> {
    // A link is none.
    let metadata = fs::symlink_metadata(folder)?;
    if !metadata.is_dir() || metadata.uid() != geteuid().as_raw() {
        return Ok(());
    }
    let lock = File::open(folder)?;
    match lock.try_lock() {
        Ok(()) => remove_left(folder),
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes the folder of a server that is no more, with its sockets.
pub(super) fn remove_left(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        fs::remove_file(entry?.path())?;
    }
    fs::remove_dir(folder)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream as Peer;

    use super::*;

    fn folder(parent: &Path) -> SocketFolder {
        SocketFolder::make(&LinkSockets::In(parent.to_owned()), "this").unwrap()
    }

    #[test]
    fn a_folder_is_an_absolute_path_or_none() {
        for text in ["", "none", "/run/x"] {
            assert_eq!(text.parse::<LinkSockets>().unwrap().to_string(), text);
        }
        assert_eq!("".parse(), Ok(LinkSockets::Usual));
        for bad in ["run", "./x", "off"] {
            assert!(bad.parse::<LinkSockets>().is_err(), "{bad}");
        }
        assert!(SocketFolder::make(&LinkSockets::None, "this").is_err());
    }

    #[test]
    fn the_usual_folder_is_where_the_surroundings_say() {
        let usual = |said: &[(&str, &str)]| {
            usual_folder(|name| said.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
        };
        assert_eq!(usual(&[]), Path::new("/run/dayfly"));
        assert_eq!(usual(&[("XDG_RUNTIME_DIR", "/run/user/1")]), Path::new("/run/user/1/dayfly"));
        assert_eq!(
            usual(&[("XDG_RUNTIME_DIR", "/run/user/1"), ("RUNTIME_DIRECTORY", "/run/d")]),
            Path::new("/run/d")
        );
        assert_eq!(usual(&[("XDG_RUNTIME_DIR", "run")]), Path::new("/run/dayfly"));
    }

    #[tokio::test]
    async fn a_socket_takes_connections_until_it_is_dropped_and_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let folder = folder(parent.path());
        assert_eq!(fs::metadata(folder.path()).unwrap().mode() & 0o777, 0o700);
        let socket = folder.socket(Path::new("/on/host")).unwrap();
        let path = folder.path().join(socket.path_on_host().file_name().unwrap());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, SOCKET_MODE);
        // As it is still mounted into a sandbox.
        let kept = parent.path().join("kept");
        fs::hard_link(&path, &kept).unwrap();
        let _peer = Peer::connect(&kept).unwrap();
        socket.accept().await.unwrap();
        drop(socket);
        assert_eq!(fs::metadata(&kept).unwrap().mode() & 0o777, USED_MODE);
        let refused = Peer::connect(&kept).unwrap_err().kind();
        assert!(matches!(refused, io::ErrorKind::ConnectionRefused | io::ErrorKind::PermissionDenied));
        assert!(!path.exists());
        let own = folder.path().to_owned();
        drop(folder);
        assert!(!own.exists());
    }

    #[test]
    fn folders_of_dead_servers_go_and_no_others() {
        let parent = tempfile::tempdir().unwrap();
        let left = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("0"), "").unwrap();
            path
        };
        let (dead, living) = (left("dead"), left("living"));
        let lock = File::open(&living).unwrap();
        lock.lock().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        let _folder = folder(parent.path());
        assert_eq!((dead.exists(), living.join("0").exists(), link.exists()), (false, true, true));
    }

    #[test]
    fn a_folder_that_somebody_keeps_locked_is_not_waited_for() {
        let parent = tempfile::tempdir().unwrap();
        let lock = File::open(parent.path()).unwrap();
        lock.lock().unwrap();
        assert!(SocketFolder::make(&LinkSockets::In(parent.path().to_owned()), "this").is_err());
    }

    #[test]
    fn a_folder_whose_path_is_too_long_for_sockets_is_refused_and_left_as_it_was() {
        let parent = tempfile::tempdir().unwrap();
        let long = parent.path().join("x".repeat(100));
        assert!(SocketFolder::make(&LinkSockets::In(long.clone()), "this").is_err());
        assert_eq!(fs::read_dir(long).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_others_can_change_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let make = |mode| {
            fs::set_permissions(parent.path(), Permissions::from_mode(mode)).unwrap();
            SocketFolder::make(&LinkSockets::In(parent.path().to_owned()), "this").map(drop)
        };
        for mode in [0o777, 0o770] {
            assert!(make(mode).unwrap_err().to_string().contains("other users"), "{mode:o}");
        }
        for mode in [0o755, 0o1777, 0o700] {
            make(mode).unwrap();
        }
    }
}
