//! What goes into requests and comes out of replies, named as in the API's definition.
//!
//! Only fields that are of use are here. A request leaves out what is not set. A reply may lack a field, may have
//! null for any list, map or text, and may have more than is known here: engines do all three.
//!
//! Types of replies are `#[non_exhaustive]`. Types of requests are not, so that they can be written down: end them with
//! `..Default::default()`, since fields will be added.

mod container;
mod data_usage;
mod device;
mod event;
mod exec;
mod filesystem;
mod health;
mod host_config;
mod image;
mod mount;
mod network;
mod prune;
mod registry;
mod stats;
mod system;
mod volume;

pub use container::{
    ContainerConfig, ContainerCreateBody, ContainerCreateResponse, ContainerInspectResponse, ContainerState,
    ContainerSummary, ContainerUpdateBody, ContainerUpdateResponse, ContainerWaitExitError,
    ContainerWaitResponse, MountPoint,
};
pub use data_usage::{BuildCache, DiskUsage, SystemDataUsageResponse};
pub use device::{DeviceMapping, DeviceRequest};
pub use event::{EventActor, EventMessage};
pub use exec::{ExecConfig, ExecInspectResponse, ProcessConfig};
pub(crate) use exec::{ExecStartConfig, IdResponse};
pub use filesystem::{ChangeKind, ContainerTopResponse, FilesystemChange, PathStat};
pub use health::{Health, HealthConfig, HealthcheckResult};
pub use host_config::{HostConfig, LogConfig, RestartPolicy, Ulimit};
pub use image::{
    ImageConfig, ImageDeleteResponseItem, ImageHistoryResponseItem, ImageInspect, ImageSummary, RootFs,
};
pub use mount::{BindOptions, Mount, MountType, TmpfsOptions, VolumeDriverConfig, VolumeOptions};
pub use network::{
    EndpointIpamConfig, EndpointSettings, Ipam, IpamConfig, Network, NetworkContainer, NetworkCreateRequest,
    NetworkCreateResponse, NetworkSettings, NetworkingConfig, PortBinding, PortSummary,
};
pub(crate) use network::{NetworkConnectRequest, NetworkDisconnectRequest};
pub use prune::{
    BuildPruneResponse, ContainerPruneResponse, ImagePruneResponse, NetworkPruneResponse, VolumePruneResponse,
};
pub use registry::{AuthConfig, AuthResponse, ImageSearchResponseItem};
pub use stats::{
    ContainerBlkioStatEntry, ContainerBlkioStats, ContainerCpuStats, ContainerCpuUsage, ContainerMemoryStats,
    ContainerNetworkStats, ContainerPidsStats, ContainerStatsResponse, ContainerThrottlingData,
};
pub use system::{Ping, Runtime, SystemInfo, SystemVersion};
pub(crate) use volume::VolumeListResponse;
pub use volume::{Volume, VolumeCreateOptions, VolumeUsageData};

use serde::{Deserialize, Deserializer, Serialize};

/// An object without fields: the API has sets as maps to these.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Empty {}

/// Reads null as the default.
pub(crate) fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls it with")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests;
