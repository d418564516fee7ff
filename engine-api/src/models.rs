//! What goes into requests and comes out of replies, named as in the API's definition.
//!
//! Only fields that are of use are here. A request leaves out what is not set. A reply may lack a field, may have
//! null for any list, map or text, and may have more than is known here: engines do all three.

mod container;
mod host_config;
mod image;
mod system;
mod volume;

pub use container::{
    ContainerConfig, ContainerCreateBody, ContainerCreateResponse, ContainerInspectResponse, ContainerState,
    ContainerSummary, ContainerUpdateBody, ContainerUpdateResponse, ContainerWaitExitError,
    ContainerWaitResponse, MountPoint,
};
pub use host_config::{HostConfig, LogConfig, Mount, MountType, TmpfsOptions, Ulimit, VolumeOptions};
pub use image::{ImageConfig, ImageDeleteResponseItem, ImageInspect, ImageSummary};
pub use system::{Ping, Runtime, SystemInfo, SystemVersion};
pub(crate) use volume::VolumeListResponse;
pub use volume::{Volume, VolumeCreateOptions};

use serde::{Deserialize, Deserializer};

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
