//! Images.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Empty, HealthConfig, null_default};

/// All about one image.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
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
    /// Its names with digests, as in `name@sha256:...`; none before it was pushed or pulled.
    #[serde(deserialize_with = "null_default")]
    pub repo_digests: Vec<String>,
    /// As in `linux`.
    #[serde(deserialize_with = "null_default")]
    pub os: String,
    /// The variant of the architecture, as in `v7`.
    #[serde(deserialize_with = "null_default")]
    pub variant: String,
    /// Who made it.
    #[serde(deserialize_with = "null_default")]
    pub author: String,
    /// What was said when it was made.
    #[serde(deserialize_with = "null_default")]
    pub comment: String,
    /// Its layers.
    #[serde(rename = "RootFS", deserialize_with = "null_default")]
    pub root_fs: RootFs,
}

/// What the containers of an image have unless told otherwise.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
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
    /// Ports that are listened on, as in `80/tcp`.
    #[serde(deserialize_with = "null_default")]
    pub exposed_ports: BTreeMap<String, Empty>,
    /// How the engine finds out whether a container is well.
    pub healthcheck: Option<HealthConfig>,
    /// Paths that get a volume without a name each.
    #[serde(deserialize_with = "null_default")]
    pub volumes: BTreeMap<String, Empty>,
    /// Steps for images that are built on it.
    #[serde(deserialize_with = "null_default")]
    pub on_build: Vec<String>,
    /// The shell of commands that are text.
    #[serde(deserialize_with = "null_default")]
    pub shell: Vec<String>,
    /// The signal that stops a container.
    pub stop_signal: Option<String>,
}

/// An image in a list.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
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
    /// The id of the image it was built on; empty if it came from elsewhere.
    #[serde(deserialize_with = "null_default")]
    pub parent_id: String,
    /// Its names with digests, as in `name@sha256:...`.
    #[serde(deserialize_with = "null_default")]
    pub repo_digests: Vec<String>,
    /// What other images have too, in bytes; -1 if that was not measured.
    #[serde(deserialize_with = "null_default")]
    pub shared_size: i64,
    /// How many containers there are of it; -1 if they were not counted.
    #[serde(deserialize_with = "null_default")]
    pub containers: i64,
}

/// A step of an image's removal: a name taken off, or an image removed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ImageDeleteResponseItem {
    /// The name that was taken off.
    pub untagged: Option<String>,
    /// The id of the image that was removed.
    pub deleted: Option<String>,
}

/// A layer of an image.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ImageHistoryResponseItem {
    /// The id of the image up to it, or `<missing>`.
    #[serde(deserialize_with = "null_default")]
    pub id: String,
    /// When it was made, in seconds since 1970.
    #[serde(deserialize_with = "null_default")]
    pub created: i64,
    /// The step of the Dockerfile.
    #[serde(deserialize_with = "null_default")]
    pub created_by: String,
    /// The names of the image up to it.
    #[serde(deserialize_with = "null_default")]
    pub tags: Vec<String>,
    /// Its size in bytes.
    #[serde(deserialize_with = "null_default")]
    pub size: i64,
    /// The comment of its commit.
    #[serde(deserialize_with = "null_default")]
    pub comment: String,
}

/// The layers of an image.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct RootFs {
    /// As in `layers`.
    #[serde(rename = "Type", deserialize_with = "null_default")]
    pub root_fs_type: String,
    /// The digest of each, the first at the bottom.
    #[serde(deserialize_with = "null_default")]
    pub layers: Vec<String>,
}
