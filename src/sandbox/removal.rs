//! Removing a container, for certain.

use std::time::Duration;

use engine_api::{Client, ContainerDeleteOptions, ContainerId, Deadline};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::{CALL_DEADLINE, Lease};
use crate::causes::with_causes;

/// How often to look whether a removal that is under way has ended.
const POLL: Duration = Duration::from_millis(50);
/// How long to wait before a removal that failed is tried again, at first and at most.
const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// The most while the engine is away: its first task is to give slots back.
const AWAY_RETRY: Duration = Duration::from_secs(1);
/// A container whose creation broke off may still appear for so long.
const LATE: Duration = Duration::from_secs(10);
const LOOK_FOR_LATE: Duration = Duration::from_secs(1);

/// Removes a container when it is dropped. The lease is held until the container is gone: one that cannot be removed
/// keeps its slot out of use.
#[derive(Debug)]
pub(super) struct Removal {
    task: Option<(Client, ContainerId, Lease)>,
    tracker: TaskTracker,
    /// Whether the container may appear only later.
    is_late: bool,
}

impl Removal {
    pub(super) fn new(client: Client, id: ContainerId, lease: Lease, tracker: TaskTracker) -> Self {
        Self { task: Some((client, id, lease)), tracker, is_late: false }
    }

    /// Says for whom the container is now.
    pub(super) fn assign(&mut self, lease: Lease) {
        if let Some((_, _, held)) = &mut self.task {
            *held = lease;
        }
    }

    /// The creation failed. Unless the engine says so, it may have made the container all the same.
    pub(super) fn not_created(&mut self, error: &engine_api::Error) {
        if error.status().is_some() || error.is_unreachable() {
            self.task = None;
        }
        self.is_late = true;
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        // Without a runtime the process is ending; the watcher removes the container then.
        if let (Some((client, id, lease)), Ok(runtime)) = (self.task.take(), Handle::try_current()) {
            // Of the highest level, as the span of the run is, which ends before.
            let span = tracing::error_span!(parent: &lease.tenant.span, "removal", container = %id);
            let is_late = self.is_late;
            let removing = async move {
                remove(&client, &id).await;
                drop(lease);
                // It holds no slot: nobody starts what appears so late.
                if is_late {
                    remove_late(&client, &id).await;
                }
            };
            self.tracker.spawn_on(removing.instrument(span), &runtime);
        }
    }
}

async fn remove(client: &Client, id: &ContainerId) {
    let mut retry = FIRST_RETRY;
    loop {
        match try_remove(client, id).await {
            Ok(()) => return,
            Err(error) => {
                if error.is_unreachable() {
                    retry = retry.min(AWAY_RETRY);
                }
                tracing::warn!(
                    "a sandbox cannot be removed, trying again in {retry:?}: {}",
                    with_causes(&error)
                );
            }
        }
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(LAST_RETRY);
    }
}

/// Removes a container that may appear a while after its creation broke off.
async fn remove_late(client: &Client, id: &ContainerId) {
    let end = Instant::now() + LATE;
    while Instant::now() < end {
        tokio::time::sleep(LOOK_FOR_LATE).await;
        remove(client, id).await;
    }
}

/// Returns when the container does not exist.
pub(super) async fn try_remove(client: &Client, id: &ContainerId) -> engine_api::Result<()> {
    let options = ContainerDeleteOptions { force: true, volumes: true };
    match client.container_delete(id, options, Deadline::after(CALL_DEADLINE)).await {
        Ok(()) => return Ok(()),
        Err(error) if error.is_not_found() => return Ok(()),
        // AutoRemove is quicker; wait until it is done.
        Err(error) if error.is_conflict() => {}
        Err(error) => return Err(error),
    }
    let deadline = Deadline::after(CALL_DEADLINE);
    loop {
        match client.container_inspect(id, deadline).await {
            Ok(_) => tokio::time::sleep(POLL).await,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
