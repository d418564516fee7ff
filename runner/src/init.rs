//! The runner's process: one thread, one `poll` loop, no async runtime.
//!
//! It runs as the same user as the caller's code, so it protects itself: it is not dumpable (ptrace(2), and
//! `/proc/PID/fd` and `/proc/PID/mem` are closed to the user's processes), every descriptor it has is close-on-exec,
//! and children get the highest `oom_score_adj`, so that the kernel kills them first.

mod archive;
mod archiving;
mod attributes;
mod cgroup;
mod child;
mod collect;
mod filter;
mod fork_server;
mod link;
mod parked;
mod process_tree;
mod processes;
mod reaper;
mod remove;
mod snapshot;
mod stage;
mod stdin;
mod terminal;
mod usage;
mod world;

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::process::ExitCode;

use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use self::archive::{ArchiveReader, unpack};
use self::cgroup::Meter;
use self::fork_server::Forking;
use self::link::Link;
use self::parked::Parked;
use self::snapshot::Snapshot;
use self::stage::Next;
use self::stdin::Stdin;
use self::world::{WorkFolder, Worlds};
use crate::frame::Stream;
use crate::message::{Message, MessageError};
use crate::protocol::{Command, Event, FaultKind, PROTOCOL, Stage, StageName};

/// Runs one conversation over the Unix socket `socket`, or, if none is given or nobody listens to it, over standard input and
/// standard output, with the stages' files and working directory in `work`, which must exist and be empty. Fails only
/// where not even a fault could be reported.
#[must_use]
pub fn main(work: &Path, socket: Option<&Path>) -> ExitCode {
    let mut link = Link::new(socket);
    match Init::new(&mut link, work).and_then(|mut init| init.converse()) {
        Ok(()) => {}
        Err(Gone::Fault { kind, message }) => link.send(&Event::Fault { kind, message }),
        Err(Gone::LinkClosed) => return ExitCode::FAILURE,
    }
    match link.flush() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Why a conversation ends before its end.
#[derive(Debug)]
enum Gone {
    Fault { kind: FaultKind, message: String },
    LinkClosed,
}

impl Gone {
    fn protocol(message: impl Into<String>) -> Self {
        Self::Fault { kind: FaultKind::Protocol, message: message.into() }
    }

    /// For calls that only a broken host refuses.
    fn system(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::Fault { kind: FaultKind::System, message: format!("{what}: {error}") }
    }
}

impl From<MessageError> for Gone {
    fn from(error: MessageError) -> Self {
        Self::protocol(error.to_string())
    }
}

/// What the server says at the start.
struct Start {
    stages: Vec<Stage>,
    stay: bool,
    parked: Vec<StageName>,
    again: bool,
}

struct Init<'a> {
    link: &'a mut Link,
    work: &'a Path,
    meter: Meter,
    child_signals: SignalFd,
    stdin: Stdin,
    worlds: Worlds,
    parked: Vec<Parked>,
    forking: Forking,
}

