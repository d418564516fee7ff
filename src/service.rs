//! Takes jobs and runs them: a queue, slots, sandboxes. What REST, and whatever comes beside it, stands on.

mod error;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use runner::protocol::Worlds;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use tracing::field::Empty;

pub use self::error::{ServiceError, WorldsError};
use crate::client::Client;
use crate::compile_cache::CompileCache;
use crate::execution::{Channels, ExecutionEvent, Job, Outcome, execute};
use crate::images::background::{Background, Build};
use crate::images::known::Known;
use crate::images::{Builder, Image, ImageState, Look};
use crate::languages::{Language, Languages};
use crate::metrics::Metrics;
use crate::outage::Outage;
use crate::pool::{History, Kept, Pool, PoolLimits};
use crate::queue::{Queue, QueueError, QueueLimits, Slot};
use crate::readiness::{Readiness, Watch};
use crate::sandbox::{Sandbox, SandboxError, Sandboxes};
use crate::traces::step;

/// How often a sandbox is tried to be made while the engine answers, but not as it should.
const ATTEMPTS: u32 = 4;

/// Runs jobs, so many at a time; the others wait, and clients take turns.
#[derive(Debug)]
pub struct Service {
    languages: Languages,
    sandboxes: Sandboxes,
    queue: Queue,
    known: Arc<Known>,
    pool: Option<Arc<Pool>>,
    compile_cache: Option<Arc<CompileCache>>,
    background: Background,
    outage: Outage,
    watch: Watch,
    /// Runs that are under way or wait.
    runs: TaskTracker,
}

impl Service {
    /// A service whose queue has these limits.
    #[must_use]
    pub fn new(languages: Languages, sandboxes: Sandboxes, limits: QueueLimits) -> Self {
        sandboxes.metrics().executions.set_limits(limits.slots, limits.max_waiting);
        Self {
            languages,
            sandboxes,
            queue: Queue::new(limits),
            known: Arc::default(),
            pool: None,
            compile_cache: None,
            background: Background::default(),
            outage: Outage::new(Duration::ZERO),
            watch: Watch::default(),
            runs: TaskTracker::new(),
        }
    }

    /// The same, but jobs wait for an engine that went away, at most so long since it did.
    #[must_use]
    pub fn with_engine_patience(self, patience: Duration) -> Self {
        Self { outage: Outage::new(patience), ..self }
    }

    /// The same, but sandboxes wait for whoever asks next, as many as these limits allow.
    #[must_use]
    pub fn with_pool(self, limits: PoolLimits) -> Self {
        let pool = Pool::start(&self.languages, self.sandboxes.clone(), Arc::clone(&self.known), limits);
        Self { pool: Some(pool), ..self }
    }

    /// The same, but what is compiled is kept in so much memory, for runs of the same program.
    #[must_use]
    pub fn with_compile_cache(self, room: ByteSize) -> Self {
        let cache = CompileCache::new(room, self.metrics().compile_cache.clone());
        Self { compile_cache: Some(Arc::new(cache)), ..self }
    }

    /// Makes a sandbox and looks whether it has worlds. Without any image, that is not known yet.
    ///
    /// # Errors
    /// It has none, and why; or no sandbox could be made.
    pub async fn needs_worlds(&self) -> Result<(), WorldsError> {
        for language in self.languages.by_rank() {
            if let Some(image) = self.known.get(self.client(), &language).await.map_err(SandboxError::from)? {
                let job = Job::blank(&language);
                let sandbox = self.sandboxes.open_spare(job.sandbox(&image)).await?;
                return match sandbox.worlds() {
                    Worlds::Here => Ok(()),
                    Worlds::Refused { reason } => Err(WorldsError::Refused(reason.clone())),
                };
            }
        }
        tracing::warn!(
            "no image is built yet: runs share containers as soon as one shows that it has worlds"
        );
        Ok(())
    }

    /// Has a sandbox of the language wait, if there is a pool.
    ///
    /// # Errors
    /// None could be made.
    pub async fn fill_pool(&self, language: &Arc<Language>) -> Result<(), ServiceError> {
        match &self.pool {
            Some(pool) => pool.fill(language).await.map_err(ServiceError::Sandbox),
            None => Ok(()),
        }
    }

