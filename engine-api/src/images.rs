//! Calls about images.

mod build;
mod registry;
mod transfer;

pub use self::build::ImageBuildOptions;
pub use self::registry::ImageCreateOptions;
use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::filters::Filters;
use crate::models::{
    ImageDeleteResponseItem, ImageHistoryResponseItem, ImageInspect, ImagePruneResponse, ImageSummary,
};
use crate::names;

impl Client {
    /// All about one image, by name or id (`GET /images/{name}/json`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such image, and what any call can fail with.
    pub async fn image_inspect(&self, name: &str, deadline: Deadline) -> Result<ImageInspect> {
        let name = names::check("image name", name)?;
        self.send(Call::get(&["images", name, "json"]), deadline).await?.json().await
    }

    /// Lists images (`GET /images/json`, API 1.41).
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn image_list(&self, filters: &Filters, deadline: Deadline) -> Result<Vec<ImageSummary>> {
        self.send(Call::get(&["images", "json"]).filters(filters)?, deadline).await?.json().await
    }

    /// The layers of an image, the last first (`GET /images/{name}/history`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such image, and what any call can fail with.
    pub async fn image_history(
        &self,
        name: &str,
        deadline: Deadline,
    ) -> Result<Vec<ImageHistoryResponseItem>> {
        let name = names::check("image name", name)?;
        self.send(Call::get(&["images", name, "history"]), deadline).await?.json_or_null().await
    }

    /// Gives an image another name (`POST /images/{name}/tag`, API 1.41). A name that is in use goes over to this image.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such image, and what any call can fail with.
    pub async fn image_tag(&self, name: &str, repo: &str, tag: &str, deadline: Deadline) -> Result<()> {
        let name = names::check("image name", name)?;
        let call = Call::post(&["images", name, "tag"]).query("repo", repo).query("tag", tag);
        self.send(call, deadline).await?.done().await
    }

    /// Takes a name off an image, and removes the image with its last name (`DELETE /images/{name}`, API 1.41).
    /// `force` removes it even if a stopped container uses it.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such image,
    /// [`is_conflict`](crate::Error::is_conflict) when it is in use, and what any call can fail with.
    pub async fn image_delete(
        &self,
        name: &str,
        force: bool,
        deadline: Deadline,
    ) -> Result<Vec<ImageDeleteResponseItem>> {
        let call = Call::delete(&["images", names::check("image name", name)?]).flag("force", force);
        self.send(call, deadline).await?.json().await
    }

    /// Removes images that no container uses and that have no name; with the filter `dangling=false` those with names
    /// too (`POST /images/prune`, API 1.41).
    ///
    /// # Errors
    /// [`is_conflict`](crate::Error::is_conflict) when a prune is under way already, and what any call can fail with.
    pub async fn image_prune(&self, filters: &Filters, deadline: Deadline) -> Result<ImagePruneResponse> {
        self.send(Call::post(&["images", "prune"]).filters(filters)?, deadline).await?.json().await
    }
}
