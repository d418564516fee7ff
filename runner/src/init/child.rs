//! Starts a stage's first process.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};

use super::filter;
use super::terminal::{self, Terminal};
use crate::protocol::{Stage, StageName};

/// A process that was started, and this end of its streams.
pub(super) struct Started {
    pub(super) pid: u32,
    pub(super) stdin: Option<File>,
    pub(super) stdout: Option<File>,
    pub(super) stderr: Option<File>,
    pub(super) terminal: Option<Terminal>,
}

/// Starts `stage` in `work`, with non-blocking pipes or a terminal. The compile stage's input is empty.
pub(super) fn spawn(stage: &Stage, work: &Path) -> io::Result<Started> {
    let Some((program, arguments)) = stage.argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty argv"));
    };
    // The kernel's own limit per process backs the runner's for the whole stage, should that ever be late.
    let cpu_seconds = stage.limits.cpu_ms.div_ceil(1000).saturating_add(1);
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(&stage.env).current_dir(work);
    match (stage.stage, stage.terminal) {
        (StageName::Run, Some(window)) => spawn_on_terminal(command, Terminal::open(window)?, cpu_seconds),
        (StageName::Run, None) => spawn_with_pipes(command, Stdio::piped(), cpu_seconds),
        (StageName::Compile, _) => spawn_with_pipes(command, Stdio::null(), cpu_seconds),
    }
}

fn spawn_with_pipes(mut command: Command, stdin: Stdio, cpu_seconds: u64) -> io::Result<Started> {
    command.process_group(0).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[expect(unsafe_code, reason = "the only way to act between fork and exec")]
    // SAFETY: this process has one thread, so what the closure does after the fork is not bound to async-signal-safe
    // calls; it makes system calls only and writes one file.
    unsafe {
        command.pre_exec(move || in_child(cpu_seconds));
    }
    let child = command.spawn()?;
    Ok(Started {
        pid: child.id(),
        stdin: child.stdin.map(non_blocking).transpose()?,
        stdout: child.stdout.map(non_blocking).transpose()?,
        stderr: child.stderr.map(non_blocking).transpose()?,
        terminal: None,
    })
}

fn spawn_on_terminal(
    mut command: Command,
    (terminal, program_end): (Terminal, OwnedFd),
    cpu_seconds: u64,
) -> io::Result<Started> {
    command
        .env("TERM", terminal::TYPE)
        .stdin(program_end.try_clone()?)
        .stdout(program_end.try_clone()?)
        .stderr(program_end);
    #[expect(unsafe_code, reason = "the only way to act between fork and exec")]
    // SAFETY: as above.
    unsafe {
        command.pre_exec(move || terminal::control(io::stdin().as_fd()).and_then(|()| in_child(cpu_seconds)));
    }
    let child = command.spawn()?;
    Ok(Started {
        pid: child.id(),
        stdin: Some(non_blocking(terminal.stream()?)?),
        stdout: Some(non_blocking(terminal.stream()?)?),
        stderr: None,
        terminal: Some(terminal),
    })
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
