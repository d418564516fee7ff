//! Calls about volumes.

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::filters::Filters;
use crate::models::{Volume, VolumeCreateOptions, VolumeListResponse, VolumePruneResponse};
use crate::names;

impl Client {
    /// Creates a volume; one of that name stays as it is (`POST /volumes/create`, API 1.41).
    ///
    /// # Errors
    /// [`is_conflict`](crate::Error::is_conflict) when there is one of that name with another driver, and what any
    /// call can fail with.
    pub async fn volume_create(&self, options: &VolumeCreateOptions, deadline: Deadline) -> Result<Volume> {
        self.send(Call::post(&["volumes", "create"]).json(options)?, deadline).await?.json().await
    }

    /// All about one volume (`GET /volumes/{name}`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such volume, and what any call can fail with.
    pub async fn volume_inspect(&self, name: &str, deadline: Deadline) -> Result<Volume> {
        let name = names::check("volume name", name)?;
        self.send(Call::get(&["volumes", name]), deadline).await?.json().await
    }

    /// Lists volumes (`GET /volumes`, API 1.41).
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn volume_list(&self, filters: &Filters, deadline: Deadline) -> Result<Vec<Volume>> {
        let reply = self.send(Call::get(&["volumes"]).filters(filters)?, deadline).await?;
        let VolumeListResponse { volumes } = reply.json().await?;
        Ok(volumes)
    }

    /// Removes a volume (`DELETE /volumes/{name}`, API 1.41). With `force`, one that does not exist is no error.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such volume,
    /// [`is_conflict`](crate::Error::is_conflict) when a container uses it, and what any call can fail with.
    pub async fn volume_delete(&self, name: &str, force: bool, deadline: Deadline) -> Result<()> {
        let name = names::check("volume name", name)?;
        self.send(Call::delete(&["volumes", name]).flag("force", force), deadline).await?.done().await
    }

    /// Removes all volumes without a name that no container uses and that match the filters; with the filter `all=true`
    /// those with names too (`POST /volumes/prune`, API 1.41; before 1.42 there is no such filter, and those with names
    /// are always removed).
    ///
    /// # Errors
    /// [`is_conflict`](crate::Error::is_conflict) when a prune is under way already, and what any call can fail with.
    pub async fn volume_prune(&self, filters: &Filters, deadline: Deadline) -> Result<VolumePruneResponse> {
        self.send(Call::post(&["volumes", "prune"]).filters(filters)?, deadline).await?.json().await
    }
}
