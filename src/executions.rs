//! Runs that nobody waits for: each on a task of its own, and what happened kept for a while.
//!
//! An accepted execution can keep all that it may write: that much memory is reserved when it comes. When it is over it
//! counts with what it really takes, until its time is up or others need the room.

mod execution;
mod log;
mod memory;
mod run;
mod shelf;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use bytesize::ByteSize;
use thiserror::Error;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::execution::OVERHEAD;
pub use self::execution::{Ending, Execution, Happening, Progress, Reader};
pub use self::log::Moment;
use self::shelf::Shelf;
use crate::client::Client;
use crate::execution::Job;
use crate::service::{Service, ServiceError};

/// How long, and in how much memory, executions are kept.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// How long what is over is kept.
    pub time: Duration,
    /// What all of them may take.
    pub memory: ByteSize,
}

/// The executions that are under way, and those that were not long ago.
#[derive(Clone, Debug)]
pub struct Executions {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    service: Arc<Service>,
    shelf: Mutex<Shelf<Execution>>,
    /// Told when the time of the first one to be forgotten may have changed.
    settled: Notify,
    /// Runs that are not over.
    runs: TaskTracker,
    /// Those, and what is to be done after them.
    tasks: TaskTracker,
    /// Cancelled when runs are to end now.
    ending: CancellationToken,
    /// Cancelled when nothing more is to be done.
    ended: CancellationToken,
}

/// Why an execution was not accepted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// What runs and waits takes all the memory there is for results.
    #[error(
        "there is no room to keep what this execution may write: try again in a few seconds, or with less"
    )]
    Full,
    /// It was not taken into the queue, or could not be started.
    #[error(transparent)]
    Service(Arc<ServiceError>),
}

impl Executions {
    /// Executions that are run by `service`. Needs the async runtime.
    #[must_use]
    pub fn new(service: Arc<Service>, keeping: Keeping) -> Self {
        let shared = Arc::new(Shared {
            service,
            shelf: Mutex::new(Shelf::new(keeping.memory.as_u64(), keeping.time)),
            settled: Notify::new(),
            runs: TaskTracker::new(),
            tasks: TaskTracker::new(),
            ending: CancellationToken::new(),
            ended: CancellationToken::new(),
        });
        tokio::spawn(forget_in_time(Arc::clone(&shared)));
        Self { shared }
    }

    /// Runs a client's job on a task of its own, and then does `after`, before the result may be forgotten. Returns when
    /// the queue has taken the job; dropping the future before that ends it.
    ///
    /// # Errors
    /// The job was not accepted.
    pub async fn submit<F, After>(
        &self,
        client: Client,
        job: Job,
        input: Bytes,
        after: F,
    ) -> Result<Arc<Execution>, SubmitError>
    where
        F: FnOnce(Arc<Execution>) -> After + Send + 'static,
        After: Future<Output = ()> + Send + 'static,
    {
        let bytes = OVERHEAD + job.size() + input.len() as u64 + job.most_kept();
        let charge = self.shared.shelf().reserve(bytes).ok_or(SubmitError::Full)?;
        let execution = Arc::new(Execution::new(&job, client.clone(), charge));
        self.shared.shelf().insert(execution.id, Arc::clone(&execution));
        let mut unheard = Unheard { shared: &self.shared, execution: &execution, is_accepted: false };
        self.start(client, job, input, Arc::clone(&execution), after);
        execution.entered().await.map_err(SubmitError::Service)?;
        unheard.is_accepted = true;
        drop(unheard);
        Ok(execution)
    }

    /// The execution of this id, if this client may know of it.
    #[must_use]
    pub fn find(&self, client: &Client, id: Uuid) -> Option<Arc<Execution>> {
        let mut shelf = self.shared.shelf();
        shelf.expire(Instant::now());
        shelf.get(id).filter(|execution| execution.is_known_to(client)).cloned()
    }

    /// Ends an execution that waits or runs, or forgets one that is over; gives it as it was before. `None` if there is
    /// none of this id that the client may know of.
    pub fn cancel(&self, client: &Client, id: Uuid) -> Option<Progress> {
        let execution = self.find(client, id)?;
        let progress = execution.progress();
        match progress {
            Progress::Finished(_) => self.shared.shelf().remove(id),
            Progress::Entering | Progress::Queued { .. } | Progress::Running => execution.cancel(),
        }
        Some(progress)
    }

    /// Returns when no run is under way. The queue must be closed before, or there may always be another.
    pub async fn drained(&self) {
        self.shared.runs.close();
        self.shared.runs.wait().await;
    }

    /// Ends what still runs.
    pub async fn end_runs(&self) {
        self.shared.ending.cancel();
        self.drained().await;
    }

    /// Ends what still runs, and gives what is to be done afterwards so much time.
    pub async fn close(&self, patience: Duration) {
        self.end_runs().await;
        self.shared.tasks.close();
        if timeout(patience, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!("callbacks are not all delivered after {patience:?}: giving up");
        }
        self.shared.ended.cancel();
        self.shared.tasks.wait().await;
    }

    fn start<F, After>(&self, client: Client, job: Job, input: Bytes, execution: Arc<Execution>, after: F)
    where
        F: FnOnce(Arc<Execution>) -> After + Send + 'static,
        After: Future<Output = ()> + Send + 'static,
    {
        let run = self.shared.runs.token();
        let ending = Ends { shared: Arc::clone(&self.shared), execution };
        self.shared.tasks.spawn(async move {
            let Ends { shared, execution } = &ending;
            let was_taken = execution.finish(run::run(shared, execution, &client, job, input).await);
            drop(run);
            // It may take more than was reserved for it.
            shared.shelf().trim();
            if was_taken {
                tokio::select! {
                    () = after(Arc::clone(execution)) => {}
                    () = shared.ended.cancelled() => {}
                }
            }
        });
    }
}

/// An execution that is over, and may be forgotten, once this is dropped: whatever happens to its task.
struct Ends {
    shared: Arc<Shared>,
    execution: Arc<Execution>,
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.execution.finish(Ending::Lost);
        self.shared.shelf().settle(self.execution.id, Instant::now());
        self.shared.settled.notify_one();
    }
}

impl Shared {
    fn shelf(&self) -> MutexGuard<'_, Shelf<Execution>> {
        // No code that holds the lock can panic half way through a change.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An execution whose id nobody has heard yet: dropping this ends and forgets it.
struct Unheard<'a> {
    shared: &'a Shared,
    execution: &'a Execution,
    is_accepted: bool,
}

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        if !self.is_accepted {
            self.execution.cancel();
            self.shared.shelf().remove(self.execution.id);
        }
    }
}

/// Forgets what is over when its time is up.
async fn forget_in_time(shared: Arc<Shared>) {
    loop {
        let next = shared.shelf().next_expiry();
        let expiry = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = expiry => shared.shelf().expire(Instant::now()),
            () = shared.settled.notified() => {}
            () = shared.ended.cancelled() => return,
        }
    }
}