impl<'a> Init<'a> {
    fn new(link: &'a mut Link, work: &'a Path) -> Result<Self, Gone> {
        reaper::close_inherited_descriptors();
        prctl::set_dumpable(false).map_err(|e| Gone::system("prctl(PR_SET_DUMPABLE)")(e.into()))?;
        prctl::set_child_subreaper(true)
            .map_err(|e| Gone::system("prctl(PR_SET_CHILD_SUBREAPER)")(e.into()))?;
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&mask), None)
            .map_err(|e| Gone::system("sigprocmask")(e.into()))?;
        let child_signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
            .map_err(|e| Gone::system("signalfd")(e.into()))?;
        link.prepare().map_err(Gone::system("making standard output non-blocking"))?;
        Ok(Self {
            link,
            work,
            meter: Meter::open(),
            child_signals,
            stdin: Stdin::default(),
            worlds: Worlds::find(work)?,
            parked: Vec::new(),
            forking: Forking::default(),
        })
    }

    fn converse(&mut self) -> Result<(), Gone> {
        self.link.send(&Event::Hello {
            protocol: PROTOCOL,
            accounting: self.meter.accounting(),
            worlds: self.worlds.said(),
            memory_bytes: self.meter.read().memory_bytes,
        });
        self.link.flush().map_err(|_| Gone::LinkClosed)?;
        self.worlds.prepare(WorkFolder::Shared);
        while self.converse_once()? && self.await_renewal()? {
            self.worlds.renew()?;
            self.stdin = Stdin::default();
            self.link.send(&Event::Renewed { memory_bytes: self.meter.read().memory_bytes });
            self.link.flush().map_err(|_| Gone::LinkClosed)?;
            self.worlds.prepare(WorkFolder::Shared);
        }
        Ok(())
    }

    /// Runs what one start asks for, from its files to its end. Whether another may follow.
    fn converse_once(&mut self) -> Result<bool, Gone> {
        let Start { stages, stay, parked, again } = self.await_start()?;
        if again && !self.worlds.are_here() {
            return Err(Gone::protocol("a start that is to be followed by others, without worlds"));
        }
        self.unpark(|stage| !parked.contains(&stage))?;
        for (index, stage) in stages.iter().enumerate() {
            let is_last = index + 1 == stages.len() && !stay && !again;
            let next = if is_last { Next::Exit } else { Next::Others };
            let goes_on = self.tell_stage(stage, WorkFolder::Shared, next)?;
            if !goes_on || (stage.hold && !self.await_continue()?) {
                break;
            }
        }
        if again {
            self.unpark(|_| true)?;
        }
        if stay {
            self.stay()?;
        }
        self.link.send(&Event::End);
        Ok(again)
    }

    /// Drops what is still said to a conversation that is over; `false` if no other follows.
    fn await_renewal(&mut self) -> Result<bool, Gone> {
        self.link.flush().map_err(|_| Gone::LinkClosed)?;
        loop {
            match self.link.next()? {
                None => self.link.fill()?,
                Some(Message::Control(Command::Renew)) => return Ok(true),
                Some(Message::Control(Command::Finish)) => return Ok(false),
                Some(Message::Data(Stream::Stdin, _)) => {}
                Some(Message::Control(
                    Command::CloseStdin | Command::Signal { .. } | Command::Resize { .. } | Command::Stop,
                )) => {}
                Some(Message::Data(..) | Message::Control(_)) => {
                    return Err(Gone::protocol("a command that cannot come between two conversations"));
                }
            }
        }
    }

    /// Runs a stage and tells of it; `false` if it did not succeed.
    fn tell_stage(&mut self, stage: &Stage, folder: WorkFolder, next: Next) -> Result<bool, Gone> {
        self.link.send(&Event::StageStart { stage: stage.stage });
        let report = self.run_stage(stage, folder, next)?;
        let is_success = report.is_success();
        if let (true, Some(limits)) = (is_success, stage.archive) {
            archiving::send_folder(self.work, limits, self.worlds.are_here(), self.link)?;
        }
        self.link.send(&Event::StageEnd { report });
        Ok(is_success)
    }

    /// Does what the server asks for after the stages.
    fn stay(&mut self) -> Result<(), Gone> {
        let mut snapshot = None;
        loop {
            match self.next_command()? {
                Command::Test { stage } => {
                    self.stdin.renew();
                    match &snapshot {
                        // What a test does in a world is not done to these files.
                        _ if self.worlds.are_here() => {}
                        None => snapshot = Some(Snapshot::take(self.work)?),
                        Some(snapshot) => snapshot.restore()?,
                    }
                    self.tell_stage(&stage, WorkFolder::Copied, Next::Others)?;
                    self.link.flush().map_err(|_| Gone::LinkClosed)?;
                    // While the server looks at what came of it.
                    self.worlds.prepare(WorkFolder::Copied);
                }
                Command::Collect { patterns, limits } => {
                    return collect::send_files(self.work, &patterns, limits, self.link);
                }
                Command::Finish | Command::Stop => return Ok(()),
                // For a stage that has ended meanwhile.
                Command::CloseStdin | Command::Signal { .. } | Command::Resize { .. } => {}
                Command::Continue | Command::Park { .. } | Command::Renew | Command::Start { .. } => {
                    return Err(Gone::protocol("what can only come before the stages' end came after it"));
                }
            }
        }
    }

    /// Waits for a command between stages; input that comes is of a stage that has ended.
    fn next_command(&mut self) -> Result<Command, Gone> {
        self.link.flush().map_err(|_| Gone::LinkClosed)?;
        loop {
            match self.link.next()? {
                None => self.link.fill()?,
                Some(Message::Data(Stream::Stdin, _)) => {}
                Some(Message::Data(..)) => return Err(Gone::protocol("files after the start")),
                Some(Message::Control(command)) => return Ok(command),
            }
        }
    }

    /// Unpacks the files and keeps early input until the server says which stages to run.
    fn await_start(&mut self) -> Result<Start, Gone> {
        let mut unpacked = false;
        loop {
            match self.link.next()? {
                None => self.link.fill()?,
                Some(Message::Data(Stream::Archive, bytes)) if unpacked => {
                    // A tar ends with two zero blocks, of which a reader needs only the first.
                    if bytes.iter().any(|byte| *byte != 0) {
                        return Err(Gone::protocol("a second archive"));
                    }
                }
                Some(Message::Data(Stream::Archive, bytes)) => {
                    let length = bytes.len();
                    self.link.unread(length);
                    self.clear_entries()?;
                    unpack(ArchiveReader::new(self.link), self.work)?;
                    unpacked = true;
                }
                Some(Message::Data(_, bytes)) => self.stdin.push(bytes)?,
                Some(Message::Control(Command::Start { stages, stay: false, .. })) if stages.is_empty() => {
                    return Err(Gone::protocol("a start without stages"));
                }
                Some(Message::Control(Command::Start { stages, stay, parked, again })) => {
                    if !unpacked {
                        self.clear_entries()?;
                    }
                    return Ok(Start { stages, stay, parked, again });
                }
                Some(Message::Control(Command::Park { stage, entry, forks })) if !unpacked => {
                    self.park(&stage, &entry, forks)?;
                }
                Some(Message::Control(Command::CloseStdin)) => self.stdin.end(),
                Some(Message::Control(Command::Signal { .. } | Command::Resize { .. })) => {}
                Some(Message::Control(command)) => {
                    return Err(Gone::protocol(format!("{command:?} before the start")));
                }
            }
        }
    }

    /// Waits for the server between two stages; `false` if it said stop.
    fn await_continue(&mut self) -> Result<bool, Gone> {
        self.link.flush().map_err(|_| Gone::LinkClosed)?;
        loop {
            match self.link.next()? {
                None => self.link.fill()?,
                Some(Message::Data(Stream::Stdin, bytes)) => self.stdin.push(bytes)?,
                Some(Message::Control(Command::CloseStdin)) => self.stdin.end(),
                Some(Message::Control(Command::Continue)) => return Ok(true),
                Some(Message::Control(Command::Stop)) => return Ok(false),
                Some(Message::Control(Command::Signal { .. } | Command::Resize { .. })) => {}
                Some(Message::Data(..) | Message::Control(_)) => {
                    return Err(Gone::protocol("a command that cannot come between two stages"));
                }
            }
        }
    }
}

/// Standard input and output, which live as long as the process.
fn link_descriptors() -> (BorrowedFd<'static>, BorrowedFd<'static>) {
    use std::os::fd::AsRawFd;
    #[expect(unsafe_code, reason = "descriptors 0 and 1 stay open for the life of the process")]
    // SAFETY: nothing in this crate closes them: children get theirs through dup2 after the fork.
    unsafe {
        (BorrowedFd::borrow_raw(io::stdin().as_raw_fd()), BorrowedFd::borrow_raw(io::stdout().as_raw_fd()))
    }
}
