//! The engine and its host.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::null_default;
use crate::version::ApiVersion;

/// The answer to a ping.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Ping {
    /// The newest version of the API the engine speaks.
    pub api_version: ApiVersion,
    /// The system of the containers, as in `linux`.
    pub os_type: Option<String>,
    /// The engine and its version, as in `Docker/20.10.24 (linux)`.
    pub server: Option<String>,
    /// The image builder the engine would rather use: `1` is the classic one, `2` BuildKit.
    pub builder_version: Option<String>,
}

/// Versions of the engine and its API.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SystemVersion {
    /// The newest version of the API the engine speaks.
    pub api_version: ApiVersion,
    /// The oldest version of the API the engine speaks.
    #[serde(rename = "MinAPIVersion")]
    pub min_api_version: ApiVersion,
    /// The version of the engine, as in `20.10.24`.
    #[serde(default, deserialize_with = "null_default")]
    pub version: String,
    /// The commit it was built from.
    #[serde(default, deserialize_with = "null_default")]
    pub git_commit: String,
    /// The system, as in `linux`.
    #[serde(default, deserialize_with = "null_default")]
    pub os: String,
    /// As in `amd64`.
    #[serde(default, deserialize_with = "null_default")]
    pub arch: String,
    /// The version of the kernel.
    #[serde(default, deserialize_with = "null_default")]
    pub kernel_version: String,
}

/// What the engine and its host can do.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SystemInfo {
    /// The id of the engine.
    #[serde(rename = "ID", deserialize_with = "null_default")]
    pub id: String,
    /// The name of the host.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// The version of the engine, as in `20.10.24`.
    #[serde(deserialize_with = "null_default")]
    pub server_version: String,
    /// How many containers there are.
    #[serde(deserialize_with = "null_default")]
    pub containers: i64,
    /// How many of them run.
    #[serde(deserialize_with = "null_default")]
    pub containers_running: i64,
    /// How many images there are.
    #[serde(deserialize_with = "null_default")]
    pub images: i64,
    /// The storage driver, as in `overlay2`.
    #[serde(deserialize_with = "null_default")]
    pub driver: String,
    /// The default log driver, as in `json-file`.
    #[serde(deserialize_with = "null_default")]
    pub logging_driver: String,
    /// `cgroupfs`, `systemd` or `none`.
    #[serde(deserialize_with = "null_default")]
    pub cgroup_driver: String,
    /// `1` or `2`.
    #[serde(deserialize_with = "null_default")]
    pub cgroup_version: String,
    /// The version of the kernel.
    #[serde(deserialize_with = "null_default")]
    pub kernel_version: String,
    /// The host's system for people, as in `Debian GNU/Linux 13 (trixie)`.
    #[serde(deserialize_with = "null_default")]
    pub operating_system: String,
    /// The system of the containers, as in `linux`.
    #[serde(rename = "OSType", deserialize_with = "null_default")]
    pub os_type: String,
    /// As in `x86_64`.
    #[serde(deserialize_with = "null_default")]
    pub architecture: String,
    /// How many CPUs there are.
    #[serde(rename = "NCPU", deserialize_with = "null_default")]
    pub ncpu: i64,
    /// How much memory there is, in bytes.
    #[serde(deserialize_with = "null_default")]
    pub mem_total: i64,
    /// Whether the kernel can limit memory.
    #[serde(deserialize_with = "null_default")]
    pub memory_limit: bool,
    /// Whether the kernel can limit swap.
    #[serde(deserialize_with = "null_default")]
    pub swap_limit: bool,
    /// Whether the kernel can limit processes.
    #[serde(deserialize_with = "null_default")]
    pub pids_limit: bool,
    /// Whether the kernel can limit CPU time.
    #[serde(deserialize_with = "null_default")]
    pub cpu_cfs_quota: bool,
    /// The folder the engine keeps its data in.
    #[serde(deserialize_with = "null_default")]
    pub docker_root_dir: String,
    /// The OCI runtimes, by name.
    #[serde(deserialize_with = "null_default")]
    pub runtimes: BTreeMap<String, Runtime>,
    /// The one that is used unless said otherwise.
    #[serde(deserialize_with = "null_default")]
    pub default_runtime: String,
    /// The security modules, as in `name=seccomp,profile=default` or `name=rootless`.
    #[serde(deserialize_with = "null_default")]
    pub security_options: Vec<String>,
    /// What the engine finds wrong with its host.
    #[serde(deserialize_with = "null_default")]
    pub warnings: Vec<String>,
    /// How many of the containers are paused.
    #[serde(deserialize_with = "null_default")]
    pub containers_paused: i64,
    /// How many of the containers do not run.
    #[serde(deserialize_with = "null_default")]
    pub containers_stopped: i64,
    /// The address of the registry of names without a host.
    #[serde(deserialize_with = "null_default")]
    pub index_server_address: String,
    /// Whether the kernel passes packets on, which networks need.
    #[serde(rename = "IPv4Forwarding", deserialize_with = "null_default")]
    pub ipv4_forwarding: bool,
    /// Whether the kernel can limit CPU time by period.
    #[serde(deserialize_with = "null_default")]
    pub cpu_cfs_period: bool,
    /// Whether the kernel can weigh CPU time.
    #[serde(rename = "CPUShares", deserialize_with = "null_default")]
    pub cpu_shares: bool,
    /// Whether the kernel can keep containers to some CPUs.
    #[serde(rename = "CPUSet", deserialize_with = "null_default")]
    pub cpu_set: bool,
    /// Whether the kernel can let processes wait when memory runs out.
    #[serde(deserialize_with = "null_default")]
    pub oom_kill_disable: bool,
    /// Labels of the engine, as in `key=value`.
    #[serde(deserialize_with = "null_default")]
    pub labels: Vec<String>,
    /// Whether experimental features are on.
    #[serde(deserialize_with = "null_default")]
    pub experimental_build: bool,
    /// The init of the engine's, as in `docker-init`.
    #[serde(deserialize_with = "null_default")]
    pub init_binary: String,
}

/// An OCI runtime.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct Runtime {
    /// The program.
    #[serde(deserialize_with = "null_default")]
    pub path: String,
}
