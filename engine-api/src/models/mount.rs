//! What is mounted into a container.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{is_false, null_default};

/// A mount.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Mount {
    /// What is mounted.
    #[serde(rename = "Type", deserialize_with = "null_default")]
    pub mount_type: MountType,
    /// The name of a volume or a path of the host; for a volume, empty is one without a name.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Where, inside the container.
    #[serde(deserialize_with = "null_default")]
    pub target: String,
    /// Mount it read-only.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// For volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_options: Option<VolumeOptions>,
    /// For file systems in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tmpfs_options: Option<TmpfsOptions>,
    /// For files and folders of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind_options: Option<BindOptions>,
}

/// What is mounted.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum MountType {
    /// A file or folder of the host.
    Bind,
    /// A file system in memory.
    Tmpfs,
    /// A volume.
    #[default]
    Volume,
    /// Another type, by the engine's name for it.
    Other(String),
}

impl From<String> for MountType {
    fn from(name: String) -> Self {
        match name.as_str() {
            "bind" => Self::Bind,
            "tmpfs" => Self::Tmpfs,
            "volume" => Self::Volume,
            _ => Self::Other(name),
        }
    }
}

impl From<MountType> for String {
    fn from(mount_type: MountType) -> Self {
        match mount_type {
            MountType::Bind => "bind".to_owned(),
            MountType::Tmpfs => "tmpfs".to_owned(),
            MountType::Volume => "volume".to_owned(),
            MountType::Other(name) => name,
        }
    }
}

/// Options of a mounted volume.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct VolumeOptions {
    /// Leave an empty volume empty, instead of filling it with what the image has there.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub no_copy: bool,
    /// Labels of a volume that is made for it.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The driver of a volume that is made for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_config: Option<VolumeDriverConfig>,
}

/// Options of a mounted file system in memory.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TmpfsOptions {
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// The mode of its root folder, as in `0o1777`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
}

/// Options of a mounted file or folder of the host.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct BindOptions {
    /// How mounts below it go over to the host and back, as in `rprivate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagation: Option<String>,
    /// Leave out what is mounted below it.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub non_recursive: bool,
}

/// The driver of a volume.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct VolumeDriverConfig {
    /// Its name.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its options.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}
