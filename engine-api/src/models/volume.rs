//! Volumes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::null_default;

/// The volume to be created.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct VolumeCreateOptions {
    /// Its name; the engine makes one up if it is empty.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its driver; `local` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// The driver's options.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
    /// Labels.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// A volume.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Volume {
    /// Its name.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// Its driver.
    #[serde(deserialize_with = "null_default")]
    pub driver: String,
    /// The path on the host.
    #[serde(deserialize_with = "null_default")]
    pub mountpoint: String,
    /// When it was created, in RFC 3339.
    #[serde(deserialize_with = "null_default")]
    pub created_at: String,
    /// Its labels.
    #[serde(deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
    /// The driver's options.
    #[serde(deserialize_with = "null_default")]
    pub options: BTreeMap<String, String>,
    /// `local` or `global`.
    #[serde(deserialize_with = "null_default")]
    pub scope: String,
    /// What it takes on the disk, where that was asked for.
    pub usage_data: Option<VolumeUsageData>,
}

/// A list of volumes.
#[derive(Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct VolumeListResponse {
    #[serde(deserialize_with = "null_default")]
    pub(crate) volumes: Vec<Volume>,
}

/// What a volume takes on the disk.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct VolumeUsageData {
    /// In bytes; -1 if that was not measured.
    #[serde(deserialize_with = "null_default")]
    pub size: i64,
    /// How many containers use it; -1 if they were not counted.
    #[serde(deserialize_with = "null_default")]
    pub ref_count: i64,
}
