//! How a container is confined.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DeviceMapping, DeviceRequest, Mount, PortBinding, is_false, null_default};

/// The part of a container's configuration that depends on the host: limits, confinement, mounts.
///
/// It is the same in the request that creates a container and in the reply that shows one, so the two can be
/// compared. Where a field is an [`Option`], `None` leaves the choice to the engine; a shown configuration has the
/// engine's own value there, such as 0 for no limit.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct HostConfig {
    /// Remove the container when it exits.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub auto_remove: bool,
    /// Host folders and volumes, as in `/host:/container:ro`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub binds: Vec<String>,
    /// Capabilities beyond the default set, as in `NET_ADMIN`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub cap_add: Vec<String>,
    /// Capabilities out of the default set, or `ALL`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub cap_drop: Vec<String>,
    /// The cgroup the container's own is made in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_parent: Option<String>,
    /// The cgroup namespace: `private` or `host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroupns_mode: Option<String>,
    /// The weight against other containers where there is not enough CPU for all; 1024 is the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_shares: Option<i64>,
    /// The CPUs to run on, as in `0-2,7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset_cpus: Option<String>,
    /// Groups the process is in beyond its own.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub group_add: Vec<String>,
    /// Run an init of the engine's that reaps and passes signals on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<bool>,
    /// System V and POSIX IPC: `none`, `private`, `shareable`, `host` or `container:<id>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipc_mode: Option<String>,
    /// What happens to the output besides attached clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_config: Option<LogConfig>,
    /// Paths that are hidden; an empty list hides none, `None` the engine's default list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked_paths: Option<Vec<String>>,
    /// Memory limit in bytes, the page cache and tmpfs included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i64>,
    /// Limit of memory and swap together in bytes; equal to `memory` is no swap, -1 is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_swap: Option<i64>,
    /// How readily memory is swapped out, from 0 to 100; only with cgroup v1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_swappiness: Option<i64>,
    /// Mounts.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// CPU limit in billionths of a CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nano_cpus: Option<i64>,
    /// The network: `none`, `bridge`, `host`, `container:<id>` or a network's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    /// How readily the kernel picks the container when memory runs out, from -1000 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i64>,
    /// The PID namespace: `host`, `container:<id>`, or its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid_mode: Option<String>,
    /// How many processes and threads there may be; 0 or -1 is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids_limit: Option<i64>,
    /// Give the container the run of the host.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub privileged: bool,
    /// Paths that are read-only; an empty list is none, `None` the engine's default list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readonly_paths: Option<Vec<String>>,
    /// Mount the root file system read-only.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub readonly_rootfs: bool,
    /// The OCI runtime, as in `runc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// Options of the security modules, as in `no-new-privileges` or `seccomp={...}`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub security_opt: Vec<String>,
    /// Size of `/dev/shm` in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shm_size: Option<i64>,
    /// Options of the storage driver, as in `size` of `10G`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub storage_opt: BTreeMap<String, String>,
    /// Kernel parameters of the container's namespaces.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// File systems in memory: path to mount options, as in `size=16m,nosuid,nodev,noexec`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub tmpfs: BTreeMap<String, String>,
    /// Limits of each process.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub ulimits: Vec<Ulimit>,
    /// The user namespace: `host`, or the engine's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userns_mode: Option<String>,
    /// The UTS namespace: `host`, or its own.
    #[serde(rename = "UTSMode", skip_serializing_if = "Option::is_none")]
    pub uts_mode: Option<String>,
    /// The weight against other containers where there is not enough disk for all, from 10 to 1000; 0 is the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blkio_weight: Option<u16>,
    /// The period of the CPU limit, in microseconds; with `cpu_quota`, instead of `nano_cpus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_period: Option<i64>,
    /// The CPU time in each period, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_quota: Option<i64>,
    /// The memory nodes to use, as in `0-2,7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset_mems: Option<String>,
    /// Rules for devices, as in `c 1:3 r`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub device_cgroup_rules: Vec<String>,
    /// Devices that a driver gives.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub device_requests: Vec<DeviceRequest>,
    /// Devices of the host.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceMapping>,
    /// Name servers.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<String>,
    /// Options of the resolver.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub dns_options: Vec<String>,
    /// Domains that short names are looked up in.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub dns_search: Vec<String>,
    /// Names that it can look up, as in `name:192.0.2.1`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub extra_hosts: Vec<String>,
    /// What it is held to when memory runs short, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_reservation: Option<i64>,
    /// Let processes wait instead of killing one when memory runs out; only with cgroup v1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_kill_disable: Option<bool>,
    /// Where its ports are to be found on the host, by port, as in `80/tcp`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub port_bindings: BTreeMap<String, Option<Vec<PortBinding>>>,
    /// Give every port it listens on a port of the host.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub publish_all_ports: bool,
    /// When the engine starts it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<RestartPolicy>,
    /// Containers whose volumes are mounted too, as in `name:ro`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub volumes_from: Vec<String>,
}

/// What happens to a container's output besides attached clients.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct LogConfig {
    /// The driver, as in `json-file` or `none`.
    #[serde(rename = "Type", deserialize_with = "null_default")]
    pub driver: String,
    /// The driver's options.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
}

/// A limit of each process.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Ulimit {
    /// The name without `RLIMIT_`, in lowercase, as in `nofile`.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// The soft limit, in the limit's own unit; -1 is none.
    #[serde(deserialize_with = "null_default")]
    pub soft: i64,
    /// The hard limit; -1 is none.
    #[serde(deserialize_with = "null_default")]
    pub hard: i64,
}

/// When the engine starts a container again that has exited.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct RestartPolicy {
    /// `no`, `always`, `unless-stopped` or `on-failure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How often at most, for `on-failure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_retry_count: Option<i64>,
}
