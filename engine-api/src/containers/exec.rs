//! Further processes in a running container.

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::hijack::Attached;
use crate::models::{ExecConfig, ExecInspectResponse, ExecStartConfig, IdResponse};
use crate::names::{ContainerId, ExecId};

impl Client {
    /// Prepares a process in a running container; [`exec_start`](Self::exec_start) starts it
    /// (`POST /containers/{id}/exec`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container,
    /// [`is_conflict`](crate::Error::is_conflict) when it is paused or does not run, and what any call can fail with.
    pub async fn container_exec(
        &self,
        id: &ContainerId,
        config: &ExecConfig,
        deadline: Deadline,
    ) -> Result<ExecId> {
        let call = Call::post(&["containers", id.as_str(), "exec"]).json(config)?;
        let IdResponse { id } = self.send(call, deadline).await?.json().await?;
        Ok(id)
    }

    /// Starts a process and attaches to the streams its [`ExecConfig`] names (`POST /exec/{id}/start`, API 1.41).
    /// `tty` must be what it was created with. Closing the input half-closes it; closing the connection does not stop
    /// the process.
    ///
    /// A command that cannot be executed is no error here: the engine says so on the standard output, and the exit code
    /// is 126 or 127.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such process,
    /// [`is_conflict`](crate::Error::is_conflict) when the container is paused or does not run, and what any call can
    /// fail with. `deadline` is for the start only, not for the streams.
    pub async fn exec_start(&self, id: &ExecId, tty: bool, deadline: Deadline) -> Result<Attached> {
        let call =
            Call::post(&["exec", id.as_str(), "start"]).json(&ExecStartConfig { detach: false, tty })?;
        self.hijack(call, tty, deadline).await
    }

    /// Starts a process and does not attach to it (`POST /exec/{id}/start`, API 1.41).
    ///
    /// # Errors
    /// As [`exec_start`](Self::exec_start); a command that cannot be executed is refused with status 400.
    pub async fn exec_start_detached(&self, id: &ExecId, tty: bool, deadline: Deadline) -> Result<()> {
        let call =
            Call::post(&["exec", id.as_str(), "start"]).json(&ExecStartConfig { detach: true, tty })?;
        self.send(call, deadline).await?.done().await
    }

    /// What a process is doing, and how it ended (`GET /exec/{id}/json`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such process or its container is gone, and what
    /// any call can fail with.
    pub async fn exec_inspect(&self, id: &ExecId, deadline: Deadline) -> Result<ExecInspectResponse> {
        self.send(Call::get(&["exec", id.as_str(), "json"]), deadline).await?.json().await
    }

    /// Changes the size of a process's terminal, in characters (`POST /exec/{id}/resize`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such process, a refusal when it does not run, and
    /// what any call can fail with.
    pub async fn exec_resize(&self, id: &ExecId, height: u16, width: u16, deadline: Deadline) -> Result<()> {
        let call = Call::post(&["exec", id.as_str(), "resize"]).query("h", height).query("w", width);
        self.send(call, deadline).await?.done().await
    }
}
