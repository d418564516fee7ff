//! Builds images while the server already serves.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{BuildOptions, Builder, ImageState, Progress};
use crate::causes::with_causes;
use crate::languages::Language;

/// What the background does about one language's image, or last did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Build {
    /// It failed; the image before, if there is one, is still there.
    Failed {
        /// Why, for people.
        message: String,
    },
    /// It is under way.
    Running(Progress),
    /// It waits for its turn.
    Waiting,
}

/// Builds images in the background, so many at a time.
#[derive(Debug, Default)]
pub struct Background {
    builds: Arc<Mutex<HashMap<String, Build>>>,
    tasks: TaskTracker,
    cancelled: CancellationToken,
}

impl Background {
    /// Starts to build those of the images that are missing or stale, the first first.
    pub fn start(&self, builder: &Builder, languages: Vec<Arc<Language>>, jobs: NonZeroUsize) {
        let turns = Arc::new(Semaphore::new(jobs.get()));
        for language in languages {
            let builds = Arc::clone(&self.builds);
            let (builder, turns) = (builder.clone(), Arc::clone(&turns));
            set(&builds, &language.key, Some(Build::Waiting));
            let cancelled = self.cancelled.clone();
            self.tasks.spawn(async move {
                let work = async {
                    // Turns are given in the order in which they were asked for, and never closed.
                    let _turn = turns.acquire().await;
                    build(&builder, &builds, &language).await;
                };
                cancelled.run_until_cancelled(work).await;
            });
        }
        self.tasks.close();
    }

    /// What is being done about the image of the language with this key.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<Build> {
        lock(&self.builds).get(key).cloned()
    }

    /// Cancels what is not finished and waits until nothing of it is left.
    pub async fn close(&self) {
        self.cancelled.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn build(builder: &Builder, builds: &Mutex<HashMap<String, Build>>, language: &Arc<Language>) {
    let key = &language.key;
    match super::state(builder.client(), language).await {
        Ok(ImageState::Ready(_)) => return set(builds, key, None),
        Ok(_) => {}
        Err(error) => {
            let message = with_causes(&error);
            tracing::error!(language = key, "the image was not built: {message}");
            return set(builds, key, Some(Build::Failed { message }));
        }
    }
    tracing::info!(language = key, "building the image");
    let tell = |progress| set(builds, key, Some(Build::Running(progress)));
    match builder.build(language, BuildOptions::default(), &tell).await {
        Ok(image) => {
            tracing::info!(
                language = key,
                version = image.version,
                stand_in = image.is_stand_in,
                "image built"
            );
            set(builds, key, None);
        }
        Err(error) => {
            let message = with_causes(&error);
            tracing::error!(language = key, "the image was not built: {message}");
            set(builds, key, Some(Build::Failed { message }));
        }
    }
}

fn set(builds: &Mutex<HashMap<String, Build>>, key: &str, build: Option<Build>) {
    match build {
        Some(build) => lock(builds).insert(key.to_owned(), build),
        None => lock(builds).remove(key),
    };
}

fn lock(builds: &Mutex<HashMap<String, Build>>) -> std::sync::MutexGuard<'_, HashMap<String, Build>> {
    // No code that holds the lock can panic half way through a change.
    builds.lock().unwrap_or_else(PoisonError::into_inner)
}
