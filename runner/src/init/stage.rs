//! One stage, from start to report.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::cgroup::Meter;
use super::child::Streams;
use super::fork_server::ForkServer;
use super::link::Link;
use super::parked::Feed;
use super::processes::Processes;
use super::reaper::Reaper;
use super::terminal::Terminal;
use super::usage::Usage;
use super::world::{WorkFolder, World};
use super::{Gone, Init, child};
use crate::frame::{HEADER_LENGTH, Stream};
use crate::message::Message;
use crate::protocol::{Command, Event, Stage, StageEnd, StageLimits, StageReport, StopReason};

/// How often CPU time and memory are looked at.
const TICK: Duration = Duration::from_millis(25);
/// How long a stage's first output is waited for before its start is told of.
const PATIENCE: Duration = Duration::from_millis(2);
/// With its header, as much as a pipe takes at once (pipe(7)).
const READ_BUFFER: usize = 64 * 1024 - HEADER_LENGTH;

/// Less than this is read: that costs less than to have pages moved.
const LEAST_SPLICED: u32 = 16 * 1024;
/// A program can make its pipe larger (fcntl(2), `F_SETPIPE_SZ`), and what is not taken at once is kept.
const MOST_SPLICED: u32 = 64 * 1024;

/// What comes after a stage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// The runner's end, whatever came of the stage.
    Exit,
    /// Others, in the same sandbox.
    Others,
}

