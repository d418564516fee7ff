//! An engine that goes away for a while, as one that is restarted does.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::causes::with_causes;

/// How often it is looked whether the engine is back.
const LOOK: Duration = Duration::from_millis(500);

/// Since when the engine cannot be reached, and how long that is waited for.
#[derive(Debug)]
pub(crate) struct Outage {
    patience: Duration,
    since: Mutex<Option<Instant>>,
}

impl Outage {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { patience, since: Mutex::default() }
    }

    /// The engine was reached.
    pub(crate) fn is_over(&self) {
        if let Some(since) = self.since().take() {
            tracing::info!("the engine is back after {:?}", since.elapsed());
        }
    }

    /// The engine was not reached: waits a little, and says whether to try again. It is the same outage for everybody, so
    /// that nobody waits long for an engine that has been away for long.
    pub(crate) async fn wait(&self, error: &(impl Error + Sync + 'static)) -> bool {
        let since = *self.since().get_or_insert_with(|| {
            tracing::warn!("runs wait for the engine, for up to {:?}: {}", self.patience, with_causes(error));
            Instant::now()
        });
        let waits = since.elapsed() < self.patience;
        if waits {
            tokio::time::sleep(LOOK).await;
        }
        waits
    }

    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        // No code that holds the lock can panic half way through a change.
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
