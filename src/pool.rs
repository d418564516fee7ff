//! Sandboxes that wait for whoever asks next.
//!
//! How many of a language there are follows from how often it is asked for (`demand`), between a floor and a ceiling and
//! within a budget of memory. Each serves one run, as every sandbox does; one that cannot is dropped, and an empty shelf
//! is nobody's to wait for: a run then makes its own sandbox, as it would without a pool.

mod demand;
mod kept;
mod shelf;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::kept::KeptShelves;
pub(crate) use self::kept::{History, Kept, Tenant};
pub use self::kept::{Reuse, Scope};
use self::shelf::{Shelf, Spare};
use crate::causes::with_causes;
use crate::client::Client;
use crate::execution::Job;
use crate::images::Image;
use crate::images::known::Known;
use crate::languages::{Language, Languages};
use crate::queue::Slot;
use crate::sandbox::{Sandbox, SandboxError, Sandboxes};

/// How often it is looked at what waits: whether it is old, alive, and of the image that is current.
const LOOK: Duration = Duration::from_secs(4);
/// After a failure, nothing of the language is made for so long.
const PAUSE: Duration = Duration::from_secs(10);

/// For so long at most, nothing is made beside the runs that have taken what waited.
const HEAD_START: Duration = Duration::from_millis(100);

/// What a pool may hold.
#[derive(Clone, Debug)]
pub struct PoolLimits {
    /// Memory of all that waits together.
    pub memory: ByteSize,
    /// How many of each language wait, however rarely it is asked for.
    pub least: usize,
    /// How many of each language wait, however often it is asked for.
    pub most: usize,
    /// How old one may become.
    pub age: Duration,
    /// How many are made at a time.
    pub making: NonZeroUsize,
    /// Whether, and for how long, containers serve one run after the other; each serves one only if not given.
    pub reuse: Option<Reuse>,
}

/// Sandboxes that wait, by language.
#[derive(Debug)]
pub(crate) struct Pool {
    sandboxes: Sandboxes,
    known: Arc<Known>,
    limits: PoolLimits,
    shelves: Mutex<BTreeMap<String, Shelf>>,
    kept: KeptShelves,
    first: Mutex<First>,
    changed: Notify,
    closed: CancellationToken,
    tasks: TaskTracker,
}

/// What comes before the making of sandboxes that wait.
#[derive(Debug, Default)]
struct First {
    /// Callers for whom a sandbox is made at the moment.
    callers: usize,
    /// Runs under way.
    runs: usize,
    /// When the first one was taken since the last one was made, or since no run was under way.
    taken: Option<Instant>,
}

impl First {
    /// Until when nothing is to be made on account of runs.
    fn runs_until(&self) -> Option<Instant> {
        self.taken.filter(|_| self.runs > 0).map(|taken| taken + HEAD_START)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.callers == 0 && self.runs_until().is_none_or(|until| until <= now)
    }
}

