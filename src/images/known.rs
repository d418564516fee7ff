//! Which image each language has, without asking the engine every time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine_api::Client;

use super::{Image, ImageState, state};
use crate::languages::Language;

/// How long an image is taken for current. A rebuilt image is used after that.
const FRESH: Duration = Duration::from_secs(5);

/// The images that were in use lately.
#[derive(Debug, Default)]
pub(crate) struct Known {
    images: Mutex<HashMap<String, (Instant, Image)>>,
}

impl Known {
    /// The language's image; `None` if there is none.
    pub(crate) async fn get(
        &self,
        client: &Client,
        language: &Language,
    ) -> engine_api::Result<Option<Image>> {
        match self.fresh(language) {
            Some(image) => Ok(Some(image)),
            None => self.look(client, language).await,
        }
    }

    /// Asks the engine, so that whoever comes soon need not.
    pub(crate) async fn look(
        &self,
        client: &Client,
        language: &Language,
    ) -> engine_api::Result<Option<Image>> {
        let state = state(client, language).await?;
        let Some(image) = state.image() else {
            self.forget(language);
            return Ok(None);
        };
        let before = self.images().insert(language.key.clone(), (Instant::now(), image.clone()));
        let is_news = before.is_none_or(|(_, before)| before.id != image.id);
        if let (ImageState::Stale(_), true) = (&state, is_news) {
            tracing::warn!(
                language = language.key,
                "the image is older than the language's folder or its base"
            );
        }
        Ok(Some(image.clone()))
    }

    /// The image turned out not to be there.
    pub(crate) fn forget(&self, language: &Language) {
        self.images().remove(&language.key);
    }

    fn fresh(&self, language: &Language) -> Option<Image> {
        let images = self.images();
        let (seen, image) = images.get(&language.key)?;
        (seen.elapsed() < FRESH).then(|| image.clone())
    }

    fn images(&self) -> MutexGuard<'_, HashMap<String, (Instant, Image)>> {
        // No code that holds the lock can panic half way through a change.
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
