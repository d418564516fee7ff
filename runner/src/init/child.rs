//! Starts a stage's first process.

use std::fs::{self, File};
use std::io::{self, pipe};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::unistd::Pid;

use super::filter;
use super::terminal::{self, Terminal};
use crate::protocol::{Stage, StageName};

/// The runner's ends of a stage's streams.
pub(super) struct Streams {
    pub(super) stdin: Option<File>,
    pub(super) stdout: Option<File>,
    pub(super) stderr: Option<File>,
    pub(super) terminal: Option<Terminal>,
}

impl Streams {
    /// Non-blocking pipes or a terminal for `stage`, and the program's ends. The compile stage's input is empty.
    pub(super) fn open(stage: &Stage) -> io::Result<(Self, [OwnedFd; 3])> {
        if let (StageName::Run, Some(window)) = (stage.stage, stage.terminal) {
            return Self::on_terminal(Terminal::open(window)?);
        }
        let (stdin, program_stdin) = match stage.stage {
            StageName::Run => {
                let (reader, writer) = pipe()?;
                (Some(non_blocking(writer)?), reader.into())
            }
            StageName::Compile => (None, File::open("/dev/null")?.into()),
        };
        let (stdout, program_stdout) = pipe()?;
        let (stderr, program_stderr) = pipe()?;
        let streams = Self {
            stdin,
            stdout: Some(non_blocking(stdout)?),
            stderr: Some(non_blocking(stderr)?),
            terminal: None,
        };
        Ok((streams, [program_stdin, program_stdout.into(), program_stderr.into()]))
    }

    fn on_terminal((terminal, program_end): (Terminal, OwnedFd)) -> io::Result<(Self, [OwnedFd; 3])> {
        let streams = Self {
            stdin: Some(non_blocking(terminal.stream()?)?),
            stdout: Some(non_blocking(terminal.stream()?)?),
            stderr: None,
            terminal: Some(terminal),
        };
        Ok((streams, [program_end.try_clone()?, program_end.try_clone()?, program_end]))
    }
}

/// The kernel's own limit per process backs the runner's for the whole stage, should that ever be late.
pub(super) fn cpu_seconds(stage: &Stage) -> u64 {
    stage.limits.cpu_ms.div_ceil(1000).saturating_add(1)
}

/// Starts `stage` in `work`, with these as its standard streams.
pub(super) fn spawn(stage: &Stage, work: &Path, streams: [OwnedFd; 3]) -> io::Result<Pid> {
    let cpu_seconds = cpu_seconds(stage);
    let is_on_terminal = stage.stage == StageName::Run && stage.terminal.is_some();
    let mut command = command(stage, work, streams)?;
    if is_on_terminal {
        command.env("TERM", terminal::TYPE);
    } else {
        command.process_group(0);
    }
    start(command, move || {
        if is_on_terminal {
            terminal::control(io::stdin().as_fd())?;
        }
        in_child(cpu_seconds)
    })
}

/// Starts a fork server, whose environment names its end of the socket. Limits, filter and score are its forks' own.
pub(super) fn spawn_fork_server(
    stage: &Stage,
    work: &Path,
    streams: [OwnedFd; 3],
    socket: OwnedFd,
) -> io::Result<Pid> {
    let mut command = command(stage, work, streams)?;
    command.env("FORK_SERVER", socket.as_raw_fd().to_string());
    start(command, move || {
        restore_default_signals()?;
        fcntl(&socket, FcntlArg::F_SETFD(FdFlag::empty()))?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(io::Error::from)
    })
}

fn command(stage: &Stage, work: &Path, [stdin, stdout, stderr]: [OwnedFd; 3]) -> io::Result<Command> {
    let Some((program, arguments)) = stage.argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty argv"));
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(&stage.env).current_dir(work);
    command.stdin(stdin).stdout(stdout).stderr(stderr);
    Ok(command)
}

fn start(
    mut command: Command,
    in_child: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<Pid> {
    #[expect(unsafe_code, reason = "the only way to act between fork and exec")]
    // SAFETY: this process has one thread, so what the closure does after the fork is not bound to async-signal-safe
    // calls; it makes system calls only and writes one file.
    unsafe {
        command.pre_exec(in_child);
    }
    let pid = command.spawn()?.id();
    Ok(Pid::from_raw(i32::try_from(pid).map_err(io::Error::other)?))
}

fn in_child(cpu_seconds: u64) -> io::Result<()> {
    restore_default_signals()?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_CPU, cpu_seconds, cpu_seconds.saturating_add(1))?;
    // The files of a process that is not dumpable belong to root. No other process of this user lives now, so nobody
    // can look into this copy of the runner before the exec.
    prctl::set_dumpable(true)?;
    // Refused only where /proc is not as the kernel makes it; the runner's lower score is then all there is.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    filter::install()
}

/// A signal that whoever started the runner ignores would be ignored in every program, and shells cannot even trap it.
fn restore_default_signals() -> io::Result<()> {
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    for number in Signal::iterator().filter(|number| !matches!(number, Signal::SIGKILL | Signal::SIGSTOP)) {
        #[expect(unsafe_code, reason = "a handler could be anything; the default one is no code of ours")]
        // SAFETY: no handler is installed, only removed.
        unsafe {
            signal(number, SigHandler::SigDfl)?;
        }
    }
    Ok(())
}

fn non_blocking(stream: impl Into<OwnedFd>) -> io::Result<File> {
    let stream = stream.into();
    let flags = OFlag::from_bits_retain(fcntl(&stream, FcntlArg::F_GETFL)?);
    fcntl(&stream, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(File::from(stream))
}
