//! Waiting for children, and killing all of them.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::process_tree;

/// How long killed processes may take to die before the sandbox is given up.
const DEATH_DEADLINE: Duration = Duration::from_secs(10);
const DEATH_POLL: Duration = Duration::from_millis(1);

/// What the processes of a stage used that have ended.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct Used {
    /// The wait status of the stage's first process (wait(2)), once it has ended.
    pub(super) status: Option<i32>,
    pub(super) user: Duration,
    pub(super) system: Duration,
    /// The largest resident set of any one process.
    pub(super) max_resident_bytes: u64,
}

/// Collects what ended children of a stage used.
#[derive(Debug)]
pub(super) struct Reaper {
    main: Pid,
    used: Used,
}

impl Reaper {
    pub(super) fn new(main: Pid) -> Self {
        Self { main, used: Used::default() }
    }

    /// The stage's first process, which leads its process group.
    pub(super) fn main(&self) -> Pid {
        self.main
    }

    pub(super) fn used(&self) -> Used {
        self.used
    }

    /// Reaps every child that has ended. `false` when there is no child any more, dead or alive.
    pub(super) fn reap(&mut self) -> bool {
        loop {
            match wait_any() {
                Ok(Some(ended)) => {
                    if ended.pid == self.main {
                        self.used.status = Some(ended.status);
                    }
                    self.used.user += ended.user;
                    self.used.system += ended.system;
                    self.used.max_resident_bytes = self.used.max_resident_bytes.max(ended.max_resident_bytes);
                }
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Kills every descendant of this process and waits until none is left. Orphans come to this process, which is
    /// PID 1 or a subreaper, so "no child" means "no descendant".
    pub(super) fn kill_all(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + DEATH_DEADLINE;
        loop {
            kill_descendants();
            if !self.reap() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(io::Error::other("processes of the stage do not die"));
            }
            std::thread::sleep(DEATH_POLL);
        }
    }
}

fn kill_descendants() {
    if Pid::this().as_raw() == 1 {
        // Every process of the namespace but this one, in one pass that no fork can escape.
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
    } else {
        for pid in process_tree::descendants() {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
}

struct Ended {
    pid: Pid,
    status: i32,
    user: Duration,
    system: Duration,
    max_resident_bytes: u64,
}

/// wait4(2) for any child without blocking: `None` while all of them live.
fn wait_any() -> io::Result<Option<Ended>> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    #[expect(unsafe_code, reason = "no safe wrapper of wait4 gives the resource usage")]
    // SAFETY: both pointers are valid for writes, and all-zero is a valid `rusage`.
    let (pid, usage) = unsafe {
        let pid = libc::wait4(-1, &raw mut status, libc::WNOHANG, usage.as_mut_ptr());
        (pid, usage.assume_init())
    };
    match pid {
        0 => Ok(None),
        -1 if Errno::last() == Errno::EINTR => Ok(None),
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(Some(Ended {
            pid: Pid::from_raw(pid),
            status,
            user: duration(usage.ru_utime),
            system: duration(usage.ru_stime),
            max_resident_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
        })),
    }
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// CPU time of this very process.
pub(super) fn own_cpu() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Duration::ZERO };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// Closes every descriptor above standard error. A container runtime has leaked some before (CVE-2024-21626).
pub(super) fn close_inherited_descriptors() {
    close_range(3, libc::c_uint::MAX);
}

/// Closes every descriptor above standard error but one. For a copy of this process that uses nothing else of it.
pub(super) fn close_descriptors_but(kept: RawFd) -> io::Result<()> {
    let kept = libc::c_uint::try_from(kept).map_err(io::Error::other)?;
    if kept > 3 {
        close_range(3, kept - 1);
    }
    close_range(kept + 1, libc::c_uint::MAX);
    Ok(())
}

fn close_range(first: libc::c_uint, last: libc::c_uint) {
    #[expect(unsafe_code, reason = "no safe wrapper of close_range exists")]
    // SAFETY: the callers see to it that nothing in this process uses such a descriptor any more. A kernel without the
    // call (before 5.9) changes nothing.
    unsafe {
        libc::syscall(libc::SYS_close_range, first, last, 0);
    }
}
