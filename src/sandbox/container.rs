//! The container behind a sandbox.

use std::sync::{Mutex, PoisonError};

use bytesize::ByteSize;
use engine_api::{Client, ContainerId, ContainerUpdateBody, Deadline};
use runner::protocol::{Stage, Worlds};

use super::hardening::{SandboxSpec, bytes, pids_limit};
use super::removal::Removal;
use super::{CALL_DEADLINE, SandboxError};

/// The container behind a sandbox. Dropping it removes the container in the background.
#[derive(Debug)]
pub struct Container {
    pub(super) client: Client,
    pub(super) id: ContainerId,
    pub(super) spec: SandboxSpec,
    pub(super) parked: Vec<Stage>,
    /// The limits that it has now: memory, and processes.
    pub(super) limits: Mutex<(ByteSize, u32)>,
    /// Whether others may follow its first run, each in a world.
    pub(super) is_kept: bool,
    /// Whether there may be a fork server in it, which is counted among its processes.
    pub(super) has_fork_server: bool,
    pub(super) worlds: Worlds,
    pub(super) removal: Removal,
}

impl Container {
    /// The limits that it has now: memory, and processes.
    #[must_use]
    pub fn limits(&self) -> (ByteSize, u32) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether others may follow the run that it serves.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Whether each stage in it gets a world.
    #[must_use]
    pub fn has_worlds(&self) -> bool {
        self.worlds == Worlds::Here
    }

    /// The stages whose processes wait in it for their program.
    #[must_use]
    pub fn parked(&self) -> &[Stage] {
        &self.parked
    }

    /// Changes the limits of memory and of processes (`POST /containers/{id}/update`).
    ///
    /// # Errors
    /// The engine failed; the old limits hold.
    pub async fn limit(&self, memory: ByteSize, processes: u32) -> Result<(), SandboxError> {
        let limit = Some(bytes(memory));
        let body = ContainerUpdateBody {
            memory: limit,
            memory_swap: limit,
            pids_limit: Some(pids_limit(processes, self.has_worlds(), self.has_fork_server)),
            ..ContainerUpdateBody::default()
        };
        self.client.container_update(&self.id, &body, Deadline::after(CALL_DEADLINE)).await?;
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = (memory, processes);
        Ok(())
    }
}
