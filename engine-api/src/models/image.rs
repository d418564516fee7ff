//! Images.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::null_default;

/// All about one image.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
pub struct ImageInspect {
    /// Its id, as in `sha256:...`.
    #[serde(deserialize_with = "null_default")]
    pub id: String,
    /// Its names, as in `name:tag`.
    #[serde(deserialize_with = "null_default")]
    pub repo_tags: Vec<String>,
    /// The id of the image it was built on; empty if it came from elsewhere, and from newer engines.
    #[serde(deserialize_with = "null_default")]
    pub parent: String,
    /// When it was made, in RFC 3339.
    #[serde(deserialize_with = "null_default")]
    pub created: String,
    /// As in `amd64`.
    #[serde(deserialize_with = "null_default")]
    pub architecture: String,
    /// Its size in bytes, all layers included.
    #[serde(deserialize_with = "null_default")]
    pub size: i64,
    /// What its containers have unless told otherwise.
    #[serde(deserialize_with = "null_default")]
    pub config: ImageConfig,
}

/// What the containers of an image have unless told otherwise.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
pub struct ImageConfig {
    /// Who the process runs as.
    #[serde(deserialize_with = "null_default")]
    pub user: String,
    /// Variables, as in `NAME=value`.
    #[serde(deserialize_with = "null_default")]
    pub env: Vec<String>,
    /// The command, or the arguments of the entrypoint.
    #[serde(deserialize_with = "null_default")]
    pub cmd: Vec<String>,
    /// The program.
    #[serde(deserialize_with = "null_default")]
    pub entrypoint: Vec<String>,
    /// The working directory.
    #[serde(deserialize_with = "null_default")]
    pub working_dir: String,
    /// Labels.
    #[serde(deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
}

/// An image in a list.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
pub struct ImageSummary {
    /// Its id, as in `sha256:...`.
    #[serde(deserialize_with = "null_default")]
    pub id: String,
    /// Its names, as in `name:tag`.
    #[serde(deserialize_with = "null_default")]
    pub repo_tags: Vec<String>,
    /// When it was made, in seconds since 1970.
    #[serde(deserialize_with = "null_default")]
    pub created: i64,
    /// Its size in bytes, all layers included.
    #[serde(deserialize_with = "null_default")]
    pub size: i64,
    /// Its labels.
    #[serde(deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
}

/// A step of an image's removal: a name taken off, or an image removed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
pub struct ImageDeleteResponseItem {
    /// The name that was taken off.
    pub untagged: Option<String>,
    /// The id of the image that was removed.
    pub deleted: Option<String>,
}
