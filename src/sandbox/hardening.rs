//! The container of a sandbox: the whole hardening list, in one place.

use std::collections::BTreeMap;
use std::path::Path;

use bytesize::ByteSize;
use engine_api::{ContainerCreateBody, HostConfig, LogConfig, Mount, MountType, Ulimit, VolumeOptions};

use super::confinement::Confinement;
use super::dialect::Dialect;
use super::link_sockets::LinkSocket;
use super::owner::OWNER_LABEL;
use super::route::Route;

/// User and group of everything in a sandbox.
pub const USER: &str = "10001:10001";
/// Where the files of a run are.
pub const WORK: &str = "/box";
/// Where the volume with the runner's binary is mounted.
const RUNNER_MOUNT: &str = "/dayfly";
/// Where the socket is mounted that its runner connects to: a place in memory, so that no file system is written to for it.
pub const LINK_SOCKET: &str = "/dev/dayfly";
/// The binary in that volume.
pub(super) const RUNNER_FILE: &str = "dayfly";

/// This very binary, as it is called inside.
#[must_use]
pub fn runner_path() -> String {
    format!("{RUNNER_MOUNT}/{RUNNER_FILE}")
}

pub(super) const INSTANCE_LABEL: &str = "dayfly.instance";
const LANGUAGE_LABEL: &str = "dayfly.language";

// File systems of the sandbox are memory: together they stay below half of the memory that it starts with, so that a
// full one is ENOSPC and not an OOM kill.
const WORK_SIZE: ByteSize = ByteSize::mib(64);
const TMP_SIZE: ByteSize = ByteSize::mib(32);
const SHM_SIZE: ByteSize = ByteSize::mib(16);
const WORK_SHARE: u64 = 4;
const TMP_SHARE: u64 = 8;
const SHM_SHARE: u64 = 16;

const OPEN_FILES: i64 = 1024;
/// The runner is among those that are counted, and so are the first process of a world and the fork server, where there are.
const RUNNER: i64 = 1;
const WORLD_FIRST: i64 = 1;
const FORK_SERVER: i64 = 1;
/// High, so that the host's own processes outlive the sandbox; below the 1000 of the runner's children.
const OOM_SCORE_ADJ: i64 = 500;
const ONE_CPU: i64 = 1_000_000_000;

/// What differs from one sandbox to the next.
#[derive(Clone, Debug)]
pub struct SandboxSpec {
    /// The image's id, never a tag.
    pub image: String,
    /// The key of the language, for people who look at the engine.
    pub language: String,
    /// The memory limit at the start.
    pub memory: ByteSize,
    /// Processes and threads at a time.
    pub processes: u32,
    /// Whether 32-bit system calls are open.
    pub ia32: bool,
}

impl SandboxSpec {
    /// Whether a sandbox that was made so can serve where this one is asked for, once its limits are changed: it is of the
    /// same image, and its file systems have the same sizes, which stay as they are.
    #[must_use]
    pub fn can_be_served_by(&self, other: &Self) -> bool {
        let sizes = |memory| {
            [(WORK_SHARE, WORK_SIZE), (TMP_SHARE, TMP_SIZE), (SHM_SHARE, SHM_SIZE)]
                .map(|(part, most)| share(memory, part, most))
        };
        self.image == other.image && self.ia32 == other.ia32 && sizes(self.memory) == sizes(other.memory)
    }
}

/// What all sandboxes of this process share.
#[derive(Debug)]
pub(super) struct Common<'a> {
    pub(super) instance: &'a str,
    pub(super) owner: &'a str,
    pub(super) runner_volume: &'a str,
    pub(super) confinement: &'a Confinement,
    pub(super) dialect: &'a Dialect,
    /// Whether the host seems to permit worlds.
    pub(super) has_worlds: bool,
}

/// What is mounted into a sandbox, both read-only: the runner, and the socket.
fn mounts(common: &Common<'_>, socket: Option<&Path>) -> Vec<Mount> {
    let runner = Mount {
        mount_type: MountType::Volume,
        source: common.runner_volume.into(),
        target: RUNNER_MOUNT.into(),
        read_only: true,
        volume_options: Some(VolumeOptions { no_copy: true, ..VolumeOptions::default() }),
        ..Mount::default()
    };
    let socket = socket.map(|path| Mount {
        mount_type: MountType::Bind,
        source: path.display().to_string(),
        target: LINK_SOCKET.into(),
        read_only: true,
        ..Mount::default()
    });
    [runner].into_iter().chain(socket).collect()
}

