//! An image with nothing in it: the probes are this very binary, which every sandbox has.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use engine_api::{BuildEvent, Client, Error as EngineError, Filters, ImageBuildOptions, TarEntry, TarStream};
use thiserror::Error;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::deadline;

/// The label of such images. Its value is another for each doctor, so that none removes another's.
const LABEL: &str = "dayfly.doctor";
/// An examination takes less than a minute: an image that is older has no doctor any more.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// Why there is no such image.
#[derive(Debug, Error)]
pub(super) enum EmptyImageError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the engine names no image")]
    NoId,
}

/// One doctor's image.
#[derive(Debug)]
pub(super) struct EmptyImage {
    client: Client,
    label: String,
    /// A build that nobody waits for any more can still make an image.
    builds: TaskTracker,
}

impl EmptyImage {
    /// An image that is not built yet.
    pub(super) fn new(client: Client) -> Self {
        Self { client, label: Uuid::new_v4().to_string(), builds: TaskTracker::new() }
    }

    /// Builds it and gives its id.
    pub(super) async fn build(&self) -> Result<String, EmptyImageError> {
        remove_abandoned(&self.client).await?;
        let building = self.builds.spawn(build(self.client.clone(), self.label.clone()));
        building.await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
    }

    /// Removes it, if it was built.
    pub(super) async fn remove(&self) -> engine_api::Result<()> {
        self.builds.close();
        self.builds.wait().await;
        let filters = Filters::new().label(format!("{LABEL}={}", self.label));
        for image in self.client.image_list(&filters, deadline()).await? {
            self.client.image_delete(&image.id, false, deadline()).await?;
        }
        Ok(())
    }
}

async fn build(client: Client, label: String) -> Result<String, EmptyImageError> {
    let options = ImageBuildOptions {
        labels: BTreeMap::from([(LABEL.to_owned(), label)]),
        ..ImageBuildOptions::default()
    };
    // The label is a step of the build, so there is one.
    let context = TarStream::from_entries([TarEntry::bytes("Dockerfile", "FROM scratch\n", 0o644)]);
    let mut building = client.image_build(&options, context, deadline()).await?;
    let mut id = None;
    while let Some(event) = building.next().await? {
        if let BuildEvent::ImageId(built) = event {
            id = Some(built);
        }
    }
    id.ok_or(EmptyImageError::NoId)
}

/// Removes images of doctors that were killed.
async fn remove_abandoned(client: &Client) -> engine_api::Result<()> {
    let now = UNIX_EPOCH.elapsed().unwrap_or_default();
    for image in client.image_list(&Filters::new().label(LABEL), deadline()).await? {
        let created = Duration::from_secs(u64::try_from(image.created).unwrap_or_default());
        if now.saturating_sub(created) > ABANDONED_AFTER {
            match client.image_delete(&image.id, false, deadline()).await {
                // Another doctor was quicker, or does live.
                Err(error) if error.is_not_found() || error.is_conflict() => {}
                removed => drop(removed?),
            }
        }
    }
    Ok(())
}
