//! Containers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Empty, Health, HealthConfig, HostConfig, NetworkSettings, NetworkingConfig, PortSummary, RestartPolicy,
    is_false, null_default,
};
use crate::names::{ContainerId, ExecId};

/// The container to be created. Without a command, an entrypoint or an environment, the image's own are used.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ContainerCreateBody {
    /// The image, by name or id.
    #[serde(deserialize_with = "null_default")]
    pub image: String,
    /// The host name; the short id if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Who the process runs as, as in `1000:1000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Says in the configuration that a client will attach to the input. Attaching works without it.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub attach_stdin: bool,
    /// As `attach_stdin`, for the output.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub attach_stdout: bool,
    /// As `attach_stdin`, for the error output.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub attach_stderr: bool,
    /// Give the process an input that stays open; otherwise it reads its end at once.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub open_stdin: bool,
    /// End the input when the first attached client half-closes or goes away.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub stdin_once: bool,
    /// Give the process a terminal.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub tty: bool,
    /// Variables, as in `NAME=value`, on top of the image's.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The command, or the arguments of the entrypoint.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// The program; one empty string means none, not even the image's.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// The working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// Labels.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Have no network at all.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub network_disabled: bool,
    /// The signal of [`Client::container_stop`](crate::Client::container_stop), as in `SIGTERM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// The grace of [`Client::container_stop`](crate::Client::container_stop), in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<i64>,
    /// The domain of the host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domainname: Option<String>,
    /// Ports that are listened on, as in `80/tcp`, on top of the image's.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub exposed_ports: BTreeMap<String, Empty>,
    /// How the engine finds out whether it is well; the image's own way if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<HealthConfig>,
    /// Paths that get a volume without a name each, on top of the image's.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub volumes: BTreeMap<String, Empty>,
    /// Limits, confinement, mounts.
    #[serde(deserialize_with = "null_default")]
    pub host_config: HostConfig,
    /// The networks, and its place in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub networking_config: Option<NetworkingConfig>,
}

/// The container that was created.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerCreateResponse {
    /// Its id.
    pub id: ContainerId,
    /// What the engine did not like or could not do.
    #[serde(default, deserialize_with = "null_default")]
    pub warnings: Vec<String>,
}

/// All about one container.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerInspectResponse {
    /// Its id.
    pub id: ContainerId,
    /// Its name, with a slash before it.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
    /// When it was created, in RFC 3339.
    #[serde(default, deserialize_with = "null_default")]
    pub created: String,
    /// The id of its image.
    #[serde(default, deserialize_with = "null_default")]
    pub image: String,
    /// What it is doing.
    #[serde(default, deserialize_with = "null_default")]
    pub state: ContainerState,
    /// How it is made.
    #[serde(default, deserialize_with = "null_default")]
    pub config: ContainerConfig,
    /// How it is confined.
    #[serde(default, deserialize_with = "null_default")]
    pub host_config: HostConfig,
    /// What is mounted into it.
    #[serde(default, deserialize_with = "null_default")]
    pub mounts: Vec<MountPoint>,
    /// The program.
    #[serde(default, deserialize_with = "null_default")]
    pub path: String,
    /// Its arguments.
    #[serde(default, deserialize_with = "null_default")]
    pub args: Vec<String>,
    /// How often the engine has started it again.
    #[serde(default, deserialize_with = "null_default")]
    pub restart_count: i64,
    /// The storage driver.
    #[serde(default, deserialize_with = "null_default")]
    pub driver: String,
    /// As in `linux`.
    #[serde(default, deserialize_with = "null_default")]
    pub platform: String,
    /// The file of the host its log driver writes, if it writes one.
    #[serde(default, deserialize_with = "null_default")]
    pub log_path: String,
    /// Further processes in it that run.
    #[serde(rename = "ExecIDs")]
    pub exec_ids: Option<Vec<ExecId>>,
    /// The networks it is in.
    #[serde(default, deserialize_with = "null_default")]
    pub network_settings: NetworkSettings,
}

/// What a container is doing.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerState {
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    #[serde(deserialize_with = "null_default")]
    pub status: String,
    /// Whether it runs; true while it is paused.
    #[serde(deserialize_with = "null_default")]
    pub running: bool,
    /// Whether it is paused.
    #[serde(deserialize_with = "null_default")]
    pub paused: bool,
    /// Whether the kernel killed a process of it because memory ran out. Engines miss some of these.
    #[serde(rename = "OOMKilled", deserialize_with = "null_default")]
    pub oom_killed: bool,
    /// The host's id of the main process; 0 when it does not run.
    #[serde(deserialize_with = "null_default")]
    pub pid: i64,
    /// How the main process ended; above 128 for 128 plus the signal.
    #[serde(deserialize_with = "null_default")]
    pub exit_code: i64,
    /// Why it could not be started.
    #[serde(deserialize_with = "null_default")]
    pub error: String,
    /// When it was last started, in RFC 3339; of the year 1 if never.
    #[serde(deserialize_with = "null_default")]
    pub started_at: String,
    /// When it last exited, in RFC 3339; of the year 1 if never. For a process of a few milliseconds it may lie before
    /// `started_at`.
    #[serde(deserialize_with = "null_default")]
    pub finished_at: String,
    /// Whether the engine is about to start it again.
    #[serde(deserialize_with = "null_default")]
    pub restarting: bool,
    /// Whether it could not be removed as a whole.
    #[serde(deserialize_with = "null_default")]
    pub dead: bool,
    /// Whether it is well, if it has a test for that.
    pub health: Option<Health>,
}

