//! Starts a stage's first process.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};

use crate::protocol::{Stage, StageName};

/// Starts `stage` in `work`, with non-blocking pipes. The compile stage's input is empty.
pub(super) fn spawn(stage: &Stage, work: &Path) -> io::Result<Child> {
    let Some((program, arguments)) = stage.argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty argv"));
    };
    // The kernel's own limit per process backs the runner's for the whole stage, should that ever be late.
    let cpu_seconds = stage.limits.cpu_ms.div_ceil(1000).saturating_add(1);
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(&stage.env)
        .current_dir(work)
        .process_group(0)
        .stdin(match stage.stage {
            StageName::Compile => Stdio::null(),
            StageName::Run => Stdio::piped(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[expect(unsafe_code, reason = "the only way to act between fork and exec")]
    // SAFETY: this process has one thread, so what the closure does after the fork is not bound to async-signal-safe
    // calls; it makes system calls only and writes one file.
    unsafe {
        command.pre_exec(move || in_child(cpu_seconds));
    }
    let child = command.spawn()?;
    if let Some(pipe) = &child.stdin {
        make_non_blocking(pipe)?;
    }
    if let Some(pipe) = &child.stdout {
        make_non_blocking(pipe)?;
    }
    if let Some(pipe) = &child.stderr {
        make_non_blocking(pipe)?;
    }
    Ok(child)
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
    Ok(())
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

fn make_non_blocking(pipe: &impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(pipe, FcntlArg::F_GETFL)?);
    fcntl(pipe, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
