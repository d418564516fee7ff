//! Calls about containers: their life, and lists of them.

mod archive;
mod attach;
mod exec;
pub(crate) mod logs;
mod stats;

pub use self::attach::AttachOptions;
pub use self::logs::{LogStream, LogsOptions};
pub use self::stats::StatsStream;

use std::time::Duration;

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::filters::Filters;
use crate::models::{
    ContainerCreateBody, ContainerCreateResponse, ContainerInspectResponse, ContainerPruneResponse,
    ContainerSummary, ContainerTopResponse, ContainerUpdateBody, ContainerUpdateResponse,
    ContainerWaitResponse, FilesystemChange,
};
use crate::names::ContainerId;
use crate::reply::Reply;

/// Which containers [`Client::container_list`] lists.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ContainerListOptions {
    /// Also those that do not run.
    pub all: bool,
    /// Only this many, the last created, whether they run or not.
    pub limit: Option<u32>,
    /// Measure the file systems too, which takes long.
    pub size: bool,
    /// Only those that match.
    pub filters: Filters,
}

/// How [`Client::container_delete`] removes a container.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ContainerDeleteOptions {
    /// Kill it first if it runs.
    pub force: bool,
    /// Remove its anonymous volumes too.
    pub volumes: bool,
}

/// What [`Client::container_wait`] waits for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum WaitCondition {
    /// The container does not run; true at once for one that was never started.
    #[default]
    NotRunning,
    /// The container exits from now on: register this before the start, and no exit is missed.
    NextExit,
    /// The container is removed.
    Removed,
}

impl WaitCondition {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotRunning => "not-running",
            Self::NextExit => "next-exit",
            Self::Removed => "removed",
        }
    }
}

/// A wait the engine has registered. Dropping it ends the wait.
#[derive(Debug)]
#[must_use = "the engine tells the exit code only to who asks for the result"]
pub struct PendingWait {
    reply: Reply,
}

impl PendingWait {
    /// Waits until the condition holds. A program's exit code is a value here and never an error.
    ///
    /// # Errors
    /// What any call can fail with; [`Error::Timeout`](crate::Error::Timeout) when the condition does not hold in
    /// time.
    pub async fn result(mut self, deadline: Deadline) -> Result<ContainerWaitResponse> {
        self.reply.set_deadline(deadline);
        self.reply.json().await
    }
}

impl Client {
    /// Creates a container (`POST /containers/create`, API 1.41). Without a name, the engine makes one up.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such image,
    /// [`is_conflict`](crate::Error::is_conflict) when the name is in use, and what any call can fail with.
    pub async fn container_create(
        &self,
        name: Option<&str>,
        body: &ContainerCreateBody,
        deadline: Deadline,
    ) -> Result<ContainerCreateResponse> {
        let call = Call::post(&["containers", "create"]).query_opt("name", name).json(body)?;
        self.send(call, deadline).await?.json().await
    }

    /// Starts a container; one that runs stays as it is (`POST /containers/{id}/start`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail
    /// with. A command that cannot be executed is refused with status 400.
    pub async fn container_start(&self, id: &ContainerId, deadline: Deadline) -> Result<()> {
        self.send(on(id, "start"), deadline).await?.done().await
    }

    /// Registers a wait (`POST /containers/{id}/wait`, API 1.41). It is registered when this returns, so that a start
    /// that follows cannot be missed.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail
    /// with. `deadline` is for the registration only.
    pub async fn container_wait(
        &self,
        id: &ContainerId,
        condition: WaitCondition,
        deadline: Deadline,
    ) -> Result<PendingWait> {
        let call = on(id, "wait").query("condition", condition.as_str());
        Ok(PendingWait { reply: self.send(call, deadline).await? })
    }

    /// All about one container (`GET /containers/{id}/json`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail
    /// with.
    pub async fn container_inspect(
        &self,
        id: &ContainerId,
        deadline: Deadline,
    ) -> Result<ContainerInspectResponse> {
        self.send(Call::get(&["containers", id.as_str(), "json"]), deadline).await?.json().await
    }

    /// Lists containers (`GET /containers/json`, API 1.41).
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn container_list(
        &self,
        options: &ContainerListOptions,
        deadline: Deadline,
    ) -> Result<Vec<ContainerSummary>> {
        let call = Call::get(&["containers", "json"])
            .flag("all", options.all)
            .query_opt("limit", options.limit)
            .flag("size", options.size)
            .filters(&options.filters)?;
        self.send(call, deadline).await?.json().await
    }

    /// Sends a signal to the main process, `SIGKILL` unless said otherwise (`POST /containers/{id}/kill`, API 1.41).
    /// It returns when the signal is sent, not when the process has ended.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container,
    /// [`is_conflict`](crate::Error::is_conflict) when it does not run, and what any call can fail with.
    pub async fn container_kill(
        &self,
        id: &ContainerId,
        signal: Option<&str>,
        deadline: Deadline,
    ) -> Result<()> {
        self.send(on(id, "kill").query_opt("signal", signal), deadline).await?.done().await
    }