/// How a container is made.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerConfig {
    /// The host name.
    #[serde(deserialize_with = "null_default")]
    pub hostname: String,
    /// Who the process runs as.
    #[serde(deserialize_with = "null_default")]
    pub user: String,
    /// Whether the process has an input that stays open.
    #[serde(deserialize_with = "null_default")]
    pub open_stdin: bool,
    /// Whether the input ends with its first attached client.
    #[serde(deserialize_with = "null_default")]
    pub stdin_once: bool,
    /// Whether the process has a terminal.
    #[serde(deserialize_with = "null_default")]
    pub tty: bool,
    /// Variables, as in `NAME=value`.
    #[serde(deserialize_with = "null_default")]
    pub env: Vec<String>,
    /// The command, or the arguments of the entrypoint.
    #[serde(deserialize_with = "null_default")]
    pub cmd: Vec<String>,
    /// The program.
    #[serde(deserialize_with = "null_default")]
    pub entrypoint: Vec<String>,
    /// The image as it was asked for.
    #[serde(deserialize_with = "null_default")]
    pub image: String,
    /// The working directory.
    #[serde(deserialize_with = "null_default")]
    pub working_dir: String,
    /// Labels, the image's included.
    #[serde(deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
    /// The domain of the host name.
    #[serde(deserialize_with = "null_default")]
    pub domainname: String,
    /// Ports that are listened on, as in `80/tcp`.
    #[serde(deserialize_with = "null_default")]
    pub exposed_ports: BTreeMap<String, Empty>,
    /// How the engine finds out whether it is well.
    pub healthcheck: Option<HealthConfig>,
    /// Paths that have a volume without a name each.
    #[serde(deserialize_with = "null_default")]
    pub volumes: BTreeMap<String, Empty>,
    /// The signal that stops it.
    pub stop_signal: Option<String>,
    /// The grace of a stop, in seconds.
    pub stop_timeout: Option<i64>,
}

/// Something mounted into a container.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MountPoint {
    /// `bind`, `volume`, `tmpfs`, ...
    #[serde(rename = "Type", deserialize_with = "null_default")]
    pub mount_type: String,
    /// The name of the volume, if it is one.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// The path on the host.
    #[serde(deserialize_with = "null_default")]
    pub source: String,
    /// The path inside the container.
    #[serde(deserialize_with = "null_default")]
    pub destination: String,
    /// Whether the container may write to it.
    #[serde(rename = "RW", deserialize_with = "null_default")]
    pub rw: bool,
    /// The driver of the volume, if it is one.
    #[serde(deserialize_with = "null_default")]
    pub driver: String,
    /// The options it was mounted with, as in `z`.
    #[serde(deserialize_with = "null_default")]
    pub mode: String,
    /// How mounts below it go over to the host and back, as in `rprivate`.
    #[serde(deserialize_with = "null_default")]
    pub propagation: String,
}

/// A container in a list.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerSummary {
    /// Its id.
    pub id: ContainerId,
    /// Its names, each with a slash before it.
    #[serde(default, deserialize_with = "null_default")]
    pub names: Vec<String>,
    /// Its image as it was asked for.
    #[serde(default, deserialize_with = "null_default")]
    pub image: String,
    /// The id of its image.
    #[serde(rename = "ImageID", default, deserialize_with = "null_default")]
    pub image_id: String,
    /// When it was created, in seconds since 1970.
    #[serde(default, deserialize_with = "null_default")]
    pub created: i64,
    /// Its labels.
    #[serde(default, deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
    /// What it is doing, as in `running`.
    #[serde(default, deserialize_with = "null_default")]
    pub state: String,
    /// The same for people, as in `Up 5 minutes`.
    #[serde(default, deserialize_with = "null_default")]
    pub status: String,
    /// Its command.
    #[serde(default, deserialize_with = "null_default")]
    pub command: String,
    /// Its ports.
    #[serde(default, deserialize_with = "null_default")]
    pub ports: Vec<PortSummary>,
    /// What it has written to its file system, in bytes, if that was asked for.
    pub size_rw: Option<i64>,
    /// All of its file system, in bytes, if that was asked for.
    pub size_root_fs: Option<i64>,
    /// What is mounted into it.
    #[serde(default, deserialize_with = "null_default")]
    pub mounts: Vec<MountPoint>,
}

/// Limits to be changed; what is not set stays.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ContainerUpdateBody {
    /// As [`HostConfig::cpu_shares`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_shares: Option<i64>,
    /// As [`HostConfig::cpuset_cpus`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset_cpus: Option<String>,
    /// As [`HostConfig::memory`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i64>,
    /// As [`HostConfig::memory_swap`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_swap: Option<i64>,
    /// As [`HostConfig::nano_cpus`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nano_cpus: Option<i64>,
    /// As [`HostConfig::pids_limit`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids_limit: Option<i64>,
    /// As [`HostConfig::blkio_weight`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blkio_weight: Option<u16>,
    /// As [`HostConfig::cpu_period`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_period: Option<i64>,
    /// As [`HostConfig::cpu_quota`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_quota: Option<i64>,
    /// As [`HostConfig::cpuset_mems`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset_mems: Option<String>,
    /// As [`HostConfig::memory_reservation`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_reservation: Option<i64>,
    /// As [`HostConfig::restart_policy`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<RestartPolicy>,
}

/// The limits were changed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerUpdateResponse {
    /// What the engine did not like or could not do.
    #[serde(deserialize_with = "null_default")]
    pub warnings: Vec<String>,
}

/// What a wait waited for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerWaitResponse {
    /// How the main process ended; above 128 for 128 plus the signal.
    pub status_code: i64,
    /// Why the wait itself failed.
    pub error: Option<ContainerWaitExitError>,
}

/// Why a wait failed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerWaitExitError {
    /// The engine's words.
    #[serde(deserialize_with = "null_default")]
    pub message: String,
}
