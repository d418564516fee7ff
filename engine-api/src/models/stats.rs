//! What a container uses.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::null_default;

/// What a container uses, read at one time. All counters begin with the container.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerStatsResponse {
    /// The id of the container; Docker Engine 26.1 leaves it empty in a reading made alone.
    #[serde(deserialize_with = "null_default")]
    pub id: String,
    /// Its name, with a slash before it.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// When it was read, in RFC 3339; of the year 1 if the container does not run.
    #[serde(deserialize_with = "null_default")]
    pub read: String,
    /// When the reading before was made; of the year 1 if there is none.
    #[serde(deserialize_with = "null_default")]
    pub preread: String,
    /// CPU time.
    #[serde(deserialize_with = "null_default")]
    pub cpu_stats: ContainerCpuStats,
    /// CPU time at the reading before: the difference is the present load.
    #[serde(deserialize_with = "null_default")]
    pub precpu_stats: ContainerCpuStats,
    /// Memory.
    #[serde(deserialize_with = "null_default")]
    pub memory_stats: ContainerMemoryStats,
    /// Processes.
    #[serde(deserialize_with = "null_default")]
    pub pids_stats: ContainerPidsStats,
    /// Disks.
    #[serde(deserialize_with = "null_default")]
    pub blkio_stats: ContainerBlkioStats,
    /// Networks, by interface; none where there is no network.
    #[serde(deserialize_with = "null_default")]
    pub networks: BTreeMap<String, ContainerNetworkStats>,
}

/// CPU time.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerCpuStats {
    /// What the container has used.
    #[serde(deserialize_with = "null_default")]
    pub cpu_usage: ContainerCpuUsage,
    /// What the whole host has used, all CPUs together, in nanoseconds.
    pub system_cpu_usage: Option<u64>,
    /// How many CPUs the host has.
    pub online_cpus: Option<u64>,
    /// How often the CPU limit held it back.
    #[serde(deserialize_with = "null_default")]
    pub throttling_data: ContainerThrottlingData,
}

/// CPU time of a container, in nanoseconds.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerCpuUsage {
    /// All of it.
    #[serde(deserialize_with = "null_default")]
    pub total_usage: u64,
    /// In the kernel.
    #[serde(deserialize_with = "null_default")]
    pub usage_in_kernelmode: u64,
    /// In the program.
    #[serde(deserialize_with = "null_default")]
    pub usage_in_usermode: u64,
    /// By CPU; empty with cgroup v2.
    #[serde(deserialize_with = "null_default")]
    pub percpu_usage: Vec<u64>,
}

/// How a CPU limit held a container back.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerThrottlingData {
    /// How many periods of the limit there were.
    #[serde(deserialize_with = "null_default")]
    pub periods: u64,
    /// In how many of them it was held back.
    #[serde(deserialize_with = "null_default")]
    pub throttled_periods: u64,
    /// For how long, in nanoseconds.
    #[serde(deserialize_with = "null_default")]
    pub throttled_time: u64,
}

/// Memory of a container. Only the first two are there with cgroup v2.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerMemoryStats {
    /// What it uses, in bytes, the page cache included.
    pub usage: Option<u64>,
    /// The limit, in bytes; the host's memory if there is none.
    pub limit: Option<u64>,
    /// The most it used, in bytes.
    pub max_usage: Option<u64>,
    /// How often it ran into the limit.
    pub failcnt: Option<u64>,
    /// The fields of `memory.stat`, which depend on the version of cgroups.
    #[serde(deserialize_with = "null_default")]
    pub stats: BTreeMap<String, u64>,
}

/// Processes and threads of a container.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerPidsStats {
    /// How many there are.
    pub current: Option<u64>,
    /// How many there may be; 0 or very large for no limit.
    pub limit: Option<u64>,
}

/// Disks as a container uses them. Only the first is there with cgroup v2.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerBlkioStats {
    /// Bytes, by device and direction.
    #[serde(deserialize_with = "null_default")]
    pub io_service_bytes_recursive: Vec<ContainerBlkioStatEntry>,
    /// Operations, by device and direction.
    #[serde(deserialize_with = "null_default")]
    pub io_serviced_recursive: Vec<ContainerBlkioStatEntry>,
}

/// A counter of one device.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerBlkioStatEntry {
    /// The major number of the device.
    #[serde(deserialize_with = "null_default")]
    pub major: u64,
    /// The minor number of the device.
    #[serde(deserialize_with = "null_default")]
    pub minor: u64,
    /// The direction, as in `Read`.
    #[serde(deserialize_with = "null_default")]
    pub op: String,
    /// The counter.
    #[serde(deserialize_with = "null_default")]
    pub value: u64,
}

/// One network interface of a container.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ContainerNetworkStats {
    /// Bytes received.
    #[serde(deserialize_with = "null_default")]
    pub rx_bytes: u64,
    /// Packets received.
    #[serde(deserialize_with = "null_default")]
    pub rx_packets: u64,
    /// Broken packets received.
    #[serde(deserialize_with = "null_default")]
    pub rx_errors: u64,
    /// Packets received and dropped.
    #[serde(deserialize_with = "null_default")]
    pub rx_dropped: u64,
    /// Bytes sent.
    #[serde(deserialize_with = "null_default")]
    pub tx_bytes: u64,
    /// Packets sent.
    #[serde(deserialize_with = "null_default")]
    pub tx_packets: u64,
    /// Packets that could not be sent.
    #[serde(deserialize_with = "null_default")]
    pub tx_errors: u64,
    /// Packets dropped instead of sent.
    #[serde(deserialize_with = "null_default")]
    pub tx_dropped: u64,
}
