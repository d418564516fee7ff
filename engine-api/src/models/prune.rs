//! What a prune has removed.

use serde::Deserialize;

use super::{ImageDeleteResponseItem, null_default};

/// Containers that were removed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerPruneResponse {
    /// Their ids.
    #[serde(deserialize_with = "null_default")]
    pub containers_deleted: Vec<String>,
    /// Bytes of the disk that are free now.
    #[serde(deserialize_with = "null_default")]
    pub space_reclaimed: i64,
}

/// Images that were removed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ImagePruneResponse {
    /// Each step.
    #[serde(deserialize_with = "null_default")]
    pub images_deleted: Vec<ImageDeleteResponseItem>,
    /// Bytes of the disk that are free now.
    #[serde(deserialize_with = "null_default")]
    pub space_reclaimed: i64,
}

/// Volumes that were removed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct VolumePruneResponse {
    /// Their names.
    #[serde(deserialize_with = "null_default")]
    pub volumes_deleted: Vec<String>,
    /// Bytes of the disk that are free now.
    #[serde(deserialize_with = "null_default")]
    pub space_reclaimed: i64,
}

/// Networks that were removed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct NetworkPruneResponse {
    /// Their names.
    #[serde(deserialize_with = "null_default")]
    pub networks_deleted: Vec<String>,
}

/// Build caches that were removed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct BuildPruneResponse {
    /// Their ids.
    #[serde(deserialize_with = "null_default")]
    pub caches_deleted: Vec<String>,
    /// Bytes of the disk that are free now.
    #[serde(deserialize_with = "null_default")]
    pub space_reclaimed: i64,
}
