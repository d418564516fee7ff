//! A process that has started and waits, of which each run gets a fork: what starting takes is done once for a sandbox.
//!
//! It is the runner's child, outside of all worlds, and no caller's code ever runs in it. Its language's own library makes
//! it one (`fork_server.c` in the language's folder): where it would wait for its program, it takes requests from a socket
//! in that one's place. A fork is in the world that it is asked for, as what the runner starts there itself: same streams,
//! no capability, the filter of every stage, and nothing of the fork server but a copy of its memory.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType};
use nix::sys::socket::{recv, sendmsg, setsockopt, socketpair, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::child::{self, Streams};
use super::filter;
use super::link::Link;
use crate::protocol::Stage;

/// How long a process may take to start.
const BOOT_DEADLINE: Duration = Duration::from_secs(20);
/// How long it may take to fork, in seconds.
const FORK_DEADLINE: i64 = 10;

/// The one that a sandbox may have.
#[derive(Debug, Default)]
pub(super) struct Forking {
    server: Option<ForkServer>,
    has_failed: bool,
}

/// The process, from the runner's side. Dropping it ends it; its forks live on.
#[derive(Debug)]
pub(super) struct ForkServer {
    process: Pid,
    socket: OwnedFd,
    argv: Vec<String>,
    env: BTreeMap<String, String>,
}

impl Forking {
    /// Sees to it that there is a fork server for this stage, whose entry has to be there, unless something comes on
    /// the link before that is up.
    pub(super) fn prepare(&mut self, stage: &Stage, work: &Path, link: &Link) {
        if self.has_failed || self.server.as_ref().is_some_and(|server| server.is_of(stage)) {
            return;
        }
        // First of all: only one is counted among the processes.
        self.server = None;
        match ForkServer::start(stage, work, link) {
            Ok(server) => self.server = server,
            Err(_) => self.fail(),
        }
    }

    /// The one that is there.
    pub(super) fn server(&self) -> Option<&ForkServer> {
        self.server.as_ref()
    }

    /// Gives it up: it would fail the next time as well.
    pub(super) fn fail(&mut self) {
        *self = Self { server: None, has_failed: true };
    }
}

impl ForkServer {
    fn start(stage: &Stage, work: &Path, link: &Link) -> io::Result<Option<Self>> {
        let (socket, theirs) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        let deadline = TimeVal::seconds(FORK_DEADLINE);
        setsockopt(&socket, sockopt::ReceiveTimeout, &deadline)?;
        setsockopt(&socket, sockopt::SendTimeout, &deadline)?;
        // Of the kind that its forks get: what a program finds out about its streams it finds out at its start.
        let (_streams, its_ends) = Streams::open(stage)?;
        let process = child::spawn_fork_server(stage, work, its_ends, theirs)?;
        let server = Self { process, socket, argv: stage.argv.clone(), env: stage.env.clone() };
        if !server.await_boot(link)? {
            return Ok(None);
        }
        server.reply()?;
        Ok(Some(server))
    }

    /// Waits until it says something; `false` if something comes on the link before.
    fn await_boot(&self, link: &Link) -> io::Result<bool> {
        let deadline = Instant::now() + BOOT_DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            let mut fds = [self.socket.as_fd(), link.input()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            match poll(&mut fds, timeout) {
                Ok(0) => return Err(ErrorKind::TimedOut.into()),
                Ok(_) => return Ok(fds[0].any().unwrap_or(true)),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_of(&self, stage: &Stage) -> bool {
        self.argv == stage.argv && self.env == stage.env
    }

    /// A fork in these namespaces, with these streams: its number there.
    pub(super) fn fork(
        &self,
        stage: &Stage,
        namespaces: &[OwnedFd],
        streams: &[OwnedFd; 3],
    ) -> io::Result<Pid> {
        let cpu_seconds = child::cpu_seconds(stage).to_ne_bytes();
        let filter = filter::bytes();
        let data = [IoSlice::new(&cpu_seconds), IoSlice::new(&filter)];
        let descriptors: Vec<_> = streams.iter().chain(namespaces).map(AsRawFd::as_raw_fd).collect();
        let control = [ControlMessage::ScmRights(&descriptors)];
        sendmsg::<()>(self.socket.as_raw_fd(), &data, &control, MsgFlags::MSG_NOSIGNAL, None)?;
        match self.reply()? {
            number if number > 0 => Ok(Pid::from_raw(number)),
            error => Err(io::Error::from_raw_os_error(-error)),
        }
    }

    fn reply(&self) -> io::Result<i32> {
        let mut bytes = [0; size_of::<i32>()];
        match recv(self.socket.as_raw_fd(), &mut bytes, MsgFlags::empty())? {
            length if length == bytes.len() => Ok(i32::from_ne_bytes(bytes)),
            _ => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Drop for ForkServer {
    fn drop(&mut self) {
        // Nobody else waits for it, so the number is still its own.
        let _ = kill(self.process, Signal::SIGKILL);
        while waitpid(self.process, None) == Err(Errno::EINTR) {}
    }
}
