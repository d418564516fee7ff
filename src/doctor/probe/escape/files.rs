//! Files of the kernel, of the host and of the runner.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::doctor::probe::attempt::{Area, AttemptResult, from_io, tried};
use crate::doctor::probe::errno_name;
use crate::sandbox::hardening::{LINK_SOCKET, WORK, runner_path};

/// Secrets of the kernel, devices of the host, and the runner.
const SECRETS: [&str; 23] = [
    "/proc/1/environ",
    "/proc/1/maps",
    "/proc/1/mem",
    "/proc/1/root",
    "/proc/1/cwd",
    "/proc/1/fd",
    "/proc/kcore",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/timer_list",
    "/proc/vmallocinfo",
    "/sys/firmware",
    "/sys/kernel/debug",
    "/sys/kernel/security",
    "/sys/kernel/tracing",
    "/dev/kmsg",
    "/dev/mem",
    "/dev/sda",
    "/dev/vda",
    "/dev/nvme0n1",
    "/dev/kvm",
    "/dev/fuse",
    "/dev/net/tun",
];

/// Sockets of daemons that are as good as root, and the one by which the runner has come to its server.
const DAEMONS: [&str; 6] = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/dbus/system_bus_socket",
    LINK_SOCKET,
];

/// Settings of the kernel, the sandbox's own limits, and the runner.
const SETTINGS: [&str; 14] = [
    "/proc/1/mem",
    "/proc/1/oom_score_adj",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sysrq-trigger",
    "/sys/fs/cgroup/cgroup.procs",
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/sys/fs/cgroup/memory/release_agent",
    "/sys/fs/cgroup/pids/pids.max",
    "/sys/kernel/uevent_helper",
    "/sys/power/state",
];

/// Folders of every image, beside those where something is mounted.
const PLACES: [&str; 9] = ["/", "/dev", "/etc", "/home", "/proc", "/root", "/sys", "/usr", "/var/tmp"];
/// What a program may write to, and where its message queues are (mq_overview(7)), in a namespace of its own.
const OWN_PLACES: [&str; 3] = [WORK, "/tmp", "/dev/shm"];

pub(super) fn read_foreign() {
    for path in SECRETS {
        tried(Area::ForeignFiles, format!("read {path}"), read(Path::new(path)));
    }
    tried(Area::ForeignFiles, "addresses in /proc/kallsyms", kernel_addresses());
    for path in DAEMONS {
        tried(Area::ForeignFiles, format!("connect {path}"), from_io(UnixStream::connect(path), "connected"));
    }
}

pub(super) fn write_foreign() {
    let runner = runner_path();
    for path in SETTINGS.into_iter().chain([runner.as_str()]) {
        // Opened for writing, and that is all.
        tried(
            Area::ForeignFiles,
            format!("write {path}"),
            from_io(OpenOptions::new().write(true).open(path), "opened"),
        );
    }
}

/// Makes a file in every place that there is, but for a program's own.
pub(super) fn write_everywhere() {
    for place in OWN_PLACES {
        tried(Area::Control, format!("a file in {place}"), from_io(make_file(Path::new(place)), "made"));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    // The fifth field is where something is mounted (proc_pid_mountinfo(5)).
    let mounted = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    let mut places: Vec<&str> = mounted.chain(PLACES).filter(|place| !OWN_PLACES.contains(place)).collect();
    places.sort_unstable();
    places.dedup();
    for place in places {
        let path = Path::new(place);
        let result = match fs::metadata(path) {
            Err(error) => AttemptResult::Refused(errno_name(&error)),
            Ok(metadata) if metadata.is_dir() => from_io(make_file(path), "a file was made"),
            // Files of /proc that the engine hides are this device.
            Ok(metadata) if metadata.file_type().is_char_device() && is_null(metadata.rdev()) => continue,
            Ok(_) => from_io(OpenOptions::new().write(true).open(path), "opened for writing"),
        };
        tried(Area::WritablePlaces, place, result);
    }
}

fn make_file(folder: &Path) -> io::Result<()> {
    let path = folder.join("dayfly-probe");
    File::create_new(&path)?;
    fs::remove_file(path)
}

/// Whether a device is `/dev/null` (null(4)).
fn is_null(device: u64) -> bool {
    device == nix::sys::stat::makedev(1, 3)
}

/// Got, if there is anything in it.
fn read(path: &Path) -> AttemptResult {
    let something = || -> io::Result<bool> {
        if fs::metadata(path)?.is_dir() {
            return Ok(fs::read_dir(path)?.next().is_some());
        }
        Ok(File::open(path)?.read(&mut [0; 64])? > 0)
    };
    match something() {
        Ok(true) => AttemptResult::Got("it could be read".into()),
        Ok(false) => AttemptResult::Refused("it is empty".into()),
        Err(error) => AttemptResult::Refused(errno_name(&error)),
    }
}

/// The kernel shows zeros to those who must not know.
fn kernel_addresses() -> AttemptResult {
    match fs::read_to_string("/proc/kallsyms") {
        Err(error) => AttemptResult::Refused(errno_name(&error)),
        Ok(text) => {
            let address = |line: &str| u64::from_str_radix(line.split(' ').next().unwrap_or_default(), 16);
            // The first symbols are offsets, and small.
            if text.lines().any(|line| address(line).is_ok_and(|address| address > u64::from(u32::MAX))) {
                AttemptResult::Got("they could be read".into())
            } else {
                AttemptResult::Refused("they are zeros".into())
            }
        }
    }
}
