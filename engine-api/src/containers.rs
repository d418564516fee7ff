//! Calls about containers, except for attach.

use std::time::Duration;

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::filters::Filters;
use crate::models::{
    ContainerCreateBody, ContainerCreateResponse, ContainerInspectResponse, ContainerSummary,
    ContainerUpdateBody, ContainerUpdateResponse, ContainerWaitResponse,
};
use crate::names::ContainerId;
use crate::reply::Reply;
use crate::tar_stream::TarStream;

/// Which containers [`Client::container_list`] lists.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ContainerListOptions {
    /// Also those that do not run.
    pub all: bool,
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
        let call = Call::get(&["containers", "json"]).flag("all", options.all).filters(&options.filters)?;
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
        let seconds = grace.map(|grace| grace.as_secs().saturating_add(u64::from(grace.subsec_nanos() > 0)));
        self.send(on(id, "stop").query_opt("t", seconds), deadline).await?.done().await
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

    /// Unpacks an archive into the folder `path` of a container, which need not run
    /// (`PUT /containers/{id}/archive`, API 1.41). The archive is sent as it is made.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container or folder,
    /// [`Error::Archive`](crate::Error::Archive) when the archive cannot be made, and what any call can fail with.
    pub async fn put_container_archive(
        &self,
        id: &ContainerId,
        path: &str,
        archive: impl Into<TarStream>,
        deadline: Deadline,
    ) -> Result<()> {
        let call = Call::put(&["containers", id.as_str(), "archive"]).query("path", path).tar(archive.into());
        self.send(call, deadline).await?.done().await
    }
}

fn on(id: &ContainerId, action: &str) -> Call {
    Call::post(&["containers", id.as_str(), action])
}
