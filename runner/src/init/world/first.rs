//! The first process of a world: a copy of the runner with nothing of the link, which no process of the world can reach.
//!
//! It starts the program as its child, since the kernel spares a namespace's first process most signals
//! (pid_namespaces(7)): a program has to die of SIGTERM and SIGABRT.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, dup2_stdin, dup2_stdout};
use serde::{Deserialize, Serialize};

use super::WorldError;
use super::channel::Channel;
use super::furniture::{Furniture, WorkFolder};
use crate::init::child;
use crate::init::reaper::{self, Reaper, Used};
use crate::protocol::Stage;

/// From the runner. The end of it means that all processes are to be killed.
#[derive(Deserialize, Serialize)]
pub(super) enum ToWorld {
    /// Starts the program, with the descriptors of its streams.
    Start { stage: Stage },
    /// Asks for the namespaces, so that a process can join them.
    Open,
    /// Takes a process that has joined them as the program.
    Adopt { program: i32 },
    /// Sends a signal to its process group.
    Signal { signal: i32 },
}

/// To the runner.
#[derive(Deserialize, Serialize)]
pub(super) enum FromWorld {
    /// The world is made.
    Ready,
    /// It is not, because the kernel refused something.
    Refused { message: String },
    /// It is not, because the files could not be copied.
    FilesRefused { message: String },
    /// The descriptors of the namespaces come with this.
    Opened,
    /// The program runs.
    Started,
    /// It does not.
    NotStarted { message: String },
    /// The program has ended, and no other process is left.
    Ended { used: Used },
}

/// Lives until the runner kills it.
pub(super) fn live(channel: &Channel, furniture: &Furniture, folder: WorkFolder) -> ! {
    // Nothing of the runner's own is to be done on the way out.
    let outcome = catch_unwind(AssertUnwindSafe(|| serve(channel, furniture, folder)));
    let code = if matches!(outcome, Ok(Ok(()))) { 0 } else { 1 };
    #[expect(unsafe_code, reason = "no safe wrapper of _exit exists")]
    // SAFETY: it ends this process without doing anything else (_exit(2)).
    unsafe {
        libc::_exit(code)
    }
}

fn serve(channel: &Channel, furniture: &Furniture, folder: WorkFolder) -> io::Result<()> {
    let outcome = forget_the_link(channel)
        .map_err(WorldError::from)
        .and_then(|()| furniture.furnish(folder))
        .and_then(|()| child_signals().map_err(WorldError::from));
    let signals = match outcome {
        Ok(signals) => signals,
        Err(WorldError::Refused(message)) => return channel.send(&FromWorld::Refused { message }),
        Err(WorldError::Files(message)) => return channel.send(&FromWorld::FilesRefused { message }),
    };
    channel.send(&FromWorld::Ready)?;
    let program = loop {
        match channel.receive_with()? {
            Some((ToWorld::Open, _)) => channel.send_with(&FromWorld::Opened, &namespaces()?)?,
            Some((ToWorld::Adopt { program }, _)) => break Pid::from_raw(program),
            Some((ToWorld::Start { stage }, streams)) => {
                let streams =
                    streams.try_into().map_err(|_| io::Error::other("a start without its streams"))?;
                match child::spawn(&stage, &furniture.work.path, streams) {
                    Ok(program) => break program,
                    Err(error) => return channel.send(&FromWorld::NotStarted { message: error.to_string() }),
                }
            }
            _ => return Ok(()),
        }
    };
    channel.send(&FromWorld::Started)?;
    let mut reaper = Reaper::new(program);
    watch(channel, &signals, &mut reaper)?;
    reaper.kill_all()?;
    channel.send(&FromWorld::Ended { used: reaper.used() })?;
    // The runner looks at what the world holds before it ends it.
    while let Ok(Some(ToWorld::Signal { .. })) = channel.receive() {}
    loop {
        nix::unistd::pause();
    }
}

/// Passes signals on until the program ends, or the runner wants it to.
fn watch(channel: &Channel, signals: &SignalFd, reaper: &mut Reaper) -> io::Result<()> {
    loop {
        let mut fds = [channel.as_fd(), signals.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let [is_told, has_child_ended] = fds.map(|fd| fd.any().unwrap_or(true));
        if has_child_ended {
            while matches!(signals.read_signal(), Ok(Some(_))) {}
            reaper.reap();
            if reaper.used().status.is_some() {
                return Ok(());
            }
        }
        if is_told {
            let Some(ToWorld::Signal { signal }) = channel.receive()? else { return Ok(()) };
            if let Ok(signal) = Signal::try_from(signal) {
                // The group is gone if the program has just ended.
                let _ = killpg(reaper.main(), signal);
            }
        }
    }
}

/// Those of this process, in the order in which they can be joined (namespaces(7)).
fn namespaces() -> io::Result<[OwnedFd; 4]> {
    let open = |name| File::open(format!("/proc/self/ns/{name}")).map(OwnedFd::from);
    Ok([open("user")?, open("ipc")?, open("pid")?, open("mnt")?])
}

/// The signal is blocked already, as in the runner.
fn child_signals() -> io::Result<SignalFd> {
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    Ok(SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

/// Whatever happens in a world, it has no way to the server.
fn forget_the_link(channel: &Channel) -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    drop(null);
    reaper::close_descriptors_but(channel.as_fd().as_raw_fd())
}