pub(super) fn container(spec: &SandboxSpec, common: &Common<'_>, route: &Route) -> ContainerCreateBody {
    let (socket, attaches) = (route.socket().map(LinkSocket::path_on_host), route.attaches());
    let apparmor = common.confinement.apparmor_profile.as_ref().map(|profile| format!("apparmor={profile}"));
    let security_opt = ["no-new-privileges".to_owned(), common.dialect.seccomp(spec.ia32)];
    ContainerCreateBody {
        image: spec.image.clone(),
        hostname: Some("sandbox".into()),
        user: Some(USER.into()),
        entrypoint: [runner_path(), "runner".into(), WORK.into()]
            .into_iter()
            .chain(socket.map(|_| LINK_SOCKET.to_owned()))
            .collect(),
        working_dir: Some(WORK.into()),
        network_disabled: true,
        open_stdin: attaches,
        // The end of the link is the end of the runner's input: a server that dies leaves nothing behind.
        stdin_once: attaches,
        attach_stdin: attaches,
        attach_stdout: attaches,
        attach_stderr: attaches,
        labels: BTreeMap::from([
            (INSTANCE_LABEL.into(), common.instance.into()),
            (OWNER_LABEL.into(), common.owner.into()),
            (LANGUAGE_LABEL.into(), spec.language.clone()),
        ]),
        host_config: HostConfig {
            memory: Some(bytes(spec.memory)),
            memory_swap: Some(bytes(spec.memory)),
            nano_cpus: Some(ONE_CPU),
            pids_limit: Some(pids_limit(spec.processes, common.has_worlds, false)),
            oom_score_adj: Some(OOM_SCORE_ADJ),
            network_mode: Some("none".into()),
            ipc_mode: Some("private".into()),
            cgroupns_mode: Some("private".into()),
            cap_drop: vec!["ALL".into()],
            security_opt: security_opt.into_iter().chain(apparmor).collect(),
            privileged: false,
            readonly_rootfs: true,
            tmpfs: [
                (WORK.into(), common.dialect.tmpfs(share(spec.memory, WORK_SHARE, WORK_SIZE), "exec")),
                ("/tmp".into(), common.dialect.tmpfs(share(spec.memory, TMP_SHARE, TMP_SIZE), "noexec")),
            ]
            .into_iter()
            .chain(common.dialect.closed())
            .collect(),
            shm_size: Some(bytes(share(spec.memory, SHM_SHARE, SHM_SIZE))),
            mounts: mounts(common, socket),
            ulimits: vec![
                ulimit("nofile", OPEN_FILES),
                ulimit("fsize", bytes(WORK_SIZE)),
                ulimit("core", 0),
                // POSIX message queues are counted per user over all containers: one run could use up everybody's.
                ulimit("msgqueue", 0),
            ],
            log_config: Some(LogConfig { driver: "none".into(), ..LogConfig::default() }),
            auto_remove: true,
            runtime: common.confinement.runtime.clone(),
            ..HostConfig::default()
        },
        ..ContainerCreateBody::default()
    }
}

/// The engine's limit for this many processes and threads of the stages.
pub(super) fn pids_limit(processes: u32, has_worlds: bool, has_fork_server: bool) -> i64 {
    i64::from(processes)
        + RUNNER
        + i64::from(has_worlds) * WORLD_FIRST
        + i64::from(has_fork_server) * FORK_SERVER
}

/// The size of a file system: one part in `share` of the memory, and never more than `most`.
fn share(memory: ByteSize, share: u64, most: ByteSize) -> ByteSize {
    most.min(ByteSize::b(memory.as_u64() / share))
}

fn ulimit(name: &str, value: i64) -> Ulimit {
    Ulimit { name: name.into(), soft: value, hard: value }
}

/// Sizes go to the engine as signed numbers; limits are checked to be far below the sign.
pub(super) fn bytes(size: ByteSize) -> i64 {
    i64::try_from(size.as_u64()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{LEAST_RUN_MEMORY, Limits};

    #[test]
    fn full_file_systems_leave_room_for_the_program() {
        for memory in [LEAST_RUN_MEMORY, ByteSize::mib(64), Limits::RUN.memory, ByteSize::gib(4)] {
            let sizes = [(WORK_SHARE, WORK_SIZE), (TMP_SHARE, TMP_SIZE), (SHM_SHARE, SHM_SIZE)];
            let file_systems: u64 =
                sizes.iter().map(|(part, most)| share(memory, *part, *most).as_u64()).sum();
            assert!(file_systems < memory.as_u64() / 2, "{memory}");
        }
    }

    #[test]
    fn the_usual_memory_has_the_whole_sizes() {
        assert_eq!(share(Limits::RUN.memory, WORK_SHARE, WORK_SIZE), WORK_SIZE);
        assert_eq!(share(Limits::RUN.memory, TMP_SHARE, TMP_SIZE), TMP_SIZE);
        assert_eq!(share(Limits::RUN.memory, SHM_SHARE, SHM_SIZE), SHM_SIZE);
    }
}