impl Init<'_> {
    pub(super) fn run_stage(
        &mut self,
        stage: &Stage,
        folder: WorkFolder,
        next: Next,
    ) -> Result<StageReport, Gone> {
        let mut running = match self.take_parked(stage.stage)? {
            Some(parked) => {
                let (processes, streams, usage, feed) =
                    parked.begin(&self.meter).map_err(Gone::system("reading the entry"))?;
                Running::new(processes, streams, &stage.limits, usage, Some(feed))
            }
            None => {
                // First of all: making it is not the stage's own work.
                let world = self.worlds.take(folder)?;
                let usage = Usage::start(&self.meter);
                match self.start(stage, world, None)? {
                    Ok((processes, streams)) => Running::new(processes, streams, &stage.limits, usage, None),
                    Err(error) => {
                        let message = format!("{}: {error}", stage.argv.first().map_or("", String::as_str));
                        return Ok(usage.report(stage.stage, StageEnd::NotStarted { message }, None, false));
                    }
                }
            }
        };
        let outcome = self.supervise(&mut running);
        // Whatever happened, nothing of the stage outlives it.
        running.processes.kill_all().map_err(Gone::system("killing the stage"))?;
        let stopped = outcome?;
        // Every writer is dead: what is left is in the pipes.
        while running.output.pass_on(&mut running.stdout, Stream::Stdout, self.link) {}
        while running.output.pass_on(&mut running.stderr, Stream::Stderr, self.link) {}
        let used = running.processes.used();
        running.usage.sample(&self.meter, used);
        let end = end_of(used.status);
        let cut = running.output.cut;
        let stopped = match stopped {
            _ if cut => Some(StopReason::Output),
            // The kernel's limit per process can be quicker than the runner's look at all of them.
            None if running.used_up_cpu() => Some(StopReason::CpuTime),
            stopped => stopped,
        };
        let mut usage = running.usage.finish(used);
        // The runner's exit ends a world as well, and nobody has to wait for that.
        if next != Next::Exit && running.processes.leave().map_err(Gone::system("leaving a world"))? {
            // What was in its file systems is gone.
            usage.last.memory_bytes = self.meter.read().memory_bytes;
        }
        Ok(usage.report(stage.stage, end, stopped, cut))
    }

    /// Starts the stage's program, in a world as a fork if there is a fork server. The inner error is the program's own: it
    /// cannot be started.
    pub(super) fn start(
        &self,
        stage: &Stage,
        world: Option<World>,
        server: Option<&ForkServer>,
    ) -> Result<io::Result<(Processes, Streams)>, Gone> {
        let (streams, program_ends) =
            Streams::open(stage).map_err(Gone::system("making the streams of a stage"))?;
        let Some(world) = world else {
            let spawned = child::spawn(stage, self.work, program_ends);
            return Ok(spawned.map(|first| (Processes::Children(Reaper::new(first)), streams)));
        };
        let started = match server {
            Some(server) => world.start_fork(server, stage, &program_ends),
            None => world.start(stage, &program_ends),
        };
        match started {
            Ok(()) => Ok(Ok((Processes::World(world), streams))),
            Err(error) => {
                world.leave().map_err(Gone::system("leaving a world"))?;
                Ok(Err(error))
            }
        }
    }

    /// Serves the stage until its first process ends, or until it is to be killed, and says why.
    fn supervise(&mut self, running: &mut Running) -> Result<Option<StopReason>, Gone> {
        // Before that, the news of its start may wait for its first output: a message costs each process on its way a
        // wakeup.
        let mut patience = Some(Instant::now() + PATIENCE);
        loop {
            if self.obey(running)? {
                return Ok(Some(StopReason::Request));
            }
            if running.stdin.is_some() && self.stdin.is_finished() {
                running.end_input();
            }
            // Tried before it is waited for: mostly both ends take what there is.
            if let (true, Some(pipe)) = (self.stdin.has_pending(), &mut running.stdin)
                && let Some(bytes) = self.stdin.write_to(pipe)
            {
                self.link.send(&Event::StdinWindow { bytes });
            }
            running.feed = running.feed.take().and_then(Feed::go_on);
            if patience.is_none() {
                self.link.write_some().map_err(|_| Gone::LinkClosed)?;
            }
            let ready = self.wait(running, patience.take())?;
            if ready.link_input {
                self.link.fill()?;
            }
            if ready.child_stdout {
                running.output.pass_on(&mut running.stdout, Stream::Stdout, self.link);
            }
            if ready.child_stderr {
                running.output.pass_on(&mut running.stderr, Stream::Stderr, self.link);
            }
            if running.output.cut {
                return Ok(Some(StopReason::Output));
            }
            if ready.child_signal {
                while matches!(self.child_signals.read_signal(), Ok(Some(_))) {}
                running.processes.reap();
            }
            if ready.world {
                running.processes.hear();
            }
            if running.processes.used().status.is_some() {
                return Ok(None);
            }
            if let Some(reason) = running.over_time(&self.meter) {
                return Ok(Some(reason));
            }
        }
    }

    /// Does what the server has said so far; `true` if it said stop.
    fn obey(&mut self, running: &mut Running) -> Result<bool, Gone> {
        while let Some(message) = self.link.next()? {
            match message {
                Message::Data(Stream::Stdin, bytes) => self.stdin.push(bytes)?,
                Message::Control(Command::CloseStdin) => self.stdin.end(),
                Message::Control(Command::Stop) => return Ok(true),
                Message::Control(Command::Resize { window }) => {
                    if let Some(terminal) = &running.terminal {
                        terminal.resize(window);
                    }
                }
                Message::Control(Command::Signal { signal }) => {
                    let signal = Signal::try_from(signal)
                        .map_err(|_| Gone::protocol(format!("there is no signal {signal}")))?;
                    running.processes.signal(signal);
                }
                Message::Data(..) | Message::Control(_) => {
                    return Err(Gone::protocol("a command that cannot come while a stage runs"));
                }
            }
        }
        Ok(false)
    }

    /// Waits until something can be done, or it is time to look; with `patience`, so long at most and not for room on the
    /// link.
    fn wait(&self, running: &Running, patience: Option<Instant>) -> Result<Ready, Gone> {
        let read_output = !self.link.is_congested();
        let output = |fd| if read_output { Some(fd) } else { None };
        let stdin = running.stdin.as_ref().filter(|_| self.stdin.has_pending());
        let interests = [
            (Some(self.link.input()), PollFlags::POLLIN),
            (
                Some(self.link.output()).filter(|_| self.link.has_unsent() && patience.is_none()),
                PollFlags::POLLOUT,
            ),
            (Some(self.child_signals.as_fd()), PollFlags::POLLIN),
            (running.processes.events(), PollFlags::POLLIN),
            (stdin.map(AsFd::as_fd), PollFlags::POLLOUT),
            (running.feed.as_ref().map(AsFd::as_fd), PollFlags::POLLOUT),
            (running.stdout.as_ref().map(AsFd::as_fd).and_then(output), PollFlags::POLLIN),
            (running.stderr.as_ref().map(AsFd::as_fd).and_then(output), PollFlags::POLLIN),
        ];
        let timeout = running.until_next_look(patience);
        let [link_input, _, child_signal, world, _, _, child_stdout, child_stderr] =
            poll_ready(interests, timeout).map_err(|e| Gone::system("poll")(e.into()))?;
        Ok(Ready { link_input, child_signal, world, child_stdout, child_stderr })
    }
}

/// What there is to be read. That something can be written again only ends the waiting.
struct Ready {
    link_input: bool,
    child_signal: bool,
    world: bool,
    child_stdout: bool,
    child_stderr: bool,
}