impl Pool {
    /// A pool that fills itself from now on.
    pub(crate) fn start(
        languages: &Languages,
        sandboxes: Sandboxes,
        known: Arc<Known>,
        limits: PoolLimits,
    ) -> Arc<Self> {
        let shelf = |language: Arc<Language>| (language.key.clone(), Shelf::new(language));
        let pool = Arc::new(Self {
            sandboxes,
            known,
            limits,
            shelves: Mutex::new(languages.iter().cloned().map(shelf).collect()),
            kept: KeptShelves::default(),
            first: Mutex::default(),
            changed: Notify::new(),
            closed: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        pool.tasks.spawn(Arc::clone(&pool).keep());
        pool
    }

    /// A sandbox that waits for a job like this, if there is one; it belongs to the holder of `slot` from now on.
    pub(crate) fn take(&self, job: &Job, image: &Image, slot: &Arc<Slot>) -> Option<Sandbox> {
        let wanted = job.sandbox(image);
        let taken = {
            let mut shelves = self.shelves();
            let shelf = shelves.get_mut(&job.language.key)?;
            shelf.demand.arrived(Instant::now());
            shelf.image = Some(image.clone());
            shelf.take(&wanted)
        };
        self.sandboxes.metrics().pool.taken(&job.language.key, taken.is_some());
        if taken.is_some() {
            self.first().taken.get_or_insert_with(Instant::now);
        }
        self.changed.notify_one();
        let mut sandbox = taken?;
        sandbox.assign(Arc::clone(slot), self.sandboxes.metrics());
        Some(sandbox)
    }

    /// The tenant whose sandboxes may serve this client's runs one after the other.
    pub(crate) fn tenant(&self, client: &Client) -> Option<Tenant> {
        self.limits.reuse.as_ref()?.tenant(client)
    }

    /// A sandbox that has served this tenant before and is as new, if there is one.
    pub(crate) async fn take_kept(
        &self,
        tenant: &Tenant,
        job: &Job,
        image: &Image,
        slot: &Arc<Slot>,
    ) -> Option<Kept> {
        let mut kept = self.kept.take(tenant, &job.language.key, &job.sandbox(image)).await?;
        kept.sandbox.assign(Arc::clone(slot), self.sandboxes.metrics());
        Some(kept)
    }

    /// Makes a sandbox as new whose run is over, for the next one of its tenant.
    pub(crate) fn give_back(self: &Arc<Self>, kept: Kept, language: &Arc<Language>) {
        let Some(reuse) = &self.limits.reuse else { return };
        let Some(mut kept) = self.kept.begin_renewal(kept, reuse) else { return };
        let (pool, language) = (Arc::clone(self), Arc::clone(language));
        self.tasks.spawn(async move {
            let renewed = pool.renew(&mut kept.sandbox, &language).await;
            if let Err(error) = &renewed {
                tracing::debug!(language = language.key, "a sandbox is not kept: {}", with_causes(error));
            }
            let has_room = pool.kept.memory() < pool.limits.memory.as_u64();
            pool.kept.end_renewal(kept, renewed.is_ok() && has_room && !pool.closed.is_cancelled());
        });
    }

    async fn renew(&self, sandbox: &mut Sandbox, language: &Arc<Language>) -> Result<(), SandboxError> {
        let job = Job::blank(language);
        let parkings = job.parkings();
        let has_its_server = sandbox.has_fork_server() || parkings.iter().all(|parking| !parking.forks);
        if has_its_server && sandbox.limits() == job.first_limits() {
            return sandbox.renew(parkings).await;
        }
        sandbox.renew(Vec::new()).await?;
        if !has_its_server {
            sandbox.admit_fork_server();
        }
        // Before a process starts: what it finds out about its memory must be true of the next run.
        sandbox.limit(job.first_limits()).await?;
        sandbox.park(parkings).await
    }

    /// Says that a caller waits for a sandbox that is made just now, until what this gives is dropped.
    pub(crate) fn caller(&self) -> Claim<'_> {
        self.claim(|first| &mut first.callers)
    }

    /// Says that a run is under way, until what this gives is dropped.
    pub(crate) fn run(&self) -> Claim<'_> {
        self.claim(|first| &mut first.runs)
    }

