//! Further processes in a container.

use serde::{Deserialize, Serialize};

use super::{is_false, null_default};
use crate::names::{ContainerId, ExecId};

/// The process to be made in a running container.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ExecConfig {
    /// Give it an input, and attach to it at the start. Otherwise it reads the end at once.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub attach_stdin: bool,
    /// Attach to the output at the start.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub attach_stdout: bool,
    /// Attach to the error output at the start.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub attach_stderr: bool,
    /// The keys that detach, as in `ctrl-p,ctrl-q`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detach_keys: Option<String>,
    /// Give it a terminal.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub tty: bool,
    /// Variables, as in `NAME=value`, on top of the container's.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The command.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// Give it all capabilities.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub privileged: bool,
    /// Who it runs as, as in `1000:1000`; the container's user if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The working directory; the container's if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
}

/// How a process is started.
#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExecStartConfig {
    /// Do not attach.
    pub(crate) detach: bool,
    /// Whether it has a terminal.
    pub(crate) tty: bool,
}

/// What was made.
#[derive(Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IdResponse {
    /// Its id.
    pub(crate) id: ExecId,
}

/// What a process is doing, and how it ended.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ExecInspectResponse {
    /// Its id.
    #[serde(rename = "ID", deserialize_with = "null_default")]
    pub id: String,
    /// The container it is in.
    #[serde(rename = "ContainerID")]
    pub container_id: Option<ContainerId>,
    /// Whether it runs.
    #[serde(deserialize_with = "null_default")]
    pub running: bool,
    /// How it ended; above 128 for 128 plus the signal. `None` while it runs.
    pub exit_code: Option<i64>,
    /// The host's id of the process; 0 if it was never started, or could not be.
    #[serde(deserialize_with = "null_default")]
    pub pid: i64,
    /// The command.
    #[serde(deserialize_with = "null_default")]
    pub process_config: ProcessConfig,
    /// Whether it has an input.
    #[serde(deserialize_with = "null_default")]
    pub open_stdin: bool,
    /// Whether its output was attached to.
    #[serde(deserialize_with = "null_default")]
    pub open_stdout: bool,
    /// Whether its error output was attached to.
    #[serde(deserialize_with = "null_default")]
    pub open_stderr: bool,
    /// Whether the engine may forget it.
    #[serde(deserialize_with = "null_default")]
    pub can_remove: bool,
}

/// The command of a process.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ProcessConfig {
    /// Whether it has all capabilities.
    #[serde(deserialize_with = "null_default")]
    pub privileged: bool,
    /// Who it runs as; empty for the container's user.
    #[serde(deserialize_with = "null_default")]
    pub user: String,
    /// Whether it has a terminal.
    #[serde(deserialize_with = "null_default")]
    pub tty: bool,
    /// The program.
    #[serde(deserialize_with = "null_default")]
    pub entrypoint: String,
    /// Its arguments.
    #[serde(deserialize_with = "null_default")]
    pub arguments: Vec<String>,
}
