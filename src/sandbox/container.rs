//! The container behind a sandbox.

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
    pub(super) parked: Option<Stage>,
    pub(super) worlds: Worlds,
    pub(super) removal: Removal,
}

impl Container {
    /// What it was made with.
    #[must_use]
    pub fn spec(&self) -> &SandboxSpec {
        &self.spec
    }

    /// Whether each stage in it gets a world.
    #[must_use]
    pub fn has_worlds(&self) -> bool {
        self.worlds == Worlds::Here
    }

    /// The stage whose process waits in it for its program.
    #[must_use]
    pub fn parked(&self) -> Option<&Stage> {
        self.parked.as_ref()
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
            pids_limit: Some(pids_limit(processes)),
            ..ContainerUpdateBody::default()
        };
        self.client.container_update(&self.id, &body, Deadline::after(CALL_DEADLINE)).await?;
        Ok(())
    }
}
