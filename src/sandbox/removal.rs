//! Removing a container, for certain.

use std::time::Duration;

use engine_api::{Client, ContainerDeleteOptions, ContainerId, Deadline};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::{CALL_DEADLINE, Lease};
use crate::causes::with_causes;

/// How often to look whether a removal that is under way has ended.
const POLL: Duration = Duration::from_millis(50);
/// How long to wait before a removal that failed is tried again, at first and at most.
const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// Removes a container when it is dropped. The lease is held until the container is gone: one that cannot be removed
/// keeps its slot out of use.
#[derive(Debug)]
pub(super) struct Removal {
    task: Option<(Client, ContainerId, Lease)>,
    tracker: TaskTracker,
}

impl Removal {
    pub(super) fn new(client: Client, id: ContainerId, lease: Lease, tracker: TaskTracker) -> Self {
        Self { task: Some((client, id, lease)), tracker }
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        // Without a runtime the process is ending; the watcher removes the container then.
        if let (Some((client, id, lease)), Ok(runtime)) = (self.task.take(), Handle::try_current()) {
            // Of the highest level, as the span of the run is, which ends before.
            let span = tracing::error_span!(parent: &lease.tenant.span, "removal", container = %id);
            let removing = async move {
                remove(&client, &id).await;
                drop(lease);
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
