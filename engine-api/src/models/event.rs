//! What happens on the engine.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::null_default;

/// Something that happened.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct EventMessage {
    /// What it happened to, as in `container`.
    #[serde(rename = "Type", deserialize_with = "null_default")]
    pub event_type: String,
    /// What happened, as in `die`. For `exec_create` and `exec_start` the command follows after a colon.
    #[serde(rename = "Action", deserialize_with = "null_default")]
    pub action: String,
    /// Which one, and with what.
    #[serde(rename = "Actor", deserialize_with = "null_default")]
    pub actor: EventActor,
    /// `local`, or `swarm`.
    #[serde(deserialize_with = "null_default")]
    pub scope: String,
    /// When, in seconds since 1970.
    #[serde(deserialize_with = "null_default")]
    pub time: i64,
    /// When, in nanoseconds since 1970.
    #[serde(rename = "timeNano", deserialize_with = "null_default")]
    pub time_nano: i64,
}

/// What something happened to.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct EventActor {
    /// Its id, or its name where it has no id.
    #[serde(rename = "ID", deserialize_with = "null_default")]
    pub id: String,
    /// What the engine says of it, such as its labels, `name`, `image`, and the `exitCode` of a container that died.
    #[serde(deserialize_with = "null_default")]
    pub attributes: BTreeMap<String, String>,
}