    /// The engine.
    #[must_use]
    pub fn client(&self) -> &engine_api::Client {
        self.sandboxes.client()
    }

    /// What is counted and timed.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        self.sandboxes.metrics()
    }

    /// The languages.
    #[must_use]
    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    /// Starts to build the images that are missing or stale, `jobs` at a time, while jobs are run. Fetched packages
    /// are kept in `cache`, or the user's cache folder.
    pub fn build_images(&self, jobs: NonZeroUsize, cache: Option<PathBuf>) {
        self.background.start(&Builder::new(self.sandboxes.clone(), cache), self.languages.by_rank(), jobs);
    }

    /// Each language by rank, with its image and what is being done about that.
    ///
    /// # Errors
    /// The engine failed.
    pub async fn image_states(
        &self,
    ) -> Result<Vec<(Arc<Language>, ImageState, Option<Build>)>, ServiceError> {
        let mut look = Look::new(self.client());
        let mut states = Vec::new();
        for language in self.languages.by_rank() {
            let state = look.state(&language).await.map_err(|error| {
                let error = ServiceError::Sandbox(error.into());
                error.log();
                error
            })?;
            let build = self.background.of(&language.key);
            states.push((language, state, build));
        }
        Ok(states)
    }

    /// Runs a client's job to its end. Dropping the future takes it out of the queue, or ends the run and its container.
    ///
    /// # Errors
    /// The job was not run to its end.
    pub async fn run(&self, client: &Client, job: &Job, channels: Channels) -> Result<Outcome, ServiceError> {
        let _under_way = self.runs.token();
        let counted = self.metrics().executions.begin(&job.language.key);
        // Of the highest level: every line about a run has its id, however little is logged.
        let span = tracing::error_span!(
            "execution",
            execution_id = %job.id,
            %client,
            language = job.language.key,
            status = Empty,
        );
        let ran = self.run_inner(client, job, channels).instrument(span.clone()).await;
        let status = match &ran {
            Ok(outcome) => outcome.status.as_str(),
            Err(error) => {
                span.in_scope(|| error.log());
                error.code()
            }
        };
        span.record("status", status);
        counted.end(status);
        ran
    }

    async fn run_inner(
        &self,
        client: &Client,
        job: &Job,
        channels: Channels,
    ) -> Result<Outcome, ServiceError> {
        let asked = Instant::now();
        let metrics = &self.metrics().executions;
        let waiting = metrics.wait();
        let slot = self.slot(client, &channels.events).instrument(step!("queue")).await?;
        waiting.admitted();
        let waited = asked.elapsed();
        let _under_way = self.pool.as_ref().map(|pool| pool.run());
        let (sandbox, history) = self.sandbox(client, job, slot).await?;
        let ready = asked.elapsed();
        metrics.stage("sandbox", ready - waited);
        let lookup = self.compile_cache.as_ref().and_then(|cache| cache.look(client, job, sandbox.image()));
        let ran = execute(sandbox, job, channels, lookup).await;
        let (outcome, sandbox) = ran.map_err(ServiceError::Execution)?;
        if let (Some(pool), Some(history)) = (&self.pool, history)
            && outcome.leaves_no_doubt()
        {
            pool.give_back(Kept { sandbox, history }, &job.language);
        }
        for stage in outcome.compile.iter().filter(|stage| !stage.is_cached).chain(&outcome.run) {
            metrics.stage(stage.stage.as_str(), stage.wall_time);
        }
        tracing::info!(
            status = outcome.status.as_str(),
            waited = seconds(waited),
            ready = seconds(ready),
            total = seconds(asked.elapsed()),
            "done"
        );
        Ok(outcome)
    }

    /// Refuses the jobs that wait, and those that come.
    pub fn refuse_waiting(&self) {
        self.watch.drain();
        self.queue.close();
        self.runs.close();
    }

    /// Returns when no job is under way any more after [`refuse_waiting`](Self::refuse_waiting).
    pub async fn drained(&self) {
        self.runs.wait().await;
    }

    /// Whether a program could be run now.
    pub async fn readiness(&self) -> Readiness {
        self.watch.look(self.client(), &self.languages).await
    }

    /// Returns when no sandbox is left. The runs must have ended or been dropped before.
    pub async fn close(&self) {
        self.refuse_waiting();
        self.background.close().await;
        if let Some(pool) = &self.pool {
            pool.close().await;
        }
        self.sandboxes.close().await;
    }

    async fn slot(
        &self,
        client: &Client,
        events: &mpsc::Sender<ExecutionEvent>,
    ) -> Result<Slot, ServiceError> {
        // A place that nobody takes note of is not worth waiting for.
        let tell = |position| drop(events.try_send(ExecutionEvent::Queued { position }));
        self.queue.enter(client, tell).await.map_err(|error| match error {
            QueueError::Closed => ServiceError::ShuttingDown,
            refused => ServiceError::Queue(refused),
        })
    }

    /// A sandbox for the job, and its history if it may serve others of the same tenant.
    async fn sandbox(
        &self,
        client: &Client,
        job: &Job,
        slot: Slot,
    ) -> Result<(Sandbox, Option<History>), ServiceError> {
        let slot = Arc::new(slot);
        let mut attempts = 1;
        loop {
            let error = match self.open(client, job, Arc::clone(&slot)).await {
                Ok(opened) => {
                    self.outage.is_over();
                    return Ok(opened);
                }
                Err(error) => error,
            };
            // Nothing of the job was started yet, so it can be tried again.
            let again = match &error {
                ServiceError::Sandbox(SandboxError::Engine(engine)) if engine.is_unreachable() => {
                    self.outage.wait(&error).await
                }
                // The image that was there a moment ago; if it was built anew, there is another.
                ServiceError::Sandbox(SandboxError::Engine(engine)) if engine.is_not_found() => {
                    attempts += 1;
                    self.known.forget(&job.language);
                    attempts <= 2
                }
                ServiceError::Sandbox(error) if error.may_pass() => {
                    attempts += 1;
                    attempts <= ATTEMPTS && self.outage.wait(error).await
                }
                _ => false,
            };
            if !again {
                return Err(error);
            }
        }
    }

    async fn open(
        &self,
        client: &Client,
        job: &Job,
        slot: Arc<Slot>,
    ) -> Result<(Sandbox, Option<History>), ServiceError> {
        let image = self.image(&job.language).await?;
        let Some(pool) = &self.pool else {
            return Ok((self.open_cold(job, &image, slot).await?, None));
        };
        let tenant = pool.tenant(client);
        if let Some(tenant) = &tenant
            && let Some(Kept { sandbox, history }) = pool.take_kept(tenant, job, &image, &slot).await
        {
            return Ok((sandbox, Some(history)));
        }
        let mut sandbox = match pool.take(job, &image, &slot) {
            Some(sandbox) => sandbox,
            None => {
                let _caller = pool.caller();
                self.open_cold(job, &image, slot).await?
            }
        };
        let tenant = tenant.filter(|_| sandbox.keep());
        Ok((sandbox, tenant.map(|tenant| History::begin(tenant, &job.language.key))))
    }

    async fn open_cold(&self, job: &Job, image: &Image, slot: Arc<Slot>) -> Result<Sandbox, ServiceError> {
        self.sandboxes.open(job.sandbox(image), slot).await.map_err(ServiceError::Sandbox)
    }

    async fn image(&self, language: &Language) -> Result<Image, ServiceError> {
        let known = self.known.get(self.sandboxes.client(), language).await;
        let image = known.map_err(|error| ServiceError::Sandbox(error.into()))?;
        image.ok_or_else(|| self.image_missing(language))
    }

    fn image_missing(&self, language: &Language) -> ServiceError {
        let build = self.background.of(&language.key);
        ServiceError::ImageMissing { language: language.key.clone(), build }
    }
}

/// Seconds to the millisecond: more only makes lines longer.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e3).round() / 1e3
}