    fn claim(&self, count: fn(&mut First) -> &mut usize) -> Claim<'_> {
        *count(&mut self.first()) += 1;
        Claim { pool: self, count }
    }

    /// Makes a sandbox of the language ready, however rarely it is asked for.
    ///
    /// # Errors
    /// None could be made.
    pub(crate) async fn fill(&self, language: &Arc<Language>) -> Result<(), SandboxError> {
        if let Some(image) = self.known.get(self.sandboxes.client(), language).await? {
            let spare = self.make(language, &image).await?;
            self.put(language, Ok(spare));
        }
        Ok(())
    }

    /// Drops what waits, and makes nothing more.
    pub(crate) async fn close(&self) {
        self.closed.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.shelves().values_mut().for_each(Shelf::clear);
        self.kept.clear();
        self.count();
    }

    /// Keeps the shelves as they should be until the pool is closed.
    async fn keep(self: Arc<Self>) {
        let mut next_look = Instant::now();
        loop {
            if next_look <= Instant::now() {
                tokio::select! {
                    () = self.closed.cancelled() => return,
                    () = self.look() => {}
                }
                next_look = Instant::now() + LOOK;
            }
            while let Some((language, image)) = self.next() {
                self.tasks.spawn(Arc::clone(&self).make_and_put(language, image));
            }
            self.count();
            let later = Instant::now();
            let until = self.first().runs_until().filter(|until| *until > later);
            let next = until.map_or(next_look, |until| until.min(next_look));
            tokio::select! {
                () = self.closed.cancelled() => return,
                () = self.changed.notified() => {}
                () = tokio::time::sleep_until(next.into()) => {}
            }
        }
    }

    /// Drops what is old or has ended, and whatever is not of the current image.
    async fn look(&self) {
        let now = Instant::now();
        let wanted: Vec<_> = {
            let shelves = self.shelves();
            let is_wanted = |shelf: &&Shelf| self.target(shelf, now) > 0 || shelf.len() > 0;
            shelves.values().filter(is_wanted).map(|shelf| Arc::clone(&shelf.language)).collect()
        };
        for language in wanted {
            let image = match self.known.look(self.sandboxes.client(), &language).await {
                Ok(image) => image,
                Err(error) => {
                    tracing::debug!(language = language.key, "no look at an image: {}", with_causes(&error));
                    continue;
                }
            };
            if let Some(shelf) = self.shelves().get_mut(&language.key) {
                shelf.keep_good(image, self.limits.age, self.target(shelf, now));
            }
        }
        if let Some(reuse) = &self.limits.reuse {
            let images: BTreeMap<String, String> = self
                .shelves()
                .iter()
                .filter_map(|(key, shelf)| Some((key.clone(), shelf.image.as_ref()?.id.clone())))
                .collect();
            self.kept.keep_good(reuse.age, |language, image| {
                images.get(language).is_some_and(|current| current == image)
            });
        }
    }

    /// What to make next: of that which is missed most, as long as there is room. Nothing while a caller waits for a
    /// sandbox, or a run has just taken one: they should not have to share the processors.
    fn next(&self) -> Option<(Arc<Language>, Image)> {
        let now = Instant::now();
        if !self.first().is_over(now) || self.closed.is_cancelled() {
            return None;
        }
        let mut shelves = self.shelves();
        let making: usize = shelves.values().map(|shelf| shelf.making).sum();
        let used: u64 = shelves.values().map(Shelf::memory).sum();
        if making >= self.limits.making.get() {
            return None;
        }
        let shelf = shelves
            .values_mut()
            .filter(|shelf| shelf.image.is_some() && !shelf.is_paused(now))
            .filter(|shelf| used + shelf.cost() <= self.limits.memory.as_u64())
            .filter(|shelf| shelf.len() + shelf.making < self.target(shelf, now))
            .min_by_key(|shelf| (shelf.len() + shelf.making, shelf.language.spec.rank))?;
        shelf.making += 1;
        self.first().taken = None;
        Some((Arc::clone(&shelf.language), shelf.image.clone()?))
    }

    fn target(&self, shelf: &Shelf, now: Instant) -> usize {
        shelf.demand.target(now).min(self.limits.most).max(self.limits.least)
    }

    async fn make_and_put(self: Arc<Self>, language: Arc<Language>, image: Image) {
        let made = tokio::select! {
            // The sandbox that is half made removes itself.
            () = self.closed.cancelled() => return,
            made = self.make(&language, &image) => made,
        };
        if let Some(shelf) = self.shelves().get_mut(&language.key) {
            shelf.making -= 1;
        }
        self.put(&language, made);
        self.changed.notify_one();
    }

    async fn make(&self, language: &Arc<Language>, image: &Image) -> Result<Spare, SandboxError> {
        let begun = Instant::now();
        let job = Job::blank(language);
        let mut sandbox = self.sandboxes.open_spare(job.sandbox(image)).await?;
        sandbox.park(job.parkings()).await?;
        Ok(Spare { sandbox, made: Instant::now(), took: begun.elapsed() })
    }

    fn put(&self, language: &Arc<Language>, made: Result<Spare, SandboxError>) {
        let mut shelves = self.shelves();
        let used = shelves.values().map(Shelf::memory).sum();
        let room = self.limits.memory.as_u64().saturating_sub(used);
        let Some(shelf) = shelves.get_mut(&language.key) else { return };
        match made {
            Ok(spare) => shelf.put(spare, room),
            Err(error) => {
                tracing::warn!(language = language.key, "no sandbox to wait: {}", with_causes(&error));
                shelf.pause(Instant::now() + PAUSE);
            }
        }
    }

    /// Tells the metrics what there is.
    fn count(&self) {
        let now = Instant::now();
        let metrics = &self.sandboxes.metrics().pool;
        for (key, shelf) in &*self.shelves() {
            metrics.set(key, shelf.len(), self.target(shelf, now), shelf.memory());
        }
    }

    fn shelves(&self) -> MutexGuard<'_, BTreeMap<String, Shelf>> {
        // No code that holds the lock can panic half way through a change.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first(&self) -> MutexGuard<'_, First> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of those that come first, until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    pool: &'a Pool,
    count: fn(&mut First) -> &mut usize,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut first = self.pool.first();
        *(self.count)(&mut first) -= 1;
        if first.runs == 0 {
            first.taken = None;
        }
        self.pool.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn making_comes_after_callers_and_for_a_while_after_runs_that_took_one() {
        let now = Instant::now();
        assert!(First::default().is_over(now));
        assert!(!First { callers: 1, ..First::default() }.is_over(now));
        let run = First { runs: 1, ..First::default() };
        assert!(run.is_over(now), "what it has was not taken from those that wait");
        let run = First { taken: Some(now), ..run };
        assert!(!run.is_over(now));
        assert_eq!(run.runs_until(), Some(now + HEAD_START));
        assert!(run.is_over(now + HEAD_START));
        assert!(First { runs: 0, ..run }.is_over(now), "the run is over");
    }
}
