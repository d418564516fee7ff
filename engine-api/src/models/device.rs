//! Devices of a container.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::null_default;

/// A device of the host in a container.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeviceMapping {
    /// The path on the host.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub path_on_host: String,
    /// The path inside.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub path_in_container: String,
    /// Any of `r`, `w`, `m`: read, write, make.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub cgroup_permissions: String,
}

/// Devices that a driver gives, such as graphics cards.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeviceRequest {
    /// The driver.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub driver: String,
    /// How many; -1 is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// Which, by id.
    #[serde(rename = "DeviceIDs", deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub device_ids: Vec<String>,
    /// What they must be able to do: all of one of the lists.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Vec<String>>,
    /// The driver's options.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}