    /// Stops a container: its stop signal, then after `grace` a kill; one that does not run stays as it is
    /// (`POST /containers/{id}/stop`, API 1.41). The engine counts the grace in whole seconds, and parts of one are
    /// rounded up; without a grace, the container's own is used.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail
    /// with.
    pub async fn container_stop(
        &self,
        id: &ContainerId,
        grace: Option<Duration>,
        deadline: Deadline,
    ) -> Result<()> {
        self.send(on(id, "stop").query_opt("t", grace.map(seconds)), deadline).await?.done().await
    }

    /// Stops a container as [`container_stop`](Self::container_stop) does, and starts it again; one that does not run
    /// is started (`POST /containers/{id}/restart`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail
    /// with.
    pub async fn container_restart(
        &self,
        id: &ContainerId,
        grace: Option<Duration>,
        deadline: Deadline,
    ) -> Result<()> {
        self.send(on(id, "restart").query_opt("t", grace.map(seconds)), deadline).await?.done().await
    }

    /// Freezes all processes of a container (`POST /containers/{id}/pause`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container,
    /// [`is_conflict`](crate::Error::is_conflict) when it does not run or is paused, and what any call can fail with.
    pub async fn container_pause(&self, id: &ContainerId, deadline: Deadline) -> Result<()> {
        self.send(on(id, "pause"), deadline).await?.done().await
    }

    /// Lets a paused container go on (`POST /containers/{id}/unpause`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, a refusal when it is not paused,
    /// and what any call can fail with.
    pub async fn container_unpause(&self, id: &ContainerId, deadline: Deadline) -> Result<()> {
        self.send(on(id, "unpause"), deadline).await?.done().await
    }

    /// Gives a container another name (`POST /containers/{id}/rename`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container,
    /// [`is_conflict`](crate::Error::is_conflict) when the name is in use, and what any call can fail with.
    pub async fn container_rename(&self, id: &ContainerId, name: &str, deadline: Deadline) -> Result<()> {
        self.send(on(id, "rename").query("name", name), deadline).await?.done().await
    }

    /// Changes the size of a container's terminal, in characters (`POST /containers/{id}/resize`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container,
    /// [`is_conflict`](crate::Error::is_conflict) when it does not run, and what any call can fail with.
    pub async fn container_resize(
        &self,
        id: &ContainerId,
        height: u16,
        width: u16,
        deadline: Deadline,
    ) -> Result<()> {
        self.send(on(id, "resize").query("h", height).query("w", width), deadline).await?.done().await
    }

    /// The processes of a container as `ps` of its host shows them (`GET /containers/{id}/top`, API 1.41). `ps_args`
    /// are its arguments, `-ef` unless said otherwise.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container,
    /// [`is_conflict`](crate::Error::is_conflict) when it does not run, and what any call can fail with.
    pub async fn container_top(
        &self,
        id: &ContainerId,
        ps_args: Option<&str>,
        deadline: Deadline,
    ) -> Result<ContainerTopResponse> {
        let call = Call::get(&["containers", id.as_str(), "top"]).query_opt("ps_args", ps_args);
        self.send(call, deadline).await?.json().await
    }

    /// What a container has changed in its file system (`GET /containers/{id}/changes`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail
    /// with.
    pub async fn container_changes(
        &self,
        id: &ContainerId,
        deadline: Deadline,
    ) -> Result<Vec<FilesystemChange>> {
        let call = Call::get(&["containers", id.as_str(), "changes"]);
        self.send(call, deadline).await?.json_or_null().await
    }

    /// Removes all containers that do not run and match the filters (`POST /containers/prune`, API 1.41).
    ///
    /// # Errors
    /// [`is_conflict`](crate::Error::is_conflict) when a prune is under way already, and what any call can fail with.
    pub async fn container_prune(
        &self,
        filters: &Filters,
        deadline: Deadline,
    ) -> Result<ContainerPruneResponse> {
        self.send(Call::post(&["containers", "prune"]).filters(filters)?, deadline).await?.json().await
    }

    /// Changes the limits of a container (`POST /containers/{id}/update`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail
    /// with.
    pub async fn container_update(
        &self,
        id: &ContainerId,
        body: &ContainerUpdateBody,
        deadline: Deadline,
    ) -> Result<ContainerUpdateResponse> {
        self.send(on(id, "update").json(body)?, deadline).await?.json().await
    }

    /// Removes a container (`DELETE /containers/{id}`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container,
    /// [`is_conflict`](crate::Error::is_conflict) when it runs and is not forced, or when its removal is under way
    /// already, and what any call can fail with.
    pub async fn container_delete(
        &self,
        id: &ContainerId,
        options: ContainerDeleteOptions,
        deadline: Deadline,
    ) -> Result<()> {
        let call = Call::delete(&["containers", id.as_str()])
            .flag("force", options.force)
            .flag("v", options.volumes);
        self.send(call, deadline).await?.done().await
    }
}

/// Whole seconds, rounded up.
fn seconds(grace: Duration) -> u64 {
    grace.as_secs().saturating_add(u64::from(grace.subsec_nanos() > 0))
}

fn on(id: &ContainerId, action: &str) -> Call {
    Call::post(&["containers", id.as_str(), action])
}
