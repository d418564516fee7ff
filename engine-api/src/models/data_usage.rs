//! What the engine takes on the disk.

use serde::Deserialize;

use super::{ContainerSummary, ImageSummary, Volume, null_default};

/// What the engine takes on the disk. Before API 1.52 each thing is listed; from then on there are sums.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SystemDataUsageResponse {
    /// All layers of images together, in bytes; before API 1.53.
    pub layers_size: Option<i64>,
    /// Images; before API 1.53.
    #[serde(deserialize_with = "null_default")]
    pub images: Vec<ImageSummary>,
    /// Containers, their sizes included; before API 1.53.
    #[serde(deserialize_with = "null_default")]
    pub containers: Vec<ContainerSummary>,
    /// Volumes, their sizes included; before API 1.53.
    #[serde(deserialize_with = "null_default")]
    pub volumes: Vec<Volume>,
    /// Build caches; before API 1.53.
    #[serde(deserialize_with = "null_default")]
    pub build_cache: Vec<BuildCache>,
    /// Images in all; from API 1.52.
    pub image_usage: Option<DiskUsage>,
    /// Containers in all; from API 1.52.
    pub container_usage: Option<DiskUsage>,
    /// Volumes in all; from API 1.52.
    pub volume_usage: Option<DiskUsage>,
    /// Build caches in all; from API 1.52.
    pub build_cache_usage: Option<DiskUsage>,
}

/// What things of one kind take on the disk.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct DiskUsage {
    /// How many are in use.
    #[serde(deserialize_with = "null_default")]
    pub active_count: i64,
    /// How many there are.
    #[serde(deserialize_with = "null_default")]
    pub total_count: i64,
    /// How many bytes a prune would free.
    #[serde(deserialize_with = "null_default")]
    pub reclaimable: i64,
    /// How many bytes they take.
    #[serde(deserialize_with = "null_default")]
    pub total_size: i64,
}

/// What is kept of a build for later ones.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct BuildCache {
    /// Its id.
    #[serde(rename = "ID", deserialize_with = "null_default")]
    pub id: String,
    /// As in `regular`.
    #[serde(rename = "Type", deserialize_with = "null_default")]
    pub cache_type: String,
    /// Which step it is of.
    #[serde(deserialize_with = "null_default")]
    pub description: String,
    /// Whether a build uses it.
    #[serde(deserialize_with = "null_default")]
    pub in_use: bool,
    /// Whether it shares its data.
    #[serde(deserialize_with = "null_default")]
    pub shared: bool,
    /// Its size in bytes.
    #[serde(deserialize_with = "null_default")]
    pub size: i64,
    /// When it was made, in RFC 3339.
    #[serde(deserialize_with = "null_default")]
    pub created_at: String,
    /// When it was last used, in RFC 3339.
    pub last_used_at: Option<String>,
    /// How often it was used.
    #[serde(deserialize_with = "null_default")]
    pub usage_count: i64,
}