/// poll(2) over those descriptors that are there.
fn poll_ready<const N: usize>(
    interests: [(Option<BorrowedFd<'_>>, PollFlags); N],
    timeout: Duration,
) -> Result<[bool; N], Errno> {
    let mut fds = Vec::with_capacity(N);
    for (fd, flags) in &interests {
        if let Some(fd) = fd {
            fds.push(PollFd::new(*fd, *flags));
        }
    }
    // Rounded up: a poll that returns just before the deadline would spin until it.
    let timeout = timeout.saturating_add(Duration::from_micros(999));
    let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
    match poll(&mut fds, timeout) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(error) => return Err(error),
    }
    let mut results = fds.iter().map(|fd| fd.any().unwrap_or(true));
    Ok(interests.map(|(fd, _)| fd.is_some() && results.next().unwrap_or(false)))
}

struct Running {
    processes: Processes,
    stdin: Option<File>,
    stdout: Option<File>,
    stderr: Option<File>,
    terminal: Option<Terminal>,
    output: Output,
    usage: Usage,
    /// What a parked process has still to be given of its entry.
    feed: Option<Feed>,
    limits: StageLimits,
    wall_deadline: Instant,
    next_look: Instant,
}

impl Running {
    fn new(
        processes: Processes,
        streams: Streams,
        limits: &StageLimits,
        usage: Usage,
        feed: Option<Feed>,
    ) -> Self {
        let now = Instant::now();
        Self {
            processes,
            stdin: streams.stdin,
            stdout: streams.stdout,
            stderr: streams.stderr,
            terminal: streams.terminal,
            output: Output::new(limits.output_bytes),
            usage,
            feed,
            limits: *limits,
            wall_deadline: now.checked_add(Duration::from_millis(limits.wall_ms)).unwrap_or(now),
            next_look: now + TICK,
        }
    }

    /// A pipe ends by being closed; a terminal stays open, and is typed its end-of-file character.
    fn end_input(&mut self) {
        if self.terminal.as_ref().is_none_or(Terminal::end_input) {
            self.stdin = None;
        }
    }

    fn until_next_look(&self, patience: Option<Instant>) -> Duration {
        let next = self.next_look.min(self.wall_deadline);
        patience.map_or(next, |patience| patience.min(next)).saturating_duration_since(Instant::now())
    }

    fn over_time(&mut self, meter: &Meter) -> Option<StopReason> {
        let now = Instant::now();
        if now >= self.wall_deadline {
            return Some(StopReason::WallTime);
        }
        if now >= self.next_look {
            self.next_look = now + TICK;
            self.usage.sample(meter, self.processes.used());
            if self.used_up_cpu() {
                return Some(StopReason::CpuTime);
            }
        }
        None
    }

    fn used_up_cpu(&self) -> bool {
        self.usage.cpu > Duration::from_millis(self.limits.cpu_ms)
    }
}

/// What the stage may still write, and the way there.
struct Output {
    buffer: Box<[u8]>,
    left: u64,
    cut: bool,
    /// Whether the last read took as much as it could.
    floods: bool,
}

impl Output {
    fn new(limit: u64) -> Self {
        Self { buffer: vec![0; READ_BUFFER].into_boxed_slice(), left: limit, cut: false, floods: false }
    }

    /// Passes on what one read of `pipe` gives, closes it at its end, and says whether there was anything.
    fn pass_on(&mut self, pipe: &mut Option<File>, stream: Stream, link: &mut Link) -> bool {
        let Some(open) = pipe else { return false };
        if let Some(length) = self.much_in(open, link) {
            self.left -= u64::from(length);
            // A link that has failed says so again when it is written to next.
            return link.send_pipe(stream, open.as_fd(), length).is_ok();
        }
        let length = match open.read(&mut self.buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(_) => 0,
        };
        if length == 0 {
            *pipe = None;
            return false;
        }
        self.floods = length == READ_BUFFER;
        let kept = usize::try_from(self.left).unwrap_or(usize::MAX).min(length);
        self.cut |= kept < length;
        self.left -= kept as u64;
        link.send_data(stream, &self.buffer[..kept]);
        !self.cut
    }

    /// How much is in `pipe`, if it is to be moved to the link as it is.
    fn much_in(&self, pipe: &File, link: &Link) -> Option<u32> {
        let is_asked = self.floods && link.splices();
        let there = rustix::io::ioctl_fionread(is_asked.then_some(pipe)?).ok()?;
        let length = u32::try_from(there).ok()?.min(MOST_SPLICED);
        (length >= LEAST_SPLICED && u64::from(length) <= self.left).then_some(length)
    }
}

/// A wait status (wait(2)) as data. Killing waits for every child, so there is one for every stage that started.
fn end_of(status: Option<i32>) -> StageEnd {
    match status {
        Some(status) if libc::WIFEXITED(status) => StageEnd::Exited { code: libc::WEXITSTATUS(status) },
        Some(status) => StageEnd::Signaled { signal: libc::WTERMSIG(status) },
        None => StageEnd::NotStarted { message: "the first process was never seen to end".into() },
    }
}
