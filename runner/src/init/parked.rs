//! A process that is started before its program is there.
//!
//! It boots and then opens its entry, which is a FIFO until the start: where that is opened late, all that comes before is
//! done before anybody asks. At the start the entry becomes a regular file, whose text the process reads from the FIFO.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::cgroup::Meter;
use super::child::Streams;
use super::processes::Processes;
use super::usage::Usage;
use super::world::WorkFolder;
use super::{Gone, Init};
use crate::protocol::{Event, Stage, StageName};

/// How long a process may take to open its entry.
const BOOT_DEADLINE: Duration = Duration::from_secs(20);
/// How often it is looked whether it has, in milliseconds.
const LOOK: u8 = 2;

/// A process that reads the FIFO in its entry's place.
pub(super) struct Parked {
    stage: StageName,
    /// Whether no other stage runs while it waits.
    is_first: bool,
    /// The CPU time of a fork until it waits: that of its server is not its own.
    forked: Option<Duration>,
    processes: Processes,
    streams: Streams,
    usage: Usage,
    entry: PathBuf,
    fifo: File,
}

/// The text of an entry on its way into the FIFO.
pub(super) struct Feed {
    fifo: File,
    text: Vec<u8>,
    given: usize,
}

impl Init<'_> {
    /// Starts the stage's process, and says whether it waits for its entry now. One that does not is gone.
    pub(super) fn park(&mut self, stage: &Stage, entry: &str, forks: bool) -> Result<(), Gone> {
        if self.parked.iter().any(|parked| parked.stage == stage.stage) {
            return Err(Gone::protocol("a second process to park for a stage"));
        }
        // At the end of a stage everything that runs is killed.
        if !self.parked.is_empty() && !self.worlds.are_here() {
            return Err(Gone::protocol("a second process to park, without worlds"));
        }
        if forks && !self.worlds.are_here() {
            return Err(Gone::protocol("a fork to park, without worlds"));
        }
        if entry.is_empty() || entry.contains('/') {
            return Err(Gone::protocol("a parked process whose entry is no file of the work folder"));
        }
        let entry = self.work.join(entry);
        mkfifo(&entry, Mode::from_bits_truncate(0o644)).map_err(|e| Gone::system("mkfifo")(e.into()))?;
        if forks {
            self.forking.prepare(stage, self.work, self.link);
        }
        let world = self.worlds.take(WorkFolder::Shared)?;
        let usage = Usage::start(&self.meter);
        let server = self.forking.server().filter(|_| forks);
        let is_fork = server.is_some();
        let is_waiting = match self.start(stage, world, server)? {
            Err(_) => {
                if is_fork {
                    self.forking.fail();
                }
                remove(&entry)?;
                false
            }
            Ok((mut processes, streams)) => match self.await_reader(&entry, &mut processes)? {
                Some(fifo) => {
                    let (stage, is_first) = (stage.stage, self.parked.is_empty());
                    let forked = if is_fork { processes.cpu() } else { None };
                    self.parked.push(Parked {
                        stage,
                        is_first,
                        forked,
                        processes,
                        streams,
                        usage,
                        entry,
                        fifo,
                    });
                    true
                }
                None => {
                    end(&mut processes).and_then(|()| leave(processes))?;
                    remove(&entry)?;
                    false
                }
            },
        };
        let memory_bytes = self.meter.read().memory_bytes;
        self.link.send(&Event::Parked { is_waiting, memory_bytes });
        self.link.flush().map_err(|_| Gone::LinkClosed)
    }

    /// The FIFO's end for writing, once somebody reads there. `None` if nobody does in time, or
    /// the server has something to say.
    fn await_reader(&self, entry: &Path, processes: &mut Processes) -> Result<Option<File>, Gone> {
        let deadline = Instant::now() + BOOT_DEADLINE;
        while Instant::now() < deadline && !has_ended(processes)? {
            // Without a reader this is refused with ENXIO (fifo(7)).
            match OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(entry) {
                Ok(fifo) => return Ok(Some(fifo)),
                Err(error) if error.raw_os_error() == Some(libc::ENXIO) => {}
                Err(error) => return Err(Gone::system("opening a FIFO")(error)),
            }
            match poll(&mut [PollFd::new(self.link.input(), PollFlags::POLLIN)], PollTimeout::from(LOOK)) {
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(None),
                Err(error) => return Err(Gone::system("poll")(error.into())),
            }
        }
        Ok(None)
    }

    /// Ends the parked processes of these stages.
    pub(super) fn unpark(&mut self, mut of: impl FnMut(StageName) -> bool) -> Result<(), Gone> {
        self.parked.extract_if(.., |parked| of(parked.stage)).try_for_each(Parked::end)
    }

    /// The stage's parked process, if it is there and still waits; it is gone otherwise.
    pub(super) fn take_parked(&mut self, stage: StageName) -> Result<Option<Parked>, Gone> {
        let Some(index) = self.parked.iter().position(|parked| parked.stage == stage) else {
            return Ok(None);
        };
        let parked = self.parked.swap_remove(index);
        if parked.is_waiting() { Ok(Some(parked)) } else { parked.end().map(|()| None) }
    }

    /// Makes room for regular files: the processes have the FIFOs open already.
    pub(super) fn clear_entries(&self) -> Result<(), Gone> {
        self.parked.iter().try_for_each(|parked| remove(&parked.entry))
    }
}

