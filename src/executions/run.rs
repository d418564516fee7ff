//! One execution, from the queue to its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::Shared;
use super::execution::{Ending, Execution, Progress};
use crate::client::Client;
use crate::execution::{Channels, Control, ExecutionEvent, Input, Job};
use crate::service::ServiceError;

/// Events that may wait to be recorded.
const EVENTS: usize = 16;
/// How long a run may take to end after it was asked to, until its sandbox is taken away.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Runs a job, and records in `execution` what happens.
pub(super) async fn run(
    shared: &Shared,
    execution: &Execution,
    client: &Client,
    job: Job,
    input: Bytes,
) -> Ending {
    let (events, happening) = mpsc::channel(EVENTS);
    let (controls, controlled) = mpsc::channel(1);
    let channels = Channels { input: Input::whole(input), controls: controlled, events };
    let running = shared.service.run(client, &job, channels);
    let both = async { tokio::join!(running, record(shared, execution, happening)).0 };
    tokio::select! {
        ran = both => match ran {
            Ok(outcome) => Ending::Outcome(Box::new(outcome)),
            Err(error) => Ending::Failed(Arc::new(error)),
        },
        () = stop(execution, &controls) => Ending::Cancelled,
        () = shared.ending.cancelled() => Ending::Failed(Arc::new(ServiceError::ShuttingDown)),
    }
}

async fn record(shared: &Shared, execution: &Execution, mut happening: mpsc::Receiver<ExecutionEvent>) {
    while let Some(event) = happening.recv().await {
        if execution.record(&event) {
            shared.shelf().trim();
        }
    }
}

/// Waits until the execution is to end, and asks the run to, if there is one. Returns when it can be dropped.
async fn stop(execution: &Execution, controls: &mpsc::Sender<Control>) {
    execution.cancelled().await;
    if matches!(execution.progress(), Progress::Running) {
        // One that is just over does not listen any more.
        let _ = controls.send(Control::Stop).await;
        sleep(STOP_TIME).await;
    }
}
