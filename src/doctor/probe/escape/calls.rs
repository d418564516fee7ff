//! System calls that lead out of a container, or to parts of the kernel that no program needs.

use std::fs::File;
use std::io::IoSliceMut;

use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, delete_module, init_module};
use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::personality::{self, Persona};
use nix::sys::ptrace;
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::time::{ClockId, clock_gettime, clock_settime};
use nix::unistd::{Pid, chroot, pivot_root, sethostname};
use rustix::mount::FsOpenFlags;
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType, socket_with};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, Resource, Rlimit, pidfd_getfd, pidfd_open, prlimit};

use crate::doctor::probe::attempt::{Area, from_call, tried};

type Call = fn() -> Result<(), Errno>;

const RUNNER: Pid = Pid::from_raw(1);
/// The kernel's cryptography (socket(2)).
const AF_ALG: AddressFamily = AddressFamily::from_raw(38);
/// `NETLINK_AUDIT` (netlink(7)).
const NETLINK_AUDIT: u32 = 9;

const CALLS: [(&str, Call); 18] = [
    ("socket AF_ALG", || open_socket(AF_ALG, SocketType::SEQPACKET, None)),
    ("socket AF_PACKET", || open_socket(AddressFamily::PACKET, SocketType::RAW, None)),
    ("socket AF_VSOCK", || open_socket(AddressFamily::VSOCK, SocketType::STREAM, None)),
    ("socket NETLINK_AUDIT", || open_socket(AddressFamily::NETLINK, SocketType::RAW, Some(NETLINK_AUDIT))),
    ("socket SOCK_RAW", || open_socket(AddressFamily::INET, SocketType::RAW, Some(1))),
    ("ptrace of the runner", || ptrace::attach(RUNNER).and_then(|()| ptrace::detach(RUNNER, None))),
    ("process_vm_readv of the runner", read_runner),
    ("pidfd_getfd of the runner", steal_descriptor),
    ("prlimit of the runner", || {
        let unlimited = Rlimit { current: None, maximum: None };
        prlimit(rustix::process::Pid::from_raw(1), Resource::Cpu, unlimited).map(drop).map_err(errno)
    }),
    ("personality", || personality::set(Persona::ADDR_NO_RANDOMIZE).map(drop)),
    ("init_module", || init_module(&[], c"")),
    ("delete_module", || delete_module(c"dayfly_probe", DeleteModuleFlags::O_NONBLOCK)),
    ("clock_settime", || clock_settime(ClockId::CLOCK_REALTIME, clock_gettime(ClockId::CLOCK_REALTIME)?)),
    ("sethostname", || sethostname("sandbox")),
    ("mknod of a disk", || mknod("/tmp/disk", SFlag::S_IFBLK, Mode::S_IRUSR, makedev(8, 0))),
    ("fsopen", || rustix::mount::fsopen("tmpfs", FsOpenFlags::empty()).map(drop).map_err(errno)),
    ("setns", || {
        setns(File::open("/proc/self/ns/uts").map_err(|_| Errno::EACCES)?, CloneFlags::CLONE_NEWUTS)
    }),
    ("umount", || umount("/dev/shm")),
];

const NAMESPACES: [(&str, CloneFlags); 7] = [
    ("cgroup", CloneFlags::CLONE_NEWCGROUP),
    ("IPC", CloneFlags::CLONE_NEWIPC),
    ("mount", CloneFlags::CLONE_NEWNS),
    ("network", CloneFlags::CLONE_NEWNET),
    ("PID", CloneFlags::CLONE_NEWPID),
    ("UTS", CloneFlags::CLONE_NEWUTS),
    ("user", CloneFlags::CLONE_NEWUSER),
];

/// Those that would give the process another view come last.
const VIEWS: [(&str, Call); 3] = [
    ("mount", || mount(None::<&str>, "/tmp", Some("tmpfs"), MsFlags::empty(), None::<&str>)),
    ("pivot_root", || pivot_root("/tmp", "/tmp")),
    ("chroot", || chroot("/tmp")),
];

pub(super) fn call() {
    for (name, call) in CALLS {
        tried(Area::SystemCalls, name, from_call(call()));
    }
    for (name, flag) in NAMESPACES {
        tried(Area::SystemCalls, format!("unshare of the {name} namespace"), from_call(unshare(flag)));
    }
    for (name, call) in VIEWS {
        tried(Area::SystemCalls, name, from_call(call()));
    }
}

fn open_socket(family: AddressFamily, kind: SocketType, protocol: Option<u32>) -> Result<(), Errno> {
    let protocol = protocol.and_then(std::num::NonZeroU32::new).map(Protocol::from_raw);
    socket_with(family, kind, SocketFlags::CLOEXEC, protocol).map(drop).map_err(errno)
}

fn read_runner() -> Result<(), Errno> {
    let mut buffer = [0; 8];
    let from = [RemoteIoVec { base: 0x40_0000, len: buffer.len() }];
    process_vm_readv(RUNNER, &mut [IoSliceMut::new(&mut buffer)], &from).map(drop)
}

fn steal_descriptor() -> Result<(), Errno> {
    let runner = rustix::process::Pid::from_raw(1).ok_or(Errno::ESRCH)?;
    let runner = pidfd_open(runner, PidfdFlags::empty()).map_err(errno)?;
    pidfd_getfd(runner, 1, PidfdGetfdFlags::empty()).map(drop).map_err(errno)
}

fn errno(error: rustix::io::Errno) -> Errno {
    Errno::from_raw(error.raw_os_error())
}