impl Parked {
    fn end(mut self) -> Result<(), Gone> {
        end(&mut self.processes).and_then(|()| leave(self.processes))
    }

    /// Whether its entry can be given to it: it is there, and the process still waits for it.
    fn is_waiting(&self) -> bool {
        let mut fds = [PollFd::new(self.fifo.as_fd(), PollFlags::POLLOUT)];
        let is_read = match poll(&mut fds, PollTimeout::ZERO) {
            Ok(_) => !fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR)),
            Err(_) => false,
        };
        is_read && self.entry.is_file()
    }

    /// Lets it begin: what it used so far is not its stage's.
    pub(super) fn begin(self, meter: &Meter) -> io::Result<(Processes, Streams, Usage, Feed)> {
        let text = fs::read(&self.entry)?;
        let before = if self.is_first { self.forked } else { self.processes.cpu() };
        let usage = self.usage.begin(meter, self.processes.used(), before);
        Ok((self.processes, self.streams, usage, Feed { fifo: self.fifo, text, given: 0 }))
    }
}

impl Feed {
    /// Gives what the FIFO takes now. `None` when that was all, or the process wants no more.
    pub(super) fn go_on(mut self) -> Option<Self> {
        while self.given < self.text.len() {
            match self.fifo.write(&self.text[self.given..]) {
                Ok(length) => self.given += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Some(self),
                Err(_) => return None,
            }
        }
        None
    }
}

impl AsFd for Feed {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fifo.as_fd()
    }
}

fn has_ended(processes: &mut Processes) -> Result<bool, Gone> {
    processes.reap();
    let mut fds: Vec<_> =
        processes.events().map(|fd| PollFd::new(fd, PollFlags::POLLIN)).into_iter().collect();
    let is_told = poll(&mut fds, PollTimeout::ZERO).map_err(|e| Gone::system("poll")(e.into()))? > 0;
    if is_told {
        processes.hear();
    }
    Ok(processes.used().status.is_some())
}

fn end(processes: &mut Processes) -> Result<(), Gone> {
    processes.kill_all().map_err(Gone::system("killing a parked process"))
}

fn leave(processes: Processes) -> Result<(), Gone> {
    processes.leave().map(drop).map_err(Gone::system("leaving a world"))
}

fn remove(entry: &Path) -> Result<(), Gone> {
    match fs::remove_file(entry) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Gone::system("removing a FIFO")(error)),
        _ => Ok(()),
    }
}
